"""tools/sdcard_write.py: what it refuses to write, what it says before it writes, and that a card that failed is named.

The machine is made of files: a /sys and a /proc as the kernel writes them, and a file for the disk.  `make test-card`, as
root, writes to a real block device as well.
"""

import os
import re
import subprocess

import pytest
import sdcard_write
from sdcard_write import MIB, Host

CARD = "8:16"


class FakeHost(Host):
    """A machine with a system disk, sda, and a card of 8 MiB in a reader, sdb, with two partitions."""

    def __init__(self, folder):
        super().__init__(str(folder / "sys"), str(folder / "proc"))
        self.folder, self.nodes = folder, {}
        self.disk("sda", "8:0", 100, removable=0, model="System", parts=1)
        self.disk("sdb", CARD, 8, removable=1, model="Card Reader", parts=2)
        self.file("proc/self/mountinfo", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n")
        self.file("proc/swaps", "Filename Type Size Used Priority\n")

    def file(self, path, text):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def device(self, name, number, folder, mib):
        self.file(f"{folder}/dev", number + "\n")
        self.file(f"{folder}/size", f"{mib * 2048}\n")
        for where in (f"sys/dev/block/{number}", f"sys/class/block/{name}"):
            link = self.folder / where
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self.folder / folder)
        self.file(f"dev/{name}", "")
        self.nodes[self.path(name)] = number

    def disk(self, name, number, mib, removable, model, parts=0, kind="0"):
        folder = f"sys/devices/{name}"
        self.device(name, number, folder, mib)
        for attribute, text in {"removable": removable, "ro": 0, "device/model": model, "device/vendor": "Maker",
                                "device/type": kind}.items():
            self.file(f"{folder}/{attribute}", f"{text}\n")
        major, minor = map(int, number.split(":"))
        for n in range(1, parts + 1):
            self.device(f"{name}{n}", f"{major}:{minor + n}", f"{folder}/{name}{n}", mib // parts)
            self.file(f"{folder}/{name}{n}/partition", f"{n}\n")

    def path(self, name):
        return str(self.folder / "dev" / name)

    def number(self, path):
        return self.nodes.get(path)

    def number_of(self, fd):
        return self.number(os.readlink(f"/proc/self/fd/{fd}"))

    def contents(self, path):
        return ["sdb1 4M vfat HOLIDAY", "sdb2 4M"]


@pytest.fixture
def host(tmp_path):
    fake = FakeHost(tmp_path)
    with open(fake.path("sdb"), "wb") as f:
        f.write(b"\xee" * 8 * MIB)
    return fake


@pytest.fixture
def image(tmp_path):
    """An image of 4 MiB."""
    data = bytearray(os.urandom(4 * MIB))
    data[510:512] = b"\x55\xaa"
    (tmp_path / "card.img").write_bytes(data)
    return str(tmp_path / "card.img")


def write(host, image, name, *options, answer=lambda question: "sdb"):
    sdcard_write.main([image, host.path(name) if "/" not in name else name, *options], host, answer)


def refuses(match, *args, **more):
    """It ends with this message, and has written nothing."""
    host = args[0]
    with pytest.raises(SystemExit) as end:
        write(*args, **more)
    assert re.search(match, str(end.value.code)), end.value.code
    assert "othing was written" in str(end.value.code)
    with open(host.path("sdb"), "rb") as f:
        assert set(f.read()) == {0xEE}


# ---- writing ----


def test_written(host, image, capsys):
    write(host, image, "sdb")
    said = capsys.readouterr().out
    with open(host.path("sdb"), "rb") as disk, open(image, "rb") as f:
        assert disk.read(4 * MIB) == f.read()
        assert set(disk.read()) == {0xEE}
    assert "Maker Card Reader, 8.4 MB, removable" in said
    assert "on it: sdb1 4M vfat HOLIDAY" in said
    assert re.search(r"written +4 of 4 MiB\n.*compared +4 of 4 MiB\n.*sudo eject", said, re.DOTALL)


def test_asks(host, image):
    asked = []
    refuses("nothing was written", host, image, "sdb", answer=lambda q: asked.append(q) or "yes")
    assert asked == ["Type sdb to go on: "]
    refuses("nothing was written", host, image, "sdb", answer=lambda q: "")
    write(host, image, "sdb", "--yes", answer=lambda q: pytest.fail("it asked"))


def test_nobody_to_ask(host, image, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull, encoding="utf-8"))
    refuses("In a script: YES=1", host, image, "sdb", answer=input)


def test_card_that_forgets(host, image, monkeypatch):
    """What comes back is compared, not what was sent."""
    to_file = os.pwrite

    def forgets(fd, data, at):
        return len(data) if at == 2 * MIB else to_file(fd, data, at)

    monkeypatch.setattr(os, "pwrite", forgets)
    with pytest.raises(SystemExit, match="something else in the MiB at byte 2097152.*starts nothing"):
        write(host, image, "sdb")
    assert starts_nothing(host)


def starts_nothing(host):
    with open(host.path("sdb"), "rb") as f:
        return set(f.read(MIB)) == {0}


def test_card_that_forgets_its_table(host, image, monkeypatch):
    """The first MiB comes last; what it gives back wrong is taken away again."""
    to_file = os.pwrite

    def forgets(fd, data, at):
        return to_file(fd, data[:511] + b"\xab" + data[512:] if at == 0 and any(data) else data, at)

    monkeypatch.setattr(os, "pwrite", forgets)
    with pytest.raises(SystemExit, match="something else in the MiB at byte 0:.*starts nothing"):
        write(host, image, "sdb")
    assert starts_nothing(host)


def test_card_that_ignores(host, image, monkeypatch):
    """A worn-out card may take all writes and keep none: it still starts what it did, and nothing else is claimed."""
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: len(data))
    with pytest.raises(SystemExit, match="something else in the MiB at byte 0:.*may still have a partition table"):
        write(host, image, "sdb")


@pytest.mark.parametrize("at, nth, match, cleared", [
    (0, 1, "may still have a partition table", False),
    (3 * MIB, 1, "starts nothing", True),
    (0, 2, "starts nothing", True),
])
def test_interrupted(host, image, monkeypatch, at, nth, match, cleared):
    """What is said is true in each phase: before the old table is gone, without one, while the new one is written."""
    to_file, seen = os.pwrite, []

    def interrupted(fd, data, where):
        seen.append(where)
        if where == at and seen.count(at) == nth:
            to_file(fd, data[:512], where)
            raise KeyboardInterrupt
        return to_file(fd, data, where)

    monkeypatch.setattr(os, "pwrite", interrupted)
    with pytest.raises(SystemExit, match=f"interrupted.*{match}"):
        write(host, image, "sdb")
    assert starts_nothing(host) == cleared


def test_interrupted_before_and_behind(host, image, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    refuses("interrupted", host, image, "sdb", answer=interrupt)
    monkeypatch.setattr(sdcard_write, "tell_kernel", interrupt)
    with pytest.raises(SystemExit, match="interrupted.*The card is written"):
        write(host, image, "sdb")


def test_write_error_at_first(host, image, monkeypatch):
    """Nobody knows what it has then."""
    def fails(fd, data, at):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pwrite", fails)
    with pytest.raises(SystemExit, match="writing failed at byte 0.*may still have a partition table"):
        write(host, image, "sdb")


def test_write_error(host, image, monkeypatch):
    """Half a card has no partition table."""
    to_file = os.pwrite

    def fails(fd, data, at):
        if at == 3 * MIB:
            raise OSError(5, "Input/output error")
        return to_file(fd, data[:4096], at)  # and a short count is no error

    monkeypatch.setattr(os, "pwrite", fails)
    with pytest.raises(SystemExit, match="writing failed at byte 3145728: Input/output error.*starts nothing"):
        write(host, image, "sdb")
    assert starts_nothing(host)


# ---- what is not written ----


def test_not_there(host, image):
    refuses("is not there.*lsblk", host, image, "sdx")


def test_no_device(host, image, tmp_path):
    """OUT= is for files: what would be replaced by one is not advised."""
    refuses("is no block device.*make sdcard OUT=", host, image, image)
    (tmp_path / "dev" / "folder").mkdir()
    refuses(r"is no block device\.\n", host, image, "folder")
    refuses(r"is no block device\.\n", host, image, "/dev/null")


def test_link(host, image, tmp_path):
    (tmp_path / "dev" / "by-id").symlink_to(host.path("sdb"))
    refuses(r"is a link to .*/dev/sdb\.  If that is the card, say: DEV=.*/dev/sdb", host, image, "by-id")


def test_partition(host, image):
    refuses("is a partition of sdb.*DEV=/dev/sdb", host, image, "sdb1")


def test_no_image(host, tmp_path):
    (tmp_path / "text").write_bytes(b"x" * MIB)
    refuses("is no image of a card", host, str(tmp_path / "text"), "sdb")
    refuses("No such file or directory.*make sdcard", host, str(tmp_path / "none"), "sdb")
    refuses("Is a directory", host, str(tmp_path), "sdb")


@pytest.mark.parametrize("attribute, value, match", [
    ("removable", 0, "not removable.*FORCE="),
    ("ro", 1, "read-only: look for the little slide"),
    ("size", 4095, r"too small, 2\.1 MB: the image has 4\.2 MB"),
    ("size", 0, "no card in it"),
    ("device/type", 5, "is no disk"),
])
def test_unfit(host, image, attribute, value, match):
    host.file(f"sys/devices/sdb/{attribute}", f"{value}\n")
    refuses(match, host, image, "sdb")


def test_changed(host, image):
    """A card that was taken out since."""
    host.file("sys/devices/sdb/size", f"{16 * 2048}\n")
    refuses("has changed since it was looked at", host, image, "sdb")


def test_changed_while_asking(host, image):
    """The card is taken out before the answer; and the name is another disk's by the time it is opened."""
    def taken_out(question):
        host.file("sys/devices/sdb/size", "0\n")
        return "sdb"

    refuses("has changed since it was looked at", host, image, "sdb", answer=taken_out)
    host.file("sys/devices/sdb/size", f"{8 * 2048}\n")
    host.number_of = lambda fd: "8:0"
    refuses("has changed since it was looked at", host, image, "sdb")


@pytest.mark.parametrize("whole, parts, said", [
    ('NAME="sdb" SIZE="8G" FSTYPE="ext4" LABEL="my photos"', [], ["sdb 8G ext4 my photos"]),
    ('NAME="sdb" SIZE="8G" FSTYPE="" LABEL=""', ['NAME="sdb1" SIZE="8G" FSTYPE="vfat" LABEL=""'], ["sdb1 8G vfat"]),
    ('NAME="sdb" SIZE="8G" FSTYPE="" LABEL=""', [], []),
])
def test_contents(tmp_path, monkeypatch, whole, parts, said):
    """A file system on the whole disk is said, too."""
    lsblk = tmp_path / "lsblk"
    lsblk.write_text("#!/bin/sh\ncat <<'end'\n" + "\n".join([whole, *parts]) + "\nend\n")
    lsblk.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert Host().contents("/dev/sdb") == said


def test_not_removable_named_twice(host, image):
    host.file("sys/devices/sdb/removable", "0\n")
    refuses("not removable", host, image, "sdb", "--force", "/dev/sdb1")
    write(host, image, "sdb", "--force", host.path("sdb"))


@pytest.mark.parametrize("kind, is_card", [("SD", True), ("MMC", False)])
def test_mmc(host, image, kind, is_card):
    """A card in a reader of its own does not say that it is removable; memory that is soldered in does not either."""
    host.disk("mmcblk0", "179:0", 8, removable=0, model="", kind=kind)
    disk = sdcard_write.find_disk(host, host.path("mmcblk0"))
    assert not list(sdcard_write.refusals(host, disk, 4 * MIB, "")) == is_card


def mount(host, line):
    host.file("proc/self/mountinfo", line + "\n")


@pytest.mark.parametrize("line, match", [
    (r"30 22 8:17 / /media/my\040card rw - vfat /dev/sdb1 rw", "sdb1 is mounted at /media/my card: umount '/media/my card'"),
    ("30 22 8:16 / /mnt rw - ext4 /dev/sdb rw", "sdb is mounted at /mnt: umount /mnt"),
    ("30 1 8:18 / / rw shared:1 master:2 - ext4 /dev/sdb2 rw", "sdb2 is mounted at /: this machine runs from it"),
    ("30 22 0:40 / /data rw - btrfs {dev}/sdb2 rw", "sdb2 is mounted at /data"),
])
def test_mounted(host, image, line, match):
    if "{dev}" in line:  # of more than one device: no number that is one's; the source says
        host.nodes["/dev/sdb2"] = "8:18"
        line = line.replace("{dev}", "/dev")
    mount(host, line)
    refuses(match, host, image, "sdb", "--force", host.path("sdb"))


def test_swap(host, image):
    host.file("proc/swaps", f"Filename Type Size Used Priority\n{host.path('sdb2')} partition 100 0 -2\n")
    refuses("sdb2 is swap: swapoff", host, image, "sdb")


def test_held(host, image):
    """A volume on a partition is in use, and so is one on that; what is mounted of it is said, too."""
    host.device("dm-0", "253:0", "sys/devices/virtual/dm-0", 4)
    host.device("dm-1", "253:1", "sys/devices/virtual/dm-1", 4)
    host.file("sys/devices/sdb/sdb2/holders/dm-0", "")
    host.file("sys/devices/virtual/dm-0/holders/dm-1", "")
    mount(host, "30 22 253:1 / /home rw - ext4 /dev/mapper/home rw")
    refuses("(?s)dm-0 .* is built on sdb2.*dm-1 .* is built on sdb2.*dm-1 is mounted at /home", host, image, "sdb")


def test_not_root(host, image, monkeypatch):
    opens = os.open

    def denied(path, *args, **more):
        if path == host.path("sdb"):
            raise PermissionError(13, "Permission denied")
        return opens(path, *args, **more)

    monkeypatch.setattr(os, "open", denied)
    refuses(r"only root may write to it\.  Run: sudo .*python3.* tools/sdcard_write\.py .*card\.img .*/dev/sdb", host, image, "sdb")


# ---- a real block device ----

if os.environ.get("CARD") == "long":

    @pytest.fixture
    def loop(tmp_path):
        """loop(*options): a loop device of 8 MiB."""
        (tmp_path / "disk").write_bytes(b"\xee" * 8 * MIB)
        devices = []

        def attach(*options):
            args = ["losetup", "--find", "--show", *options, str(tmp_path / "disk")]
            devices.append(subprocess.run(args, check=True, capture_output=True, text=True).stdout.strip())
            return devices[-1]

        yield attach
        for device in devices:
            subprocess.run(["losetup", "--detach", device], check=True)

    def write_for_real(image, device, *options):
        sdcard_write.main([image, device, *options], answer=lambda question: os.path.basename(device))

    def test_loop_device(image, loop, tmp_path):
        device = loop()
        with pytest.raises(SystemExit, match="not removable"):
            write_for_real(image, device)
        holder = os.open(device, os.O_RDONLY | os.O_EXCL)
        with pytest.raises(SystemExit, match="something uses it"):
            write_for_real(image, device, "--force", device)
        os.close(holder)
        write_for_real(image, device, "--force", device)
        with open(tmp_path / "disk", "rb") as disk, open(image, "rb") as f:
            assert disk.read(4 * MIB) == f.read()
            assert set(disk.read()) == {0xEE}

    def test_read_only_loop_device(image, loop):
        device = loop("--read-only")
        with pytest.raises(SystemExit, match="read-only"):
            write_for_real(image, device, "--force", device)
