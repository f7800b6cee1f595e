"""The page cache where nothing goes well: errors of a device, no space, direct access (programs/pagecache.c says what Linux
says, line for line), and too little memory, where clean pages go and no process is killed."""

import os

import disk
import initrd

CONFIG = """
[inject-error]
event = "none"
iotype = "write"
errno = "5"
sector = "2048"

[inject-error]
event = "none"
iotype = "write"
errno = "5"
sector = "2056"

[inject-error]
event = "none"
iotype = "write"
errno = "5"
sector = "2080"

[inject-error]
event = "none"
iotype = "read"
errno = "5"
sector = "4104"

[inject-error]
event = "none"
iotype = "read"
errno = "5"
sector = "4112"

[inject-error]
event = "none"
iotype = "read"
errno = "5"
sector = "4096"
"""
SCRIPT = "mount -t ext2 /dev/vdc /mnt && pagecache /dev/vda /dev/vdb /mnt; umount /mnt"


def program(name):
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", name), "rb") as f:
        return [initrd.file("bin/" + name, f.read(), 0o755)]


def images(folder):
    with open(folder / "blkdebug.conf", "w", encoding="utf-8") as f:
        f.write(CONFIG)
    bad = disk.empty(folder / "bad.img", 8)
    return [f"file=blkdebug:{folder}/blkdebug.conf:{bad},format=raw,cache=unsafe,werror=report,rerror=report",
            disk.empty(folder / "good.img", 8), disk.ext2(folder / "fs.img", mib=4)]


def test_errors(boot, tmp_path):
    with open(os.path.join(os.path.dirname(__file__), "oracle", "pagecache.txt"), encoding="utf-8") as f:
        wanted = f.read().split("\n")[:-1]
    assert disk.script(boot, SCRIPT, images(tmp_path), bus="pci", extra=program("pagecache")) == wanted
    disk.check_ext2(tmp_path / "fs.img")
