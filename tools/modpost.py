#!/usr/bin/python3
"""modpost.py - from a module's objects to what the loader asks of it.

    nm -A -P OBJECTS | modpost.py NAME KERNEL OTHERS...  [intree]  >NAME.mod.c

KERNEL is a file of the names that the kernel exports; OTHERS are NAME.symbols files, each what nm says of a
module's objects, this one's among them.  A symbol that nobody exports is an error here, and not only when the
module is loaded; so is a global that two objects define, which the linker says.
"""

import os
import re
import sys

SYMBOL = re.compile(r"(?:.*: )?(\S+) (\w)(?: |$)")
EXPORTS = "export_"  # lib/export.h calls its records so
OWN = {"this_module", "init_module", "cleanup_module"}


def symbols(path):
    """(undefined, defined, exported) of what nm says in the file @path."""
    undefined, defined, exported = set(), set(), set()
    with open(path, encoding="utf-8") as f:
        for line in f:
            m = SYMBOL.match(line)
            if not m:
                continue
            name, kind = m.groups()
            if kind in "Uwv":
                undefined.add(name)
            elif kind.isupper():
                defined.add(name)
            elif name.startswith(EXPORTS):
                exported.add(name[len(EXPORTS) :])
    return undefined - defined, defined, exported & defined


def depends(name, kernel, others):
    """The modules whose exports @name needs, sorted; sys.exit if somebody needs what nobody exports."""
    by_module = {os.path.basename(p)[: -len(".symbols")]: symbols(p) for p in others}
    undefined, defined, _ = by_module[name]
    with open(kernel, encoding="utf-8") as f:
        missing = undefined - set(f.read().split()) - OWN
    needed = {m for m, (_, _, exported) in by_module.items() if m != name and missing & exported}
    for m in needed:
        missing -= by_module[m][2]
    if missing:
        for symbol in sorted(missing):
            print(f"modpost: {symbol} is not exported, and module {name} uses it", file=sys.stderr)
        sys.exit(1)
    return sorted(needed), defined


def emit(name, needed, defined, vermagic, intree):
    print("/* Made by tools/modpost.py. */")
    print('#include "kmod/module.h"\n')
    for function in ("int init_module", "void cleanup_module"):
        print(f"{function}(void);")
    print('struct module this_module __attribute__((section(".gnu.linkonce.this_module"))) = {')
    print(f'\t.name = "{name}",')
    if "init_module" in defined:
        print("\t.init = init_module,")
    if "cleanup_module" in defined:
        print("\t.exit = cleanup_module,")
    print("};")
    print(f'MODULE_INFO(name, "{name}");')
    print(f'MODULE_INFO(depends, "{",".join(needed)}");')
    if intree:
        print('MODULE_INFO(intree, "Y");')
    print(f'MODULE_INFO(vermagic, "{vermagic}");')


def main():
    args = sys.argv[1:]
    intree = "intree" in args
    name, kernel, vermagic, *others = [a for a in args if a != "intree"]
    if not re.fullmatch(r"\w{1,55}", name):
        sys.exit(f"modpost: {name!r} is no name for a module: letters, digits, _, up to 55")
    needed, defined = depends(name, kernel, others)
    with open(vermagic, encoding="utf-8") as f:
        emit(name, needed, defined, f.read(), intree)


if __name__ == "__main__":
    main()
