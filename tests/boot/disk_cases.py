"""disk_cases.py - the cases of scripts/files.cases in a directory on a disk: what they say there.

test_disk_cases.py holds Newel against oracle/files-on-KIND.txt, which oracle.py records under Linux: a FAT has no links and
one owner, and Linux's own answer on the same file system says what follows from that.  Debian's kernel for the cloud, which
is ours to ask, has no 9p: there a folder of the host must answer as Linux's ext2 does.
"""

import os
import re

import disk
import initrd
import oracle

KINDS = {"ext2": "mount -t ext2 /dev/vda", "vfat": "mount -t vfat /dev/vda",
         "9p": "mount -t 9p -o trans=virtio,version=9p2000.L,cache=none host"}
# What is not compared.  On 9p the host alone decides how many blocks a file has, how large a directory is and how many links it
# has, and whether one that was removed can be opened.  A FAT refuses a fifo: a writer in the background then makes a file of
# that name, before cat looks for it or after.
LEFT_OUT = {"9p": re.compile(r"%b|ls -s|%s %F .*private|-links 2|^## mkdir gone"), "vfat": re.compile("echo through >fifo &")}


def members():
    return [initrd.directory("etc"), initrd.file("etc/runner", oracle.read("runner")), initrd.file("etc/cases", oracle.read("files.cases"), 0o644)]


def commands(kind):
    return f"mkdir /tmp/w && {KINDS[kind]} /tmp/w && rm -rf /tmp/w/lost+found; /etc/runner /bin/sh /etc/cases; umount /tmp/w; echo gone $?"


def machine(kind, path):
    """The disk, or the folder, at @path, made anew: the arguments for disk.script() and disk.linux()."""
    if kind == "9p":
        os.makedirs(path)
        return dict(images=[], qemu_args=disk.share(path, bus="pci", model="mapped-file"))
    image = disk.ext2(path, mib=16) if kind == "ext2" else disk.vfat(path, mib=16, bits=16)
    return dict(images=[image])


def normal(lines):
    text = "\n".join(lines) + "\n"
    for pattern, what in oracle.NORMAL:
        text = pattern.sub(what, text)
    return text


def wanted(kind):
    """What Linux answers."""
    return oracle.recorded(f"files-on-{'ext2' if kind == '9p' else kind}")


def comparable(kind, text):
    """The cases whose answer the kernel alone decides."""
    out = LEFT_OUT.get(kind, re.compile("$^"))
    return "".join(c for c in re.split("^(?=## )", text, flags=re.MULTILINE) if not out.search(c.split("\n", 1)[0]))


def linux_says(kind, path):
    return normal(disk.linux(commands(kind), extra=members(), **machine(kind, path)))
