"""machine.py - traces for the page's tests: short ones whose every number is known, and the synthetic machine's."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

import frames  # noqa: E402
import layout  # noqa: E402
import model  # noqa: E402
import page  # noqa: E402, F401  # for who imports us
import synthetic  # noqa: E402

DOWN, UP, SAME, TO_EL3, FROM_EL3 = 0x10, 0x01, 0x11, 0x31, 0x13  # from | to << 4
HZ = 62_500_000
GETPID, WRITE, WAIT4 = 172, 64, 260


def trace_of(data):
    return model.Trace.read(data).build()


def stream(cores, tasks=(), info=(), end=None):
    """Frames of these records: {core: [record, ...]}; @end: the END frame's text."""
    said = {"version": 1, "release": "6.12.0-newel", "machine": "a test", "hz": HZ, "start": 1000, **dict(info)}
    out = [frames.frame(frames.INFO, "".join(f"{k} {v}\n" for k, v in said.items()).encode())]
    for cpu, records in cores.items():
        for at in range(0, len(records), 16):
            some = records[at : at + 16]
            out.append(frames.frame(frames.RECORDS, b"".join(some), cpu, at + 1, len(some)))
    out.append(frames.frame(frames.TASKS, "".join(f"{tid} {tid} {comm}\n" for tid, comm in tasks).encode()))
    end = end if end is not None else "".join(f"cpu {cpu} written {len(r)} lost 0\n" for cpu, r in cores.items())
    out.append(frames.frame(frames.END, end.encode()))
    return b"".join(out)


def call(pid, at, took, nr=GETPID, inside=(), result=0):
    """A system call at @at ticks that takes so many, and the records that come inside it."""
    return [frames.record(layout.SVC, 1000 + at, pid, DOWN, 8, elr=0x400098, esr=0x56000000, nr=nr, arg=[1, 2, 3]), *inside,
            frames.record(layout.RETURN, 1000 + at + took, pid, UP, elr=0x400098, cause=layout.SVC, nr=nr, since=1000 + at, result=result)]


def smc(pid, at, took):
    return [frames.record(layout.CALL, 1000 + at, pid, TO_EL3, elr=0xFFFF800008000400, esr=0x5E000000, fn=0x84000000, arg=[0]),
            frames.record(layout.CALL_RETURN, 1000 + at + took, pid, FROM_EL3, elr=0xFFFF800008000404, fn=0x84000000,
                          since=1000 + at, result=0x10001)]


def level(pid, at, took, did, to=2, fn=0xC6000002):
    """What EL2 or EL3 says that it did."""
    return [frames.record(layout.LEVEL, 1000 + at, pid, 1 | to << 4, 8, elr=0xFFFF800008000404, esr=0x5A000000, fn=fn,
                          until=1000 + at + took, did=did)]


def sched(pid, at, to, why, comm=""):
    return [frames.record(layout.SCHED, 1000 + at, pid, SAME, next=to, why=layout.STREAM["WHY_" + why], comm=comm)]


def wake(pid, at, task):
    return [frames.record(layout.WAKE, 1000 + at, pid, SAME, task=task, target=0)]


def fault(pid, at, took, levels=DOWN):
    esr = 0x92000047 if levels == DOWN else 0x96000047
    back = levels >> 4 | (levels & 3) << 4
    return [frames.record(layout.FAULT, 1000 + at, pid, levels, 8, elr=0x400100, esr=esr, far=0x412000),
            frames.record(layout.RETURN, 1000 + at + took, pid, back, elr=0x400100, cause=layout.FAULT, since=1000 + at)]


def small(comm="ls"):
    """One task on one core: a call with a fault in it, one with an smc, two short ones."""
    records = (call(7, 0, 1000, WRITE, fault(7, 200, 400, SAME)) + fault(7, 2000, 500) + call(7, 4000, 2000, WAIT4, smc(7, 4500, 100)) +
               call(7, 7000, 10) + call(7, 8000, 30))
    return stream({0: records}, [(7, comm)])


def synthetic_trace(events, seed=1):
    return trace_of(synthetic.stream(events, seed=seed))
