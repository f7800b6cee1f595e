"""decode.py - the parts of newel-decode: symbols of ELF files, their source lines, syndromes, and where a log has them.

A log is text from anywhere: nothing of it is believed but what fits the files on this machine.
"""

import argparse
import os
import re
import shutil
import struct
import subprocess
import sys
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHF_ALLOC, SHF_EXECINSTR, SHT_SYMTAB, ET_REL, PT_LOAD, PF_X = 2, 4, 2, 1, 1, 1

Section = namedtuple("Section", "name kind flags addr offset size link")
Symbol = namedtuple("Symbol", "name section value size")  # value: from the section's start


# ---- files ----


def string(data, at):
    return data[at:data.index(b"\0", at)].decode(errors="replace")


class Elf:
    """The functions of an ELF64 file: {name: [Symbol]}, each as long as to the next one, as the kernel counts (log/ksym.c)."""

    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
            raise ValueError(f"{path}: no ELF64 of this byte order")
        phoff, = struct.unpack_from("<Q", data, 32)
        loads = [struct.unpack_from("<IIQQQQQQ", data, phoff + i * 56) for i in range(struct.unpack_from("<H", data, 56)[0])]
        # Where its first code lies by its own account, to the page: what a program's mapping begins with.
        self.code = next((va & -4096 for kind, flags, _, va, *_ in loads if kind == PT_LOAD and flags & PF_X), None)
        self.path, self.relocatable = path, struct.unpack_from("<H", data, 16)[0] == ET_REL
        shoff, = struct.unpack_from("<Q", data, 40)
        entsize, count, names = struct.unpack_from("<HHH", data, 58)
        heads = [struct.unpack_from("<IIQQQQII", data, shoff + i * entsize) for i in range(count)]
        text = data[heads[names][4]:][:heads[names][5]]
        self.sections = [Section(string(text, h[0]), h[1], h[2], h[3], h[4], h[5], h[6]) for h in heads]
        self.functions = {}
        for index, found in self.places(data).items():
            self.measure(index, found)

    def places(self, data):
        """{section's number: {address in it: names}} of what the kernel's tables have names for."""
        found = {}
        for table in (s for s in self.sections if s.kind == SHT_SYMTAB):
            names = self.sections[table.link]
            names = data[names.offset:names.offset + names.size]
            for at in range(table.offset + 24, table.offset + table.size, 24):
                name, info, _, index, value, _ = struct.unpack_from("<IBBHQQ", data, at)
                name = string(names, name)
                if name and not name.startswith("$") and info & 15 not in (3, 4) and 0 < index < len(self.sections):
                    if self.sections[index].flags & SHF_ALLOC:
                        found.setdefault(index, {}).setdefault(value - (0 if self.relocatable else self.sections[index].addr), []).append(name)
        return found

    def measure(self, index, found):
        section = self.sections[index]
        if not self.relocatable:
            # As tools/ksyms.py: names of the kernel's text alone, and none of those that only mark a place.
            if not section.flags & SHF_EXECINSTR:
                return
            found = {at: kept for at, names in found.items() if (kept := [n for n in names if not n.startswith((".", "__"))])}
        ends = [*sorted(found)[1:], section.size]
        for at, end in zip(sorted(found), ends):
            for name in found[at]:
                self.functions.setdefault(name, []).append(Symbol(name, section, at, end - at))

    def find(self, name, offset, size):
        """The symbols that sym+@offset/@size can mean, and those of this name whatever their size."""
        named = self.functions.get(name, [])
        return [s for s in named if s.size == size and offset <= size], named


# ---- lines ----


def addr2line():
    """The program that knows lines: GNU's for AArch64 first, which can be told a section."""
    names = ["aarch64-linux-gnu-addr2line", "aarch64-none-elf-addr2line", "aarch64-elf-addr2line"]
    names += ["addr2line"] if os.uname().machine in ("aarch64", "arm64") else []
    return next((n for n in [*names, "llvm-addr2line"] if shutil.which(n)), None)


def is_llvm(tool):
    return os.path.basename(tool).startswith("llvm")


def tidy(path):
    path = re.sub(r" \(discriminator \d+\)$", "", path)
    name, _, line = path.rpartition(":")
    name = os.path.normpath(name) if name not in ("", "??") else name
    return f"{name}:{line}", name not in ("", "??") and line not in ("0", "?")


def lines_of(tool, elf, section, addresses):
    """{address: [(function, "file:line")]} of addresses in one section, the innermost inlined frame first."""
    args = [tool, "-a", "-f", "-i", "-e", elf.path]
    if elf.relocatable:
        if is_llvm(tool):
            return {}  # it takes no section, and all of them begin at 0
        args += ["-j", section]
    asked = sorted(addresses)
    done = subprocess.run(args, input="".join(f"{a:#x}\n" for a in asked), capture_output=True, text=True, check=False)
    found, at = {}, None
    rest = iter(done.stdout.splitlines())
    for line in rest:
        if re.fullmatch(r"0x[0-9a-f]+", line):
            at = found.setdefault(int(line, 16), [])
            continue
        where, known = tidy(next(rest, "??:0"))
        if known and at is not None:
            at.append((line, where))
    return found


# ---- what a log has ----

PLACE = re.compile(r"(?<![\w.$])([A-Za-z_$][\w.$]*)\+0x([0-9a-f]+)/0x([0-9a-f]+)(?: \[([\w-]+)\])?")
STAMP = re.compile(r"^(?:<\d+>)?\s*(?:\[\s*\d+\.\d+\](?:\s*\[\s*[TC]\d+\])?\s?)?")
SYNDROME = re.compile(r"\b(?:ESR(?:_EL[123])?\s*[=:]?\s*|esr=)0x([0-9a-f]{8,16})\b")
# A program's fault, with the mapping that its PC is in: "pc 0x40286c in demos[401000+3000]".
PROGRAM = re.compile(r"\bpc 0x([0-9a-f]{1,16}) in ([\w.+-]+)\[([0-9a-f]{1,16})\+[0-9a-f]+\]")
Place = namedtuple("Place", "name offset size module back")


class Log:
    """Its lines, and in each the places: of a call trace all but the first are return addresses."""

    def __init__(self, text):
        self.lines = text.splitlines()
        self.places = []
        in_trace, exact = False, False
        for line in self.lines:
            said = STAMP.sub("", line).rstrip("\r")
            if said.strip().endswith("Call trace:"):
                in_trace, exact = True, True
            elif in_trace and "---- from EL1 ----" in said:
                exact = True
            elif in_trace and not said.startswith(" "):
                in_trace = False
            back = in_trace and not exact or said.startswith("lr :")
            found = [Place(m[1], int(m[2], 16), int(m[3], 16), m[4], back) for m in PLACE.finditer(said)]
            if found:
                exact = False
            self.places.append(found)

    def in_words(self, i, words):
        """Whether line @i, or the dump that it is a part of, has these words already."""
        rest = words.split(", ", 1)[-1]
        dump = (said for said in self.lines[i:i + 80] if "In words:" in said)
        return rest in self.lines[i] or rest in next(dump, "")


def syndromes(log):
    """{line: words} where a syndrome stands as a number alone."""
    raw = [(i, m[1]) for i, line in enumerate(log.lines) for m in SYNDROME.finditer(line)
           if not ("trace:" in line and "svc" in line)]
    tool = os.path.join(ROOT, "build", "host", "esr")
    if not raw:
        return {}
    if not os.path.exists(tool):
        print("newel-decode: syndromes stay numbers: build/host/esr is not there (make build/host/esr)", file=sys.stderr)
        return {}
    said = subprocess.run([tool, *("0x" + value for _, value in raw)], capture_output=True, text=True, check=True).stdout.splitlines()
    found = {}
    for (i, _), words in zip(raw, said):
        words = words.split(": ", 1)[1]
        if not log.in_words(i, words):
            found.setdefault(i, []).append(words)
    return found


# ---- all of it ----


class Decoder:
    """Finds each place's file and symbol, and asks for all lines of a file at once."""

    def __init__(self, elf, folders, programs=()):
        self.kernel, self.folders, self.modules = elf, folders, {}
        self.programs = programs
        self.wanted, self.lines, self.misfits = {}, {}, set()
        self.tool = addr2line()

    def module(self, name):
        if name not in self.modules:
            names = [n + end for n in (name, name.replace("_", "-")) for end in (".ko.debug", ".ko")]
            paths = [os.path.join(folder, n) for folder in self.folders for n in names]
            path = next((p for p in paths if os.path.exists(p)), None)
            self.modules[name] = Elf(path) if path else None
        return self.modules[name]

    def file_of(self, place):
        return self.module(place.module) if place.module else self.kernel

    def addresses(self, place):
        """[(file, section, address to ask for)] of a place; an address in a file that is linked is absolute."""
        elf = self.file_of(place)
        fits, _ = elf.find(place.name, place.offset, place.size) if elf else ([], [])
        for symbol in fits:
            # What a call returns to is behind it, and may be another line's, or another function's.
            at = symbol.value + place.offset - (4 if place.back else 0)
            yield elf, symbol.section.name, at + (0 if elf.relocatable else symbol.section.addr)

    def ask(self, log):
        for places in log.places:
            for elf, section, address in (a for p in places for a in self.addresses(p)):
                self.wanted.setdefault((elf.path, section), (elf, set()))[1].add(address)
        for (_, section), (elf, addresses) in self.wanted.items():
            self.lines[elf.path, section] = lines_of(self.tool, elf, section, addresses)

    def program(self, line):
        """The lines to put below that of a program's fault; none, if there is no such program here, or it has no lines."""
        at = PROGRAM.search(line)
        names = [os.path.join(folder, at[2] + end) for folder in self.programs for end in (".debug", "")] if at else []
        for path in (n for n in names if os.path.isfile(n)):
            try:
                elf = Elf(path)
            except (ValueError, IndexError, struct.error):
                continue
            if elf.code is not None:
                address = int(at[1], 16) - int(at[3], 16) + elf.code
                return self.frames(lines_of(self.tool, elf, "", [address]).get(address, []))
        return []

    def no_line(self, elf):
        why = " (a module's need GNU's addr2line for AArch64)" if elf.relocatable and is_llvm(self.tool) else ""
        return f"? no line is known in {os.path.relpath(elf.path)}{why}"

    @staticmethod
    def frames(found):
        return [f"{where}  {function}{' (inlined)' if i < len(found) - 1 else ''}" for i, (function, where) in enumerate(found)]

    def describe(self, place):
        """The lines to put below that of @place."""
        elf = self.file_of(place)
        if not elf:
            self.misfits.add(place)
            return [f"? no {place.module}.ko in {', '.join(self.folders)}"]
        fits, named = elf.find(place.name, place.offset, place.size)
        path = os.path.relpath(elf.path)
        if not fits:
            self.misfits.add(place)
            if not named:
                return [f"? no {place.name} in {path}: another build"]
            return [f"? {place.name} has {' or '.join(sorted({f'{s.size:#x}' for s in named}))} bytes in {path}: another build"]
        said = []
        for which, (_, section, address) in enumerate(self.addresses(place)):
            frames = self.frames(self.lines[elf.path, section].get(address, [])) or [self.no_line(elf)]
            said += ["or " * bool(which) + frames[0], *frames[1:]]
        return said


def decode(text, decoder, out):
    log = Log(text)
    decoder.ask(log)
    words = syndromes(log)
    for i, (line, places) in enumerate(zip(log.lines, log.places)):
        print(line, file=out)
        pad = " " * (len(STAMP.match(line)[0]) + 8)
        for said in words.get(i, []):
            print(f"{pad}{said}", file=out)
        for said in decoder.program(line):
            print(f"{pad}{said}", file=out)
        for place in places:
            for said in decoder.describe(place):
                print(f"{pad}{said}", file=out)
    return {p for some in log.places for p in some}


def main(argv, doc):
    parser = argparse.ArgumentParser(prog="newel-decode", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elf", default=os.path.join(ROOT, "build", "newel.elf"), help="the kernel that wrote the log (build/newel.elf)")
    parser.add_argument("--modules", action="append", default=[], metavar="FOLDER", help="where its modules are (modules/ beside the kernel)")
    parser.add_argument("--programs", action="append", default=[], metavar="FOLDER", help="where programs are, NAME.debug or NAME (el0/ beside it)")
    parser.add_argument("log", nargs="?", help="a file; else what is read from standard input")
    a = parser.parse_args(argv)
    try:
        kernel = Elf(a.elf)
        if a.log:
            with open(a.log, encoding="utf-8", errors="replace") as f:
                text = f.read()
        else:
            text = sys.stdin.buffer.read().decode(errors="replace")
    except (OSError, ValueError) as why:
        sys.exit(f"newel-decode: {why}")
    except (IndexError, struct.error):
        sys.exit(f"newel-decode: {a.elf}: a broken ELF file")
    build = os.path.dirname(os.path.abspath(a.elf))
    decoder = Decoder(kernel, [*a.modules, os.path.join(build, "modules")], [*a.programs, os.path.join(build, "el0"), os.path.join(build, "tests", "el0")])
    if not decoder.tool:
        sys.exit("newel-decode: no addr2line for AArch64 was found (tools/setup build, or LLVM's llvm-addr2line)")
    places = decode(text, decoder, sys.stdout)
    if decoder.misfits:
        print(f"newel-decode: {len(decoder.misfits)} of {len(places)} places do not fit {os.path.relpath(a.elf)}: "
              "the log is of another build, or its modules are not here", file=sys.stderr)
    return 0
