#!/usr/bin/python3
"""depmod.py - a tree /lib/modules/RELEASE of modules, with the files by which modprobe finds them.

    depmod.py OUT VERSION.H FOLDER=FILE.ko...	OUT/RELEASE/FOLDER/FILE.ko and OUT/RELEASE/modules.*;
						its description for tools/mkcpio.py on standard output

Text for busybox's modprobe; and for Debian's the same once more as an index that is read by mapping it (the form is
libkmod's: nodes of a trie, each written behind its children, numbers big-endian).  modules.dep names all that a
module needs, those first that are needed by others, as depmod(8) of Linux writes it.
"""

import os
import re
import shutil
import struct
import sys

import kofile

MAGIC, VERSION = 0xB007F457, 0x00020001
PREFIX, VALUES, CHILDREN = 0x80000000, 0x40000000, 0x20000000  # in an offset: what the node has


def write_node(out, entries):
    """Append the trie of @entries, {key: [value]}, to @out; its offset with its flags."""
    prefix = os.path.commonprefix(list(entries)) if entries else ""
    below = {key[len(prefix) :]: values for key, values in entries.items()}
    values = below.pop("", [])
    children = {}
    for key, what in below.items():
        children.setdefault(ord(key[0]), {})[key[1:]] = what
    offsets = {c: write_node(out, children[c]) for c in sorted(children)}
    at = len(out)
    if prefix:
        out += prefix.encode() + b"\0"
        at |= PREFIX
    if offsets:
        first, last = min(offsets), max(offsets)
        out += struct.pack("BB", first, last)
        out += b"".join(struct.pack(">I", offsets.get(c, 0)) for c in range(first, last + 1))
        at |= CHILDREN
    if values:
        out += struct.pack(">I", len(values))
        for priority, value in enumerate(values):
            out += struct.pack(">I", priority) + value.encode() + b"\0"
        at |= VALUES
    return at


def index(entries):
    """The file NAME.bin of {key: [value]}."""
    out = bytearray(struct.pack(">III", MAGIC, VERSION, 0))
    root = write_node(out, entries)
    struct.pack_into(">I", out, 8, root)
    return bytes(out)


def needed(module, modules, above=()):
    """All modules that @module needs, each before those that it needs itself."""
    if module.name in above:
        sys.exit(f"depmod: a circle: {' needs '.join(above)} needs {module.name}")
    found = []
    for name in ",".join(module.info("depends")).split(","):
        if not name:
            continue
        if name not in modules:
            sys.exit(f"depmod: {module.name} needs {name}, which is not here")
        for m in [modules[name], *needed(modules[name], modules, (*above, module.name))]:
            if m in found:
                found.remove(m)
            found.append(m)
    return found


class Tree:
    def __init__(self, root, release):
        self.root, self.at = root, f"/lib/modules/{release}"
        self.folder = os.path.join(root, release)
        self.lines = [f"dir {d} 755" for d in ("/lib", "/lib/modules", self.at)]
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(self.folder)

    def write(self, name, data):
        with open(os.path.join(self.folder, name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        self.lines.append(f"file {self.at}/{name} {self.folder}/{name} 644")

    def copy(self, where, path):
        if not os.path.isdir(os.path.join(self.folder, where)):
            os.mkdir(os.path.join(self.folder, where))
            self.lines.append(f"dir {self.at}/{where} 755")
        with open(path, "rb") as f:
            self.write(f"{where}/{os.path.basename(path)}", f.read())

    def write_lines(self, name, lines):
        self.write(name, "".join(line + "\n" for line in lines))

    def write_both(self, name, lines, entries):
        self.write_lines(name, lines)
        self.write(name + ".bin", index(entries))


def normal(alias):
    """As modprobe looks it up: - and _ are one, but for what stands in brackets."""
    parts = re.split(r"(\[[^]]*\])", alias)
    return "".join(p if p.startswith("[") else p.replace("-", "_") for p in parts)


def by_key(modules, keys):
    """{key: [module]} of what @keys says of each module."""
    found = {}
    for m in modules:
        for key in keys(m):
            found.setdefault(key, []).append(m.name)
    return found


def alias_lines(found):
    return [f"alias {key} {name}" for key, names in sorted(found.items()) for name in names]


def main():
    out, version, *args = sys.argv[1:]
    with open(version, encoding="utf-8") as f:
        release = re.search(r'^#define UTS_RELEASE\s+"([^"]+)"', f.read(), re.MULTILINE).group(1)
    tree, modules, place = Tree(out, release), {}, {}
    for arg in args:
        where, _, path = arg.partition("=")
        m = kofile.Module(path)
        for fault in m.faults():
            sys.exit(f"depmod: {fault}")
        if m.name in modules:
            sys.exit(f"depmod: {m.path} and {modules[m.name].path} are both called {m.name}")
        modules[m.name], place[m.name] = m, f"{where}/{m.file_name}"
        tree.copy(where, path)
    in_order = [modules[name] for name in sorted(modules)]
    deps = {m.name: " ".join([place[m.name] + ":"] + [place[n.name] for n in needed(m, modules)]) for m in in_order}
    aliases = by_key(in_order, lambda m: m.info("alias"))
    symbols = by_key(in_order, lambda m: ("symbol:" + name for name in m.exports()))
    tree.write_both("modules.dep", deps.values(), {name: [line] for name, line in deps.items()})
    tree.write_both("modules.alias", alias_lines(aliases), {normal(a): names for a, names in aliases.items()})
    tree.write_both("modules.symbols", alias_lines(symbols), symbols)
    tree.write_both("modules.builtin", [], {})
    tree.write_both("modules.builtin.alias", [], {})
    tree.write("modules.builtin.modinfo", b"")
    tree.write_lines("modules.order", (place[m.name] for m in in_order))
    tree.write_lines("modules.softdep", (f"softdep {m.name} {s}" for m in in_order for s in m.info("softdep")))
    print("\n".join(tree.lines))


if __name__ == "__main__":
    main()
