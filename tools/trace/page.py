"""page.py - a trace as one HTML page that needs nothing else: no network, no file, no library.

    page.write(trace, path, lines=None, command="", machine="")     # trace: a model.Trace that is built

The page's own sources are tools/trace/page/.  What they read is made here: columns of 14 bytes an event, their bytes
sorted by weight and deflated, and the decoded lines, deflated in pieces; both in base64.

Invariant: nothing of the trace becomes markup or script.  Texts go into JSON in which no `<` is left, into deflated
base64, and, escaped, into the title; what cannot be seen (control characters, marks of direction) is spelled out.  The
page's policy lets nothing load, and only the one script and style run whose hashes it holds.
"""

import base64
import datetime
import hashlib
import html
import json
import os
import re
import subprocess
import sys
import zlib
from array import array

import layout
from layout import BLOCK, CALL, CALL_RETURN, COPY, EXEC, EXIT, FAULT, FORK, GUEST, IRQ, LEVEL, NAME, RETURN, SCHED, SIGNAL_SEND, SIGNAL_TAKE, SVC, WAKE

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
SCRIPTS = ("data.js", "rows.js", "paint.js", "figures.js", "find.js", "view.js", "panel.js", "page.js")
ESR_TOOL = os.path.join(layout.ROOT, "build", "host", "esr")
NONE = 0xFFFFFFFF
SINGLE, BEGIN, END, WHOLE = 0, 1, 2, 3
PIECE = 1024  # lines that are deflated together
MOST = 0xFFFF  # names, and tasks: later ones share the last place
ESRS = 4096  # syndromes that are put into words
KINDS = {SVC: "svc", FAULT: "fault", IRQ: "irq", RETURN: "eret", CALL_RETURN: "eret", SCHED: "sched", WAKE: "wake", FORK: "fork",
         EXEC: "exec", EXIT: "exit", SIGNAL_SEND: "signal", SIGNAL_TAKE: "signal", COPY: "copy", NAME: "name", BLOCK: "block", GUEST: "guest"}
# What a task is after it left its core, as page/rows.js calls it, by why it left.
THEN = {"preempted": "ready", "yielded": "ready", "sleeps": "sleep", "blocked": "sleep", "stopped": "sleep", "ended": "gone"}
WHY = {"sleeps": "sleeps", "blocked": "blocked", "preempted": "preempted", "yielded": "yields", "stopped": "stopped", "ended": "ended",
       "idle": "from idle"}
SIGNAL_DID = {SIGNAL_SEND: "sent", SIGNAL_TAKE: "taken"}
HVC = 0x16  # the exception class
BY_SMC = layout.STREAM.get("BY_SMC", 0x20)
NOTES_LOST = layout.STREAM.get("LEVEL_LOST", 3)
COLUMNS = (("low", 4), ("mate", 4), ("name", 2), ("task", 2), ("core", 1), ("levels", 1))


def visible(text):
    """@text with all that has no shape of its own spelled out."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


# ---- the events as columns ----


class Table:
    """Values by number, in the order in which they came; at most MOST."""

    def __init__(self):
        self.items, self.ids = [], {}

    def id(self, key, make):
        if key not in self.ids:
            if len(self.items) >= MOST:
                return MOST - 1
            self.ids[key] = len(self.items)
            self.items.append(make())
        return self.ids[key]


class Packer:
    def __init__(self, trace):
        self.trace, self.e = trace, trace.events
        self.names, self.tasks = Table(), Table()
        self.calls, self.classes = layout.syscalls(), layout.classes()
        self.functions, self.signals = layout.functions(), layout.signals()
        self.cores = {cpu: k for k, cpu in enumerate(trace.cores())}
        self.last_names = self.told()

    def told(self):
        """{task: its last name}, as records tell it: the stream's own list may be of a moment before that."""
        names, e = {}, self.e
        for i, kind in enumerate(e.kind):
            if kind in (SCHED, EXEC, NAME):
                name = self.trace.record(i).get("comm", b"").split(b"\0")[0].decode("utf-8", "replace")
                if name:
                    names[e.pid[i] if kind == EXEC else e.nr[i]] = name
        return names

    def mates(self):
        """Of each entry its return's event, and the other way round."""
        mate = array("I", [NONE]) * len(self.e)
        tracks = self.trace.tracks
        for event, ret in zip(tracks.event, tracks.ret):
            if event >= 0 and ret >= 0:
                mate[event], mate[ret] = ret, event
        return mate

    def call_kind(self, i):
        kind, to = self.e.kind[i], self.e.levels[i] >> 4 & 3
        if kind == LEVEL:
            return f"el{to}"
        if self.e.esr[i]:
            return "hvc" if self.e.esr[i] >> 26 & 63 == HVC else "smc"
        # A way back has no syndrome; of a text line it may say no more than its levels.
        return "smc" if self.e.slot[i] & BY_SMC or 3 in (self.e.levels[i] & 3, to) else "hvc"

    def notes_lost(self, i):
        """Does LEVEL only say that some of that level's notes were lost?"""
        return self.e.kind[i] == LEVEL and self.e.extra[i] & 15 == NOTES_LOST

    def guest_key(self, i, mate):
        """VM, vCPU, and why it comes up: an entry has its exit's name."""
        e, j = self.e, i if self.e.extra[i] != layout.GUEST_ENTERS or mate[i] == NONE else mate[i]
        return e.nr[i], e.value[i], e.extra[j], e.esr[j] >> 26 & 63

    def guest_name(self, key):
        vm, vcpu, did, ec = key
        why = layout.GUEST_DID.get(did, f"did {did}")
        return f"vm {vm} vcpu {vcpu}: {self.classes.get(ec, ('unknown class',))[0] if why == 'sync' else why}"

    def name_of(self, i):
        """Event @i's kind and name, as the page shows them."""
        e, kind, nr = self.e, self.e.kind[i], self.e.nr[i]
        shown = KINDS.get(kind, f"kind {kind}")
        if kind == SVC:
            return {"kind": shown, "name": self.calls.get(nr, f"syscall_{nr}")}
        if kind == IRQ:
            return {"kind": shown, "name": self.trace.irq_name(nr) if nr >= 0 else "none pending"}
        if kind == FAULT:
            return {"kind": shown, "name": self.classes.get(e.esr[i] >> 26 & 63, ("unknown class",))[0]}
        if kind in (CALL, LEVEL):
            trap = self.classes.get(e.esr[i] >> 26 & 63, ("",))[0] if kind == LEVEL and not nr else ""
            if self.notes_lost(i):
                return {"kind": self.call_kind(i), "name": "notes lost"}
            return {"kind": self.call_kind(i), "name": trap or self.functions.get(nr, f"{nr:#x}")}
        if kind == SCHED:
            why = layout.WHY.get(e.extra[i], "")
            return {"kind": shown, "name": WHY.get(why, why) or "goes on", "then": THEN.get(why)}
        if kind == BLOCK:
            op = layout.BLOCK_OPS.get(nr, f"op {nr}")
            return {"kind": shown, "name": f"{op} {'ended' if e.extra[i] == layout.STREAM['BLOCK_ENDED'] else 'started'}"}
        if kind in SIGNAL_DID:
            return {"kind": shown, "name": f"{self.signals.get(nr, nr)} {SIGNAL_DID[kind]}"}
        return {"kind": shown, "name": "return" if kind in (RETURN, CALL_RETURN) else shown}

    def name_key(self, i):
        """What of event @i its name depends on."""
        e, kind = self.e, self.e.kind[i]
        if kind in (RETURN, CALL_RETURN, WAKE, FORK, EXEC, NAME, EXIT, COPY):
            return kind, 0, 0
        if kind == SCHED:
            return kind, e.extra[i], 0
        if kind == BLOCK:
            return kind, e.nr[i], e.extra[i]
        if self.notes_lost(i):
            return kind, -1, e.levels[i]
        return kind, 0 if kind == FAULT else e.nr[i], (e.esr[i] >> 26 & 63, e.levels[i]) if kind in (FAULT, CALL, LEVEL) else 0

    def task(self, pid, core):
        """The task's number; the kernel's own has one on each core."""
        def make():
            if not pid:
                return {"tid": 0, "comm": f"idle {core}", "idle": True}
            return {"tid": pid, "comm": visible(self.last_names.get(pid) or self.trace.task_name(pid))}
        return self.tasks.id(pid or ("idle", core), make)

    def pack(self):
        """{column: array}, one item an event."""
        e, n = self.e, len(self.e)
        mate = self.mates()
        name, task, core, levels = array("H", bytes(2 * n)), array("H", bytes(2 * n)), bytearray(n), bytearray(n)
        entries, returns = {SVC, FAULT, IRQ, CALL}, {RETURN, CALL_RETURN}
        enters = layout.GUEST_ENTERS
        other = {SCHED: True, WAKE: True, FORK: True}
        ids, keys = self.names, self.name_key
        for i, (kind, pid, cpu, level) in enumerate(zip(e.kind, e.pid, e.cpu, e.levels)):
            k = self.cores[cpu]
            core[i], task[i] = k, self.task(pid, k)
            role = BEGIN if kind in entries else END if kind in returns else SINGLE
            if kind == GUEST:
                role = BEGIN if e.extra[i] == enters else END
            if kind == LEVEL and not self.notes_lost(i):
                role = WHOLE
            levels[i] = level & 3 | level >> 2 & 12 | role << 4
            if role == END and mate[i] != NONE:
                name[i] = name[mate[i]]
            elif kind == GUEST:
                key = self.guest_key(i, mate)
                name[i] = ids.id((kind, key), lambda: {"kind": "guest", "name": self.guest_name(key)})  # noqa: B023  # called at once
            else:
                name[i] = ids.id(keys(i), lambda: self.name_of(i))  # noqa: B023  # called at once
            if role == WHOLE:
                mate[i] = min(max(e.since[i] - e.ns[i], 0), NONE - 1)
            elif role == SINGLE:
                mate[i] = self.task(e.nr[i], k) if kind in other else NONE
        return {"mate": mate, "name": name, "task": task, "core": core, "levels": levels}

    def times(self):
        """Times as differences of 4 bytes; [event, upper half of its time and of later ones]...; and the end."""
        ns, low, turns = self.e.ns, array("I"), []
        start = now = ns[0] if len(ns) else 0
        turn = 0
        for i, t in enumerate(ns):
            if t - start >> 32 != turn:
                turn = t - start >> 32
                turns.append([i, turn])
            low.append(t - now & NONE)
            now = t
        return low, turns, now - start


def deflated(data, level=6):
    return base64.b64encode(zlib.compress(data, level)).decode()


def by_weight(data, width):
    """The lowest byte of each item, then the next one of each."""
    return b"".join(data[k::width] for k in range(width))


# ---- what is told of it ----


def esr_words(values):
    """{ESR in hexadecimal: its words}, by the decoder that the kernel has, or else by its class."""
    values = sorted(values)[:ESRS]
    classes = layout.classes()
    words = {f"{v:#x}": classes[v >> 26 & 63][1] for v in values if v >> 26 & 63 in classes}
    if os.path.exists(ESR_TOOL) and values:
        said = subprocess.run([ESR_TOOL, *map(hex, values)], capture_output=True, text=True, check=False).stdout.splitlines()
        if len(said) == len(values):
            words = {f"{v:#x}": line.partition(": ")[2] or line for v, line in zip(values, said)}
    return words


def plain_line(trace, names, packed, i):
    """What event @i says, where no decoder gave its line."""
    e, name = trace.events, names[packed["name"][i]]
    called = name["name"] if name["name"].startswith(name["kind"] + " ") else f"{name['kind']} {name['name']}"
    words = [f"cpu{e.cpu[i]} pid {e.pid[i]} EL{e.levels[i] & 3}->EL{e.levels[i] >> 4 & 3}",
             ("eret " if e.kind[i] in (RETURN, CALL_RETURN) else "") + called]
    if e.kind[i] in (SVC, CALL):
        words.append("(" + ", ".join(f"{v:#x}" for v in trace.record(i).get("arg", ())) + ")")
    if e.kind[i] in (RETURN, CALL_RETURN):
        words.append(f"= {e.value[i]}")
    if e.kind[i] == SCHED:
        words.append(f"to {trace.task_name(e.nr[i])} ({e.nr[i]})")
    if e.esr[i]:
        words.append(f"esr={e.esr[i]:#x}")
    if e.elr[i]:
        words.append(f"elr={e.elr[i]:#x}")
    if e.kind[i] == FAULT:
        words.append(f"far={e.value[i] & (1 << 64) - 1:#x}")
    return " ".join(words)


def seconds(ns):
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns} ns"


def facts(trace, end, machine):
    """The line below the title."""
    info, cores = trace.info, len(trace.cores())
    n = len(trace.events)
    where, counted = machine or info.get("machine", ""), f"{cores} core{'s' if cores != 1 else ''}"
    said = [where, "" if re.search(r"\bcores?\b", where) else counted, info.get("release", ""),
            f"{n:,} event{'s' if n != 1 else ''} in {seconds(end)}", datetime.datetime.now().strftime("%Y-%m-%d %H:%M")]
    # What was not recorded leaves no gap: between two crossings the lanes show what these two say.
    kinds = [word for word in info.get("kinds", "").split(",") if word and word not in ("args", "ring")]
    if kinds and kinds[0] not in ("all", "none"):
        said.append("recorded: only " + ", ".join(kinds))
    if info.get("filters", "none") != "none":
        said.append("filtered")
    return [visible(text) for text in said if text]


def about(trace, packer, columns, turns, end, title, machine):
    e = trace.events
    kinds = sorted({name["kind"] for name in packer.names.items})
    return {
        "title": visible(title), "facts": facts(trace, end, machine), "lost": [visible(line) for line in trace.account.lines()],
        "events": len(e), "cores": len(packer.cores), "end": end, "turns": turns, "kinds": kinds,
        "core_ids": list(packer.cores), "names": [{k: v for k, v in name.items() if v is not None} for name in packer.names.items],
        "tasks": packer.tasks.items, "esr": esr_words({v for v in set(e.esr) if v}), "columns": columns,
    }


# ---- the page ----


def source(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return f.read()


def sources_hash():
    """Of all that makes the page what it looks like."""
    names = ("page.html", "page.css", *SCRIPTS)
    return hashlib.sha256("\0".join(source(name) for name in names).encode()).hexdigest()


def hash_of(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def script():
    return "\n'use strict';\n" + "\n".join(source(name) for name in SCRIPTS)


def policy(style, code):
    return ("default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
            f"style-src {hash_of(style)}; script-src {hash_of(code)}; require-trusted-types-for 'script'; trusted-types 'none'")


def in_json(value):
    """JSON that no parser of HTML can take for an end of anything; it is ASCII."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def fill(page, parts):
    """@page with each @name@ replaced; what is put in is not looked at again."""
    return re.sub("@(" + "|".join(parts) + ")@", lambda m: parts[m[1]], page)


def html_of(trace, lines=None, command="", machine=""):
    """The page as text.  @lines: of each event, decoded; @command: what ran; both may be anything."""
    packer = Packer(trace)
    packed = packer.pack()
    low, turns, end = packer.times()
    packed["low"] = low
    texts, columns = [], []
    for name, width in COLUMNS:
        column = packed[name]
        if sys.byteorder == "big" and width > 1:
            column.byteswap()
        texts.append(deflated(by_weight(bytes(column), width)))
        columns.append([name, width, len(texts[-1])])
    if lines is None:
        lines = [plain_line(trace, packer.names.items, packed, i) for i in range(len(trace.events))]
    pieces = [deflated("\n".join(map(visible, lines[at : at + PIECE])).encode("utf-8", "replace"))
              for at in range(0, len(trace.events), PIECE)]
    title = command or trace.info.get("command", "") or "trace"
    what = about(trace, packer, columns, turns, end, title, machine)
    what["lines"] = {"each": PIECE, "chars": [len(piece) for piece in pieces]}
    style, code = "\n" + source("page.css"), script()
    return fill(source("page.html"), {
        "policy": policy(style, code), "title": html.escape(visible(title)), "style": style, "script": code,
        "about": in_json(what), "columns": "".join(texts), "lines": "".join(pieces)})


def write(trace, path, lines=None, command="", machine=""):
    """Write the page to @path."""
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write(html_of(trace, lines, command, machine))
