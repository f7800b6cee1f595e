#!/usr/bin/python3
"""walk.py - docs/walk.md says that nobody has to turn back: is it so?

Each section with a numbered list is a way through the tree, an item a step: the files in bold are
those that the reader opens there.  Of each way:

(a) its files are there, and none comes twice, but for what REVISITED allows;
(b) what an item names as `this()` is defined in one of that item's files, and what it names as
    `that` is said somewhere in the tree;
(c) no way of WAYS is missing.

A line a finding, and exit status 1 if there is one.
"""

import os
import re
import subprocess
import sys

PAGE = "docs/walk.md"
WAYS = ("A call", "A wait", 'open("foo")', "The disk's answer", "A fault", "A signal", "An interrupt", "An hvc", "A guest's hvc", "A guest goes on",
        "An smc", "A module")
# Where a way comes by again: the vectors are the door in and the door out, and a fault that cannot
# be resolved goes back to whoever asked.
REVISITED = {"*": {"el1/vectors.S"}, "A fault": {"el1/trap.c"}}

SECTION = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)
ITEM = re.compile(r"^\d+\. (.*(?:\n(?!\d+\. |\n|#).*)*(?:\n\n?(?: {3,}).*)*)", re.MULTILINE)
BOLD = re.compile(r"\*\*([^*]+)\*\*")
CODE = re.compile(r"`([^`]+)`")
NAME = re.compile(r"[A-Za-z_]\w*")


def ways(page):
    """(title, items) of each section with a list; an item is its text."""
    parts = SECTION.split(page)[1:]
    for title, text in zip(parts[::2], parts[1::2]):
        items = ITEM.findall(text)
        if items:
            yield title.replace("`", ""), items


def defines(text, name):
    """Does C, a macro or assembly in @text define the function @name?"""
    c = rf"^(?!return\b|else\b)[A-Za-z_][^;\n=]*\b{name}\((?:[^;{{]*\n)*[^;{{]*\)[^;{{]*\n?\{{"
    macro = rf"^\s*#\s*define\s+{name}\b"
    asm = rf"^(?:LOCAL_)?FUNC {name}\b|^\.macro {name}\b|^{name}:|^(?:EL0_SYNC|EL0_IRQ|VECTORS|RESIDENT_LEVEL) {name}\b"
    return any(re.search(p, text, re.MULTILINE) for p in (c, macro, asm))


def check_item(title, item, read, words, seen):
    files = [f for bold in BOLD.findall(item) for f in re.split(r",\s*|\s+and\s+", bold)]
    texts = []
    if not files:
        yield f"{title}: a step without a file: {item[:50]}"
    for f in files:
        text = read(f)
        if text is None:
            yield f"{title}: {f} is not there"
        else:
            texts.append(text)
        allowed = REVISITED["*"] | REVISITED.get(title, set())
        if f in seen and f not in allowed:
            yield f"{title}: {f} comes twice"
        seen.add(f)
    for code in CODE.findall(item):
        m = re.fullmatch(r"(\w+)\(\)", code)
        if m and not any(defines(t, m.group(1)) for t in texts):
            yield f"{title}: {code} is not defined in {', '.join(files)}"
        elif not m and NAME.fullmatch(code) and code not in words:
            yield f"{title}: {code} is not in the tree"


def findings(page, read, words):
    titles = set()
    for title, items in ways(page):
        titles.add(title)
        seen = set()
        for item in items:
            yield from check_item(title, item, read, words, seen)
    yield from (f"no way is called “{t}”" for t in WAYS if t not in titles)


def read_file(path):
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as f:
        return f.read()


def selftest():
    """Each rule finds what breaks it, and nothing else."""
    tree = {"a.c": "int f(void)\n{\n\tg();\n}\n", "b.S": "FUNC h\n", "el1/vectors.S": "FUNC v\n"}
    good = "1. **el1/vectors.S** `v()`\n2. **a.c** `f()` calls `g`\n3. **b.S** `h()`\n4. **el1/vectors.S**\n"
    page = "".join(f"## {t}\n{good}\n" for t in WAYS)

    def of(changed):
        return list(findings(changed, tree.get, set(NAME.findall(" ".join(tree.values())))))

    assert not of(page), of(page)
    assert of(page.replace("## A wait", "## A rest"))
    for old, new in (
        ("**b.S** `h()`", "**a.c** `f()`"),  # twice
        ("**b.S**", "**c.S**"),  # not there
        ("`f()`", "`g()`"),  # said there, not defined
        ("`g`", "`k`"),  # not said
        ("**b.S** `h()`", "b.S"),  # no file
    ):
        assert of(page.replace(old, new, 1)), (old, new)


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    selftest()
    sources = subprocess.run(["git", "ls-files", "*.[chS]", "*.def"], capture_output=True, text=True, check=True)
    words = {w for f in sources.stdout.split() for w in NAME.findall(read_file(f) or "")}
    wrong = list(findings(read_file(PAGE) or "", read_file, words))
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
