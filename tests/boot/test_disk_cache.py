"""The page cache where nothing goes well: errors of a device, no space, direct access (programs/pagecache.c says what Linux
says, line for line), and too little memory, where clean pages go and no process is killed."""

import hashlib
import os
import re

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


PRESSED = """mount -t ext2 /dev/vda /mnt && mkdir /mnt/a /mnt/b
echo 1 > /proc/sys/vm/dirty_expire_centisecs
echo 1 > /proc/sys/vm/dirty_writeback_centisecs
touch /tmp/go
(while [ -e /tmp/go ]; do sync; echo 1 > /proc/sys/vm/drop_caches; done) &
(while [ -e /tmp/go ]; do cat /mnt/big > /dev/null; echo 3 > /proc/sys/vm/drop_caches; cat /mnt/big > /dev/null; done) &
fsx /mnt/a 17 2000 4 & P=$!
fsx /mnt/b 18 2000 4
wait $P
rm /tmp/go
wait
dd if=/mnt/big of=/dev/null bs=40M 2>&1 | grep -v bytes
md5sum < /mnt/big
umount /mnt
dmesg | grep -i "out of memory"
"""


def test_pressure(boot, tmp_path):
    """Twice as much on the disk as there is memory; all is written back at once, and dropped, while it changes."""
    os.makedirs(tmp_path / "tree")
    data = os.urandom(100 << 20)
    with open(tmp_path / "tree" / "big", "wb") as f:
        f.write(data)
    image = disk.ext2(tmp_path / "a.img", mib=160, tree=tmp_path / "tree", options=["-b", "1024"])
    said = disk.script(boot, PRESSED, [image], extra=program("fsx"), smp=4, mem=96)
    assert said == ["fsx: 2000 operations, 4 files: well"] * 2 + ["2+1 records in", "2+1 records out", hashlib.md5(data).hexdigest() + "  -"]
    disk.check_ext2(image)


SCATTERED = """mount -t ext2 /dev/vda /mnt && scattered /mnt/file 1024 1500
mount -t ext2 -o loop /mnt/inner /mnt2 && scattered /mnt2/file 4096 1000
umount /mnt2; umount /mnt
"""


def test_scattered(boot, tmp_path):
    """More requests than there are at a time, by tasks that need more of them to know what to ask for; the same on a loop device."""
    os.makedirs(tmp_path / "tree")
    disk.ext2(tmp_path / "tree" / "inner", mib=16, options=["-b", "4096"])
    image = disk.ext2(tmp_path / "a.img", mib=48, tree=tmp_path / "tree", options=["-b", "1024"])
    said = disk.script(boot, SCATTERED, [image], extra=program("scattered"), smp=4, mem=256)
    assert said == ["scattered: well"] * 2
    disk.check_ext2(image)


def test_shortage(boot, tmp_path):
    """A user who takes what he can: nobody is killed, no call fails or takes long."""
    image = disk.ext2(tmp_path / "a.img", mib=100, options=["-b", "4096"])
    commands = "mount -t ext2 /dev/vda /mnt && shortage /mnt; umount /mnt; dmesg | grep -i 'out of memory'"
    said = disk.script(boot, commands, [image], extra=program("shortage"), smp=4, mem=64)
    assert said == ["needed", "mapped", "stored", "shortage: well"]
    disk.check_ext2(image)


SHARES = """mount -t ext2 /dev/vda /mnt && mount -t ext2 /dev/vdb /mnt2; echo 600000 > /sys/block/vdb/queue/io_timeout; echo ready; read x
dd if=/dev/zero of=/mnt2/slow bs=64k count=640 2>/dev/null & sleep 3
for i in 1 2 3 4; do dd if=/dev/zero of=/mnt/fast$i bs=64k count=192 2>/dev/null; done; echo fast; read x
wait; umount /mnt && umount /mnt2 && echo unmounted"""


def test_shares(boot, tmp_path):
    """A device of 100 KB a second and as many dirty pages as there may be of it: a writer to another device goes on."""
    images = [disk.ext2(tmp_path / name, mib=64, options=["-b", "4096"]) for name in ("fast.img", "slow.img")]
    run = boot(disk.system(SHARES), smp=2, el=1, mem=96, append="quiet panic=-1",
               extra=[*disk.drives([f"file={i},format=raw,cache=unsafe" for i in images]), *disk.monitor_args(tmp_path / "qmp")])
    monitor = disk.Monitor(tmp_path / "qmp")
    try:
        zero = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        run.expect("^ready$", timeout=60)
        monitor.ask("block_set_io_throttle", device="d1", bps=100000, **zero)
        run.send("")
        run.expect("^fast$", timeout=40)
        monitor.ask("block_set_io_throttle", device="d1", bps=0, **zero)
        run.send("")
        run.expect("^unmounted$", timeout=60)
    finally:
        monitor.close()
    assert run.finish() == 0
    for image, size in zip(images, (192, 640)):
        disk.check_ext2(image)
        assert all(int(n) == size << 16 for n in re.findall(r"(?:slow|fast\d)/(\d+)/", disk.debugfs(image, "ls -p /")))
