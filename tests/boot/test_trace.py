"""trace=all against the emulator's own log of exceptions (-d int), event by event."""

import collections
import os
import re
import struct
import zlib

import boards
import initrd
import oracle
import pytest
from conftest import BUILD

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


CALLS = (0x12, 0x13, 0x16, 0x17)  # HVC and SMC, of AArch32 and AArch64
BOUNCED = "a vector"  # in place of its address


def ours(log, own):
    """[(kind, from, to, esr, elr)] of the trace's lines on core 0.  @own: the kernel's level."""
    events = []
    bounced = None  # where: what EL2 or EL3 has refused is no exception to EL1, but what it finds itself in
    for line in log.split("\n"):
        m = TRACE.search(line)
        if not m or m["cpu"] != "0" or "(seen)" in line:  # a call, and what its level says of it, are one crossing
            continue
        kind = "eret" if m["what"] == "eret" else "irq" if m["what"] == "irq" else "sync"
        esr = int(m["esr"], 16) if m["esr"] and kind == "sync" else None
        event = (kind, int(m["from"]), int(m["to"]), esr, int(m["elr"] or "0", 16))
        if m["what"] == "fault" and event[4] == bounced:
            bounced = None
            continue
        events.append(event)
        if m["what"] == "answered":
            # an smc that EL2 took is stepped over
            events.append(("eret", event[2], event[1], None, event[4] + (4 if event[2] == 2 and event[3] >> 26 == 0x17 else 0)))
        if m["what"] == "bounced":
            bounced = event[4]
            events.append(("eret", event[2], own, None, BOUNCED))
    return events


def emulators(log, own):
    """The same of QEMU's log.  What QEMU serves itself, as a level that is not there, is no crossing."""
    events = []
    for m in re.finditer(f"(?:{TAKING.pattern})|(?:{RETURN.pattern.replace('P<from>', 'P<rfrom>').replace('P<to>', 'P<rto>')})", log):
        if m["pc"]:
            refused = events and events[-1][0] == "sync" and events[-1][2] > own and events[-1][3] >> 26 not in CALLS
            events.append(("eret", int(m["rfrom"]), int(m["rto"]), None, BOUNCED if refused else int(m["pc"], 16)))
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
def test_every_crossing(boot, kernel_el, program, tmp_path, el):
    """What EL0 did, from its first system call to its last, and every exception of the kernel in between."""
    log = tmp_path / "int.log"
    run = boot(initrd.archive(initrd.file("init", program("hello"))), el=el, smp=1, append="trace=all panic=-1",
               extra=["-d", "int", "-D", str(log)])
    run.expect(r"newel: panic: ")
    assert run.finish() == 0
    traced, logged = ours(run.log, kernel_el), emulators(log.read_text(), kernel_el)
    calls = [e for e in traced if e[0] == "sync" and e[1] == 0 and e[3] == 0x56000000]
    assert len(calls) == 2, "hello makes two system calls"
    assert between(traced, calls[0], calls[-1]) == between(logged, calls[0], calls[-1])


@pytest.mark.parametrize("el, gic, what", [(1, 2, "svc,fault,irq"), (2, 3, "svc,fault,irq"), (3, 2, "all"), (3, 3, "all")])
def test_faults_are_crossings(boot, kernel_el, own_initrd, tmp_path, el, gic, what):
    """The same for a run with faults, signals, processes and interrupts, to the very last: what comes from EL0, what the kernel does to
    itself on the way, and each exception return."""
    log = tmp_path / "int.log"
    run = boot(own_initrd, el=el, gic=gic, smp=1,
               append=f'quiet loglevel=7 trace={what} panic=-1 "RUN=demos read_null hvc bad_pointers"',
               extra=["-d", "int", "-D", str(log)])
    assert run.finish() == 0
    traced, logged = ours(run.log, kernel_el), emulators(log.read_text(), kernel_el)
    first = next(e for e in traced if e[0] == "sync" and e[1] == 0)
    traced, logged = traced[traced.index(first):], logged[logged.index(first):]
    assert len(traced) > 100
    # the last of all calls the levels above to switch the machine off: nobody reads what they note of it
    logged = logged[: len(traced) + (what == "all" and logged[-1][1] != 2)]
    assert traced == logged


def test_words(boot, program, kernel_el):
    """A line says what it was: the call with its arguments, its answer, and how long it took."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append="trace=svc panic=-1")
    run.expect(rf"cpu\d pid 1 EL0->EL{kernel_el} svc write\(1, 0x[0-9a-f]+, 17\) esr=0x56000000 elr=0x[0-9a-f]+$")
    run.expect(rf"cpu\d pid 1 EL{kernel_el}->EL0 eret svc write = 17 \d+ ns elr=0x[0-9a-f]+$")
    run.expect(rf"cpu\d pid 1 EL0->EL{kernel_el} svc exit\(0\) ")
    run.finish()


@pytest.mark.both_boards
def test_answers_behind_a_handler(boot, program):
    """A call's answer is shown, not what a signal's handler is called with: kill, a call that is made again, one that fails."""
    run = boot(initrd.archive(initrd.file("init", program("handler"))), smp=1, append="trace=svc panic=-1")
    run.expect(r"newel: panic: ")
    run.finish()
    answers = re.findall(r"eret svc (kill|read|ppoll) = (\S+) \d+ ns", run.log)
    assert answers == [("kill", "0"), ("read", "-ERESTARTSYS"), ("read", "1"), ("ppoll", "-EINTR")]


def test_calls_to_the_levels_above(boot, own_initrd, kernel_el):
    """hvc to el2/ and smc to el3/ are crossings too; a kernel at EL2 has EL3 alone above it."""
    run = boot(own_initrd, el=3, append="trace=el2,el3 panic=-1 RUN=levels")
    run.finish()
    calls = {1: [r"EL1->EL2 hvc NEWEL_HVC_\w+\(", r"EL1->EL2 smc NEWEL_SMC_\w+\("], 2: [r"EL2->EL3 smc NEWEL_SMC_\w+\("]}
    assert all(re.search(call, run.log) for call in calls[kernel_el])
    assert "EL0->EL" not in run.log


FRAME = struct.Struct("<IIHHIQII")  # struct trace_frame, abi/trace_stream.h
HEAD = struct.Struct("<QiBBBB")  # struct trace_head
Record = collections.namedtuple("Record", "seq cpu ticks pid kind levels slot fields")
KINDS = {1: "svc", 2: "fault", 3: "irq", 4: "return", 8: "sched"}
INFO, RECORDS, TASKS, END = 1, 2, 3, 4


def dumped(text):
    """The bytes of a hexadecimal dump."""
    return bytes.fromhex("".join(re.findall(r"^[0-9a-f]{2,64}$", text, re.MULTILINE)))


def frames(data):
    """[(kind, cpu, seq, records, bytes)] of what was read from /dev/trace: frames without a gap, each as its CRC says."""
    found, at = [], 0
    while at < len(data):
        magic, crc, kind, cpu, size, seq, n, _ = FRAME.unpack_from(data, at)
        end = at + FRAME.size + size
        assert magic == 0x4652544E and crc == zlib.crc32(data[at + 8 : end])
        found.append((kind, cpu, seq, n, data[at + FRAME.size : end]))
        at = end
    assert at == len(data)
    return found


def records(found):
    """The records of frames."""
    out = []
    for kind, cpu, seq, n, data in found:
        at = 0
        while kind == RECORDS and at < len(data):
            ticks, pid, what, words, levels, slot = HEAD.unpack_from(data, at)
            out.append(Record(seq, cpu, ticks, pid, what, (levels & 3, levels >> 4), slot, data[at + HEAD.size : at + 8 * words]))
            at, seq, n = at + 8 * words, seq + 1, n - 1
        assert kind != RECORDS or (at == len(data) and n == 0)
    return out


def text_of(found, which):
    """The lines of the frames of one kind, in words."""
    return [line.split() for kind, *_, data in found if kind == which for line in data.decode().splitlines()]


@pytest.mark.needs("busybox")
@pytest.mark.parametrize("what, smp", [("svc", 1), ("all", 4)])
def test_device(boot, kernel_el, parts, what, smp):
    """/dev/trace: frames, whole; the records of each core in their order; nothing of it on the console.  A copy of it ends."""
    script = (
        "#!/bin/busybox sh\n"
        "for i in 1 2 3; do ( busybox true; busybox ls /bin >/dev/null ) & done; wait\n"
        "busybox cat /dev/trace >/tmp/t\n"
        "busybox od -A n -v -t x1 -w32 /tmp/t | busybox tr -d ' '\n"
        "poweroff -f\n"
    )
    run = boot(oracle.system(script, parts("busybox")), smp=smp,
               append=f"quiet loglevel=7 trace={what},ring panic=-1")
    assert run.finish() == 0
    assert "trace: " not in run.log
    stream = frames(dumped(run.log))
    info = {key: " ".join(rest) for key, *rest in text_of(stream, INFO)}
    assert stream[0][0] == INFO and info["version"] == "1" and info["cores"] == str(smp) and info["kinds"] == f"{what},ring"
    # at EL2 the virtual timer's own names mean EL2's, whose interrupt is another
    assert {1: "27:arch_timer", 2: "28:arch_timer"}[kernel_el] in info["irqs"].split()
    tasks = {int(tid): (int(process), comm) for tid, process, comm in text_of(stream, TASKS)}
    assert tasks[1] == (1, "init") and any(comm == "busybox" for _, comm in tasks.values())
    found = records(stream)
    assert len(found) > 100
    ends = text_of(stream, END)
    assert stream[-1][0] == END and len(ends) == smp
    for core, (_, cpu, _, written, _, lost, _, cleared) in enumerate(ends):
        mine = [r for r in found if r.cpu == core]
        assert cpu == str(core) and int(written) == len(mine) + int(lost) and cleared == "0"
        for a, b in zip(mine, mine[1:]):  # what the ring has overwritten meanwhile is a gap
            assert a.seq < b.seq and a.ticks <= b.ticks
    kinds = {KINDS.get(r.kind) for r in found}
    assert kinds == {"svc", "return"} if what == "svc" else set(KINDS.values()) <= kinds
    calls = [r for r in found if KINDS.get(r.kind) == "svc"]
    assert any(struct.unpack_from("<I", r.fields, 16)[0] == 56 for r in calls)  # openat
    assert all((r.levels, r.slot, r.fields[8:16]) == ((0, kernel_el), 8, b"\0\0\0\x56" + bytes(4)) for r in calls)


# ---- what EL2 and EL3 do themselves ----

CLIMBS = {  # machine; the module's parameters; what the levels do: from, to, esr, and whether they answer
    "el2": (dict(el=2, gic=3), "hvc=1", [(2, 0x5A000007, True)]),
    "el3": (dict(el=3, gic=2), "hvc=1 smc=1", [(2, 0x5A000007, True), (2, 0x5E000009, True)]),
    "el3-no-el2": (dict(el=3, has_el2=False), "smc=1", [(3, 0x5E000009, True)]),
    "kept": (dict(el=3, gic=3, cpu="max"), "hvc=1 smc=1 kept=1",
             [(2, 0x5A000007, True), (2, 0x5E000009, True), (2, None, False)]),
}


def module(name):
    with open(os.path.join(BUILD, "tests", "modules", name + ".ko"), "rb") as f:
        return f.read()


@pytest.mark.needs("busybox")
@pytest.mark.parametrize("way", CLIMBS)
def test_levels_tell(boot, kernel_el, parts, tmp_path, way):
    """Calls that no one at EL1 sees, and an instruction that EL2 refuses, as the emulator has them: and nothing else comes up."""
    if kernel_el == 2:
        boards.tied("a kernel at EL2 has no EL2 above it")
    machine, parameters, wanted = CLIMBS[way]
    log = tmp_path / "int.log"
    script = f"#!/bin/busybox sh\nbusybox insmod /climbs.ko {parameters}\nbusybox ls / >/dev/null\nbusybox poweroff -f\n"
    archive = oracle.system(script, parts("busybox"), extra=[initrd.file("climbs.ko", module("climbs"))])
    run = boot(archive, smp=1, append="quiet loglevel=7 trace=fault,el2,el3 panic=-1", extra=["-d", "int", "-D", str(log)],
               **machine)
    if way == "kept":
        run.expect(r"newel: panic: Oops: undefined instruction.* pc init_module\+0x\w+/0x\w+ \[climbs\]$")
    run.finish()
    first = ("sync", 1, wanted[0][0], wanted[0][1])
    traced, logged = ([e for e in events if max(e[1:3]) > 1] for events in (ours(run.log, kernel_el), emulators(log.read_text(), kernel_el)))
    traced, logged = (e[[x[:4] for x in e].index(first):] for e in (traced, logged))
    if logged[-1][1:3] == (2, 3):  # it switches the machine off: nobody reads what is noted of it
        logged.pop()
    assert traced == logged
    calls = [(e[2], e[3]) for e in traced if e[0] == "sync" and e[1] == 1]
    for (level, esr, answered), call in zip(wanted, calls):
        assert call[0] == level and esr in (None, call[1])
        assert answered or (call[1] >> 26 == 0x18 and BOUNCED in [e[4] for e in traced])
    assert run.log.count("climbs: hvc -1") == ("hvc" in parameters) and run.log.count("climbs: smc -1") == ("smc" in parameters)


def test_cost(boot, kernel_el, program):
    """A call and its return into the ring: at most 120 instructions more than a call that is not recorded."""

    cpu = {1: "cortex-a72", 2: "max"}[kernel_el]  # cores that need no loop against Spectre-BHB

    def ticks(what):
        run = boot(initrd.archive(initrd.file("init", program("getppid"))), el=1, smp=1, cpu=f"{cpu},cntfrq=1000000000",
                   append=f"quiet panic=-1 {what}", extra=["-icount", "shift=0,align=off,sleep=off"])
        m = run.expect(r"newel: panic: .*exitcode=0x([0-9a-f]{6})00")  # all of its digits: a line comes in pieces
        run.finish()
        return int(m[1], 16)

    off, on = ticks(""), ticks("trace=svc,ring")
    assert 60 < off < 90 and off < on <= off + 120


def test_slow_console(boot, program):
    """Where a line takes longer than a tick (here by 1 us an instruction) a program goes on between two interrupts that are printed."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), el=1, smp=1, append="panic=-1 trace=irq",
               extra=["-icount", "shift=10,align=off,sleep=off"])
    run.expect(r"EL(\d)->EL\1 eret irq \d+ \d+ ns")
    run.expect(r"^hello syscall v8$")
    run.expect(r"newel: panic: .*exitcode=0x00000000")
    assert run.finish() == 0
    assert "has not given way" not in run.log


@pytest.mark.needs("busybox")
def test_levels_count_what_they_lose(boot, kernel_el, parts):
    """More calls than a core keeps notes of, before the kernel takes them: those that are gone are counted."""
    if kernel_el == 2:
        boards.tied("a kernel at EL2 has no EL2 above it")
    script = "#!/bin/busybox sh\nbusybox insmod /climbs.ko smc=40\nbusybox poweroff -f\n"
    archive = oracle.system(script, parts("busybox"), extra=[initrd.file("climbs.ko", module("climbs"))])
    run = boot(archive, el=3, smp=1, append="quiet loglevel=7 trace=el2 panic=-1")
    assert run.finish() == 0
    assert re.findall(r"EL1->EL2 (.*) of its notes", run.log) == ["lost 8"]
    assert run.log.count("EL1->EL2 answered smc 0x83000042 = -1 ") == 32
