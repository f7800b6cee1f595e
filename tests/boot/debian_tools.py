"""Debian's tools on a disk (`make test-disks`): gcc, python3, perl, git, sqlite3, dpkg and the coreutils.

Two copies of one image get the commands of debian_tools/commands, one under Newel, one under Debian's Linux: what they
say and their status are the same, and e2fsck finds nothing to mend in either.

The image has the packages of TOOLS in the Makefile, which nobody has configured."""

import os
import re
import shutil
import sys

import console
import disk
import qemu

IMAGE = os.path.join(disk.oracle.ROOT, "build", "debian-tools.img")
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "debian_tools")
WORDS = "console=ttyAMA0 panic=-1 quiet init=/etc/runner"
LIMIT = 3000

# Linux's own initrd: its drivers of disks are modules.
SWITCH = """#!/bin/busybox sh
busybox mount -t proc proc /proc; busybox mount -t devtmpfs d /dev
%sbusybox mount -t ext2 /dev/vda /root
busybox umount /proc; busybox mount --move /dev /root/dev
exec busybox switch_root /root /etc/runner
"""


def prepare(image, commands="commands"):
    """A copy of the image with these commands in it."""
    shutil.copyfile(IMAGE, image)
    disk.tool("debugfs", "-w", "-f", "-", image, stdin=f"""write {HERE}/runner /etc/runner
write {HERE}/{commands} /etc/commands
sif /etc/runner mode 0100755
""")


def newel(image, words="", limit=LIMIT, mem=1024):
    """Newel starts the runner from this disk; @words: more of the command line, NAME=value is the runner's environment."""
    machine = qemu.Machine(smp=2, el=1, mem=mem, append=f"{WORDS} root=/dev/vda rw {words}", extra=disk.drives([image], bus="pci"))
    return console.qemu_console(machine.args(), limit)


def linux(image, words="", limit=LIMIT, mem=1024):
    """The same under Debian's Linux."""
    archive = image + ".cpio"
    with open(archive, "wb") as f:
        f.write(disk.oracle.system(SWITCH % disk.oracle.LOAD_MODULES, disk.oracle.part("busybox"), extra=disk.oracle.modules()))
    return disk.oracle.boot_linux(archive, limit, words, smp=2, mem=mem, extra=disk.drives([image], bus="pci"))


def said(start, image):
    """What the commands say there, up to the mark of the end; the image is clean afterwards."""
    prepare(image)
    run = start(image)
    try:
        run.expect(disk.oracle.END, timeout=LIMIT)
        run.finish(silence=120)
    finally:
        run.close()
        with open(image + ".log", "w", encoding="utf-8") as f:
            f.write(run.log)
    disk.check_ext2(image)
    return disk.oracle.between_marks(re.sub(r"\r", "", run.log))


def test_tools(tmp_path):
    here, there = (said(start, str(tmp_path / start.__name__)) for start in (newel, linux))
    assert disk.oracle.count_cases(there) >= 200
    assert here == there, disk.oracle.differences(there, here, "Linux", "Newel")


if __name__ == "__main__":
    said({"newel": newel, "linux": linux}[sys.argv[1]], sys.argv[2])
