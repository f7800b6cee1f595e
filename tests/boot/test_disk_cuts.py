"""Power cuts: the machine is gone in the middle of its writing, and what was fsynced is there, whole, after e2fsck -fy.

Two cuts in one: QEMU is killed at a random moment; and from its own log of what reached the disk (blklogwrites) all that
came after the last flush is left out too, as a disk with a cache of its own loses it.  CUTS of them (`make test-disks`:
100)."""

import os
import random
import re
import struct

import disk
import initrd
import pytest

CUTS = int(os.environ.get("CUTS", "3"))
KINDS = ("killed", "cache lost")
FLUSH, DISCARD = 1, 4
SECTOR = 512


def replay(log, image, to):
    """@to becomes @image (as it was in the beginning) with all that the log has up to its last flush; how many writes those were."""
    with open(log, "rb") as f:
        data = f.read()
    magic, version, entries, size = struct.unpack_from("<QQQI", data)
    assert magic == 0x6A736677736872 and version == 1
    at, found = size, []
    while at + 32 <= len(data) and len(found) < entries:
        sector, sectors, flags, _ = struct.unpack_from("<QQQQ", data, at)
        at += size
        carried = 0 if flags & DISCARD else sectors * size
        found.append((sector, flags, at, carried, sectors))
        at += carried
    last = max((i for i, e in enumerate(found) if e[1] & FLUSH), default=-1)
    with open(image, "rb") as f:
        state = bytearray(f.read())
    for sector, _, where, carried, sectors in found[:last + 1]:
        begin = sector * size
        state[begin:begin + sectors * size] = data[where:where + carried] if carried else bytes(sectors * size)
    with open(to, "wb") as f:
        f.write(state)
    return last + 1


def pattern(file, n):
    return bytes((file * 31 + i * 7 + (i >> 8) * 13 + (i >> 16)) & 255 for i in range(n))


def check_promises(image, promised, what):
    """e2fsck mends the image; then each promised file has its bytes."""
    said = disk.tool("e2fsck", "-fy", image, good=(0, 1))
    disk.check_ext2(image)
    for name, n in promised.items():
        got = disk.ext2_file(image, name)[:n]
        want = pattern(int(name.rsplit("file", 1)[1]), n)
        if got != want:
            wrong = next((i for i in range(min(len(got), n)) if got[i] != want[i]), len(got))
            pytest.fail(f"{what}: {name} has {len(got)} of {n} bytes, wrong from {wrong} on\n{said}")


@pytest.mark.parametrize("cut", range(CUTS))
def test_what_was_fsynced_is_whole(cut, boot, tmp_path):
    rng = random.Random(cut)
    image, log, fresh = (str(tmp_path / name) for name in ("a.img", "log", "fresh.img"))
    size = ["-b", rng.choice(["1024", "4096"])]
    disk.ext2(image, mib=24, options=size)
    disk.ext2(fresh, mib=24, options=size)
    disk.empty(log, 0)
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "cuts"), "rb") as f:
        extra = [initrd.file("bin/cuts", f.read())]
    logged = (f"driver=blklogwrites,file.driver=file,file.filename={image},log.driver=file,log.filename={log},"
              "log-super-update-interval=1,cache.no-flush=off")
    run = boot(disk.system(f"mount -t ext2 /dev/vda /mnt && cuts /mnt {cut}", extra), smp=rng.choice([1, 2, 4]), el=1,
               append="quiet panic=-1", extra=disk.drives([logged]))
    for _ in range(rng.randrange(3, 80)):
        run.expect(r"synced \S+ \d+$", timeout=60)
    run.close()
    assert "cuts: " not in run.log
    # A line may have been cut in two.
    promised = {name: int(n) for name, n in re.findall(r"^synced (\S+) (\d+)$", run.log.replace("\r", "").rsplit("\n", 1)[0], re.MULTILINE)}
    lost = str(tmp_path / "lost.img")
    assert replay(log, fresh, lost)
    check_promises(image, promised, "killed")
    check_promises(lost, promised, "cache lost")
