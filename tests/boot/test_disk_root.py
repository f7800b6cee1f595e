"""The root file system on a disk: what root= and its kin make of it, and what is said where there is none, as under Linux;
and switch_root onto a disk out of an initrd."""

import re

import disk
import disk_root
import pytest
from disk_root import comparable, drive


@pytest.fixture(name="disks", scope="module")
def disks_fixture(tmp_path_factory):
    return disk_root.make_disks(tmp_path_factory.mktemp("disks"))


LINUX = disk_root.recorded()


@pytest.mark.parametrize("case", disk_root.CASES)
def test_as_linux(case, boot, disks):
    name, words = disk_root.CASES[case]
    run = boot(None, smp=1, el=1, append=f"panic=-1 {words}", extra=drive(disks, name))
    run.panics = any("panic" in line for line in LINUX[case])
    assert run.finish() == 0
    assert comparable(run.log) == LINUX[case]


def test_no_partition(boot, disks):
    """A partition that a disk has not is not waited for; what is said differs from Linux in the number alone."""
    run = boot(None, smp=1, el=1, append="panic=-1 rootwait=x root=/dev/vda3", extra=drive(disks, "gpt"))
    run.expect("^newel: panic: VFS: Unable to mount root fs on unknown-block")
    assert comparable(run.log)[:2] == ["ignoring invalid rootwait value", 'VFS: Cannot open root device "/dev/vda3" or unknown-block(0,0): error -6']


# A first program that is not there, or is no program.
@pytest.mark.parametrize("words, why", [("init=/none", "/none .*ENOENT"), ("init=/which", "/which .*EACCES"), ("rootfstype=tmpfs", "/sbin/init .*ENOENT")])
def test_no_init(words, why, boot, disks):
    run = boot(None, smp=1, el=1, append=f"panic=-1 root=/dev/vda {words}", extra=drive(disks, "whole"))
    run.expect(f"^newel: panic: no init: {why}")


# What Linux leaves to an initrd: a name that the file system has itself.
@pytest.mark.parametrize("name", ["LABEL=top", f"UUID={disk.UUID.upper()}0"])
def test_own_name(name, boot, disks):
    run = boot(None, smp=1, el=1, append=f"quiet panic=-1 root={name}", extra=drive(disks, "whole"))
    assert run.finish() == 0
    assert comparable(run.log) == ["said: first /sbin/init", "said: /dev/root / ext2 ro,relatime 0 0", "said: write 1", "said: rw 0"]
    assert "\ndevtmpfs /dev devtmpfs rw," in run.log


def test_late(boot, disks, tmp_path):
    """The disk gets what root= asks for when somebody waits for it."""
    image = disk.empty(tmp_path / "late", mib=5)
    run = boot(None, smp=1, el=1, append="panic=-1 rootwait root=LABEL=top rw", extra=disk.drives([image], bus="pci"))
    run.expect("Waiting for root device LABEL=top...$")
    with open(image, "r+b") as f:
        # Its first blocks come last: half a file system is none.
        data = (disks / "whole").read_bytes()
        f.seek(4096)
        f.write(data[4096:])
        f.seek(0)
        f.write(data[:4096])
    assert run.finish() == 0
    assert "said: write 0" in comparable(run.log)
    disk.check_ext2(image)
    assert disk.ext2_file(image, "/new") == b"new\n"


def test_share(boot, tmp_path):
    """A root that is on no disk at all."""
    folder = disk_root.system(tmp_path / "share", "shared")
    run = boot(None, smp=1, el=1, append="panic=-1 root=host rootfstype=ext2,9p rootflags=trans=virtio,version=9p2000.L rootwait rw",
               extra=disk.share(folder, bus="pci"))
    assert run.finish() == 0
    said = comparable(run.log)
    assert said[0] == "Disabling rootwait; root= is invalid." and re.match(r"VFS: Mounted root \(9p filesystem\) on device 0:\d+\.", said[1])
    assert said[2] == "said: shared /sbin/init" and said[3].startswith("said: host / 9p rw,") and "said: write 0" in said
    assert (folder / "new").read_text() == "new\n"


def test_switch_root(boot, disks):
    run = boot(disk_root.switch(disk_root.SWITCH), smp=1, el=1, append="quiet panic=-1", extra=drive(disks, "gpt"))
    assert run.finish() == 0
    assert comparable(run.log) == LINUX["switch_root"]
