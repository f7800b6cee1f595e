"""Attributes, access control lists, chattr's flags, exchanged names, unnamed files, FIEMAP, FITRIM and capabilities of files on
ext2 (programs/attributes.c): Newel says what Linux says, each reads what the other wrote, and e2fsck finds nothing."""

import os

import disk
import initrd
import pytest

pytestmark = pytest.mark.needs("busybox", "linux")

MOUNT = "mount -t ext2 /dev/vd%s /mnt && chmod 755 / /mnt"
WRITE = f"{MOUNT % 'a'}; attributes write /mnt; umount /mnt; {MOUNT % 'a'}; attributes read /mnt; umount /mnt"
READ = f"{MOUNT % 'a'}; attributes read /mnt; rm -rf /mnt/*; ls -R /mnt; umount /mnt"


def test_attributes(boot, tmp_path):
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "attributes"), "rb") as f:
        program = [initrd.file("bin/attributes", f.read())]
    images = [disk.ext2(tmp_path / name, 16, options=["-b", "1024"]) for name in ("newel", "linux")]
    drive = [f"file={i},format=raw,cache=unsafe,discard=unmap" for i in images]
    ours = disk.script(boot, WRITE, drive[:1], extra=program)
    theirs = disk.linux(WRITE, drive[1:], extra=program)
    assert ours == theirs
    for image in images:
        disk.check_ext2(image)
    assert disk.script(boot, READ, drive[1:], extra=program) == disk.linux(READ, drive[:1], extra=program)
    for image in images:
        disk.check_ext2(image)
