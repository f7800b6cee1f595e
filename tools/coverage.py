#!/usr/bin/python3
"""coverage.py - every system call of abi/syscall.def is tried by a group of a test that says so.

A group says so before the colon of its heading, in a program of tests/el0/libc:

    begin("dup, dup3: a new descriptor; errors");

tests/el0/libc/uncovered lists the calls whose tests are still to be written, one a line: it only shrinks.  A line for
each call that is in neither, or in both, and for each name that is no call; exit status 1 if there is one.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBC = os.path.join(ROOT, "tests", "el0", "libc")

CALL = re.compile(r"^SYSCALL\(\s*\d+,\s*(\w+),", re.MULTILINE)
HEADING = re.compile(r'\bbegin\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def headings(text):
    """The headings of the groups in this source, each string put together from its pieces."""
    for m in HEADING.finditer(text):
        yield "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m.group(1)))


def tried():
    """Names before the colon of a heading, each with the file that has it."""
    names = {}
    for path in sorted(glob.glob(os.path.join(LIBC, "*.c"))):
        for heading in headings(read(path)):
            words = heading.partition(":")[0].split(",") if ":" in heading else []
            for name in (w.strip() for w in words):
                if re.fullmatch(r"\w+", name):
                    names.setdefault(name, os.path.relpath(path, ROOT))
    return names


def main():
    calls = CALL.findall(read(os.path.join(ROOT, "abi", "syscall.def")))
    names = tried()
    to_do = os.path.join(LIBC, "uncovered")
    uncovered = read(to_do).split() if os.path.exists(to_do) else []
    wrong = [f"{c}: no group of tests/el0/libc/*.c names it before the colon of its heading"
             for c in calls if c not in names and c not in uncovered]
    wrong += [f"{u}: {names[u]} tries it: take it out of tests/el0/libc/uncovered" for u in uncovered if u in names]
    wrong += [f"tests/el0/libc/uncovered: {u} is not in abi/syscall.def" for u in uncovered if u not in calls]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
