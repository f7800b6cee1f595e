"""chrome.py - the trace as JSON for Perfetto (ui.perfetto.dev) and chrome://tracing.

"Trace Event Format": complete events (X) in microseconds with decimals.  A process for each core, whose threads are its
levels, and one for each task, whose threads are the cores that it was on.  On each the slices nest, the outer one first.
"""

import json

import layout
from model import CONTINUED, CONTINUES, OFF, OPEN_END, OPEN_START

CORE = 1 << 30  # + cpu: the number of a core's process; tasks have their own
NOTES = {OPEN_START: "began before the trace", OPEN_END: "no end in the trace", CONTINUED: "goes on from before",
         CONTINUES: "goes on later", OFF: "not on a core"}
INSTANTS = {layout.SCHED, layout.WAKE, layout.FORK, layout.EXEC, layout.EXIT, layout.SIGNAL_SEND, layout.SIGNAL_TAKE, layout.COPY, layout.NAME,
            layout.BLOCK}


def micro(ns):
    return f"{ns // 1000}.{ns % 1000:03d}"


class Writer:
    def __init__(self, trace, out, lines):
        self.trace, self.lines, self.out = trace, lines, out
        self.zero = min(0, trace.events.ns[0]) if len(trace.events) else 0
        self.first = True
        self.names = [json.dumps(n) for n in trace.names]

    def put(self, text):
        self.out.write(text if self.first else ",\n" + text)
        self.first = False

    def meta(self, what, pid, tid, **args):
        # Perfetto has had versions that refuse a file whose metadata has no time
        self.put(json.dumps({"ph": "M", "name": what, "ts": 0, "pid": pid, "tid": tid, "args": args}))

    def word(self, i):
        """Event @i in words, without its time, core and task."""
        line = self.lines[i] if self.lines else ""
        at = line.find(" EL")
        return line[at + 1 :] if at >= 0 else line

    def args(self, table, i):
        entry, ret, flags = table.event[i], table.ret[i], table.flags[i]
        args = {}
        if entry >= 0 and self.lines:
            args["entry"] = self.word(entry)
        if ret >= 0 and self.lines:
            args["return"] = self.word(ret)
        note = ", ".join(text for flag, text in NOTES.items() if flags & flag)
        if note:
            args["note"] = note
        return json.dumps(args) if args else "{}"

    def slices(self, table, place, detailed):
        """@table's slices; @place(i): the process and thread."""
        order = sorted(range(len(table)), key=lambda i: (table.begin[i], -table.end[i], table.depth[i]))
        for i in order:
            pid, tid = place(i)
            begin, end = table.begin[i] - self.zero, table.end[i] - self.zero
            args = f',"args":{self.args(table, i)}' if detailed else ""
            self.put(f'{{"ph":"X","name":{self.names[table.name[i]]},"cat":"{"task" if detailed else "EL"}","ts":{micro(begin)},'
                     f'"dur":{micro(end - begin)},"pid":{pid},"tid":{tid}{args}}}')

    def core_tracks(self):
        lanes = self.trace.lanes
        for cpu, level in sorted(set(zip(lanes.cpu, lanes.level))):
            self.meta("process_name", CORE + cpu, level, name=f"cpu{cpu}")
            self.meta("process_sort_index", CORE + cpu, level, sort_index=cpu)
            self.meta("thread_name", CORE + cpu, level, name=f"EL{level}")
            self.meta("thread_sort_index", CORE + cpu, level, sort_index=3 - level)
        self.slices(lanes, lambda i: (CORE + lanes.cpu[i], lanes.level[i]), False)

    def task_tracks(self):
        trace, tracks = self.trace, self.trace.tracks
        e = trace.events
        used = sorted(set(zip(tracks.pid, tracks.cpu)) | {(pid, cpu) for pid, cpu, kind in zip(e.pid, e.cpu, e.kind) if kind in INSTANTS})
        thread = {key: n + 1 for n, key in enumerate(used)}
        for (pid, cpu), tid in thread.items():
            self.meta("process_name", pid, tid, name=f"{trace.task_name(pid)} {pid}" if pid else "kernel")
            self.meta("process_sort_index", pid, tid, sort_index=1000 + max(pid, 0))
            self.meta("thread_name", pid, tid, name=trace.track_name(pid, cpu))
        self.slices(tracks, lambda i: (tracks.pid[i], thread[tracks.pid[i], tracks.cpu[i]]), True)
        for i, kind in enumerate(e.kind):
            if kind in INSTANTS:
                args = json.dumps({"event": self.word(i)}) if self.lines else "{}"
                self.put(f'{{"ph":"i","s":"t","name":"{layout.KINDS[kind].name}","ts":{micro(e.ns[i] - self.zero)},"pid":{e.pid[i]},'
                         f'"tid":{thread[e.pid[i], e.cpu[i]]},"args":{args}}}')

    def run(self):
        lost = self.trace.account.lines()
        other = {**self.trace.info, "lost": "; ".join(lost) or "nothing"}
        self.out.write('{"displayTimeUnit":"ns","otherData":' + json.dumps(other) + ',"traceEvents":[\n')
        self.core_tracks()
        self.task_tracks()
        self.out.write("\n]}\n")


def write(trace, path, lines=None):
    """@trace (built) into the file @path; @lines: a line of text for each event."""
    with open(path, "w", encoding="ascii") as out:
        Writer(trace, out, lines).run()
