#!/usr/bin/python3
"""circles.py - files of a folder that use each other in a circle, and headers of another file.

NAME.c, NAME.S and NAME.h are one module.  One uses another whose symbols its object takes, or whose
header's inline functions it names; that a header with the structs of many is included counts for
nothing.  A header belongs to another file if that one defines what it declares.  Two lists,
tools/circles.allowed and tools/headers.allowed, hold what there is for now; what they do not hold
is an error, and so is a line that nothing needs any more.

	circles.py circles|headers		the check: a line a finding, exit status 1 if there is one
	circles.py circles|headers --all	all that there is, allowed or not
"""

import collections
import re
import sys

import csource
import objects

CIRCLES, HEADERS = "tools/circles.allowed", "tools/headers.allowed"


# A struct may have the name of a function: what names it uses none.
STRUCT = re.compile(r"\bstruct\s+\w+")


def module(path):
    return re.sub(r"\.[chS]$", "", path)


def uses(found, sources):
    """module -> module of the same folder -> the names that it uses of it."""
    arrows = collections.defaultdict(lambda: collections.defaultdict(set))

    def add(user, used, name):
        a, b = module(user), module(used)
        if a != b and a.split("/")[0] == b.split("/")[0]:
            arrows[a][b].add(name)

    for user, symbols in found.used.items():
        for symbol in symbols:
            for used in found.defined.get(symbol, ()):
                add(user, used, symbol)
    inlines = {
        d.name(): s.path
        for s in sources
        if s.path.endswith(".h")
        for d in s.declarations
        if d.name() and d.body is not None
    }
    for s in sources:
        text = s.words
        if s.path.endswith(".h"):  # what it declares, it does not use
            text = "\n".join(d.body for d in s.declarations if d.name() and d.body)
        names = set(csource.WORD.findall(STRUCT.sub("", text)))
        for name in names & inlines.keys():
            add(s.path, inlines[name], name)
        if s.path.endswith(".h"):
            for name in names & found.defined.keys():
                for used in found.defined[name]:
                    add(s.path, used, name)
    return arrows


def circles(arrows, without=()):
    """The strongly connected components of more than one module, without the arrows @without."""
    index, low, stack, result = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in sorted(arrows.get(v, ())):
            if (v, w) in without:
                continue
            if w not in index:
                visit(w)
            if w in stack:
                low[v] = min(low[v], low[w])
        if low[v] == index[v]:
            at = stack.index(v)
            if len(stack) - at > 1:
                result.append(sorted(stack[at:]))
            del stack[at:]

    for v in sorted(arrows):
        if v not in index:
            visit(v)
    return sorted(result)


def tell(circle, arrows, without=()):
    yield f"{circle[0].split('/')[0]}/: a circle of {len(circle)} files"
    for a in circle:
        for b in circle:
            if b in arrows[a] and (a, b) not in without:
                yield f"  {a} -> {b}: {' '.join(sorted(arrows[a][b]))}"


def check_circles(arrows, allowed):
    """@allowed: text, a line `MODULE -> MODULE: why` each arrow that makes circles for now."""
    without = {}
    for number, line in enumerate(allowed.splitlines(), 1):
        if line and not line.startswith("#"):
            m = re.fullmatch(r"(\S+) -> (\S+): .*\S", line)
            if m:
                without[m.groups()] = number
            else:
                yield f"{CIRCLES}:{number}: not `A -> B: why`"
    for circle in circles(arrows, without):
        yield from tell(circle, arrows, without)
        yield f"  mend it, or name an arrow of it in {CIRCLES}, and why"
    for (a, b), number in without.items():
        there = circles(arrows, without.keys() - {(a, b)}) if b in arrows.get(a, ()) else []
        if not any(a in circle and b in circle for circle in there):
            yield f"{CIRCLES}:{number}: {a} -> {b} makes no circle: drop the line"


def foreign(found, declared):
    """(header, file) -> what the header declares and this file, of another name, defines."""
    result = collections.defaultdict(set)
    for header, symbols in declared.items():
        for symbol in symbols:
            files = found.defined[symbol]
            if module(header) not in map(module, files):
                result[header, sorted(files)[0]].add(symbol)
    return result


def check_headers(wrong, allowed):
    """@allowed: text, a line `HEADER FILE: SYMBOL...` each; `HEADER FOLDER/*`: what all its files share."""
    listed = collections.defaultdict(set)
    where = {}
    shared = set()
    for number, line in enumerate(allowed.splitlines(), 1):
        m = re.fullmatch(r"(\S+) (\S+): (.*)", line)
        if m:
            listed[m.groups()[:2]].update(m.group(3).split())
            where[m.groups()[:2]] = number
        elif re.fullmatch(r"(\S+)/\S+ \1/\*", line):
            shared.add(line.removesuffix("*"))
        elif line and not line.startswith("#"):
            yield f"{HEADERS}:{number}: not `HEADER FILE: SYMBOL...`"
    for key in sorted(wrong):
        if f"{key[0]} {key[1].rpartition('/')[0]}/" in shared:
            continue
        more = sorted(wrong[key] - listed[key])
        if more:
            yield f"{key[0]} declares what {key[1]} defines: {' '.join(more)}"
    for key, number in where.items():
        gone = sorted(listed[key] - wrong.get(key, set()))
        if gone:
            yield f"{HEADERS}:{number}: no longer so: {' '.join(gone)}"


def selftest():
    found = objects.Objects()
    for file, symbol, kind in (
        ("fs/a.c", "a_one", "T"),
        ("fs/b.c", "b_one", "T"),
        ("fs/c.c", "c_one", "T"),
        ("mm/d.c", "d_one", "T"),
        ("fs/a.c", "b_one", "U"),
        ("fs/a.c", "d_one", "U"),
        ("mm/d.c", "a_one", "U"),
        ("fs/c.c", "a_one", "U"),
    ):
        found.add(file, symbol, kind)
    text = "int b_one(void);\nstatic inline int a_in(void)\n{\n\treturn 1;\n}\n"
    header = csource.Source("fs/a.h", text)
    assert not circles(uses(found, [header]))  # none by another folder, nor by what is declared
    text = "int b_one(void)\n{\n\treturn a_in();\n}\n"
    arrows = uses(found, [header, csource.Source("fs/b.c", text)])
    assert circles(arrows) == [["fs/a", "fs/b"]]
    assert "  fs/b -> fs/a: a_in" in check_circles(arrows, "")
    assert not list(check_circles(arrows, "fs/b -> fs/a: for now\n"))
    two = "fs/b -> fs/a: for now\nfs/c -> fs/a: for nothing\n"
    assert len(list(check_circles(arrows, two))) == 1
    assert len(list(check_circles(arrows, "fs/b -> fs/a:\n"))) > 1
    found.add("fs/b.c", "c_one", "U")
    found.add("fs/c.c", "b_one", "U")
    assert circles(uses(found, [])) == [["fs/a", "fs/b", "fs/c"]]

    wrong = foreign(found, {"fs/a.h": {"a_one", "b_one"}, "fs/b.h": {"b_one"}})
    assert wrong == {("fs/a.h", "fs/b.c"): {"b_one"}}
    assert list(check_headers(wrong, "")) == ["fs/a.h declares what fs/b.c defines: b_one"]
    assert not list(check_headers(wrong, "fs/a.h fs/b.c: b_one\n"))
    assert not list(check_headers(wrong, "fs/a.h fs/*\n"))
    assert list(check_headers(wrong, "fs/a.h mm/*\n"))
    two = "fs/a.h fs/b.c: b_one b_two\nfs/b.h fs/c.c: c_one\n"
    assert len(list(check_headers(wrong, two))) == 2


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def main():
    selftest()
    csource.to_root()
    what, everything = sys.argv[1], sys.argv[2:] == ["--all"]
    found = objects.from_build()
    folders = {f.split("/")[0] for files in found.defined.values() for f in files}
    paths = [f for f in csource.tracked("*.c", "*.h", "*.S") if f.split("/")[0] in folders]
    if what == "circles":
        arrows = uses(found, [csource.Source(p) for p in paths])
        if everything:
            lines = [line for circle in circles(arrows) for line in tell(circle, arrows)]
        else:
            lines = list(check_circles(arrows, read(CIRCLES)))
    else:
        wrong = foreign(found, objects.headers(found, [p for p in paths if p.endswith(".h")]))
        if everything:
            lines = [f"{h} {f}: {' '.join(sorted(wrong[h, f]))}" for h, f in sorted(wrong)]
        else:
            lines = list(check_headers(wrong, read(HEADERS)))
    print("\n".join(lines), end="\n" if lines else "")
    sys.exit(bool(lines) and not everything)


if __name__ == "__main__":
    main()
