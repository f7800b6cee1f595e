"""Partition tables of all kinds, and disks that give errors or no answer: what programs see of them."""

import struct
import zlib

import disk
import pytest

# Of the disks that have hundreds: the first nine, the last, and how many they are.
SHOW = r"""cd /sys/class/block; for d in vd?; do echo $(ls -d $d* | wc -l) $(cat $d/size); done
for d in vd?[1-9] vd?255; do echo $d $(cat $d/start) $(cat $d/size) $(grep -E '^(PARTN|PARTNAME)=' $d/uevent); done
grep -E 'vd.[1-9]?$|vd.255' /proc/partitions"""


# ---- tables ----

def mbr(*entries, disk_id=0x4E57454C):
    """A sector: (type, start, sectors) each."""
    table = b"".join(struct.pack("<B3xB3xII", 0, kind, start, n) for kind, start, n in entries)
    return bytes(440) + struct.pack("<IH", disk_id, 0) + table.ljust(64, b"\0") + b"\x55\xaa"


def gpt(last, *entries, block=512, at=1, first=40):
    """A header at block @at with its entries (in the blocks behind it, or before it): {block: bytes}."""
    table = b"".join(bytes(range(16)) + bytes(range(0xF0, 0x100)) + struct.pack("<QQQ", a, b, 0) + name.encode("utf-16le").ljust(72, b"\0")
                     for a, b, name in entries).ljust(128 * 128, b"\0")
    where = 2 if at == 1 else at - len(table) // block

    def header(crc):
        return struct.pack("<8sIIIIQQQQ16xQIII", b"EFI PART", 0x10000, 92, crc, 0, at, last + 1 - at, first, last - 33, where, 128, 128, zlib.crc32(table))

    return {at: header(zlib.crc32(header(0))), where: table}


PROTECTIVE = mbr((0xEE, 1, 0xFFFFFFFF))


def image(path, blocks, block=512, mib=4):
    disk.empty(path, mib)
    with open(path, "r+b") as f:
        for at, data in blocks.items():
            f.seek(at * block)
            f.write(data)
    return path


def images():
    last = 8191
    yield {0: mbr((0x83, 8, 100), (5, 200, 4000), (0xC, 5000, 100), (0x83, 8000, 5000)),
           200: mbr((0x83, 10, 20), (5, 100, 100), (0, 0, 0), (0x83, 4000, 50)), 300: mbr((0x82, 1, 9), (5, 0, 100))}
    yield {0: mbr((0x85, 200, 400), (0xF, 1000, 1), (0x83, 8192, 10)), 200: mbr((0x83, 10, 20), (5, 0, 400)), 1000: mbr((0x83, 1, 5))}
    yield {0: PROTECTIVE, **gpt(last, (64, 127, "root"), (0, 0, ""), (200, 199, "ends before"), (300, 9000, "ends behind"), (500, 500, "Ein Name"))}
    yield {0: mbr((0x83, 100, 50), (0xEE, 1, 99)), **gpt(last, (64, 127, "hybrid"))}
    yield {0: PROTECTIVE, **gpt(last, (64, 127, "backup alone"), at=last)}
    yield {0: mbr((0x83, 100, 50)), **gpt(last, (64, 127, "of earlier"))}


def made(folder):
    return [image(folder / f"{i}.img", blocks) for i, blocks in reversed([*enumerate(images())])]


LINUX = """
2 8192
1 8192
2 8192
4 8192
254 8192
256 8192
vda1 100 50 PARTN=1
vdc1 64 64 PARTN=1 PARTNAME=hybrid
vdd1 64 64 PARTN=1 PARTNAME=root
vdd2 0 1 PARTN=2
vdd5 500 1 PARTN=5 PARTNAME=Ein Name
vde1 200 2 PARTN=1
vde2 1000 1 PARTN=2
vde5 210 20 PARTN=5
vde6 210 20 PARTN=6
vde7 210 20 PARTN=7
vde8 210 20 PARTN=8
vde9 210 20 PARTN=9
vdf1 8 100 PARTN=1
vdf2 200 2 PARTN=2
vdf3 5000 100 PARTN=3
vdf4 8000 192 PARTN=4
vdf5 210 20 PARTN=5
vdf6 301 9 PARTN=6
vdf7 210 20 PARTN=7
vdf8 301 9 PARTN=8
vdf9 210 20 PARTN=9
vde255 210 20 PARTN=255
vdf255 210 20 PARTN=255
 254        0       4096 vda
 254        1         25 vda1
 254       16       4096 vdb
 254       32       4096 vdc
 254       33         32 vdc1
 254       48       4096 vdd
 254       49         32 vdd1
 254       50          0 vdd2
 254       53          0 vdd5
 254       64       4096 vde
 254       65          1 vde1
 254       66          0 vde2
 254       69         10 vde5
 254       70         10 vde6
 254       71         10 vde7
 254       72         10 vde8
 254       73         10 vde9
 259      239         10 vde255
 254       80       4096 vdf
 254       81         50 vdf1
 254       82          1 vdf2
 254       83         50 vdf3
 254       84         96 vdf4
 254       85         10 vdf5
 254       86          4 vdf6
 254       87         10 vdf7
 254       88          4 vdf8
 254       89         10 vdf9
 259      479         10 vdf255
"""


@pytest.mark.virt
def test_tables(boot, tmp_path):
    """Each has the partitions that Linux finds, with its numbers and names (tests/boot/test_disk_block.py asks it)."""
    assert disk.script(boot, SHOW, made(tmp_path)) == LINUX.strip().split("\n")


# ---- errors ----


def failing(path, *errors):
    """A disk that answers EIO: (read|write|flush, sector or None) each."""
    words = "".join(f",inject-error.{i}.event=none,inject-error.{i}.iotype={kind},inject-error.{i}.errno=5"
                    + ("" if sector is None else f",inject-error.{i}.sector={sector}") for i, (kind, sector) in enumerate(errors))
    return f"driver=blkdebug,image.driver=file,image.filename={disk.empty(path, 4)}{words}"


@pytest.mark.virt
def test_errors(boot, tmp_path):
    """EIO comes to who asked, and to nobody else."""
    commands = """d() { dd bs=4096 count=1 "$@" 2>&1 | grep -c 'Input/output error'; }
d if=/dev/vda of=/dev/null skip=125
d if=/dev/vda of=/dev/null skip=126
d if=/dev/zero of=/dev/vda seek=250 conv=fsync
d if=/dev/zero of=/dev/vda seek=251 conv=fsync
d if=/dev/zero of=/dev/vdb seek=251 conv=fsync
d if=/dev/vdb of=/dev/null skip=9"""
    images = [failing(tmp_path / "a", ("read", 1000), ("write", 2000)), failing(tmp_path / "b", ("flush", None))]
    assert disk.script(boot, commands, images) == ["1", "0", "1", "0", "1", "0"]


# ---- RAM disks ----


@pytest.mark.virt
def test_ram(boot, tmp_path):
    """brd.rd_nr= makes them: they hold what was written, as blocks and as a file system, and have partitions."""
    commands = """dd if=/dev/urandom of=/tmp/a bs=1000 count=1500 2>/dev/null
dd if=/tmp/a of=/dev/ram1 bs=4096 conv=fsync 2>/dev/null; cmp -n 1500000 /tmp/a /dev/ram1 && echo same
cat /sys/block/ram1/size; ls /sys/block | grep -c ram
dd if=/tmp/a of=/dev/ram0 seek=5999 count=2 bs=512 2>&1 | grep -c 'No space'
cat /dev/vda >/dev/ram0; mount -t ext2 /dev/ram0 /mnt; cp /tmp/a /mnt; umount /mnt
mount -t ext2 /dev/ram0 /mnt; cmp /tmp/a /mnt/a && echo same; umount /mnt
cat /dev/vdb >/dev/ram1; blockdev --rereadpt /dev/ram1; echo /dev/ram1*"""
    images = [disk.ext2(tmp_path / "a", mib=2), disk.partition(tmp_path / "b", ["start=2048, size=100, type=83"], mib=2)]
    said = disk.script(boot, commands, images, append="quiet panic=-1 brd.rd_nr=2 brd.rd_size=3000")
    assert said == ["same", "6000", "2", "1", "same", "/dev/ram1 /dev/ram1p1"]


# ---- no answer ----

SLOW = """echo 500 >/sys/block/vda/queue/io_timeout
resets() { dmesg | grep -c 'vda: no answer in 500 ms: reset'; }
d() { dd if=/dev/vda of=/dev/null bs=4096 count=4 "$@" 2>&1 | head -n 1; }
d skip=0; echo '--slow'; read x
d skip=10; echo '--quick'; read x
d skip=20; echo '--slow'; read x
n=$(resets); d skip=30 &
while [ $(resets) = $n ]; do usleep 50000; done; echo '--quick'; wait"""


@pytest.mark.virt
@pytest.mark.parametrize("bus", ["mmio", "pci"])
def test_no_answer(boot, tmp_path, bus):
    """A device that says nothing is reset, twice before it is an error; then it works as if nothing had been."""
    extra = [*disk.drives([disk.empty(tmp_path / "a", 4)], bus), *disk.monitor_args(tmp_path / "qmp")]
    run = boot(disk.system(SLOW), smp=2, el=1, append="quiet panic=-1", extra=extra)
    monitor = disk.Monitor(tmp_path / "qmp")
    others = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    try:
        for word in ("slow", "quick", "slow", "quick"):
            run.expect(f"--{word}$")
            monitor.ask("block_set_io_throttle", device="d0", bps=int(word == "slow"), **others)
            run.send("")
        said = [line for line in disk.said(run) if not line.startswith("--")]
    finally:
        monitor.close()
    assert said == ["4+0 records in", "dd: /dev/vda: Input/output error", "4+0 records in", "4+0 records in"]


if __name__ == "__main__":
    import pathlib
    import tempfile

    with tempfile.TemporaryDirectory() as work:
        print("\n".join(disk.linux(SHOW, made(pathlib.Path(work)), bus="mmio")))
