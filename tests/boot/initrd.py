"""initrd.py - the archives that the tests boot with: newc cpio, made in memory.

Made here, not by tools/mkcpio.py, because half of the tests need archives that no honest tool writes.
"""

import stat
from dataclasses import dataclass

MAGIC = b"070701"


@dataclass
class Member:
    """One file of an archive; the fields go into its header as they are."""

    name: str
    mode: int
    data: bytes = b""
    rdev: tuple = (0, 0)
    size: int = -1  # what the header claims; -1: the truth
    namesize: int = -1


def file(name, data, mode=0o755):
    return Member(name, stat.S_IFREG | mode, data if isinstance(data, bytes) else data.encode())


def directory(name, mode=0o755):
    return Member(name, stat.S_IFDIR | mode)


def symlink(name, target):
    return Member(name, stat.S_IFLNK | 0o777, target.encode())


def device(name, major, minor, mode=0o600):
    return Member(name, stat.S_IFCHR | mode, rdev=(major, minor))


def pad(data):
    return data + bytes(-len(data) % 4)


def entry(member, ino):
    name = member.name.encode() + b"\0"
    size = len(member.data) if member.size < 0 else member.size
    namesize = len(name) if member.namesize < 0 else member.namesize
    links = 2 if stat.S_ISDIR(member.mode) else 1
    fields = [ino, member.mode, 0, 0, links, 0, size, 0, 0, *member.rdev, namesize, 0]
    header = MAGIC + b"".join(b"%08X" % f for f in fields)
    return pad(header + name) + pad(member.data)


def archive(*members):
    """A whole newc archive of these members."""
    parts = [entry(m, ino) for ino, m in enumerate(members, 1)]
    return b"".join(parts) + entry(Member("TRAILER!!!", 0), 0)
