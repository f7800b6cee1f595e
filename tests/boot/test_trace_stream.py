"""The exported stream against QEMU's own log of exceptions (-d int): on each core the same events in the same order.

`make test-trace` takes longer runs (TRACE_CROSSINGS).  One line of QEMU's log says no core: that of an exception return.  So a
return counts for the core whose trace has it next, and must have been logged before that core's next exception.
"""

import collections
import os
import re
import sys

import conftest
import initrd
import pytest

sys.path.append(os.path.join(conftest.ROOT, "tools", "trace"))
import frames  # noqa: E402
import layout  # noqa: E402

CROSSINGS = int(os.environ.get("TRACE_CROSSINGS", "100000"))
EVENT = re.compile(
    r"Taking exception \d+ \[(?P<name>[^\]]*)\] on CPU (?P<cpu>\d+)\n"
    r"\.\.\.from EL(?P<from>\d) to EL(?P<to>\d)\n"
    r"(?:\.\.\.with ESR 0x[0-9a-f]+/0x(?P<esr>[0-9a-f]+)\n)?"
    r"(?:\.\.\.with (?:FAR|SPSR) .*\n)*"
    r"(?:\.\.\.with ELR 0x(?P<elr>[0-9a-f]+)\n)?"
    r"|Exception return from AArch64 EL(?P<rfrom>\d) to AArch64 EL(?P<rto>\d) PC 0x(?P<pc>[0-9a-f]+)")
KINDS = {layout.SVC: "sync", layout.FAULT: "sync", layout.IRQ: "irq", layout.RETURN: "eret", layout.CALL: "sync", layout.CALL_RETURN: "eret",
         layout.LEVEL: "sync"}
ANSWERED, SEEN = layout.STREAM["LEVEL_ANSWERED"], layout.STREAM["LEVEL_SEEN"]
SMC = 0x17


def emulators(log):
    """[(cpu or None, (kind, from, to, esr, elr))]; what QEMU serves itself, as a level that is not there, is no crossing."""
    for m in EVENT.finditer(log):
        if m["pc"]:
            yield None, ("eret", int(m["rfrom"]), int(m["rto"]), None, int(m["pc"], 16))
        elif m["elr"]:
            kind = "irq" if m["name"] == "IRQ" else "sync"
            yield int(m["cpu"]), (kind, int(m["from"]), int(m["to"]), int(m["esr"], 16) if kind == "sync" else None, int(m["elr"], 16))


def recorded(stream):
    """({cpu: its events in their order}, the account of the stream)"""
    account, cores = frames.Account(), collections.defaultdict(list)
    for frame, cpu, seq, records, at, end in frames.frames(stream, account):
        if frame == frames.END:
            frames.take_end(frames.text_lines(stream, at, end), account)
        if frame != frames.RECORDS:
            continue
        core = account.core(cpu)
        assert not core.see(seq, records) and core.first == 1 and not core.gaps, f"cpu{cpu}: {records} records from {seq} on"
        for _ in range(records):
            _, _, number, words, levels, _ = layout.HEAD.unpack_from(stream, at)
            if number in KINDS:
                kind = layout.KINDS[number]
                values = kind.struct.unpack_from(stream, at)
                esr, elr = values[kind.place["esr"]] if KINDS[number] == "sync" else None, values[kind.place["elr"]]
                did = values[kind.place["did"]] if number == layout.LEVEL else 0
                if not did & SEEN:  # else the call before it is the same crossing
                    cores[cpu].append((KINDS[number], levels & 3, levels >> 4 & 3, esr, elr))
                if did == ANSWERED:
                    stepped = 4 if levels >> 4 & 3 == 2 and esr >> 26 == SMC else 0  # over an smc that EL2 took
                    cores[cpu].append(("eret", levels >> 4 & 3, levels & 3, None, elr + stepped))
            at += 8 * words
        assert at == end
        core.records += records
    return cores, account


def compare(cores, log):
    """Each event of the log is the next one of its core; returns how many were, by core."""
    at = dict.fromkeys(cores, 0)
    began, noting, returns = set(), set(), collections.Counter()

    def take_returns(cpu):
        """The returns that the trace has next: they have been logged."""
        events = cores[cpu]
        while at[cpu] < len(events) and events[at[cpu]][0] == "eret":
            assert returns[events[at[cpu]]], f"cpu{cpu}, event {at[cpu]}: recorded, and not in QEMU's log: {events[at[cpu]]}"
            returns[events[at[cpu]]] -= 1
            at[cpu] += 1

    for cpu, event in emulators(log):
        if cpu is None:
            returns[event] += 1
            continue
        events = cores.get(cpu, [])
        if cpu not in began:  # what came before the first record
            if not events or event != next(e for e in events if e[0] != "eret"):
                continue
            began.add(cpu)
            while events[at[cpu]][0] == "eret":
                at[cpu] += 1
        if event[1:3] == (2, 3) and cpu not in noting:
            if next((e for e in events[at[cpu]:] if e[0] != "eret"), None) != event:
                continue  # the call by which EL3 begins to note
            noting.add(cpu)
        take_returns(cpu)
        if at[cpu] == len(events):
            continue  # behind the end of the trace
        assert events[at[cpu]] == event, f"cpu{cpu}, event {at[cpu]}: {events[at[cpu]]} is recorded, QEMU has {event}"
        at[cpu] += 1
    for cpu in cores:
        take_returns(cpu)
        assert at[cpu] == len(cores[cpu]), f"cpu{cpu}: QEMU's log ends at event {at[cpu]} of {len(cores[cpu])}"
    return at


@pytest.mark.virt
@pytest.mark.parametrize("smp, el, kinds", [(1, 1, "svc,fault,irq"), (4, 1, "svc,fault,irq"), (4, 3, "all")])
def test_stream(boot, kernel_el, program, tmp_path, smp, el, kinds):
    if not os.path.exists(os.path.join(conftest.BUILD, "tests", "tracestorm")):
        pytest.skip("needs the cross compiler's static C library")
    log, out = tmp_path / "int.log", tmp_path / "trace"
    run = boot(initrd.archive(initrd.file("init", program("tracestorm"))), el=el, smp=smp, cpu="max",
               append=f"quiet loglevel=7 panic=-1 trace={kinds},ring newel.trace.size={(4 << 20) + 100 * CROSSINGS // smp} newel.hostfile={out} CROSSINGS={CROSSINGS}",
               # One thread: with more the lines of two cores' exceptions come between each other.
               extra=["-semihosting", "-accel", "tcg,thread=single", "-d", "int", "-D", str(log)])
    assert run.finish() == 0
    assert "storm: all is well" in run.log
    cores, account = recorded(out.read_bytes())
    assert not account.damaged and account.ended
    assert all(c.missing() == 0 for c in account.cores.values()), account.lines()
    matched = compare(cores, log.read_text())
    print(f"{smp} cores, EL{el}: {sum(matched.values())} crossings, {out.stat().st_size} bytes: {matched}")
    assert sum(matched.values()) >= CROSSINGS and len(matched) == smp
    assert {e[2] for e in cores[0]} == {0, *range(kernel_el, max(el, kernel_el) + 1)}
