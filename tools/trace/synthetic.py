#!/usr/bin/python3
"""synthetic.py - a trace of a machine that never was, for tests: any number of events, valid and always the same.

    tools/trace/synthetic.py N OUT [--seed S] [--cores N] [--tasks N]

As a program it writes the stream; stream() gives it as bytes.  Tasks run on several cores and migrate; their calls have
faults and interrupts inside, sleep, call the levels above; some carry the bytes of their arguments.
"""

import argparse
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import frames as fr  # noqa: E402
import layout  # noqa: E402
from layout import CALL, CALL_RETURN, FAULT, GUEST, IRQ, LEVEL, RETURN, SCHED, STREAM, SVC, WAKE  # noqa: E402

HZ = 62_500_000
START = 1_000_000
NAMES = ("sh", "ls", "cat", "levels", "init", "dd", "top", "sort")
CALLS = (63, 64, 56, 57, 172, 214, 222, 98, 73, 101)
FUNCTION = 0xC6000000
PSCI_VERSION = 0x84000000
BODY = fr.FRAME_MAX - 64  # records of a frame

DOWN, UP, SAME, CALLED, SERVED = 0x10, 0x01, 0x11, 0x21, 0x21  # levels: from | to << 4


class Machine:
    """Cores whose clocks are one; each with its records, and what they were put in as frames."""

    def __init__(self, cores, tasks, seed, pages):
        self.random = random.Random(seed)
        self.cores = [Core(self, cpu) for cpu in range(cores)]
        self.idle = [100 + t for t in range(tasks)]
        self.names = {100 + t: NAMES[t % len(NAMES)] for t in range(tasks)}
        self.events = 0
        self.pages = pages
        self.stack = {}  # of a task that sleeps: the call that it is in


class Core:
    def __init__(self, machine, cpu):
        self.machine, self.cpu = machine, cpu
        self.ticks = START + 100 + cpu
        self.pid = 0
        self.body, self.count, self.seq = bytearray(), 0, 1
        self.frames = []

    def put(self, kind, levels, slot=0, chunks=b"", at=None, **fields):
        r = fr.record(kind, at or self.ticks, self.pid, levels, slot, chunks, **fields)
        if len(self.body) + len(r) > BODY:
            self.flush()
        self.body += r
        self.count += 1
        self.machine.events += 1

    def flush(self):
        if self.count:
            self.frames.append(fr.frame(fr.RECORDS, bytes(self.body), self.cpu, self.seq, self.count))
            self.seq += self.count
            self.body, self.count = bytearray(), 0

    def wait(self, least, most):
        self.ticks += self.machine.random.randint(least, most)
        return self.ticks

    def interrupt(self, levels=SAME):
        begin = self.ticks
        self.put(IRQ, levels, 5, elr=0xFFFF800008012340, nr=27)
        self.wait(20, 60)
        back = levels >> 4 | (levels & 3) << 4
        self.put(RETURN, back, elr=0xFFFF800008012340, cause=IRQ, nr=27, since=begin)

    def fault(self, levels=SAME):
        begin = self.ticks
        lower = levels & 3 == 0
        self.put(FAULT, levels, 8 if lower else 4, elr=0x412340, esr=0x92000047 if lower else 0x96000047, far=0x7F1234567000)
        self.wait(50, 400)
        self.put(RETURN, levels >> 4 | (levels & 3) << 4, elr=0x412340, cause=FAULT, since=begin)

    def call_above(self):
        begin = self.ticks
        self.put(CALL, CALLED, elr=0xFFFF800008000400, esr=0x5A000000, fn=PSCI_VERSION, arg=[1, 2, 3])
        inner = self.wait(2, 5)
        self.wait(5, 20)
        self.put(LEVEL, SERVED, at=inner, elr=0xFFFF800008000404, esr=0x5A000000, fn=PSCI_VERSION, answer=0x10001, until=self.ticks, did=1)
        self.wait(2, 5)
        self.put(CALL_RETURN, 0x12, elr=0xFFFF800008000404, fn=PSCI_VERSION, since=begin, result=0x10001)

    def guest(self):
        """A run of a guest, as KVM_RUN makes it."""
        r = self.machine.random
        begin, level, vm, vcpu = self.ticks, r.choice((0, 1)), r.randint(1, 3), r.randint(0, 1)
        self.put(GUEST, 2 | level << 4, elr=0x40080000, vm=vm, vcpu=vcpu, did=STREAM["GUEST_ENTERS"])
        self.wait(20, 900)
        did = r.choice(("SYNC", "SYNC", "IRQ"))
        esr = r.choice((0x5A000000, 0x93800046, 0x62300000, 0x07E00000)) if did == "SYNC" else 0
        self.put(GUEST, level | 2 << 4, 8, elr=0x40080400, esr=esr, ipa=0x9000000 if esr >> 26 == 0x24 else 0, fn=PSCI_VERSION, vm=vm, vcpu=vcpu,
                 did=STREAM["GUEST_" + did], since=begin)

    def schedule(self, pid, why):
        self.put(SCHED, SAME, next=pid, why=why, comm=self.machine.names.get(pid, "idle"))
        self.pid = pid
        self.wait(3, 10)

    def system_call(self):
        m, nr, begin = self.machine, self.machine.random.choice(CALLS), self.ticks
        chunks = fr.chunk(1, b"hello, crossing\n") if nr == 64 else fr.chunk(1, b"/etc/motd", 1) if nr == 56 else b""
        self.put(SVC, DOWN, 8, chunks, elr=0x400098, esr=0x56000000, nr=nr, arg=[1, 0x7FFC1000, 16, 0, 0, 0])
        for _ in range(m.random.choice((0, 0, 0, 1, 2))):
            self.wait(10, 100)
            m.random.choice((self.interrupt, self.fault, self.call_above, self.guest))()
        self.wait(10, 200)
        if m.random.random() < 0.15:
            m.stack[self.pid] = (nr, begin)
            self.leave(STREAM["WHY_SLEEPS"])
            return
        self.end_call(nr, begin)

    def end_call(self, nr, begin):
        result = self.machine.random.choice((16, 0, 3, -2, -9, 4096))
        self.put(RETURN, UP, elr=0x400098, cause=SVC, nr=nr, since=begin, result=result)
        self.wait(10, 500)

    def leave(self, why):
        """Its task makes place for another, or for none."""
        m, old = self.machine, self.pid
        ready = m.idle.pop(m.random.randrange(len(m.idle))) if m.idle else 0
        self.schedule(ready, why)
        if old:
            m.idle.append(old)
        if ready in m.stack:
            self.wait(5, 20)
            self.end_call(*m.stack.pop(ready))
        elif ready:
            self.put(RETURN, UP, elr=0x400100)
            self.wait(5, 50)

    def step(self):
        if not self.pid:
            self.interrupt()
            if self.machine.idle:
                self.put(WAKE, SAME, task=self.machine.idle[0], target=self.cpu)
                self.leave(STREAM["WHY_IDLE"])
            else:
                self.wait(1000, 9000)
            return
        chance = self.machine.random.random()
        if chance < 0.85:
            self.system_call()
        elif chance < 0.93:
            self.fault(DOWN)
            self.wait(20, 900)
        else:
            self.interrupt(DOWN)
            self.wait(20, 900)


def stream(events, cores=4, tasks=12, seed=1):
    """The bytes of a trace of at least @events events: INFO, RECORDS of all cores in turns, TASKS, END."""
    m = Machine(cores, tasks, seed, 0)
    while m.events < events:
        min(m.cores, key=lambda c: c.ticks).step()
    kinds = "svc,fault,irq,el2,el3,sched,wake,guest"
    info = f"version 1\nrelease 6.12.0-newel\nmachine synthetic\nhz {HZ}\nstart {START}\ncores {cores}\nkernel 0\nkinds {kinds}\n"
    out = [fr.frame(fr.INFO, info.encode())]
    for core in m.cores:
        core.flush()
    for turn in range(max(len(c.frames) for c in m.cores)):
        out += [c.frames[turn] for c in m.cores if turn < len(c.frames)]
    out.append(fr.frame(fr.TASKS, "".join(f"{tid} {tid} {name}\n" for tid, name in m.names.items()).encode()))
    end = "".join(f"cpu {c.cpu} written {c.seq - 1} lost 0\n" for c in m.cores)
    out.append(fr.frame(fr.END, end.encode()))
    return b"".join(out)


def main(argv):
    p = argparse.ArgumentParser(description="write the stream of a synthetic trace")
    p.add_argument("events", type=int)
    p.add_argument("out")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cores", type=int, default=4)
    p.add_argument("--tasks", type=int, default=12)
    a = p.parse_args(argv)
    with open(a.out, "wb") as f:
        f.write(stream(a.events, a.cores, a.tasks, a.seed))


if __name__ == "__main__":
    main(sys.argv[1:])
