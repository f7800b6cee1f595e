"""modules/broken.c breaks each promise: the report names the module, the function, the section and the place in it."""

import os
import re
import subprocess

import initrd
import oracle
import pytest
from conftest import BUILD

KO = os.path.join(BUILD, "modules", "broken.ko")

# how=: the function that breaks it, and what the panic says.
WAYS = {
    "null": ("break_null", r"Oops: NULL pointer dereference at 0{15}8, pc break_null\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]"),
    "text": ("break_text", r"Oops: write to read-only memory at f{8}[0-9a-f]{8}, pc break_text\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]"),
    "rodata": ("break_rodata", r"Oops: write to read-only memory at f{4}[0-9a-f]{12}, pc break_rodata\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]"),
    "exec": ("break_exec", r"Oops: execute from non-executable memory at f{4}[0-9a-f]{12}, pc "),
    "stack": ("recurse", r"kernel stack overflow: sp [0-9a-f]{16}, stack \["),
    "lock": ("break_lock", r"sleep under a lock: task \w+ holds &held_lock, taken at break_lock\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\], "
                           r"pc break_lock\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]"),
    "masked": ("break_masked", r"sleep with interrupts masked: task \w+, pc break_masked\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]"),
    "bug": ("break_bug", r"modules/broken\.c:\d+: CHECK\(stop && !stop\)"),
    "brk": ("break_brk", r"Oops: .*(BRK|[Bb]reakpoint).*, pc break_brk\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]"),
}
# From where: a shell's line, what lies under the function in the backtrace, and the machine that has its share of these tests.
FROM_INIT = ("insmod /broken.ko how={}", "broken_init", "insmod")
FROM_FILE = ("insmod /broken.ko; echo {} >/proc/broken", "broken_write", "init")
MACHINES = [dict(cpu="cortex-a53", smp=1), dict(cpu="cortex-a72", smp=4), dict(cpu="max", smp=2)]
CASES = [(way, place, machine) for i, way in enumerate(WAYS) for place, machine in
         ((FROM_INIT, MACHINES[i % 3]), (FROM_FILE, MACHINES[(i + 1) % 3]))]

SCRIPT = """#!/bin/busybox sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
{}
echo "goes on: $?"
cat /proc/sys/kernel/tainted
poweroff -f
"""


def system(parts, line):
    with open(KO, "rb") as f:
        return oracle.system(SCRIPT.format(line), parts("busybox"), extra=[initrd.file("broken.ko", f.read())])


def symbols():
    """name -> (section, first, end) of the module's functions, as readelf sees the file."""
    said = subprocess.run(["readelf", "-W", "-S", "-s", KO], check=True, capture_output=True, text=True).stdout
    sections = dict(re.findall(r"^ +\[ *(\d+)\] (\.\S+)", said, re.MULTILINE))
    rows = re.findall(r"^ *\d+: ([0-9a-f]+) +(\d+) FUNC +\w+ +\w+ +(\d+) (\S+)", said, re.MULTILINE)
    return {name: (sections[index], int(value, 16), int(value, 16) + int(size)) for value, size, index, name in rows}


@pytest.mark.virt
@pytest.mark.needs("busybox")
@pytest.mark.parametrize("way, place, machine", CASES, ids=[f"{w}-{p[1]}-{m['cpu']}" for w, p, m in CASES])
def test_dump(boot, parts, way, place, machine):
    line, caller, comm = place
    function, says = WAYS[way]
    run = boot(system(parts, line.format(way)), append="quiet panic=-1", **machine)
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    panic, dump = re.search(r"newel: panic: (.*)\n((?:.*\n)*)", run.log).groups()
    assert re.match(says, panic), panic
    assert re.search(rf"^.*CPU: \d PID: \d+ Comm: {comm} Not tainted", dump, re.MULTILINE)
    assert re.search(rf"^.* {function}[\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]( \(\d+ times\))?$", dump, re.MULTILINE)
    assert re.search(rf"^.* {caller}[\w.]*\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]$", dump, re.MULTILINE) or way == "stack"
    assert re.search(r"^.*Modules linked in: broken\b", dump, re.MULTILINE)
    section, offset = re.search(r"module broken: (\.\S+)\+0x([0-9a-f]+) of broken\.ko", dump).groups()
    where, first, end = next(v for k, v in symbols().items() if re.fullmatch(function + r"(\.\w+)*", k))
    if way == "exec":  # what is no code: the first of the module's places is where it jumped to
        assert (section, int(offset, 16)) == (".data", 0)
    else:
        assert (section, first <= int(offset, 16) <= end) == (where, True)


TOLD = r"watch: cpu \d has not given way for 1 s: (\w+)\[\d+\]"


@pytest.mark.virt
@pytest.mark.needs("busybox")
@pytest.mark.parametrize("line, comm, machine", [
    ("insmod /broken.ko how=loop seconds=10", "insmod", dict(cpu="cortex-a53", smp=1)),
    # Another core ends it, as soon as the log has it.
    ("insmod /broken.ko seconds=600; (echo loop >/proc/broken; echo ended) & until dmesg | grep -q watch:; do sleep 1; done; "
     "echo 1 >/sys/module/broken/parameters/stop; wait", "init", dict(cpu="cortex-a72", smp=4))], ids=["init", "file"])
def test_loop(boot, parts, line, comm, machine):
    """A loop that keeps its core is told of, once, as Linux's soft lockup taints; and the machine goes on."""
    run = boot(system(parts, line), append="quiet panic=-1 newel.watch=1", **machine)
    run.expect(r"^goes on: 0$")
    run.expect(r"^16384$")
    assert run.finish() == 0
    assert re.findall(TOLD, run.log) == [comm]
    for said in (r"pc : break_loop\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]", r" (broken_init|broken_write)\+0x[0-9a-f]+/0x[0-9a-f]+ \[broken\]",
                 r"module broken: \.text\+0x[0-9a-f]+ of broken\.ko", r"Modules linked in: broken\b"):
        assert re.search(said, run.log), said
