"""kofile.py - a module's file (ELF64, ET_REL) as the tools of this folder read it: sections, .modinfo, exports."""

import os
import struct

SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 2, 4
SHT_SYMTAB, SHT_RELA, SHT_NOBITS = 2, 4, 8
# ELF for the Arm 64-bit Architecture: what a GOT, a PLT or thread-local data would need.  The loader has none of them.
GOT_FIRST, GOT_LAST = 300, 313


class Section:
    def __init__(self, name, kind, flags, data, link):
        self.name, self.kind, self.flags, self.data, self.link = name, kind, flags, data, link


class Module:
    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: no ELF64 of this byte order")
        self.path = path
        self.file_name = os.path.basename(path)
        self.name = os.path.splitext(self.file_name)[0].replace("-", "_")
        (shoff,) = struct.unpack_from("<Q", data, 40)
        entsize, count, names = struct.unpack_from("<HHH", data, 58)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * entsize) for i in range(count)]
        text = self.bytes_of(data, headers[names])
        self.sections = [
            Section(string(text, h[0]), h[1], h[2], self.bytes_of(data, h), h[6]) for h in headers
        ]

    @staticmethod
    def bytes_of(data, header):
        return b"" if header[1] == SHT_NOBITS else data[header[4] : header[4] + header[5]]

    def info(self, key):
        """All values of @key in .modinfo."""
        found = []
        for s in self.sections:
            if s.name == ".modinfo":
                pairs = (item.decode().partition("=") for item in s.data.split(b"\0") if item)
                found += [value for name, _, value in pairs if name == key]
        return found

    def symbols(self):
        """(name, section index) of each symbol."""
        for s in self.sections:
            if s.kind == SHT_SYMTAB:
                text = self.sections[s.link].data
                for at in range(24, len(s.data), 24):
                    name, _, _, index = struct.unpack_from("<IBBH", s.data, at)
                    yield string(text, name), index

    def exports(self):
        """The names that EXPORT (lib/export.h) made records of."""
        tables = {i for i, s in enumerate(self.sections) if s.name == "__ksymtab"}
        return sorted(n[len("export_") :] for n, i in self.symbols() if i in tables and n.startswith("export_"))

    def faults(self):
        """What no loader should be given, in words."""
        for s in self.sections:
            if s.flags & SHF_ALLOC and s.flags & SHF_WRITE and s.flags & SHF_EXECINSTR:
                yield f"{self.path}: section {s.name} is writable and executable"
            if s.kind == SHT_RELA:
                for at in range(0, len(s.data), 24):
                    kind = struct.unpack_from("<Q", s.data, at + 8)[0] & 0xFFFFFFFF
                    if GOT_FIRST <= kind <= GOT_LAST:
                        yield f"{self.path}: {s.name} asks for a GOT (relocation {kind})"


def string(table, at):
    return table[at : table.index(b"\0", at)].decode()
