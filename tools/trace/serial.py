"""serial.py - a trace in what a terminal program kept of a serial line: armored lines, or the kernel's own lines of text.

An armored line is a piece of the stream (abi/trace_stream.h) that any terminal lets through, and tells where it is cut:

    ~NT 4 hex digits: the line's number, base64 of up to 48 bytes, 8 hex digits: CRC-32 of all between ~NT and them

The number counts from 0 and goes on at 0 behind ffff; a line 0 that is not behind ffff begins another stream.  Whatever stands
before `~NT` (a terminal program's time), between the lines (the log), or is colour or a CR is passed over.  A line into which the log
broke is put together again where it can be.
"""

import base64
import re
import zlib

import frames as fr
import layout
from layout import CALL, CALL_RETURN, FAULT, GUEST, IRQ, LEVEL, RETURN, SCHED, SVC

MARK = "~NT"
ARMOR = re.compile(r"~NT([0-9a-f]{4})([A-Za-z0-9+/]{4,64}={0,2})([0-9a-f]{8})(?![A-Za-z0-9+/=])")
PIECE = re.compile(r"~NT[0-9a-f]{0,4}[A-Za-z0-9+/=]*")
REST = re.compile(r"[A-Za-z0-9+/=]+")
COLOUR = re.compile(rb"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")
BYTES = 48  # of the stream in a line
AHEAD = 4  # lines of the log that may stand in the middle of an armored one
GUEST_WORDS = {"enters": "ENTERS", None: "SYNC", "interrupt": "IRQ", "SError": "SERROR", "refused": "REFUSED"}
TEXT = re.compile(r"trace: \[ *(\d{1,12})\.(\d{9})\] cpu(\d{1,3}) (.*)$")


def armor(data):
    """@data as armored lines."""
    out = []
    for n, at in enumerate(range(0, len(data), BYTES)):
        body = f"{n & 0xFFFF:04x}" + base64.b64encode(data[at : at + BYTES]).decode()
        out.append(f"{MARK}{body}{zlib.crc32(body.encode()):08x}\n")
    return "".join(out)


def lines_of(data):
    text = COLOUR.sub(b"", data).decode("latin-1")
    return [line.replace("\r", "") for line in text.split("\n")]


def is_log(data):
    """Is it a log, and no stream?"""
    return MARK.encode() in data or b"trace: [" in data


def unarmor_line(text):
    """(number, bytes) of an armored line in @text; None."""
    m = ARMOR.search(text)
    if not m or zlib.crc32((m[1] + m[2]).encode()) != int(m[3], 16):
        return None
    try:
        return int(m[1], 16), base64.b64decode(m[2], validate=True)
    except ValueError:
        return None


def mended(lines, at):
    """An armored line that begins in line @at and into which something broke: the rest of it is in one of the next."""
    begin = PIECE.search(lines[at])
    if not begin:
        return None
    for line in lines[at + 1 : at + 1 + AHEAD]:
        if MARK in line:
            break
        for rest in REST.findall(line)[-1:] + REST.findall(line)[:1]:
            found = unarmor_line(begin.group() + rest)
            if found:
                return found
    return None


class Armored:
    """A stream as it came in armored lines: @data, and the numbers of the lines."""

    def __init__(self):
        self.data, self.lines, self.missing, self.damaged, self.last = bytearray(), 0, 0, 0, -1

    def take(self, number, data):
        if self.last >= 0:
            step = (number - self.last) & 0xFFFF
            if not 0 < step < 0x8000:  # it came twice
                return
            self.missing += step - 1
        self.last = number
        self.lines += 1
        self.data += data


def streams(data):
    """The streams that stand in a log, one behind the other: [Armored]."""
    lines, found = lines_of(data), []
    for at, line in enumerate(lines):
        if MARK not in line:
            continue
        piece = unarmor_line(line) or mended(lines, at)
        if not piece:
            if found:
                found[-1].damaged += 1
            continue
        if not found or (piece[0] == 0 and found[-1].last not in (0, 0xFFFF)):
            found.append(Armored())
            found[-1].missing = piece[0]
        found[-1].take(*piece)
    return found


# ---- the kernel's own lines ----


class Words:
    """Numbers for the words that stand in lines of text."""

    def __init__(self):
        self.calls = {name: nr for nr, name in layout.syscalls().items()}
        self.errnos = {name: nr for nr, name in layout.errnos().items()}
        self.signals = {name: nr for nr, name in layout.signals().items()}
        # Of a function's two forms the one of 32 bits: the lines have one name for both.
        self.functions = {name: nr for nr, name in sorted(layout.functions().items(), reverse=True)}
        self.whys = {name: nr for nr, name in layout.WHY.items()}

    def call(self, name):
        number = re.search(r"\d+", name)
        return self.calls.get(name, int(number.group()) if number else 0xFFFFFFFF)

    def function(self, word):
        return int(word, 16) & 0xFFFFFFFF if re.fullmatch("0x[0-9a-f]+|0", word) else self.functions.get(word, 0)

    def result(self, word):
        if word.lstrip("-").isalnum() and word.startswith("-E"):
            return -self.errnos.get(word[1:], 4095)
        try:
            return int(word, 0)
        except ValueError:
            return 0


def number_in(text, key):
    m = re.search(rf"\b{key}=(0x[0-9a-f]{{1,16}})\b", text)
    return int(m[1], 16) if m else 0


def record_of(words, ns, what):
    """A record of what a line says behind its core and time; None: it says nothing that we know."""
    m = re.match(r"pid (-?\d{1,10}) EL([0-3])(?:->EL([0-3]))? (.*)", what)
    if not m or abs(int(m[1])) >= 1 << 31:
        return None
    pid, text = int(m[1]), m[4]
    levels = int(m[2]) | int(m[3] or m[2]) << 4
    common = {name: number_in(text, name) for name in ("elr", "esr")}
    took = re.search(r" (\d{1,18}) ns\b", text)
    since = max(ns - int(took[1]), 1) if took else 0
    kind, fields = fields_of(words, text, ns, since)
    if kind is None:
        return None
    names = {f.name for f in layout.KINDS[kind].fields}
    fields.update({k: v for k, v in common.items() if k in names})
    return fr.record(kind, ns, pid, levels, **fields)


def fields_of(words, text, ns, since):
    m = re.match(r"svc (\w+)\(", text)
    if m:
        return SVC, {"nr": words.call(m[1]) & 0xFFFFFFFF}
    m = re.match(r"(?:hvc|smc) (\w{1,40})\(", text)
    if m:
        return CALL, {"fn": words.function(m[1])}
    m = re.match(r"irq (spurious|\d{1,9})", text)
    if m:
        return IRQ, {"nr": int(m[1]) if m[1].isdigit() else -1}
    m = re.match(r"guest vm (\d{1,9}) vcpu (\d{1,9}) (enters|interrupt|SError|refused)?", text)
    if m:
        fields = {name: number_in(text, name) for name in ("far", "ipa", "value")}
        call = re.search(r" (?:hvc|smc) (\w{1,40})", text)
        return GUEST, {**fields, "vm": int(m[1]), "vcpu": int(m[2]), "did": layout.STREAM["GUEST_" + GUEST_WORDS[m[3]]], "since": since,
                       "fn": words.function(call[1]) if call else 0}
    if text.startswith("fault "):
        return FAULT, {"far": number_in(text, "far")}
    m = re.match(r"sched to pid (\d{1,9})(?: \"([^\"]{0,15})\")?:? ?(\w*)", text) or re.match(r"sched .*?(\d{1,9})()()\s*$", text)
    if m:
        return SCHED, {"next": int(m[1]), "comm": (m[2] or "").encode("latin-1"), "why": words.whys.get(m[3], 0)}
    m = re.match(r"(?:answered (?:hvc|smc) (\w{1,40}) = (\S+)|bounced|did) ?", text)
    if m:
        took = re.search(r" (\d{1,18}) ns\b", text)
        return LEVEL, {"fn": words.function(m[1] or "0"), "answer": words.result(m[2] or "0"), "until": ns + int(took[1]) if took else ns,
                       "did": 1 if m[1] else 2}
    if text.startswith("eret"):
        return return_of(words, text, since)
    return None, {}


def return_of(words, text, since):
    m = re.match(r"eret (?:hvc|smc) (\w{1,40}) = (\S+)", text)
    if m:
        return CALL_RETURN, {"fn": words.function(m[1]), "result": words.result(m[2]), "since": since}
    m = re.match(r"eret svc (\w+)\S* = (\S+)", text)
    if m:
        return RETURN, {"cause": SVC, "nr": words.call(m[1]) & 0x7FFFFFFF, "result": words.result(m[2]), "since": since}
    m = re.match(r"eret irq (spurious|\d{1,9})", text)
    if m:
        return RETURN, {"cause": IRQ, "nr": int(m[1]) if m[1].isdigit() else -1, "since": since}
    m = re.match(r"eret fault (\w+)", text)
    if m:
        return RETURN, {"cause": FAULT, "nr": words.signals.get(m[1], 0), "since": since}
    return RETURN, {}


def from_text(data):
    """Lines `trace: [...` of a log as a stream: (its bytes, the lines by time, how many lines told nothing)."""
    words, cores, kept, strange = Words(), {}, [], 0
    for line in lines_of(data):
        m = TEXT.search(line)
        if not m:
            continue
        ns, cpu = int(m[1]) * 10**9 + int(m[2]), int(m[3])
        record = record_of(words, ns, m[4]) if cpu < fr.CORES else None
        if record is None:
            strange += 1
            continue
        cores.setdefault(cpu, []).append(record)
        kept.append((ns, len(kept), cpu, line[m.start() + 7 :]))
    out = [fr.frame(fr.INFO, b"version 1\nhz 1000000000\nstart 0\nfrom lines of text\n")]
    for cpu, records in sorted(cores.items()):
        out += frames_of(cpu, records)
    ends = "".join(f"cpu {cpu} written {len(records)} lost 0\n" for cpu, records in cores.items())
    out.append(fr.frame(fr.END, ends.encode()))
    return b"".join(out), kept, strange


def frames_of(cpu, records):
    body, first, count = b"", 1, 0
    for r in records:
        if len(body) + len(r) > fr.FRAME_MAX:
            yield fr.frame(fr.RECORDS, body, cpu, first, count)
            body, first, count = b"", first + count, 0
        body += r
        count += 1
    if count:
        yield fr.frame(fr.RECORDS, body, cpu, first, count)
