#!/usr/bin/python3
"""sdcard_write.py - write the image of a card to a card: says what it will do, asks, writes, reads back.

    tools/sdcard_write.py IMAGE DEVICE [--yes] [--force DEVICE]

`make sdcard DEV=/dev/sdX` calls it (YES=1: --yes; FORCE=/dev/sdX: --force).  The card is the only thing that needs root.

Invariants: nothing is written to a disk that anything uses, nor to one that is not removable unless it was named twice;
the disk that is written is the one that was looked at, held by O_EXCL from the question to the end, so that nobody mounts
it meanwhile; a card has no partition table, and starts nothing, from before the first byte of the new system is written
until all behind its first MiB was read back and is right.  What is said of a disk comes from /sys/block (Linux,
Documentation/ABI/stable/sysfs-block), /proc/self/mountinfo and /proc/swaps (proc(5)).
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import io
import mmap
import os
import re
import shlex
import stat
import subprocess
import sys
from dataclasses import dataclass, field

MIB = 1 << 20
BLKRRPART = 0x125F  # ioctl: read the partition table again
COLUMNS = "NAME,SIZE,FSTYPE,LABEL"
LIST = "lsblk -d -o NAME,SIZE,RM,RO,TRAN,MODEL"


class Refused(Exception):
    """Nothing was written; the message says why and what to do."""


class Broken(Exception):
    """The card is not whole; the message says where it stopped and what to do."""


class Host:
    """This machine as the kernel describes it.  The tests have one made of files."""

    def __init__(self, sys_root="/sys", proc_root="/proc"):
        self.sys, self.proc = sys_root, proc_root

    def number(self, path):
        """major:minor of the block device at @path; None if it is none."""
        try:
            st = os.stat(path)
        except OSError:
            return None
        return f"{os.major(st.st_rdev)}:{os.minor(st.st_rdev)}" if stat.S_ISBLK(st.st_mode) else None

    def number_of(self, fd):
        """major:minor of the block device that @fd has open."""
        st = os.fstat(fd)
        return f"{os.major(st.st_rdev)}:{os.minor(st.st_rdev)}" if stat.S_ISBLK(st.st_mode) else None

    def contents(self, path):
        """What is on it, as lsblk says it (of udev, without root); empty where there is no lsblk."""
        try:
            done = subprocess.run(["lsblk", "-P", "-o", COLUMNS, path], capture_output=True, text=True, check=False)
        except OSError:
            return []
        found = []
        for n, line in enumerate(done.stdout.splitlines()):  # NAME="sdb1" SIZE="4M" ...; the disk itself comes first
            pairs = dict(word.split("=", maxsplit=1) for word in shlex.split(line))
            if n or pairs["FSTYPE"] or pairs["LABEL"]:
                found.append(" ".join(value for value in pairs.values() if value))
        return found

    def lines(self, *path):
        try:
            with open(os.path.join(self.proc, *path), encoding="utf-8", errors="replace") as f:
                return f.read().splitlines()
        except OSError:
            return []


# ---- what it is ----


def attribute(folder, *path):
    """A file of sysfs, without its newline; empty if it is not there."""
    try:
        with open(os.path.join(folder, *path), encoding="utf-8", errors="replace") as f:
            return f.read().strip()
    except OSError:
        return ""


def entries(folder):
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


@dataclass
class Disk:
    path: str
    name: str
    folder: str  # in /sys
    number: str
    size: int  # bytes
    removable: bool
    read_only: bool
    model: str
    parts: list = field(default_factory=list)  # (name, folder, number)


def find_disk(host, path):
    """The whole disk at @path."""
    if not os.path.lexists(path):
        raise Refused(f"{path} is not there.  Put the card in; what is there: {LIST}")
    if os.path.islink(path):
        raise Refused(f"{path} is a link to {os.path.realpath(path)}.  If that is the card, say: DEV={os.path.realpath(path)}")
    number = host.number(path)
    if number is None:
        for_file = f"  For an image in a file: make sdcard OUT={shlex.quote(path)}" if os.path.isfile(path) else ""
        raise Refused(f"{path} is no block device.{for_file}")
    folder = os.path.realpath(os.path.join(host.sys, "dev", "block", number))
    if not os.path.isdir(folder):
        raise Refused(f"{path}: the kernel knows no device {number}.  What is there: {LIST}")
    name = os.path.basename(folder)
    if os.path.exists(os.path.join(folder, "partition")):
        whole = os.path.basename(os.path.dirname(folder))
        raise Refused(f"{path} is a partition of {whole}; the image has a partition table.  Say: DEV=/dev/{whole}")
    kind = attribute(folder, "device", "type")
    words = [attribute(folder, "device", word) for word in ("vendor", "model", "name")]
    parts = [(p, os.path.join(folder, p), attribute(folder, p, "dev")) for p in entries(folder)
             if os.path.exists(os.path.join(folder, p, "partition"))]
    return Disk(path=path, name=name, folder=folder, number=number, size=int(attribute(folder, "size") or 0) * 512,
                # A card in a reader of its own (mmcblk) does not say `removable`; its kind does: SD, or MMC for what is soldered in.
                removable=attribute(folder, "removable") == "1" or (name.startswith("mmcblk") and kind == "SD"),
                read_only=attribute(folder, "ro") == "1", model=" ".join(w for w in words if w and not w.startswith("0x")) or "no model given", parts=parts)


# ---- may it be written? ----


def holders(host, folder):
    """(name, number) of what is built on this device: LVM, LUKS, RAID, and what is built on those."""
    for name in entries(os.path.join(folder, "holders")):
        above = os.path.realpath(os.path.join(host.sys, "class", "block", name))
        yield name, attribute(above, "dev")
        yield from holders(host, above)


def unescaped(text):
    """A path of /proc/self/mountinfo."""
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)


def mounts(host):
    """(number, mount point) of all that is mounted; a file system of many devices (btrfs) under its source's number too."""
    for line in host.lines("self", "mountinfo"):
        words = line.split(" ")
        if len(words) < 10 or "-" not in words:
            continue
        yield words[2], unescaped(words[4])
        source = words[words.index("-") + 2] if len(words) > words.index("-") + 2 else ""
        if source.startswith("/dev/") and (number := host.number(unescaped(source))):
            yield number, unescaped(words[4])


def uses(host, disk):
    """What of this machine uses the disk, a sentence each."""
    names = {disk.number: disk.name, **{number: name for name, _, number in disk.parts}}
    for name, folder in [(disk.name, disk.folder), *((n, f) for n, f, _ in disk.parts)]:
        for above, number in holders(host, folder):
            names[number] = above
            yield f"{above} (LVM, LUKS or RAID) is built on {name}: stop that first"
    for number, at in dict.fromkeys(mounts(host)):
        if number in names:
            mounted = f"{names[number]} is mounted at {at}"
            yield f"{mounted}: this machine runs from it" if at == "/" else f"{mounted}: umount {shlex.quote(at)}"
    for line in host.lines("swaps")[1:]:
        path = unescaped(line.split()[0]) if line.split() else ""
        if (number := host.number(path)) in names and number:
            yield f"{names[number]} is swap: swapoff {shlex.quote(path)}"


def refusals(host, disk, size, force):
    """Why @size bytes are not written to @disk; nothing: they may be."""
    kind = attribute(disk.folder, "device", "type")
    if not disk.name.startswith("mmcblk") and kind not in ("", "0"):
        yield f"{disk.name} is no disk (SCSI type {kind}).  What is there: {LIST}"
    if not disk.size:
        yield "there is no card in it: put one in"
        return
    if disk.read_only:
        yield "it is read-only: look for the little slide at the side of the card or its adapter"
    if disk.size < size:
        yield f"it is too small, {said_size(disk.size)}: the image has {said_size(size)}"
    if not disk.removable and force != disk.path:
        yield f"it is not removable.  If it is the card nevertheless, say so: FORCE={disk.path}"
    yield from uses(host, disk)


def said_size(n):
    for unit, name in ((10**9, "GB"), (10**6, "MB")):
        if n >= unit:
            return f"{n / unit:.1f} {name}"
    return f"{n} bytes"


def plan(host, disk, image, size, digest):
    """What will be done, in words."""
    yield f"All that is on {disk.path} will be lost:"
    yield f"    {disk.model}, {said_size(disk.size)}, {'removable' if disk.removable else 'NOT removable'}"
    found = host.contents(disk.path) or [name for name, _, _ in disk.parts]
    for line in found or ["no partitions"]:
        yield f"    on it: {line}"
    yield f"Its first {size // MIB} MiB will be {image}"
    yield f"    sha256 {digest}"


# ---- writing ----


class Progress:
    """A line that moves on a terminal, four lines in a log."""

    def __init__(self, verb, total):
        self.verb, self.total, self.done, self.last = verb, total, 0, 0
        self.tty = sys.stdout.isatty()

    def more(self):
        """Another MiB is done."""
        self.done += MIB
        n, step = self.done, self.done * (100 if self.tty else 4) // self.total
        if step == self.last:
            return
        self.last = step
        line = f"  CARD    {self.verb:<8} {n // MIB:4d} of {self.total // MIB} MiB"
        try:
            print(f"\r{line}" if self.tty else line, end="" if self.tty and n < self.total else "\n", flush=True)
        except BrokenPipeError:
            pass  # nobody reads it any more: the card is to be whole nevertheless


FIRST = range(0, MIB, MIB)  # the place of the partition table
UNTOUCHED = "Nothing was written."
CLEARING = "The card may still have a partition table, and start something: begin again"
CLEARED = "The card has no partition table now and starts nothing: begin again"
FINISHED = "The card is written, and gives back what was written."


class Card:
    """The disk while it is written.  `state` is what is true of it at this moment, for whoever is told that it went wrong."""

    def __init__(self):
        self.fd, self.state = -1, UNTOUCHED

    def clear(self):
        """Take the partition table away, and see that it is gone: a worn-out card may ignore all that is written to it."""
        self.state = CLEARING
        put_range(self, io.BytesIO(bytes(MIB)), FIRST)
        compare_range(self, io.BytesIO(bytes(MIB)), FIRST)
        self.state = CLEARED


def check_unchanged(host, disk, fd):
    """The device at @fd is still the one that was looked at, with the card in it that was."""
    size = int(attribute(disk.folder, "size") or 0) * 512
    if host.number_of(fd) != disk.number or os.lseek(fd, 0, os.SEEK_END) != disk.size or size != disk.size:
        raise Refused(f"{disk.path} has changed since it was looked at: is the card in?  Begin again")


def open_exclusive(host, disk, command):
    """The disk, ours alone from here on."""
    try:
        fd = os.open(disk.path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as e:
        why = {errno.EACCES: f"only root may write to it.  Run: sudo {command}",
               errno.EPERM: f"only root may write to it.  Run: sudo {command}",
               errno.EBUSY: "something uses it that is not to be seen from here: another mount namespace, a container",
               errno.EROFS: "it is read-only: look for the little slide at the side of the card or its adapter",
               errno.ENOMEDIUM: "there is no card in it: put one in",
               errno.ENXIO: "there is no card in it: put one in"}
        raise Refused(f"{disk.path}: {why.get(e.errno, e.strerror)}") from e
    try:
        check_unchanged(host, disk, fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def write_at(fd, data, at):
    while data:
        done = os.pwrite(fd, data, at)
        data, at = data[done:], at + done


def put_range(card, image, places, progress=None):
    """Write these MiB of @image.  fdatasync each time: so that what is said to be written is."""
    at = 0
    try:
        for at in places:
            image.seek(at)
            write_at(card.fd, image.read(MIB), at)
            os.fdatasync(card.fd)
            if progress:
                progress.more()
    except OSError as e:
        raise Broken(f"writing failed at byte {at}: {e.strerror}.  {card.state}; then try another card or reader") from e


def open_uncached(fd):
    """The same device for reading past the page cache: O_DIRECT; where there is none, with the cache dropped."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    path = f"/proc/self/fd/{fd}"  # not by its name, which may be another device's by now
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def compare_range(card, image, places, progress=None):
    """What the card itself gives back is @image."""
    direct, at = -1, 0
    try:
        direct = open_uncached(card.fd)
        with mmap.mmap(-1, MIB) as page_aligned:
            for at in places:
                image.seek(at)
                wanted = image.read(MIB)
                if os.preadv(direct, [page_aligned], at) != MIB or page_aligned[:] != wanted:
                    raise Broken(f"the card gives back something else in the MiB at byte {at}: it is worn out, or not as "
                                 f"large as it says.  {card.state}, with another card")
                if progress:
                    progress.more()
    except OSError as e:
        raise Broken(f"reading back failed at byte {at}: {e.strerror}.  {card.state}, with another card or reader") from e
    finally:
        if direct >= 0:
            os.close(direct)


def write_all(card, image, size):
    """All of @image.  The first MiB, which has the partition table, is written when the rest is known to be right."""
    card.clear()
    written, compared = Progress("written", size), Progress("compared", size)
    rest = range(MIB, size, MIB)
    put_range(card, image, rest, written)
    compare_range(card, image, rest, compared)
    try:
        put_range(card, image, FIRST, written)
        compare_range(card, image, FIRST, compared)
        card.state = FINISHED
    except BaseException:
        card.clear()
        raise


def tell_kernel(fd):
    """The partition table is another one.  What refuses, refuses: taking the card out and in does the same."""
    try:
        fcntl.ioctl(fd, BLKRRPART)
    except OSError:
        pass


# ---- all of it ----


def is_confirmed(disk, yes, answer):
    if yes:
        return True
    if answer is input and not sys.stdin.isatty():
        raise Refused("nobody is here to be asked.  In a script: YES=1")
    try:
        return answer(f"Type {disk.name} to go on: ").strip() == disk.name
    except EOFError:
        return False


def image_of(name):
    """The image, open, its size and its SHA-256."""
    try:
        with contextlib.ExitStack() as opened:
            image = opened.enter_context(open(name, "rb"))
            digest = hashlib.sha256(image.read()).hexdigest()
            size = image.tell()
            image.seek(510)
            if not size or size % MIB or image.read(2) != b"\x55\xaa":
                raise Refused(f"{name} is no image of a card.  Make one by: make sdcard")
            opened.pop_all()
            return image, size, digest
    except OSError as e:
        raise Refused(f"{name}: {e.strerror}.  Make an image by: make sdcard") from e


def put(a, host, answer, card):
    """The whole way; True if the card was written."""
    command = shlex.join([sys.executable, os.path.relpath(__file__), a.image, a.device, *(["--force", a.force] if a.force else [])])
    image, size, digest = image_of(a.image)
    with image:
        disk = find_disk(host, a.device)
        if why := list(refusals(host, disk, size, a.force)):
            raise Refused("\n".join(f"{disk.path} ({disk.model}): {w}" for w in why))
        print("\n".join(plan(host, disk, a.image, size, digest)), flush=True)
        card.fd = open_exclusive(host, disk, command)
        try:
            if not is_confirmed(disk, a.yes, answer):
                return False
            check_unchanged(host, disk, card.fd)  # the answer may have taken long
            write_all(card, image, size)
            tell_kernel(card.fd)
        finally:
            os.close(card.fd)
    print(f"  CARD    {disk.path} is written, and gives back what was written.  To take it out: sudo eject {disk.path}\n"
          "  CARD    (where eject knows no such device, just pull it: nothing waits to be written)")
    return True


def options():
    p = argparse.ArgumentParser(description="Write the image of a card to a card.")
    p.add_argument("image")
    p.add_argument("device")
    p.add_argument("--yes", action="store_true", help="do not ask")
    p.add_argument("--force", default="", metavar="DEVICE", help="the device once more, though it is not removable")
    return p


def main(argv, host=None, answer=input):
    a, card = options().parse_args(argv), Card()
    try:
        if not put(a, host or Host(), answer, card):
            sys.exit("sdcard_write.py: nothing was written")
    except Refused as e:
        sys.exit("\n".join(f"sdcard_write.py: {line}" for line in str(e).split("\n")) + f"\n{UNTOUCHED}")
    except Broken as e:
        sys.exit(f"sdcard_write.py: {e}")
    except OSError as e:
        sys.exit(f"sdcard_write.py: {e}\n{card.state}")
    except KeyboardInterrupt:
        sys.exit(f"\nsdcard_write.py: interrupted.  {card.state}")


if __name__ == "__main__":
    main(sys.argv[1:])
