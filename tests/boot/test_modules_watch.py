"""A core that does not reach a point to give way is told of once a stretch, and goes on (task/watch.c, newel.watch=)."""

import os
import re

import conftest
import initrd
import oracle
import pytest

CHECKED = os.path.join(conftest.BUILD, "checked", "newel.elf")


def told(log):
    return re.findall(r"watch: cpu (\d) has not given way for (\d+) s: (\S+)\[\d+\]", log)


def selftest(boot, program, name, append="newel.watch=1", **machine):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append=f"panic=-1 newel.test={name} {append}", **machine)
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    return run.log


MACHINES = [dict(smp=1, cpu="cortex-a53"), dict(smp=4, cpu="cortex-a72"), dict(smp=4, cpu="max", kernel=CHECKED)]
NAMES = ["one core", "four cores", "checked"]


@pytest.mark.virt
@pytest.mark.parametrize("machine", MACHINES, ids=NAMES)
def test_told_once(boot, program, machine):
    """Once, and once more behind a point to give way; with registers and the way there; and the loop goes on."""
    log = selftest(boot, program, "watch", **machine)
    assert re.findall("newel: panic: (.*)", log) == ["newel.test: told 2 times, and the loop ended"]
    assert told(log) == 2 * [(str(machine["smp"] - 1), "1", "selftest")]
    for line in (r"CPU: \d PID: \d+ Comm: selftest ", r"pc : (keep_core|stay_busy|clock_read_ns)\+0x[0-9a-f]+/0x[0-9a-f]+",
                 r"x29: [0-9a-f]{16} x28: ", r"Call trace:\s.* (keep_core|stay_busy|clock_read_ns)\+0x"):
        assert len(re.findall(line, log.split("newel: panic")[0])) == 2, line


@pytest.mark.virt
@pytest.mark.parametrize("machine", MACHINES, ids=NAMES)
def test_who_gives_way_is_not_told_of(boot, program, machine):
    log = selftest(boot, program, "watchcalm", **machine)
    assert re.findall("newel: panic: (.*)", log) == ["newel.test: told 0 times, and the loop ended"]
    assert not told(log)


SCRIPT = """#!/bin/busybox sh
mount -t proc p /proc
cd /proc/sys/kernel
echo "from the command line: $(cat watchdog_thresh)"
echo 7 >watchdog_thresh && echo "set to: $(cat watchdog_thresh)"
echo 61 >watchdog_thresh || echo "61 is refused: $(cat watchdog_thresh)"
poweroff -f
"""


@pytest.mark.both_boards
@pytest.mark.parametrize("words, seconds", [
    ("", 10), ("newel.watch=3", 3), ("newel.watch=0", 0), ("nowatchdog", 0), ("nosoftlockup", 0), ("watchdog_thresh=60", 60),
    ("newel.watch=3 -- newel.watch=4", 3)])
def test_words(boot, parts, words, seconds):
    """What the command line says, Linux's words too; what stands behind -- is init's.  And set by Linux's name for it."""
    run = boot(oracle.system(SCRIPT, parts("busybox")), append=f"quiet panic=-1 {words}")
    run.expect(rf"^from the command line: {seconds}$")
    run.expect("^set to: 7$")
    run.expect("^61 is refused: 7$")
    assert run.finish() == 0


@pytest.mark.virt
def test_programs_are_not_told_of(boot, el0_tests):
    """Two hundred tasks that never call, and calls that take long, with a watch of a second: nothing to tell."""
    run = boot(el0_tests, append="quiet panic=-1 newel.watch=1 TESTS=glibc_scheduling,glibc_memory_blocks,glibc_many_processes", smp=2)
    assert run.finish() == 0
    assert len(re.findall(r"^TAP \w+ end 0", run.log, re.MULTILINE)) == 3
    assert not told(run.log)
