"""objects.py - who uses whose symbols, as the objects of the build say."""

import collections
import os
import re
import subprocess

import csource


class Objects:
    """
    defined: symbol -> the files that define it; used: file -> the symbols that it takes from
    others.  Files are sources, by their path in the tree.
    """

    def __init__(self):
        self.defined, self.used = collections.defaultdict(set), collections.defaultdict(set)

    def add(self, source, symbol, kind):
        if kind == "U":
            self.used[source].add(symbol)
        elif kind in "TDBRWVC":
            self.defined[symbol].add(source)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def from_build():
    """Of the kernel that `make` builds, which is made first."""
    run(["make", "-s", f"-j{os.cpu_count()}", "all"])
    build, nm, objects = (run(["make", "-s", f"print-{n}"]).split() for n in ("B", "NM", "KOBJ"))
    found = Objects()
    for line in run([*nm, "-A", "-P", *objects]).splitlines():
        m = re.match(r"(.*)\.o: (\S+) (\w)", line)
        found.add(os.path.relpath(m.group(1), build[0]), m.group(2), m.group(3))
    return found


def headers(objects, paths):
    """header -> the symbols of @objects that it declares."""
    declared = {}
    for path in paths:
        names = set()
        for d in csource.Source(path).declarations:
            names |= d.variables() | ({d.name()} if d.body is None and d.name() else set())
        declared[path] = names & objects.defined.keys()
    return declared
