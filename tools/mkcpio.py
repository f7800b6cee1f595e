#!/usr/bin/python3
"""mkcpio.py OUT SPEC... - make a newc cpio archive (an initrd) from a description; no root needed, byte-reproducible.

A line of a SPEC, - for standard input, is one of

    dir   PATH MODE
    file  PATH SOURCE MODE          SOURCE is a file of this machine
    text  PATH MODE "TEXT"          TEXT as in a Python string
    link  PATH TARGET               a symbolic link
    node  PATH MODE c|b MAJOR MINOR

with $NAME in it replaced from NAME=VALUE arguments; # begins a comment.  All belong to root, all times are 0, and parent
directories must come first: the archive has the entries in the order of the lines.
"""

import ast
import re
import stat
import string
import sys


class Archive:
    def __init__(self):
        self.data = bytearray()
        self.ino = 0

    def pad(self):
        self.data += b"\0" * (-len(self.data) % 4)

    def add(self, path, mode, content=b"", rdev=(0, 0)):
        name = path.encode().lstrip(b"/") + b"\0"
        self.ino += 1
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = [self.ino, mode, 0, 0, links, 0, len(content), 0, 0, *rdev, len(name), 0]
        self.data += b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self.pad()
        self.data += content
        self.pad()

    def finish(self):
        self.ino = -1  # the trailer has inode 0
        self.add("TRAILER!!!", 0)
        self.data += b"\0" * (-len(self.data) % 512)
        return self.data


def split(line):
    """Words; a quoted one is a Python string literal."""
    return [
        ast.literal_eval(w) if w[0] == '"' else w
        for w in re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"]+', line)
    ]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def add_line(archive, kind, path, *rest):
    if kind == "dir":
        archive.add(path, stat.S_IFDIR | int(rest[0], 8))
    elif kind == "file":
        source, mode = rest
        archive.add(path, stat.S_IFREG | int(mode, 8), read(source))
    elif kind == "text":
        mode, text = rest
        archive.add(path, stat.S_IFREG | int(mode, 8), text.encode())
    elif kind == "link":
        archive.add(path, stat.S_IFLNK | 0o777, rest[0].encode())
    elif kind == "node":
        mode, which, major, minor = rest
        fmt = {"c": stat.S_IFCHR, "b": stat.S_IFBLK}[which]
        archive.add(path, fmt | int(mode, 8), rdev=(int(major), int(minor)))
    else:
        raise ValueError(f"no such kind of line: {kind}")


def main():
    out, args = sys.argv[1], sys.argv[2:]
    values = dict(a.split("=", 1) for a in args if "=" in a)
    archive = Archive()
    for spec in (a for a in args if "=" not in a):
        text = sys.stdin.read() if spec == "-" else open(spec, encoding="utf-8").read()
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            try:
                add_line(archive, *split(string.Template(line).substitute(values)))
            except (ValueError, KeyError, TypeError, OSError, SyntaxError) as err:
                sys.exit(f"mkcpio: {spec}:{number}: {err}")
    with open(out, "wb") as f:
        f.write(archive.finish())


if __name__ == "__main__":
    main()
