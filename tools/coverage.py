#!/usr/bin/python3
"""coverage.py - every system call of abi/syscall.def is tried by a group of a test that says so.

A group says so before the colon of its heading, in a program of tests/el0/libc:

    begin("dup, dup3: a new descriptor; errors");

A line for each call that none names, and exit status 1 if there is one.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBC = os.path.join(ROOT, "tests", "el0", "libc")

CALL = re.compile(r"^SYSCALL\(\s*\d+,\s*(\w+)", re.MULTILINE)
HEADING = re.compile(r'\bbegin\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def headings(text):
    """The headings of the groups in this source, each string put together from its pieces."""
    for m in HEADING.finditer(text):
        yield "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', m.group(1)))


def tried():
    """The names before the colons of all headings."""
    names = set()
    for path in sorted(glob.glob(os.path.join(LIBC, "*.c"))):
        for heading in headings(read(path)):
            words = heading.partition(":")[0].split(",") if ":" in heading else []
            for name in (w.strip() for w in words):
                names.add(name)
    return names


def main():
    calls = CALL.findall(read(os.path.join(ROOT, "abi", "syscall.def")))
    names = tried()
    wrong = [f"{c}: no group of tests/el0/libc/*.c names it before the colon of its heading" for c in calls
             if c not in names]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
