#!/usr/bin/python3
"""includes.py - a file includes no header that another one, which it includes too, already brings.

A header says itself what its structs are made of (struct process holds a struct signals, so
task/process.h includes task/signal.h), and `make check`'s headers builds each alone: who includes
it has both.  A .c file's own header stays, first, whatever else would bring it.  Includes inside an
#if are left alone, and bring nothing.

	includes.py		the check: a line a finding, exit status 1 if there is one
	includes.py --fix	takes the lines out
"""

import re
import sys

import csource

FOLDERS = "armstub start el3 el2 el1 selftest arm trace log mm drivers lib abi task fs block net sys vdso".split()
LINE = re.compile(r'^[ \t]*#\s*(?:(if)|(endif)|include\s+"([^"]+\.h)").*\n?', re.MULTILINE)


def includes(text):
    """The headers that @text includes outside of any #if, and where each line stands."""
    found, depth = {}, 0
    for m in LINE.finditer(text):
        depth += bool(m[1]) - bool(m[2])
        if m[3] and depth == 0:
            found[m[3]] = m.span()
    return found


def brought(header, graph, known):
    """All that @header includes, itself or by others."""
    if header not in known:
        known[header] = set()  # headers in a circle bring what the first of them brings
        for h in graph.get(header, ()):
            known[header] |= {h} | brought(h, graph, known)
    return known[header]


def repeated(sources):
    """path -> header -> the headers that @path includes too and that bring it already."""
    graph = {path: includes(text) for path, text in sources.items()}
    known, found = {}, {}
    for path in sources:
        for header in graph[path]:
            by = [h for h in graph[path] if h != header and header in brought(h, graph, known)]
            if by and header != re.sub(r"\.c$", ".h", path):
                found.setdefault(path, {})[header] = by
    return found


def selftest():
    tree = {"a.h": "", "b.h": '#include "a.h"\n', "c.h": '#include "b.h"\n'}
    user = '#include "a.h"\n#include "c.h"\n'
    assert repeated({**tree, "d.c": user}) == {"d.c": {"a.h": ["c.h"]}}
    assert not repeated({**tree, "a.c": user})
    assert not repeated({**tree, "d.c": '#include "a.h"\n#if X\n#include "c.h"\n#endif\n'})
    assert not repeated({**tree, "d.c": '#if X\n#include "a.h"\n#endif\n#include "c.h"\n'})


def main():
    csource.to_root()
    selftest()
    sources = {}
    for path in csource.tracked("*.c", "*.h"):
        if path.split("/")[0] in FOLDERS:
            with open(path, encoding="utf-8") as f:
                sources[path] = f.read()
    found = repeated(sources)
    for path, headers in sorted(found.items()):
        lines = includes(sources[path])
        if "--fix" in sys.argv[1:]:
            for header in sorted(headers, key=lambda h: lines[h], reverse=True):
                start, end = lines[header]
                sources[path] = sources[path][:start] + sources[path][end:]
            with open(path, "w", encoding="utf-8") as f:
                f.write(sources[path])
            continue
        for header, by in headers.items():
            print(f'{path}: "{header}" comes with "{by[0]}" (tools/includes.py --fix)')
    sys.exit(bool(found) and "--fix" not in sys.argv[1:])


if __name__ == "__main__":
    main()
