"""trace=all against the emulator's own log of exceptions (-d int), event by event."""

import collections
import re
import struct

import initrd
import oracle
import pytest

TRACE = re.compile(
    r"trace: \[ *[\d.]+\] cpu(?P<cpu>\d+) pid \d+ EL(?P<from>\d)->EL(?P<to>\d) (?P<what>\S+)"
    r"(?:.* esr=(?P<esr>0x[0-9a-f]+))?(?:.* elr=(?P<elr>0x[0-9a-f]+))?"
)
TAKING = re.compile(
    r"Taking exception \d+ \[(?P<name>[^\]]*)\] on CPU (?P<cpu>\d+)\n"
    r"\.\.\.from EL(?P<from>\d) to EL(?P<to>\d)\n"
    r"(?P<details>(?:\.\.\.(?:with|handled) .*\n)*)"
)
RETURN = re.compile(r"Exception return from AArch64 EL(?P<from>\d) to AArch64 EL(?P<to>\d) PC (?P<pc>0x[0-9a-f]+)")


def ours(log):
    """[(kind, from, to, esr, elr)] of the trace's lines on core 0."""
    events = []
    for m in map(TRACE.search, log.split("\n")):
        if m and m["cpu"] == "0":
            kind = "eret" if m["what"] == "eret" else "irq" if m["what"] == "irq" else "sync"
            esr = int(m["esr"], 16) if m["esr"] and kind == "sync" else None
            events.append((kind, int(m["from"]), int(m["to"]), esr, int(m["elr"] or "0", 16)))
    return events


def emulators(log):
    """The same of QEMU's log.  What QEMU serves itself, as a level that is not there, is no crossing."""
    events = []
    for m in re.finditer(f"(?:{TAKING.pattern})|(?:{RETURN.pattern.replace('P<from>', 'P<rfrom>').replace('P<to>', 'P<rto>')})", log):
        if m["pc"]:
            events.append(("eret", int(m["rfrom"]), int(m["rto"]), None, int(m["pc"], 16)))
        elif m["cpu"] == "0" and "with ELR" in m["details"]:
            esr = re.search(r"with ESR 0x[0-9a-f]+/(0x[0-9a-f]+)", m["details"])
            elr = re.search(r"with ELR (0x[0-9a-f]+)", m["details"])
            kind = "irq" if m["name"] == "IRQ" else "sync"
            events.append((kind, int(m["from"]), int(m["to"]), int(esr[1], 16) if esr and kind == "sync" else None,
                           int(elr[1], 16)))
    return events


def between(events, first, last):
    """The events from the first that is @first to the last that is @last."""
    start = events.index(first)
    end = len(events) - events[::-1].index(last)
    return events[start:end]


@pytest.mark.parametrize("el", [1, 3])
def test_every_crossing(boot, program, tmp_path, el):
    """What EL0 did, from its first system call to its last, and every exception of the kernel in between."""
    log = tmp_path / "int.log"
    run = boot(initrd.archive(initrd.file("init", program("hello"))), el=el, smp=1, append="trace=all panic=-1",
               extra=["-d", "int", "-D", str(log)])
    run.expect(r"newel: panic: ")
    assert run.finish() == 0
    traced, logged = ours(run.log), emulators(log.read_text())
    calls = [e for e in traced if e[0] == "sync" and e[1] == 0 and e[3] == 0x56000000]
    assert len(calls) == 2, "hello makes two system calls"
    assert between(traced, calls[0], calls[-1]) == between(logged, calls[0], calls[-1])


@pytest.mark.parametrize("el, gic, what", [(1, 2, "svc,fault,irq"), (2, 3, "svc,fault,irq"), (3, 2, "all"), (3, 3, "all")])
def test_faults_are_crossings(boot, own_initrd, tmp_path, el, gic, what):
    """The same for a run with faults, signals, processes and interrupts, to the very last: what comes from EL0, what the kernel does to
    itself on the way, and each exception return."""
    log = tmp_path / "int.log"
    run = boot(own_initrd, el=el, gic=gic, smp=1,
               append=f'quiet loglevel=7 trace={what} panic=-1 "RUN=demos read_null hvc bad_pointers"',
               extra=["-d", "int", "-D", str(log)])
    assert run.finish() == 0
    traced, logged = ours(run.log), emulators(log.read_text())
    first = next(e for e in traced if e[0] == "sync" and e[1] == 0)
    traced, logged = traced[traced.index(first):], logged[logged.index(first):]
    assert len(traced) > 100
    if what != "all":  # the last of all calls the level above to switch the machine off
        logged = logged[: len(traced)]
    assert traced == logged


def test_words(boot, program):
    """A line says what it was: the call with its arguments, its answer, and how long it took."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append="trace=svc panic=-1")
    run.expect(r"cpu\d pid 1 EL0->EL1 svc write\(1, 0x[0-9a-f]+, 17\) esr=0x56000000 elr=0x[0-9a-f]+$")
    run.expect(r"cpu\d pid 1 EL1->EL0 eret svc write = 17 \d+ ns elr=0x[0-9a-f]+$")
    run.expect(r"cpu\d pid 1 EL0->EL1 svc exit\(0\) ")
    run.finish()


@pytest.mark.both_boards
def test_answers_behind_a_handler(boot, program):
    """A call's answer is shown, not what a signal's handler is called with: kill, a call that is made again, one that fails."""
    run = boot(initrd.archive(initrd.file("init", program("handler"))), smp=1, append="trace=svc panic=-1")
    run.expect(r"newel: panic: ")
    run.finish()
    answers = re.findall(r"eret svc (kill|read|ppoll) = (\S+) \d+ ns", run.log)
    assert answers == [("kill", "0"), ("read", "-ERESTARTSYS"), ("read", "1"), ("ppoll", "-EINTR")]


def test_calls_to_the_levels_above(boot, own_initrd):
    """hvc to el2/ and smc to el3/ are crossings too."""
    run = boot(own_initrd, el=3, append="trace=el2,el3 panic=-1 RUN=levels")
    run.finish()
    assert re.search(r"EL1->EL2 hvc 0x", run.log) and re.search(r"EL1->EL3 smc 0x", run.log)
    assert "EL0->EL1" not in run.log


RECORD = struct.Struct("<QQiHBBBBB5xQQQq48xqQ64s")  # struct trace_record, abi/trace.h
Record = collections.namedtuple("Record", "seq time_ns pid cpu kind from_el to_el slot cause esr elr far nr result ns text")
KINDS = {1: "svc", 2: "fault", 3: "irq", 4: "return", 7: "sched"}


def records(text):
    """The records of a hexadecimal dump of /dev/trace."""
    data = bytes.fromhex("".join(re.findall(r"^[0-9a-f]{64}$", text, re.MULTILINE)))
    assert data and len(data) % RECORD.size == 0
    return [Record(*r) for r in RECORD.iter_unpack(data)]


@pytest.mark.needs("busybox")
@pytest.mark.parametrize("what, smp", [("svc", 1), ("all", 4)])
def test_device(boot, parts, what, smp):
    """/dev/trace: whole records, those of each core in their order; nothing of it on the console."""
    script = (
        "#!/bin/busybox sh\n"
        "for i in 1 2 3; do ( busybox true; busybox ls /bin >/dev/null ) & done; wait\n"
        "busybox dd if=/dev/trace of=/tmp/t bs=19200 count=40 2>/dev/null\n"
        "busybox od -A n -v -t x1 -w32 /tmp/t | busybox tr -d ' '\n"
        "poweroff -f\n"
    )
    run = boot(oracle.system(script, parts("busybox")), smp=smp,
               append=f"quiet loglevel=7 trace={what},ring panic=-1")
    assert run.finish() == 0
    assert "trace: " not in run.log
    found = records(run.log)
    assert len(found) > 100
    for core in range(smp):
        mine = [r for r in found if r.cpu == core]
        for a, b in zip(mine, mine[1:]):  # what the ring has overwritten meanwhile is a gap
            assert a.seq < b.seq and a.time_ns <= b.time_ns
    kinds = {KINDS.get(r.kind) for r in found}
    assert kinds == {"svc", "return"} if what == "svc" else set(KINDS.values()) <= kinds
    opened = [r for r in found if KINDS.get(r.kind) == "svc" and r.nr == 56]  # openat
    assert any(r.text.startswith(b"/dev/trace\0") for r in opened)
    assert all((r.from_el, r.to_el, r.slot, r.esr) == (0, 1, 8, 0x56000000) for r in opened)
