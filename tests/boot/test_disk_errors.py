"""What a disk's errors become: QEMU's blkdebug makes sectors fail when they are read or written, or a flush; each error
comes to the program that it concerns, as under Linux, and to nobody else, and nothing else is lost."""

import hashlib
import os
import re

import disk
import initrd
import pytest

BLOCK = 4096


def program():
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "eio"), "rb") as f:
        return [initrd.file("bin/eio", f.read())]


@pytest.fixture
def image(tmp_path):
    """An ext2 image with two files of eight pages, one of 400 KiB, and a directory that has blocks of its own."""
    tree = tmp_path / "tree"
    (tree / "dir").mkdir(parents=True)
    for name, n in (("bad", 8), ("good", 8), ("long", 100)):
        (tree / name).write_bytes(bytes(ord(name[0]) for _ in range(n * BLOCK)))
    for i in range(300):
        (tree / "dir" / f"a-name-that-is-long-enough-{i}").write_bytes(b"")
    return disk.ext2(tmp_path / "a.img", mib=16, tree=str(tree), options=["-b", str(BLOCK)])


def block_of(image, name, n):
    """The block of the image that holds block @n of this file."""
    said = disk.debugfs(image, f"bmap {name} {n}")
    return int(re.search(r"^(\d+)$", said, re.MULTILINE)[1])


def failing(image, *rules):
    """A disk that fails where the rules say: (read|write|flush, block or None)."""
    words = f"driver=blkdebug,image.driver=file,image.filename={image}"
    for i, (what, block) in enumerate(rules):
        words += f",inject-error.{i}.event=none,inject-error.{i}.iotype={what},inject-error.{i}.errno=5,inject-error.{i}.once=off"
        if block is not None:
            words += f",inject-error.{i}.sector={block * BLOCK // 512}"
    return words


CASES = {
    "read": ("eio read /mnt/bad; eio read /mnt/good | sort | uniq -c | wc -l; cmp /mnt/good /tmp/good", [("read", "bad", 3)]),
    "map": ("eio map /mnt/bad; eio map /mnt/bad | grep -c ok", [("read", "bad", 5)]),
    "direct": ("eio direct /mnt/bad", [("read", "bad", 0)]),
    "write": ("eio write /mnt/bad 32768; eio write /mnt/good 32768; eio read /mnt/good", [("write", "bad", 2)]),
    "sync": ("eio sync /mnt/bad 32768; eio sync /mnt/good 32768", [("write", "bad", 7)]),
    "flush": ("eio write /dev/vda 8192", [("flush", None, None)]),
    "directory": ("eio list /mnt/dir; eio list /mnt; eio read /mnt/good", [("read", "dir", 1)]),
}


def commands(case):
    return ("tr '\\0' g </dev/zero | head -c 32768 >/tmp/good; mount -t ext2 /dev/vda /mnt 2>/dev/null\n" + CASES[case][0] + "\numount /mnt 2>/dev/null")


def rules(case, image):
    return [(what, name and block_of(image, name, n)) for what, name, n in CASES[case][1]]


# What Debian's Linux says to the same: `tests/boot/test_disk_errors.py` prints it.
LINUX = {"read": ["page 0: ok",
          "page 1: ok",
          "page 2: ok",
          "page 3: EIO",
          "page 4: ok",
          "page 5: ok",
          "page 6: ok",
          "page 7: ok",
          "8"],
 "map": ["page 0: ok",
         "page 1: ok",
         "page 2: ok",
         "page 3: ok",
         "page 4: ok",
         "page 5: SIGBUS",
         "page 6: ok",
         "page 7: ok",
         "7"],
 "direct": ["page 0: EIO",
            "page 1: ok",
            "page 2: ok",
            "page 3: ok",
            "page 4: ok",
            "page 5: ok",
            "page 6: ok",
            "page 7: ok"],
 "write": ["write: ok",
           "fsync a: EIO",
           "fsync a again: ok",
           "fsync b: EIO",
           "fsync b again: ok",
           "close: ok",
           "fsync of one opened later: ok",
           "write: ok",
           "fsync a: ok",
           "fsync a again: ok",
           "fsync b: ok",
           "fsync b again: ok",
           "close: ok",
           "fsync of one opened later: ok",
           "page 0: ok",
           "page 1: ok",
           "page 2: ok",
           "page 3: ok",
           "page 4: ok",
           "page 5: ok",
           "page 6: ok",
           "page 7: ok"],
 "sync": ["write: EIO",
          "close: ok",
          "fsync of one opened later: ok",
          "write: ok",
          "close: ok",
          "fsync of one opened later: ok"],
 "flush": ["write: ok",
           "fsync a: EIO",
           "fsync a again: EIO",
           "fsync b: EIO",
           "fsync b again: EIO",
           "close: ok",
           "fsync of one opened later: EIO"],
 "directory": ["list: EIO",
               "list: ok",
               "page 0: ok",
               "page 1: ok",
               "page 2: ok",
               "page 3: ok",
               "page 4: ok",
               "page 5: ok",
               "page 6: ok",
               "page 7: ok"]}


@pytest.mark.parametrize("case", CASES)
def test_errors(case, boot, image):
    said = disk.script(boot, commands(case), [failing(image, *rules(case, image))], extra=program())
    assert said == LINUX[case]


def test_a_cut_that_fails(boot, tmp_path):
    """A table of a file that is cut cannot be read: what was freed before it belongs to no two files afterwards."""
    (tmp_path / "tree").mkdir()
    with open(tmp_path / "tree" / "big", "wb") as f:
        for n in (0, *range(12, 12 + 4 * 1024, 1024)):
            f.seek(n * BLOCK)
            f.write(b"b" * 4 * BLOCK)
    image = disk.ext2(tmp_path / "a.img", mib=16, tree=str(tmp_path / "tree"), options=["-b", str(BLOCK)])
    tables = re.findall(r"\(IND\):(\d+)", disk.debugfs(image, "stat big"))
    assert len(tables) == 4
    said = disk.script(boot, """mount -t ext2 /dev/vda /mnt; (: >/mnt/big) 2>/dev/null; truncate -s 20000000 /mnt/big; cat </dev/zero >/mnt/other 2>/dev/null
rm /mnt/big; sync; umount /mnt
dmesg | grep -c 'sectors lost'""", [failing(image, ("read", int(tables[2])))])
    found = disk.tool("e2fsck", "-fn", image, good=range(256))
    assert said[-1] == "1" and "ultiply-claimed" not in found and "illegal" not in found, (said, found)


def test_a_device_that_does_not_answer(boot, image, tmp_path):
    """The disk is throttled to a byte a second: requests end with EIO after their time, and when it works again, so does all."""
    socket = tmp_path / "qmp"
    script = """mount -t ext2 /dev/vda /mnt; cat /mnt/good | md5sum; echo ready; read x; echo 100 >/sys/block/vda/queue/io_timeout
cat /mnt/long >/dev/null || echo failed; cat /mnt/bad >/dev/null || echo failed; echo 30000 >/sys/block/vda/queue/io_timeout; echo slow; read x
cat /mnt/long | md5sum; cat /mnt/bad | md5sum; umount /mnt && echo unmounted"""
    run = boot(disk.system(script), smp=2, el=1, append="quiet panic=-1",
               extra=[*disk.drives([f"file={image},format=raw,cache=unsafe"]), *disk.monitor_args(socket)])
    monitor = disk.Monitor(socket)
    try:
        zero = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        run.expect("^ready$", timeout=60)
        monitor.ask("block_set_io_throttle", device="d0", bps=1, **zero)
        run.send("")
        run.expect("^failed$", timeout=120)
        run.expect("^failed$", timeout=120)
        run.expect("^slow$", timeout=60)
        monitor.ask("block_set_io_throttle", device="d0", bps=0, **zero)
        run.send("")
        run.expect("^unmounted$", timeout=60)
    finally:
        monitor.close()
    for name, n in (("long", 100), ("bad", 8)):
        assert hashlib.md5(name[0].encode() * (n * BLOCK)).hexdigest() in run.log
    assert run.finish() == 0
    disk.check_ext2(image)


def record():
    import pathlib
    import pprint
    import tempfile
    answers = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as d:
            at = image.__wrapped__(pathlib.Path(d)) if hasattr(image, "__wrapped__") else image.__pytest_wrapped__.obj(pathlib.Path(d))
            answers[case] = disk.linux(commands(case), [failing(at, *rules(case, at))], extra=program())
    pprint.pprint(answers, width=120, sort_dicts=False)


if __name__ == "__main__":
    record()
