"""layout.py - what a record of the trace looks like, read from the lists that the kernel itself is built from.

abi/trace.def (kinds and fields), abi/trace_stream.h (constants), abi/syscall.def, trace/errno.def, trace/names.c and
trace/esr.c (words).  Nothing of them is written down here a second time.
"""

import os
import re
import struct

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODES = {"uint64_t": "Q", "int64_t": "q", "uint32_t": "I", "int32_t": "i", "uint16_t": "H", "int16_t": "h",
         "uint8_t": "B", "int8_t": "b", "char": "s"}
HEAD = struct.Struct("<QiBBBB")  # struct trace_head: ticks pid kind words levels slot
FRAME = struct.Struct("<IIHHIQII")  # struct trace_frame: magic crc kind cpu bytes seq records unused
CHUNK = struct.Struct("<BBHI")  # struct trace_chunk: arg flags bytes whole


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return re.sub(r"/\*.*?\*/", " ", f.read(), flags=re.DOTALL)


class Field:
    """One of a kind's fields; @count is 0 where it is no array, @at its offset in the record."""

    def __init__(self, ctype, name, count, show, at):
        self.ctype, self.name, self.count, self.show, self.at = ctype, name, count, show, at
        self.code = CODES[ctype]
        self.size = struct.calcsize(self.code) * max(count, 1)

    def format(self):
        return f"{self.count or ''}{self.code}"


class Kind:
    """A kind of record: @number, @name as in the C struct, @fields, @size with its head, without chunks."""

    def __init__(self, number, name):
        self.number, self.name, self.fields, self.size = number, name, [], HEAD.size

    def add(self, ctype, name, count, show):
        self.fields.append(Field(ctype, name, count, show, self.size))
        self.size += self.fields[-1].size

    def done(self):
        """The whole as one struct, head first; `place` says where in the tuple a field begins."""
        self.struct = struct.Struct(HEAD.format + "".join(f.format() for f in self.fields))
        self.place, at = {}, 6
        for f in self.fields:
            self.place[f.name] = at
            at += f.count if f.count and f.code != "s" else 1
        if self.struct.size != self.size or self.size % 8:
            raise ValueError(f"abi/trace.def: {self.name} is not aligned")


def kinds():
    """{number: Kind} of abi/trace.def."""
    found, kind = {}, None
    for verb, args in re.findall(r"^TRACE_(RECORD|FIELD|ARRAY|END)\(([^)]*)\)", source("abi/trace.def"), re.MULTILINE):
        words = [w.strip() for w in args.split(",")]
        if verb == "RECORD":
            kind = Kind(int(words[0]), words[2])
        elif verb == "FIELD":
            kind.add(words[0], words[1], 0, words[2])
        elif verb == "ARRAY":
            kind.add(words[0], words[1], int(words[2]), words[3])
        else:
            kind.done()
            found[kind.number] = kind
    return found


def constants(path, prefix):
    """{NAME without prefix: number} of the #defines in a header whose value is a number."""
    pattern = rf"^#define\s+{prefix}(\w+)\s+\\?\s*(0x[0-9a-fA-F]+|\d+)\s*$"
    return {name: int(value, 0) for name, value in re.findall(pattern, source(path), re.MULTILINE)}


KINDS = kinds()
STREAM = constants("abi/trace_stream.h", "TRACE_")
SVC, FAULT, IRQ, RETURN, CALL, CALL_RETURN, LEVEL, SCHED, WAKE, FORK, EXEC, EXIT, SIGNAL_SEND, SIGNAL_TAKE, COPY, NAME, BLOCK, GUEST = (
    next(k.number for k in KINDS.values() if k.name == name)
    for name in ("svc", "fault", "irq", "return", "call", "call_return", "level", "sched", "wake", "fork", "exec", "exit",
                 "signal_send", "signal_take", "copy", "name", "block", "guest"))
MAGIC = STREAM["FRAME_MAGIC"]
FRAME_MAX = STREAM["FRAME_MAX"]
LATE = STREAM["LATE"]
BLOCK_OPS = {0: "read", 1: "write", 2: "flush", 3: "discard", 4: "zero"}
GUEST_ENTERS = STREAM["GUEST_ENTERS"]
GUEST_DID = {v: k[6:].lower() for k, v in STREAM.items() if k.startswith("GUEST_")}  # enters, sync, irq, serror, refused
WHY = {v: k[4:].lower() for k, v in STREAM.items() if k.startswith("WHY_")}


def syscalls():
    """{number: name}"""
    return {int(nr): name for nr, name in re.findall(r"^SYSCALL\(\s*(\d+),\s*(\w+)", source("abi/syscall.def"), re.MULTILINE)}


def errnos():
    """{positive number: name}"""
    values = constants("abi/errno.h", "")
    return {values[name]: name for name in re.findall(r"E\((E\w+)\)", source("trace/errno.def")) if name in values}


def classes():
    """{exception class: (its short name, in words)}, as the kernel's dumps have them."""
    pattern = r'\[(0x[0-9a-f]+)\]\s*=\s*\{\s*"([^"]+)",\s*"([^"]+)"'
    return {int(number, 16): (short, words) for number, short, words in re.findall(pattern, source("trace/esr.c"))}


def signals():
    """{number: name}"""
    table = re.search(r"signal_name\(.*?\{.*?\{(.*?)\};", source("trace/names.c"), re.DOTALL).group(1)
    return {n: name for n, name in enumerate(re.findall(r'NULL|"(\w+)"', table)) if name}


def functions():
    """{SMCCC function: its name}: PSCI's, the architecture's and our own, with and without SMCCC_64."""
    found = {}
    owners = constants("arm/smccc.h", "SMCCC_OWNER_")
    for path in ("arm/psci.h", "arm/smccc.h", "arm/level_calls.h"):
        text = source(path)
        for name, owner, n in re.findall(r"define\s+(\w+)\s+SMCCC_FAST\(SMCCC_OWNER_(\w+),\s*(\w+)\)", text):
            number = 0x80000000 | owners[owner] << 24 | int(n, 0)
            found[number] = found[number | 0x40000000] = name
        for name, how, n in re.findall(r"define\s+(\w+)\s+NEWEL_(HVC|SMC)\((\d+)\)", text):
            found[(0xC6000000 if how == "HVC" else 0xC3000000) + int(n)] = name
    return found
