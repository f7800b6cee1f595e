"""model.py - the trace as columns: its events by time, and the slices that they make.

    trace = Trace.read(data)        # bytes of a stream (abi/trace_stream.h); any bytes at all
    trace.build()                   # makes trace.lanes and trace.tracks

An event is a row of the columns in `EVENT`.  A slice lasts from an entry to its return.  There are two sets of them:

    lanes   what ran on each core: at every moment that of one task.  A slice of a task that is scheduled away ends there
            (CONTINUES) and goes on where it runs next (CONTINUED); one lane a core and level, nested in it by depth
    tracks  what each task did: a track is a task on a core, and is split where it migrates.  A call that sleeps stays
            open, and the time off the core is a slice in it (OFF)

Invariant, whatever the bytes were: in a lane, and in a track, two slices either lie apart or one is within the other;
`end` >= `begin`; a slice of depth n lies within one of depth n - 1.  An entry without a return ends with the trace
(OPEN_END); a return without an entry gives a slice that begins where the time before it was free (OPEN_START).
"""

import json
import os
import re
import subprocess
import sys
from array import array

import frames as fr
import layout
from layout import (CALL, CALL_RETURN, EXEC, EXIT, FAULT, FORK, HEAD, IRQ, KINDS, LATE, LEVEL, RETURN, SCHED, SIGNAL_SEND,
                    SIGNAL_TAKE, STREAM, SVC, WAKE)

# Flags of slices.
OPEN_START, OPEN_END, CONTINUED, CONTINUES, OFF, USER, BASE = 1, 2, 4, 8, 16, 32, 64

# The columns of events, and their codes for array.array.
EVENT = {
    "ns": "q",      # since the log's time 0
    "cpu": "B",
    "pid": "i",     # the thread's; 0: the kernel itself
    "kind": "B",    # layout.SVC ...
    "levels": "B",  # from | to << 4
    "slot": "B",
    "nr": "q",      # call, interrupt, signal, SMCCC function, next task, child...: KEY
    "value": "q",   # result, far, address, arg[0]...: VALUE
    "elr": "Q",
    "esr": "Q",
    "since": "q",   # ns of the entry that a return ends, or until when LEVEL; -1: unknown
    "extra": "I",   # cause, why, did, status, access
    "at": "Q",      # where its record begins in Trace.data
}
KEY = {SVC: "nr", IRQ: "nr", RETURN: "nr", CALL: "fn", CALL_RETURN: "fn", LEVEL: "fn", SCHED: "next", WAKE: "task", FORK: "child",
       EXEC: "process", layout.NAME: "task", EXIT: "process", SIGNAL_SEND: "nr", SIGNAL_TAKE: "nr", layout.BLOCK: "op", layout.GUEST: "vm"}
VALUE = {SVC: "arg", FAULT: "far", RETURN: "result", CALL: "arg", CALL_RETURN: "result", LEVEL: "answer", WAKE: "target", FORK: "flags",
         SIGNAL_SEND: "to", SIGNAL_TAKE: "handler", layout.COPY: "address", layout.BLOCK: "sector",
         layout.GUEST: "vcpu"}
EXTRA = ("cause", "why", "did", "status", "access")
SLICE = {"begin": "q", "end": "q", "cpu": "B", "level": "B", "depth": "B", "pid": "i", "event": "i", "ret": "i", "name": "I", "flags": "B"}
DEPTH_MAX = 64  # of slices: deeper ones are not opened (no kernel has such a stack)
HZ_UNKNOWN = 62_500_000
NUMBER = re.compile("[0-9]{1,18}")
DECODER = os.path.join(layout.ROOT, "build", "host", "newel-trace-decode")


class Columns:
    """Arrays of one length, by name."""

    def __init__(self, codes):
        self.codes = codes
        for name, code in codes.items():
            setattr(self, name, array(code))

    def __len__(self):
        return len(getattr(self, next(iter(self.codes))))

    def add(self, *row):
        for name, value in zip(self.codes, row):
            getattr(self, name).append(value)

    def reorder(self, order):
        for name, code in self.codes.items():
            column = getattr(self, name)
            setattr(self, name, array(code, [column[i] for i in order]))


def signed(value):
    return value - (1 << 64) if value >> 63 else value


class Trace:
    """All of one trace; `events`, `lanes` and `tracks` are Columns."""

    def __init__(self):
        self.data = b""
        self.info = {}
        self.irqs = {}  # what interrupts are called, by number
        self.tasks = {}  # thread's id: (process, name)
        self.events = Columns(EVENT)
        self.lanes, self.tracks = Columns(SLICE), Columns(SLICE)
        self.names = []  # of slices: lanes.name and tracks.name point here
        self.account = fr.Account()
        self.hz, self.hz_known, self.start, self.start_known = HZ_UNKNOWN, False, 0, False

    # ---- from the stream ----

    @classmethod
    def read(cls, data):
        self = cls()
        self.data = data
        ticks, since, late = array("Q"), array("Q"), bytearray()
        for kind, cpu, seq, records, begin, end in fr.frames(data, self.account):
            if kind == fr.RECORDS:
                self.take_records(cpu, seq, records, begin, end, ticks, since, late)
            elif kind == fr.INFO:
                self.take_info(fr.key_values(fr.text_lines(data, begin, end)))
            elif kind == fr.TASKS:
                self.take_tasks(fr.text_lines(data, begin, end))
            elif kind == fr.END:
                fr.take_end(fr.text_lines(data, begin, end), self.account)
        self.to_time(ticks, since, late)
        return self

    @classmethod
    def decode(cls, path, decoder=DECODER):
        """The same by the decoder in C (`make build/host/newel-trace-decode`), in a fraction of the time."""
        self = cls()
        with open(path, "rb") as f:
            self.data = f.read()
        with subprocess.Popen([decoder, "--columns", path], stdout=subprocess.PIPE) as child:
            said = json.loads(child.stdout.readline())
            for name, code in said["columns"]:
                column = array(code)
                column.frombytes(child.stdout.read(said["rows"] * column.itemsize))
                setattr(self.events, name, column)
            info, tasks = (child.stdout.read(said[what]).decode("utf-8", "replace").split("\n") for what in ("info", "tasks"))
        if child.returncode:
            raise OSError(f"{decoder} ended with {child.returncode}")
        self.take_info(fr.key_values(info))
        self.take_tasks(tasks)
        self.start = said["start"]
        self.account.take(said)
        self.learn_names()
        return self

    def take_info(self, info):
        self.info.update(info)
        hz, start = info.get("hz", ""), info.get("start", "")
        if NUMBER.fullmatch(hz) and 0 < int(hz) < 1 << 40:
            self.hz, self.hz_known = int(hz), True
        if NUMBER.fullmatch(start):
            self.start, self.start_known = int(start), True
        self.irqs.update((int(n), name) for n, name in re.findall(r"\b(\d{1,4}):(\S{1,40})", info.get("irqs", "")))

    def irq_name(self, nr):
        """Interrupt @nr in words."""
        return f"irq {nr} {self.irqs[nr]}" if nr in self.irqs else f"irq {nr}"

    def take_tasks(self, lines):
        for line in lines:
            words = line.split(" ", 2)
            if len(words) == 3 and NUMBER.fullmatch(words[0]) and NUMBER.fullmatch(words[1]):
                self.tasks[int(words[0])] = (int(words[1]), words[2])

    def take_records(self, cpu, seq, records, begin, end, ticks, since, late):
        core, data, e = self.account.core(cpu), self.data, self.events
        old = core.see(seq, records)  # which we have already
        at, seen, unpack = begin, 0, HEAD.unpack_from
        while at + HEAD.size <= end and seen < records:
            when, pid, kind, words, levels, slot = unpack(data, at)
            size = words * 8
            if size < HEAD.size or at + size > end:
                break
            seen += 1
            if not old or seen - 1 not in old:
                t = ROWS[kind](data, at) if kind in ROWS and size >= KINDS[kind].size else NO_ROW
                ticks.append(when)
                since.append(t[4])
                late.append(not slot & LATE)
                e.cpu.append(cpu & 255)
                e.pid.append(pid)
                e.kind.append(kind)
                e.levels.append(levels)
                e.slot.append(slot)
                e.nr.append(t[0])
                e.value.append(t[1])
                e.elr.append(t[2])
                e.esr.append(t[3])
                e.extra.append(t[5])
                e.at.append(at)
            at += size
        core.records += seen - sum(n < seen for n in old)
        if at != end or seen != records:
            core.malformed += 1

    def to_time(self, ticks, since, late):
        """From ticks in the order of their cores to nanoseconds in the order of all."""
        e, start, hz = self.events, self.start, self.hz
        if not self.start_known and ticks:
            start = self.start = min(ticks)
        if hz and 10**9 % hz == 0:
            scale = 10**9 // hz
            times = [(t - start) * scale for t in ticks]
        else:
            times = [(t - start) * 10**9 // hz for t in ticks]
        low, high = -(1 << 62), (1 << 62) - 1  # a forged record has any time
        e.ns = array("q", [min(max(t, low), high) for t in times])
        e.since = array("q", [min(max((t - start) * 10**9 // hz, 0), high) if t else -1 for t in since])
        keys = [2 * t + early for t, early in zip(e.ns, late)]  # a record that was written late goes before others of its time
        if any(a > b for a, b in zip(keys, keys[1:])):
            e.reorder(sorted(range(len(keys)), key=keys.__getitem__))
        self.learn_names()

    def learn_names(self):
        """Names of tasks that SCHED, FORK, EXEC and NAME tell, for those that no TASKS frame has (they are gone)."""
        e, told = self.events, dict(self.tasks)
        for i, kind in enumerate(e.kind):
            if kind == LEVEL and e.extra[i] & 15 == STREAM["LEVEL_LOST"]:
                self.account.notes += max(e.value[i], 0)
            elif kind in NAMED:
                r = self.record(i)
                if r:
                    name = r["comm"].split(b"\0")[0].decode("utf-8", "replace")
                    tid = e.pid[i] if kind == EXEC else e.nr[i]
                    process = r.get("process", told.get(tid, (tid,))[0])
                    if tid not in self.tasks and name:
                        told[tid] = (process, name)
        self.tasks = told

    # ---- one event ----

    def record(self, i):
        """Event @i's fields: {name: value}, {} for a kind that abi/trace.def does not have."""
        kind, at = KINDS.get(self.events.kind[i]), self.events.at[i]
        size = self.data[at + 13] * 8 if self.data else 0
        if not kind or size < kind.size:
            return {}
        values = kind.struct.unpack_from(self.data, at)
        return {f.name: values[kind.place[f.name]] if not f.count or f.code == "s" else values[kind.place[f.name]:][: f.count]
                for f in kind.fields if f.show != "NONE"}

    def chunks(self, i):
        """What is behind event @i's fields: [(arg, flags, whole, bytes)]."""
        kind, at = KINDS.get(self.events.kind[i]), self.events.at[i]
        if not kind or not self.data:
            return []
        end, at, found = at + self.data[at + 13] * 8, at + kind.size, []
        while at + layout.CHUNK.size <= end:
            arg, flags, size, whole = layout.CHUNK.unpack_from(self.data, at)
            at += layout.CHUNK.size
            if at + size > end:
                break
            found.append((arg, flags, whole, bytes(self.data[at : at + size])))
            at += size + -size % 8
        return found

    def task_name(self, tid):
        return self.tasks[tid][1] if tid in self.tasks else "kernel" if tid == 0 else f"task {tid}"

    def track_name(self, tid, cpu):
        if tid == 0:
            return f"kernel, cpu{cpu}"
        return f"{self.task_name(tid)} {tid}, cpu{cpu}"

    def cores(self):
        return sorted(set(self.events.cpu))

    # ---- slices ----

    def build(self):
        import slices

        slices.build(self)
        return self


NO_ROW = (0, 0, 0, 0, 0, 0)
NAMED = {SCHED, FORK, EXEC, layout.NAME}


def row_of(kind):
    """A function of (data, at) that gives a record's (nr, value, elr, esr, since, extra)."""
    names = [next((f for f in wanted if f in kind.place), None)
             for wanted in ((KEY.get(kind.number),), (VALUE.get(kind.number),), ("elr", "pc"), ("esr",), ("since", "until"), EXTRA)]
    terms = []
    for column, name in enumerate(names):
        term = f"t[{kind.place[name]}]" if name else "0"
        field = next((f for f in kind.fields if f.name == name), None)
        terms.append(f"signed({term})" if field and column == 1 and field.code == "Q" else term)
    return eval(f"lambda data, at: (lambda t: ({', '.join(terms)}))(unpack(data, at))",  # noqa: S307  # of our own table
                {"unpack": kind.struct.unpack_from, "signed": signed})


ROWS = {number: row_of(kind) for number, kind in KINDS.items()}

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as f:
        trace = Trace.read(f.read()).build()
    print(len(trace.events), "events,", len(trace.lanes), "slices in lanes,", len(trace.tracks), "in tracks")
    print("\n".join(trace.account.lines()))
