"""What is left of deleted files on a disk is nobody's to read: blocks that are given to a file, and then not written, because
a mapping goes, the disk is full, or the buffer ends (programs/stale.c), show zeros."""

import os

import disk
import initrd
import pytest

WAYS = ["race", "half a buffer", "half a buffer, inside a page", "full, a page", "full, a page of the cache",
        "full, the first page", "full, a mapping", "full, at the end", "full, behind the end"]
SCRIPT = "mount -t {} /dev/vda /mnt {} && chmod 777 /mnt; su -s /bin/sh nobody -c '/bin/stale /mnt'; umount /mnt"


def program():
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "stale"), "rb") as f:
        return [initrd.file("bin/stale", f.read(), 0o755), initrd.directory("etc"),
                initrd.file("etc/passwd", b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n", 0o644)]


def filled(path, mib=3):
    with open(path, "wb") as f:
        f.write(b"\xa5" * (mib << 20))
    return str(path)


@pytest.mark.parametrize("kind", ["ext2", "vfat"])
def test_stale(boot, tmp_path, kind):
    """A disk of 3 MiB that is full of a pattern but for the file system's own blocks of 1 KiB."""
    image = filled(tmp_path / "a.img")
    if kind == "ext2":
        disk.tool("mke2fs", "-q", "-F", "-t", "ext2", "-b", "1024", "-m", "0", "-E", "nodiscard,lazy_itable_init=0", image)
    else:
        disk.tool("mkfs.vfat", "-s", "2", image)
    said = disk.script(boot, SCRIPT.format(kind, "-o umask=0" if kind == "vfat" else ""), [image], extra=program(), smp=4)
    assert [line for line in said if ": short" not in line and ": a signal" not in line] == [way + ": clean" for way in WAYS], said
    if kind == "ext2":
        disk.check_ext2(image)
    else:
        disk.check_vfat(image)
