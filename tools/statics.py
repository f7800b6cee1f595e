#!/usr/bin/python3
"""statics.py - a function that only its own file sees has a name that no other file of the kernel uses.

A backtrace prints names alone, and grep finds them: `take` in six files is none.

A line a name that stands in several files, and exit status 1 if there is one.
"""

import collections
import os
import re
import subprocess
import sys

FOLDERS = "armstub start el3 el2 el1 selftest trace sys net fs block task mm drivers log arm lib".split()
ATTRIBUTE = re.compile(r"__attribute__\(\(.*?\)\)")
STATIC = re.compile(r"^static\b[^;={(]*?\b(\w+)\([^;{]*\)\s*\{", re.MULTILINE)


def names(text):
    return {m.group(1) for m in STATIC.finditer(ATTRIBUTE.sub("", text))}


def repeated(sources):
    """name -> the files of @sources (path -> text) that have a static function of that name."""
    found = collections.defaultdict(list)
    for path, text in sorted(sources.items()):
        for name in names(text):
            found[name].append(path)
    return {n: paths for n, paths in found.items() if len(paths) > 1}


def selftest():
    f = "static int f(void)\n{\n}\n"
    g = "static __attribute__((noinline, cold)) struct g *f(int a,\n\tint b)\n{\n}\n"
    assert repeated({"a.c": f, "b.c": g}) == {"f": ["a.c", "b.c"]}
    assert not repeated({"a.c": f, "b.c": "int f(void)\n{\n}\nstatic int g(void);\n"})
    assert not repeated({"a.c": f, "b.c": "static const int f[] = {\n};\n"})


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    selftest()
    files = subprocess.run(["git", "ls-files", "*.c"], capture_output=True, text=True, check=True)
    sources = {}
    for path in files.stdout.split():
        if path.split("/")[0] in FOLDERS and os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                sources[path] = f.read()
    wrong = repeated(sources)
    for name, paths in sorted(wrong.items()):
        print(f"{name}: in {', '.join(paths)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
