"""The memory of modules: how much of it there is, that code in it runs on every core, and what /proc and /dev show of it."""

import os
import re

import conftest
import initrd
import oracle
import pytest

NO_SIZE = r"newel\.modules=4xx: a size was expected: ignored"
NO_ROOM = r"modules: no room for the 40960 KiB of newel\.modules=: none can be loaded"
CUT = r"newel\.modules=: cut to 63488 KiB, all that branches reach"


def selftest(boot, program, words="", **machine):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append=f"panic=-1 newel.test=modules {words}", **machine)
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    return run.log


@pytest.mark.virt
@pytest.mark.parametrize("words, mem, kib, warning", [
    ("", 1024, 8192, None),
    ("newel.modules=2M", 256, 2048, None),
    ("newel.modules=100K", 256, 100, None),  # no whole block: the one that it is in is mapped by pages
    ("newel.modules=0x300000", 256, 3072, None),
    ("newel.modules=4xx", 256, 8192, NO_SIZE),
    ("newel.modules=100M", 512, 63488, CUT),
])
def test_size(boot, program, words, mem, kib, warning):
    """Allocated, written, sealed, called by each core 200 times at one address, given back whole; no page is W and X meanwhile."""
    log = selftest(boot, program, words, mem=mem)
    assert re.search(rf"newel.test: modules: {kib} KiB, code ran on 4 cores, all is given back", log)
    found = re.search(r"newel\.modules=.*|modules: no room.*", log)
    assert re.search(warning, log) if warning else not found or "newel.test=" in found[0]


@pytest.mark.virt
def test_little_memory(boot, program):
    """Where nobody has asked for an arena it takes a 16th of what is free at the most."""
    kib = int(re.search(r"newel.test: modules: (\d+) KiB, code ran", selftest(boot, program, mem=32))[1])
    assert 1024 < kib <= 2048


@pytest.mark.virt
@pytest.mark.parametrize("words, warning", [("newel.modules=0", None), ("newel.modules=40M", NO_ROOM)])
def test_none(boot, program, words, warning):
    """No arena, and the machine goes on."""
    log = selftest(boot, program, words, mem=64)
    assert "newel.test: modules: there is no arena" in log
    assert (re.search(NO_ROOM, log) is not None) == (warning is not None)


@pytest.mark.virt
@pytest.mark.parametrize("machine", [dict(smp=1, cpu="cortex-a53"), dict(cpu="max", el=1), dict(cpu="cortex-a76", gic=3)],
                         ids=["a53-1", "max-el1", "gic3"])
def test_machines(boot, program, machine):
    assert "all is given back" in selftest(boot, program, **machine)


def test_checked(boot, program):
    """The kernel of make CHECKED=1 finds no lock that is held, nor interrupts masked, where it may sleep."""
    kernel = os.path.join(conftest.BUILD, "checked", "newel.elf")
    assert "all is given back" in selftest(boot, program, kernel=kernel)


@pytest.mark.both_boards
def test_boards(boot, program):
    assert "8192 KiB, code ran on 4 cores, all is given back" in selftest(boot, program)


SCRIPT = """#!/bin/busybox sh
mount -t proc p /proc; mount -t devtmpfs d /dev
t=/proc/sys/kernel/tainted
sed 's/^/tables: /' /dev/tables
setuidgid 1000:1000 cat /dev/tables || echo "tables: not for users"
setuidgid 1000:1000 sh -c "echo 1 >$t" || echo "taint: not by users"
echo "taint: $(cat $t)"
echo 64 >$t; echo "taint: $(cat $t)"
echo 4096 >$t; echo "taint: $(cat $t)"
echo 0 >$t; echo 9999999999 >$t; echo "taint: $(cat $t)"
echo x >$t || echo "taint: no number"
poweroff -f
"""


def test_shown(boot, parts):
    """/dev/tables, for root alone; bits of /proc/sys/kernel/tainted are added, those that Linux has."""
    run = boot(oracle.system(SCRIPT, parts("busybox")), append="quiet panic=-1")
    run.expect(r"^tables: leaves \d\d+$")
    run.expect(r"^tables: writable and executable 0$")
    run.expect(r"^tables: open to EL0 0$")
    run.expect(r"^tables: modules: text 0, rodata 0, data 0 pages, 0 of \d+ KiB$")
    for line in ("tables: not for users", "taint: not by users", "taint: 0", "taint: 64", "taint: 4160"):
        run.expect(f"^{line}$")
    # 9999999999 = 0x2540be3ff: what lies below bit 19 of it
    run.expect(f"^taint: {4160 | (9999999999 & 0x7ffff)}$")
    run.expect("^taint: no number$")
    assert run.finish() == 0


LOADED = """#!/bin/busybox sh
mount -t proc p /proc; mount -t devtmpfs d /dev
m="hello esr counters sysregs own"
for i in $m; do modprobe $i || echo "not loaded: $i"; done
sed 's/^/loaded: /' /dev/tables
# the walk while modules come and go, on the other cores
(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do rmmod hello; modprobe hello; done) &
(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do rmmod sysregs; modprobe sysregs; done) &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sed 's/^/meanwhile: /' /dev/tables; done
wait
for i in $m; do rmmod $i; done
sed 's/^/gone: /' /dev/tables
poweroff -f
"""


@pytest.mark.both_boards
@pytest.mark.needs("busybox")
def test_loaded(boot, parts):
    """With modules loaded, and while they come and go, no page can be written and executed, none is EL0's; then all is back."""
    with open(os.path.join(conftest.BUILD, "modules.cpio"), "rb") as f:
        modules = f.read()
    run = boot(modules + bytes(-len(modules) % 512) + oracle.system(LOADED, parts("busybox")), append="quiet panic=-1")
    assert run.finish() == 0
    assert "not loaded" not in run.log
    for when, times in (("loaded", 1), ("meanwhile", 20), ("gone", 1)):
        assert len(re.findall(rf"^{when}: writable and executable 0$", run.log, re.MULTILINE)) == times
        assert len(re.findall(rf"^{when}: open to EL0 0$", run.log, re.MULTILINE)) == times
    pages = [int(n) for n in re.search(r"^loaded: modules: text (\d+), rodata (\d+), data (\d+) pages", run.log, re.MULTILINE).groups()]
    assert min(pages) >= 5
    assert re.search(r"^gone: modules: text 0, rodata 0, data 0 pages, 0 of \d+ KiB$", run.log, re.MULTILINE)


TARRIES = """#!/bin/busybox sh
insmod /tarries.ko
poweroff -f
"""


@pytest.mark.needs("busybox")
def test_trace(boot, kernel_el, parts):
    """An interrupt that came while a module's code ran, and the way back to it, say the name of its function."""
    with open(os.path.join(conftest.BUILD, "tests", "modules", "tarries.ko"), "rb") as f:
        module = initrd.file("tarries.ko", f.read())
    run = boot(oracle.system(TARRIES, parts("busybox"), extra=[module]), append="panic=-1 trace=irq", smp=1)
    assert run.finish() == 0
    for line in (r"irq \d+", r"eret irq \d+ \d+ ns"):
        assert re.search(rf"EL{kernel_el}->EL{kernel_el} {line} elr=0xffffffff7c[0-9a-f]{{6}} \(tarry\+0x[0-9a-f]+/0x[0-9a-f]+ \[tarries\]\)", run.log)
