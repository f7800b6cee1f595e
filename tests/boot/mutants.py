#!/usr/bin/python3
"""mutants.py - a module's file, damaged in more than five hundred ways, each of which has a name.

    tests/boot/mutants.py FILE.ko DIR	DIR/whole and each mutant as DIR/0, DIR/1 ...; DIR/list: what Linux says to each;
                                     	DIR/wanted: the undefined symbols

The ways are the same for every module that has the usual sections, so that what Linux says to one of Debian's, damaged
in such a way (oracle/modules.txt), is what Newel must say to one of ours.  The same bytes in every run.
"""

import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

EHDR = "<16sHHIQQQIHHHHHH"
SHDR = "<IIQQQQIIQQ"
SYM = "<IBBHQQ"
RELA = "<QQq"
EHDR_FIELDS = {"type": (16, 2), "machine": (18, 2), "version": (20, 4), "entry": (24, 8), "phoff": (32, 8),
               "shoff": (40, 8), "flags": (48, 4), "ehsize": (52, 2), "phentsize": (54, 2), "phnum": (56, 2),
               "shentsize": (58, 2), "shnum": (60, 2), "shstrndx": (62, 2)}
SHDR_FIELDS = {"name": (0, 4), "type": (4, 4), "flags": (8, 8), "addr": (16, 8), "offset": (24, 8), "size": (32, 8),
               "link": (40, 4), "info": (44, 4), "addralign": (48, 8), "entsize": (56, 8)}
SYM_FIELDS = {"name": (0, 4), "info": (4, 1), "shndx": (6, 2), "value": (8, 8)}
RELA_FIELDS = {"offset": (0, 8), "type": (8, 4), "symbol": (12, 4), "addend": (16, 8)}
SHF_WRITE, SHF_ALLOC, SHF_EXEC = 1, 2, 4
NULL, PROGBITS, SYMTAB, STRTAB, RELA_TYPE, NOBITS, REL = 0, 1, 2, 3, 4, 8, 9
COMMON, XINDEX = 0xFFF2, 0xFFFF
SIGNED = b"~Module signature appended~\n"

# The sections that every module has, in words that do not depend on who made it.
SECTIONS = {"init.text": ".init.text", "exit.text": ".exit.text", "rodata": ".rodata", "modinfo": ".modinfo",
            "module": ".gnu.linkonce.this_module", "symtab": ".symtab", "strtab": ".strtab", "shstrtab": ".shstrtab",
            "rela.init": ".rela.init.text", "rela.exit": ".rela.exit.text",
            "rela.module": ".rela.gnu.linkonce.this_module", "param": "__param", "rela.param": ".rela__param"}
IN_MEMORY = ["init.text", "exit.text", "rodata", "module"]
WITH_BYTES = [*IN_MEMORY, "modinfo", "symtab", "strtab", "shstrtab", "rela.init", "rela.exit", "rela.module"]
# GOT, TLS, dynamic; and numbers that nobody has given out.
NOT_FOR_MODULES = [300, 306, 307, 308, 309, 310, 311, 312, 313, 512, 513, 541, 549, 551, 560, 569, 1024, 1025, 1026, 1027,
                   1032, 1, 255, 281, 294, 400, 2000, 0x7FFFFFFF, 0xFFFFFFFF]


def unsigned(data):
    """@data without the signature that Debian puts behind a module: a damaged one's would be what is refused."""
    if not data.endswith(SIGNED):
        return data
    head = data[: -len(SIGNED)]
    (length,) = struct.unpack(">I", head[-4:])
    return head[: len(head) - 12 - length]


class Ko:
    """The file, and where everything in it is."""

    def __init__(self, data):
        self.data = bytes(data)
        self.shoff, = struct.unpack_from("<Q", data, 40)
        self.shnum, shstrndx = struct.unpack_from("<HH", data, 60)
        self.headers = [struct.unpack_from(SHDR, data, self.shoff + 64 * i) for i in range(self.shnum)]
        self.names = self.headers[shstrndx][4]
        by_name = {self.string(self.names + h[0]): i for i, h in enumerate(self.headers)}
        self.section = {role: by_name[name] for role, name in SECTIONS.items()}
        self.symtab = self.headers[self.section["symtab"]]
        self.symbols = [struct.unpack_from(SYM, data, at) for at in self.table("symtab", 24)]
        self.strings = self.headers[self.section["strtab"]][4]

    def string(self, at):
        return self.data[at: self.data.index(b"\0", at)].decode()

    def table(self, role, size):
        """The offsets of the records of a section."""
        h = self.headers[self.section[role]]
        return range(h[4], h[4] + h[5], size)

    def start(self, role):
        return self.headers[self.section[role]][4]

    def size(self, role):
        return self.headers[self.section[role]][5]

    def symbol(self, what):
        """The index of the first symbol of a kind."""
        for i, (name, info, _, shndx, _, _) in enumerate(self.symbols[1:], 1):
            text = self.string(self.strings + name)
            kind = info & 15
            if {"undefined": shndx == 0, "section": kind == 3, "function": kind == 2 and shndx not in (0, 0xFFF1),
                    "init": text == "init_module", "module": text in ("this_module", "__this_module"),
                    "file": kind == 4}[what]:
                return i
        raise KeyError(what)

    def wanted(self):
        """The names of all undefined symbols."""
        return [self.string(self.strings + s[0]) for s in self.symbols[1:] if not s[3]]

    # ---- damage: each returns the new bytes ----

    def put(self, at, data):
        return self.data[:at] + data + self.data[at + len(data):]

    def number(self, at, size, value):
        return self.put(at, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))

    def header(self, field, value):
        at, size = EHDR_FIELDS[field]
        return self.number(at, size, value)

    def section_field(self, role, field, value):
        at, size = SHDR_FIELDS[field]
        return self.number(self.shoff + 64 * self.section[role] + at, size, value)

    def symbol_field(self, what, field, value):
        at, size = SYM_FIELDS[field]
        return self.number(self.table("symtab", 24)[self.symbol(what)] + at, size, value)

    def rela_field(self, role, n, field, value):
        at, size = RELA_FIELDS[field]
        return self.number(self.table(role, 24)[n] + at, size, value)


def values(top, *more):
    """Numbers at which a check of a field below @top can go wrong."""
    return {"end": top, "end+1": top + 1, "2^31": 1 << 31, "2^32-1": (1 << 32) - 1, **dict(more)}


WIDE = (("2^32", 1 << 32), ("2^63", 1 << 63), ("-4096", -4096), ("-8", -8), ("-1", -1))


def headers(ko):
    n = len(ko.data)
    for size in (0, 1, 3, 4, 15, 16, 17, 20, 40, 60, 63, 64, 65, 128, 512, n // 4, n // 2, 3 * n // 4):
        yield f"file/cut at {size if size <= 512 else {n // 4: '1/4', n // 2: '1/2'}.get(size, '3/4')}", ko.data[:size]
    for back in (1, 2, 8, 63, 64, 65, 128):
        yield f"file/cut by {back}", ko.data[:-back]
    for back in (0, 1, 8, 63):
        yield f"file/cut in section headers, {back} left", ko.data[: ko.shoff + back]
    for i in range(4):
        yield f"ident/{i} is 0", ko.put(i, b"\0")
        yield f"ident/{i} is other", ko.put(i, bytes([ko.data[i] ^ 0x20]))
    for value in (0, 2, 3, 4, 0x101, 0xFE00, 0xFFFF):
        yield f"ehdr/type {value:#x}", ko.header("type", value)
    for value in (0, 3, 40, 62, 182, 184, 243, 0xB700, 0xFFFF):
        yield f"ehdr/machine {value:#x}", ko.header("machine", value)
    for name, value in values(n, ("0", 0), ("1", 1), ("7", 7), ("size-1", n - 1), ("size-63", n - 63), ("size-64", n - 64), *WIDE,
                              ("2^64-64", -64), ("64 on", ko.shoff + 64), ("64 back", ko.shoff - 64), ("8 on", ko.shoff + 8),
                              ("8 back", ko.shoff - 8), ("16 on", ko.shoff + 16)).items():
        yield f"ehdr/shoff {name}", ko.header("shoff", value)
    for value in (0, 1, 40, 56, 63, 65, 128, 0x4000, 0xFFFF):
        yield f"ehdr/shentsize {value}", ko.header("shentsize", value)
    for name, value in {"0": 0, "1": 1, "2": 2, "all-1": ko.shnum - 1, "all+1": ko.shnum + 1, "0x100": 0x100 + ko.shnum,
                        "0x4000": 0x4000, "0x8000": 0x8000, "0xff00": 0xFF00, "0xffff": 0xFFFF}.items():
        yield f"ehdr/shnum {name}", ko.header("shnum", value)
    for name, value in {"0": 0, "all": ko.shnum, "all+1": ko.shnum + 1, "0xff00": 0xFF00, "0xfff1": 0xFFF1, "0xffff": 0xFFFF,
                        "init.text": ko.section["init.text"], "modinfo": ko.section["modinfo"]}.items():
        yield f"ehdr/shstrndx {name}", ko.header("shstrndx", value)


def section_zero(ko):
    for field in ("type", "size", "addr"):
        at, size = SHDR_FIELDS[field]
        for value in (1, -1):
            yield f"section 0/{field} {value}", ko.number(ko.shoff + at, size, value)


def sections(ko):
    n = len(ko.data)
    for role in WITH_BYTES:
        start, size = ko.start(role), ko.size(role)
        for name, value in values(n - size + 1, *WIDE, ("-size", -size), ("file's end", n)).items():
            yield f"{role}/offset {name}", ko.section_field(role, "offset", value)
        for name, value in values(n - start + 1, *WIDE, ("-offset", -start)).items():
            yield f"{role}/size {name}", ko.section_field(role, "size", value)
        for name, value in values(ko.size("shstrtab")).items():
            yield f"{role}/name {name}", ko.section_field(role, "name", value)
        # Without its relocations the code of a module that is loaded would go anywhere.
        if not role.startswith("rela"):
            yield f"{role}/type NULL", ko.section_field(role, "type", NULL)
    for role in IN_MEMORY:
        flags = ko.headers[ko.section[role]][2]
        yield f"{role}/writable and executable", ko.section_field(role, "flags", flags | SHF_WRITE | SHF_EXEC)
        for name, value in {"3": 3, "24": 24, "8192": 8192, "2^31": 1 << 31}.items():
            yield f"{role}/addralign {name}", ko.section_field(role, "addralign", value)
    for role in ("rodata", "init.text", "exit.text"):
        yield f"{role}/called this_module", ko.section_field(role, "name", ko.headers[ko.section["module"]][0])
        yield f"{role}/called modinfo", ko.section_field(role, "name", ko.headers[ko.section["modinfo"]][0])
        yield f"{role}/type SYMTAB", ko.section_field(role, "type", SYMTAB)
    for role in ("rodata", "exit.text"):
        for name, value in {"2^32": 1 << 32, "2^40": 1 << 40, "2^63": 1 << 63, "-4096": -4096, "-1": -1}.items():
            at = ko.shoff + 64 * ko.section[role]
            bss = ko.section_field(role, "type", NOBITS)
            yield f"{role}/NOBITS of {name}", Ko.number(Raw(bss), at + 32, 8, value)


class Raw:
    """Bytes that Ko's damage can be done to once more."""

    def __init__(self, data):
        self.data = data

    put = Ko.put


def special(ko):
    size = ko.size("module")
    for name, value in {"0": 0, "1": 1, "-1": size - 1, "+1": size + 1, "half": size // 2, "+8": size + 8, "-8": size - 8}.items():
        yield f"module/size {name} of it", ko.section_field("module", "size", value)
    yield "module/NOBITS", ko.section_field("module", "type", NOBITS)
    yield "module/not in memory", ko.section_field("module", "flags", SHF_WRITE)
    yield "symtab/PROGBITS", ko.section_field("symtab", "type", PROGBITS)
    yield "symtab/NOBITS", ko.section_field("symtab", "type", NOBITS)
    for name, value in {"0": 0, "all": ko.shnum, "all+1": ko.shnum + 1, "2^31": 1 << 31, "2^32-1": -1}.items():
        yield f"symtab/link {name}", ko.section_field("symtab", "link", value)
    for role in ("shstrtab", "strtab", "modinfo"):
        yield f"{role}/last byte", ko.put(ko.start(role) + ko.size(role) - 1, b"x")
    for role in ("shstrtab", "strtab", "symtab"):
        yield f"{role}/empty", ko.section_field(role, "size", 0)
    for role in ("shstrtab", "strtab"):
        yield f"{role}/full of x", ko.put(ko.start(role), b"x" * ko.size(role))
    magic = ko.data.index(b"vermagic=", ko.start("modinfo"))
    for name, text in {"other release": b"vermagic=5", "no release": b"vermagic=\0", "no words": b"vermagic=x\0"}.items():
        yield f"modinfo/{name}", ko.put(magic, text)
    yield "modinfo/a letter of vermagic", ko.put(magic + 12, b"?")
    yield "modinfo/the last word of vermagic", ko.put(ko.data.index(b"\0", magic) - 1, b"?")


def symbols(ko):
    for what in ("undefined", "section", "function", "init", "module"):
        for name, value in {"all": ko.shnum, "all+1": ko.shnum + 1, "0xff00": 0xFF00, "0xff1f": 0xFF1F, "0xfff0": 0xFFF0, "COMMON": COMMON,
                            "0xfff3": 0xFFF3, "XINDEX": XINDEX}.items():
            yield f"symbol {what}/shndx {name}", ko.symbol_field(what, "shndx", value)
    for what in ("function", "init", "module"):
        at = ko.strings + ko.symbols[ko.symbol(what)][0]
        bad = Raw(ko.put(at, b"no"))
        place = ko.table("symtab", 24)[ko.symbol(what)]
        yield f"symbol {what}/nobody's", Ko.number(bad, place + 6, 2, 0)
    at = ko.strings + ko.symbols[ko.symbol("undefined")][0]
    for text in (b"x", b"X?", b"\x01", b"zz"):
        yield f"symbol undefined/called {text.decode()!r}", ko.put(at, text)
    yield "symbol undefined/without a name", ko.symbol_field("undefined", "name", 0)
    yield "symbol undefined/the tail of a name", ko.symbol_field("undefined", "name", ko.symbols[ko.symbol("undefined")][0] + 1)


def relocations(ko):
    for role in ("rela.init", "rela.exit"):
        for n in (0, 1):
            for kind in NOT_FOR_MODULES:
                yield f"{role}/{n} of type {kind:#x}", ko.rela_field(role, n, "type", kind)
        yield f"{role}/REL", ko.section_field(role, "type", REL)
    # A value that no field holds: far away, and both ways.
    for role, n in (("rela.init", 0), ("rela.init", 1), ("rela.exit", 0), ("rela.exit", 1)):
        for kind in (258, 259, 261, 262, 263, 265, 267, 270, 271, 272, 273, 274, 275, 279, 280, 287, 289, 291):
            mutant = Raw(ko.rela_field(role, n, "type", kind))
            at = ko.table(role, 24)[n] + 16
            yield f"{role}/{n} of type {kind}, 2^61 away", Ko.number(mutant, at, 8, 1 << 61)


KINDS = (headers, section_zero, sections, special, symbols, relocations)


def mutants(data):
    """(name, bytes) of each."""
    ko = Ko(unsigned(data))
    for kind in KINDS:
        yield from kind(ko)


PARAM_FIELDS = {"type": (16, 2), "mode": (18, 2), "size": (20, 4), "max": (24, 4), "count": (32, 8)}  # struct module_param


def pointers(data):
    """(name, bytes) of modules of ours whose own records lead elsewhere: functions, a parameter's name and variable."""
    ko = Ko(data)
    for role, what in (("rela.module", ("init", "exit")), ("rela.param", ("a name", "a variable"))):
        for n, pointer in enumerate(what):
            for name, value in {"2^40 on": 1 << 40, "2^63 on": 1 << 63, "to -1": -1}.items():
                yield f"{role}/{pointer} {name}", ko.rela_field(role, n, "addend", value)
    for field, bad in {"type": (10, 0x8000, 0xFFFF), "mode": (0o1000, 0xFFFF), "size": (0, 1, 3, 0xFFFFFFFF), "max": (0, 0xFFFFFFFF),
                       "count": (1, 4096, 1 << 40, -1, -4096)}.items():
        at, size = PARAM_FIELDS[field]
        for value in bad:
            yield f"param/{field} {value:#x}", ko.number(ko.start("param") + at, size, value)


def believed(data):
    """(name, bytes) of more, for modules of ours alone: Linux believes the file, and writes and reads where that leads."""
    ko = Ko(data)
    for role in IN_MEMORY:  # Linux's answer depends on what it finds in its memory
        for name, value in {"2^63": 1 << 63, "-1": -1}.items():
            yield f"{role}/addralign {name}", ko.section_field(role, "addralign", value)
    for role in ("rela.init", "rela.exit", "rela.module"):
        target = ko.size({"rela.init": "init.text", "rela.exit": "exit.text", "rela.module": "module"}[role])
        for n in (0, 1):
            for name, value in values(target - 1, *WIDE).items():
                yield f"{role}/{n} at {name}", ko.rela_field(role, n, "offset", value)
            for name, value in values(len(ko.symbols)).items():
                yield f"{role}/{n} of symbol {name}", ko.rela_field(role, n, "symbol", value)
        yield f"{role}/of no table of symbols", ko.section_field(role, "link", ko.section["strtab"])
        yield f"{role}/cut within a record", ko.section_field(role, "size", ko.size(role) - 1)
        yield f"{role}/at an odd place", ko.section_field(role, "offset", ko.start(role) + 1)
    for what in ("undefined", "section", "function", "init", "module"):
        for name, value in values(ko.size("strtab")).items():
            yield f"symbol {what}/name {name}", ko.symbol_field(what, "name", value)
    for what in ("section", "function", "init", "module"):
        for name, value in dict(WIDE).items():
            yield f"symbol {what}/value {name}", ko.symbol_field(what, "value", value)
    for name, text in {"empty": b"\0", "with a /": b"a/b", "with a space": b"a b", "with a newline": b"a\nb", "with DEL": b"a\x7fb",
                       "of 8 bits": b"a\xe9b", "without end": b"x" * 56}.items():
        yield f"module/name {name}", ko.put(ko.start("module"), text)
    yield "module/read only", ko.section_field("module", "flags", SHF_ALLOC)
    yield "modinfo/writable", ko.section_field("modinfo", "flags", SHF_ALLOC | SHF_WRITE)


def recorded():
    """What Linux says to each: the errno in letters; "taken"; "dies": it trusts the file, and there is an end of it."""
    with open(os.path.join(HERE, "oracle", "modules.txt"), encoding="utf-8") as f:
        return dict(line.rstrip("\n").rsplit(": ", 1) for line in f)


# Where we say ENOEXEC on purpose.
OURS = {
    "/addralign ": "no alignment beyond a page, and none that is no power of two; Linux adds, and sees what comes of it",
    "strtab/last byte|strtab/full of x": "names must end within their table; Linux reads on, and knows no such symbol",
    "modinfo/type NULL": "no vermagic, which Debian's Linux bears; then no licence, and the symbols are for GPL modules",
}


def expected(answers, name):
    """What we must say, in Linux's words: ENOEXEC ...; "taken": that, or we load it; "dies": any refusal."""
    if any(re.search(pattern, name) for pattern in OURS):
        return "ENOEXEC"
    return answers.get(name, "dies")


def main(path, out):
    with open(path, "rb") as f:
        data = f.read()
    answers = recorded()
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "whole"), "wb") as f:
        f.write(data)
    with open(os.path.join(out, "wanted"), "w", encoding="utf-8") as f:
        f.writelines(name + "\n" for name in Ko(data).wanted())
    with open(os.path.join(out, "list"), "w", encoding="utf-8") as listing:
        for i, (name, mutant) in enumerate([*mutants(data), *believed(data)]):
            listing.write(f"{expected(answers, name)} {name}\n")
            with open(os.path.join(out, str(i)), "wb") as f:
                f.write(mutant)


if __name__ == "__main__":
    main(*sys.argv[1:])
