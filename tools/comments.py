#!/usr/bin/python3
"""comments.py - what a comment says that can be checked.

(a) No line is wider than 100 columns, a tab to the next multiple of 8; code may be where it is a
    string, or a table that clang-format leaves alone.
(b) An @name in a docstring is a parameter or a field of what follows it, up to the next docstring.
    A docstring begins with one star, and each line of it has one.
(c) A file that is named is there; so it is in README.md, docs/ and the Makefiles.

A line a finding, and exit status 1 if there is one.
"""

import bisect
import fnmatch
import re
import sys

import csource

WIDTH = 100
SOURCES = ("*.c", "*.h", "*.S", "*.s", "*.def")
TEXTS = ("README.md", "docs/*.md", "Makefile", "*.mk")

# Names of files that are no files of this tree.
FOREIGN = (
    "build/*",  # what make makes
    "*NAME*",  # any
    "linux/*",  # Linux's own headers
    "mine/*",  # what the reader of docs/modules.md makes
    "qemu-plugin.h",
)

WORDS = re.compile(r"(?<![\w./<*$@{}()-])[\w*./-]*[\w*/]")
FILE = re.compile(r"[\w*./-]*[\w*-]\.(c|h|S|s|def|py|md|mk|lds?|spec)")
AT = re.compile(r"(?<![\w.])@(\w+)")
STARS = re.compile(r"^[ \t]*(/\*\*|\* \*)(?=[ \n])", re.MULTILINE)
SUBJECTS = re.compile(r"((?:\w+(?:\(\))?, )*\w+) - ")


def width(line):
    n = 0
    for c in line:
        n += 8 - n % 8 if c == "\t" else 1
    return n


def starts(text):
    """Where each line begins."""
    return [0] + [m.end() for m in re.finditer("\n", text)]


def unformatted(source):
    """The lines that clang-format leaves alone."""
    lines, on = set(), True
    for number, line in enumerate(source.text.split("\n"), 1):
        if "clang-format o" in line:
            on = "clang-format on" in line
        if not on:
            lines.add(number)
    return lines


def wide(source):
    alone = unformatted(source)
    at = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        end = at + len(line.rstrip("\\ \t"))
        columns = width(source.text[at:end])
        if columns > WIDTH:
            strings = [stop for start, stop in source.strings if at <= start < end]
            if any(start < end <= stop for start, stop in source.comments):
                yield number, f"a comment of {columns} columns"
            elif any(width(source.text[at:stop]) > WIDTH for stop in strings):
                pass
            elif number not in alone and not source.path.endswith(".def"):
                yield number, f"{columns} columns"
        at += len(line) + 1


def stands_alone(source, comment):
    """Has it its lines for itself?"""
    start, end = comment
    before = source.text[source.text.rfind("\n", 0, start) + 1 : start]
    return not before.strip() and source.text[end : end + 1] in ("\n", "")


def known_after(source, comment, ends):
    """The names that @comment, at the level of the file, may speak of."""
    start, end = comment
    text = source.text[start:end]
    stop = ends[bisect.bisect_right(ends, start)] if ends[-1] > start else len(source.text)
    subjects = {w for m in SUBJECTS.finditer(text) for w in csource.WORD.findall(m.group(1))}
    names = set()
    for d in source.declarations:
        if end <= d.start < stop or d.name() in subjects:
            names |= d.known()
    for at, name, parameters in source.macros:
        if end <= at < stop or name in subjects:
            names |= parameters
    return names


def wrong_names(source):
    """(b)"""
    inside = [d for d in source.declarations if d.body is not None]
    opened = [d.start for d in inside]

    def around(offset):
        i = bisect.bisect_right(opened, offset) - 1
        return inside[i] if i >= 0 and offset < inside[i].end else None

    docs = [c for c in source.comments if stands_alone(source, c) and not around(c[0])]
    ends = [start for start, _ in docs]
    everything = set().union(*(d.known() for d in source.declarations))
    everything.update(*(parameters for _, _, parameters in source.macros))
    for start, end in source.comments:
        text = source.text[start:end]
        for m in STARS.finditer(text):
            yield source.line(start + m.start()), "a star too many"
        if not AT.search(text):
            continue
        holder = around(start)
        if holder:
            names = set(csource.WORD.findall(source.words[holder.start : holder.end]))
        elif start > 0 and (start, end) in docs and source.text[end + 1 : end + 2].strip():
            names = known_after(source, (start, end), ends)
        else:
            names = everything
        for m in AT.finditer(text):
            if m.group(1) not in names:
                yield source.line(start + m.start()), f"@{m.group(1)} is nothing that follows"


class Tree:
    """What files there are."""

    def __init__(self, files):
        self.files = set(files)
        self.bare = {f.split("/")[-1] for f in files}
        self.folders = {f[: m.start()] for f in files for m in re.finditer("/", f)}
        self.top = {f for f in self.folders if "/" not in f}

    def has(self, name, near):
        if "*" in name:
            pool = self.files if "/" in name else self.bare
            return bool(fnmatch.filter(pool, name))
        if "/" not in name:
            return name in self.bare
        folder = near.rpartition("/")[0]
        return name in self.files or f"{folder}/{name}" in self.files

    def has_folder(self, name):
        """Is it a folder, or a file without an ending, or with one that is left out?"""
        name = name.rstrip("/")
        if "*" in name:
            return bool(fnmatch.filter(self.files | self.folders, name))
        there = name in self.folders or name in self.files
        return there or bool(fnmatch.filter(self.files, name + ".*"))


def wrong_files(tree, path, text):
    """(c): offsets in @text."""
    for m in WORDS.finditer(text):
        name = m.group()
        if any(fnmatch.fnmatch(name, pattern) for pattern in FOREIGN):
            continue
        if FILE.fullmatch(name) and ("/" in name or not name.endswith(".s")):  # .s: a field
            if not tree.has(name, path):
                yield m.start(), f"no file {name}"
        elif name.split("/")[0] in tree.top and not tree.has_folder(name):
            yield m.start(), f"no folder {name}"


def check(source, tree):
    yield from wide(source)
    if source.path.endswith((".c", ".h")):
        yield from wrong_names(source)
    for start, end in source.comments:
        for at, wrong in wrong_files(tree, source.path, source.text[start:end]):
            yield source.line(start + at), wrong


def check_text(path, text, tree):
    """A document's text; of a makefile its comments."""
    if not path.endswith(".md"):
        text = re.sub(r"^(?:[^\s#]|[ \t]+(?!#)|(?<=\S)#)*", "", text, flags=re.MULTILINE)
    for at, wrong in wrong_files(tree, path, text):
        yield text.count("\n", 0, at) + 1, wrong


def selftest():
    tree = Tree(["mm/page.c", "mm/page.h", "mm/sub/x.S", "fs/tool", "docs/walk.md"])

    def finds(text, path="mm/t.h", before="\n"):
        return [what for _, what in sorted(check(csource.Source(path, before + text), tree))]

    long = "x" * 90
    assert finds(f"/* {long} */\nint a;\n") == []
    assert finds(f"/* {long} and more */\n") == ["a comment of 105 columns"]
    assert finds(f"\t/* {long} */\n") == ["a comment of 104 columns"]
    assert finds(f"int a; /* {'é' * 87} */\n") == []
    assert finds(f"/* a\n * {long} and more\n */\n") == ["a comment of 102 columns"]
    assert finds(f"int {long} = {long};\n") == ["188 columns"]
    assert finds(f'const char *a = "{long} and more";\n') == []
    assert finds(f'f("a", {long}{long});\n') == ["189 columns"]
    assert finds(f"#define A 1 {' ' * 100}\\\n\t+ 1\n") == []
    assert finds(f"/* clang-format off */\nint {long} = {long};\n/* clang-format on */\n") == []
    assert finds(f"/* clang-format off */\nint a; /* {long} */\n/* clang-format on */\n") != []
    assert finds(f"{{ {long}, {long} }},\n", "mm/t.def") == []

    wrong = ["@b is nothing that follows"]
    two = "int f(int a);\nint g(struct s *c, void (*fn)(int x));\n"
    assert finds(f"/* f - @a; g - @c, @fn of @x. */\n{two}") == []
    assert finds(f"/* f - @b. */\n{two}") == wrong
    assert finds(f"/* f - @a. */\nint f(int a);\n/* g - @a. */\nint g(int b);\n") == [
        "@a is nothing that follows"
    ]
    assert finds("/* f, g - @b. */\nint f(int a);\n/* more */\nint g(int b);\n") == []
    assert finds("/* @b */\nstruct s {\n\tint a, b[2];\n};\n") == []
    assert finds("/* @b */\nstruct s {\n\tint a;\n};\n") == wrong
    head = "/* page.h - of any @b */\n#pragma once\n\n"
    assert finds("/* f - @a */\nint f(int a, int b);\n", before=head) == []
    assert finds("/* f - @a */\nint f(int a);\n", before=head) == wrong
    assert finds("/* @b */\n#define M(a, b) ((a) + (b))\n") == []
    assert finds("/* @b */\n#define M(a) ((a) + 1)\n") == wrong
    assert finds("/* @b */\nstatic int f(int a)\n{\n\tint b = a;\n\treturn b;\n}\n") == wrong
    assert finds("int f(int a)\n{\n\tif (a) /* @b */\n\t\treturn 0;\n}\n") == wrong
    assert finds("/** f - of @a. */\nint f(int a);\n") == ["a star too many"]
    assert finds("/*\n * * f - it\n */\nint f(int a);\n") == ["a star too many"]

    for name in ("page.c", "mm/page.h", "sub/x.S", "mm/*.h", "mm/page", "build/a.c", "p->a.s"):
        assert not finds(f"/* see {name}. */\n"), name
    for name in ("pages.c", "mm/pages.h", "sub/y.S", "fs/*.h"):
        assert finds(f"/* see {name}. */\n") == [f"no file {name}"], name
    assert finds("/* see mm/page and fs/no, fs/tool. */\n") == ["no folder fs/no"]
    assert finds('int f(void); // "page.d" and <sys/page.h>\n') == []
    assert [w[1] for w in check_text("README.md", "a `mm/no.c`\n", tree)] == ["no file mm/no.c"]
    assert list(check_text("Makefile", "all: mm/no.c\n# mm/no.c\nx: # no.h\n", tree)) == [
        (2, "no file mm/no.c"),
        (3, "no file no.h"),
    ]


def main():
    selftest()
    csource.to_root()
    tree = Tree(csource.tracked())
    wrong = []
    for path in csource.tracked(*SOURCES):
        wrong += [(path, *w) for w in sorted(check(csource.Source(path), tree))]
    for path in csource.tracked(*TEXTS):
        with open(path, encoding="utf-8") as f:
            wrong += [(path, *w) for w in check_text(path, f.read(), tree)]
    for path, line, what in wrong:
        print(f"{path}:{line}: {what}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
