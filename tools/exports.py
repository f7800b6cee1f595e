#!/usr/bin/python3
"""exports.py - what modules may link to: every EXPORT() of the kernel's sources (lib/export.h).

    exports.py header SOURCE...		a header that includes each header that declares an export
    exports.py names SOURCE...		the exported names, sorted
    exports.py docs SOURCE...		docs/exports.md
    exports.py vermagic RELEASE NAMES LAYOUTS PREDEFINED FLAGS
                                        the text by which a module and a kernel know each other: the
                                        four are files, LAYOUTS what `cc -E -dD` makes of the header

An export that no header declares is an error: nobody could use it as it is meant.
"""

import collections
import glob
import hashlib
import os
import re
import sys

import csource

EXPORT = re.compile(r"^EXPORT\((\w+)\);", re.MULTILINE)
WORD = re.compile(r"\w+")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def exported(sources):
    """name -> the source that exports it."""
    found = {}
    for path in sources:
        for name in EXPORT.findall(read(path)):
            if name in found:
                sys.exit(f"exports: {name} is exported by {found[name]} and by {path}")
            found[name] = path
    return found


def declared_in(path, names):
    """Those of @names that the header @path declares, or defines as inline functions."""
    if not names & set(WORD.findall(read(path))):
        return set()
    found = set()
    for d in csource.Source(path).declarations:
        found |= d.variables() | {d.name()}
    return names & found


def homes(exports, sources):
    """name -> the header that declares it: beside its source, if several do."""
    headers = sorted({h for s in sources for h in glob.glob(os.path.dirname(s) + "/*.h")})
    found = collections.defaultdict(list)
    for h in headers:
        for name in declared_in(h, exports.keys()):
            found[name].append(h)
    for name, source in exports.items():
        if not found[name]:
            sys.exit(f"exports: {source} exports {name}, and no header declares it")
        beside = os.path.splitext(source)[0] + ".h"
        found[name].sort(key=lambda h: (h != beside, os.path.dirname(h) != os.path.dirname(source), h))
    return {name: found[name][0] for name in exports}


def docstring(source, name):
    """The first sentence that a comment of @source says of @name."""
    for start, end in source.comments:
        text = " ".join(line.strip(" /*\t") for line in source.text[start:end].splitlines())
        m = re.search(rf"(?:^|[ ,.]){name}(?:, [\w, ]+?)? - (.+?)(?=\.(?: |$)|  |\s@\w+:|\sReturns? |\s*$)", text)
        if m:
            return m.group(1).strip().rstrip(".:;")
    return ""


def docs(home):
    print("# What modules may use\n")
    print("Made by `make docs/exports.md` from the sources' `EXPORT()` lines and the headers that declare them; `make check`")
    print("holds it against both.  A module links to nothing else, but for what other modules export.  What stands behind")
    print("a name is the first sentence of what its header says; there are the arguments, the errors, what may sleep.")
    by_header = collections.defaultdict(list)
    for name, header in home.items():
        by_header[header].append(name)
    for header in sorted(by_header):
        print(f"\n## `{header}`\n")
        source = csource.Source(header)
        for name in sorted(by_header[header]):
            says = docstring(source, name)
            print(f"- `{name}`" + (f": {says}" if says else ""))


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def vermagic(release, names, layouts, predefined, flags):
    """The compiler's own macros are no layout: they come with it, and `flags` names it."""
    own = set(read(predefined).splitlines())
    lines = (" ".join(line.split()) for line in read(layouts).splitlines() if line not in own)
    text = "\n".join(line for line in lines if line)
    print(f"{release} SMP mod_unload aarch64", end="")
    print(f" exports:{digest(read(names))} layouts:{digest(text)} flags:{digest(read(flags))}", end="")


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "vermagic":
        vermagic(*args)
        return
    sources = [s for s in args if s.endswith(".c")]
    exports = exported(sources)
    if what == "names":
        print("\n".join(sorted(exports)))
        return
    home = homes(exports, sources)
    if what == "header":
        print("\n".join(f'#include "{h}"' for h in sorted(set(home.values()))))
    else:
        docs(home)


if __name__ == "__main__":
    main()
