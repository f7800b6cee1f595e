"""Debian from its disk (`make test-disks`): the image of `make debian`, started twice.

The first start lets dpkg configure all packages and ends at a login; the second goes straight to it.  What was done is
kept, and e2fsck finds nothing to mend after each."""

import os
import re
import shutil

import console
import disk
import pytest
import qemu

IMAGE = os.path.join(disk.oracle.ROOT, "build", "debian.img")


def start(image, smp, limit=900):
    machine = qemu.Machine(smp=smp, el=1, append="console=ttyAMA0 root=/dev/vda rw panic=-1 quiet", extra=disk.drives([image], bus="pci"))
    return console.qemu_console(machine.args(), limit)


def log_in(run, timeout):
    run.expect("newel login: ", timeout=timeout)
    run.send("root")
    run.expect("root@newel:~# ", timeout=120)


def ask(run, command):
    run.send(command)
    run.expect("root@newel:~# ", timeout=120)


def use(image, smp, login, command):
    """Start it, log in within @login seconds, give this command, switch off; what the console said.  The image is left clean."""
    run = start(image, smp)
    try:
        log_in(run, login)
        ask(run, command)
        run.send("poweroff")
        assert run.finish(silence=120) == 0
    finally:
        run.close()
    disk.check_ext2(image)
    return run.log


@pytest.mark.parametrize("smp", [1, 4])
def test_debian_from_its_disk(smp, tmp_path):
    image = str(tmp_path / "debian.img")
    shutil.copyfile(IMAGE, image)
    said = use(image, smp, 800, "dpkg --audit && dpkg -l | grep -vc ^ii; echo kept >/root/note")
    assert "has not configured all" not in said
    configured = re.findall(r"^Setting up (\S+)", said, re.MULTILINE)
    with open(IMAGE + ".list", encoding="utf-8") as f:
        assert len(set(configured)) == len(f.readlines())

    said = use(image, smp, 300, "cat /root/note; findmnt -no FSTYPE,OPTIONS /; perl -e 'print 6*7, qq(\\n)'")
    assert "The system is configured" not in said
    for line in ("kept", "ext2 +rw,relatime", "42"):
        assert re.search(rf"{line}$", said, re.MULTILINE), said[-3000:]
