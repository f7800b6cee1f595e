"""vm, our VMM, with Newel as its guest, on Newel and on Debian's Linux entered at EL2.

A person sits at the terminal: consoles, disk, shared folder, reset, power off, and the key that leaves.
"""

import os

import bare
import conftest
import initrd
import oracle
import pytest

HOST_INIT = """#!/bin/busybox sh
export PATH=/bin
busybox mount -t devtmpfs dev /dev 2>/dev/null
busybox mount -t proc proc /proc
busybox mkdir -p /tmp/share/folder
echo outside >/tmp/secret; echo inside >/tmp/share/file; busybox ln -s ../secret /tmp/share/link
busybox dd if=/dev/zero of=/tmp/disk bs=1M count=4 2>/dev/null
busybox printf 'first sector' | busybox dd of=/tmp/disk conv=notrunc 2>/dev/null
busybox dd if=/dev/zero of=/tmp/big bs=1M seek=32 count=0 2>/dev/null
busybox dd if=/dev/zero of=/tmp/long bs=1M seek=2048 count=0 2>/dev/null
PS1='host> ' exec busybox sh -i
"""


def read(path):
    with open(path, "rb") as f:
        return f.read()


def host_archive():
    b = conftest.BUILD
    files = {"bin/busybox": read(os.path.join(oracle.PARTS, "busybox")), "bin/vm": read(os.path.join(b, "el0", "vm")),
             "boot/longdisk": bare.code(os.path.join(conftest.ROOT, "build/tests/longdisk")),
             "boot/newel.img": read(os.path.join(b, "newel.img")), "boot/initrd.cpio": read(os.path.join(b, "busybox.cpio"))}
    return initrd.archive(*(initrd.directory(d) for d in ("bin", "boot", "dev", "proc", "tmp")),
                          initrd.device("dev/console", 5, 1), initrd.device("dev/kvm", 10, 232),
                          *(initrd.file(name, data) for name, data in files.items()), initrd.file("init", HOST_INIT))


MACHINE = dict(smp=2, gic=3)
SEQ_MD5 = "dea9193b768319cbb4ff1a137ac03113"  # of what `seq 100000` says, 588895 bytes


@pytest.fixture(params=["newel", "linux"])
def host(request, boot, tmp_path):
    """The console of a machine that has /dev/kvm, at its shell's prompt."""
    if request.param == "newel":
        run = boot(host_archive(), append="quiet", el=3, **MACHINE)
    else:
        path = tmp_path / "host.cpio"
        path.write_bytes(host_archive())
        run = oracle.boot_linux(str(path), 600, el=2, mem=1024, **MACHINE)
        request.addfinalizer(run.close)
    run.expect("host> ")
    return run


def line(run, text, answer, prompt="/ # "):
    run.child.send(text + "\r")
    run.expect(answer)
    run.expect(prompt)


@pytest.mark.needs("linux", "busybox")
def test_newel_as_guest(host):
    host.child.send("vm -c 2 -m 128 -i /boot/initrd.cpio -d /tmp/disk -s /tmp/share -a quiet\r")
    host.expect("/ # ")
    line(host, "nproc", r"^2\r")
    line(host, "levels | grep entered", "entered at EL1")
    line(host, "ls /dev/kvm", "No such file")  # no guest of a guest's
    # The disk: what was there, what is written.
    line(host, "dd if=/dev/vda bs=12 count=1 2>/dev/null", "first sector")
    line(host, "seq 100000 | dd of=/dev/vda bs=64k 2>/dev/null; sync; dd if=/dev/vda bs=64k count=9 2>/dev/null | head -c 588895 | md5sum",
         SEQ_MD5)
    # The folder: in both directions, and nothing outside.
    line(host, "mkdir -p /host; mount -t 9p -o trans=virtio host /host && cat /host/file", r"^inside\s")
    line(host, "cat /host/link", "can't open")
    line(host, "seq 3 >/host/folder/three; mv /host/folder /host/moved; cat /host/moved/three", r"^1\s+2\s+3\s")
    line(host, "umount /host; echo $((40+2))", r"^42\s")
    # Anew in the same process; the keys of ^A.
    host.child.send("reboot\r")
    host.expect("Try: levels")
    host.expect("/ # ")
    line(host, "echo again $((1+1))", "again 2")
    host.child.send("\x01?")
    host.expect("\\^A x leaves")
    line(host, "sh -c 'echo $((3*7)); cat'", r"^21\s", "")
    line(host, "typed", r"typed\s+typed\s", "")
    host.child.send("\x01\x01\x03")
    host.expect("/ # ")
    host.child.send("\x01x")
    host.expect("vm: left the guest")
    line(host, "", "host> ", "")
    line(host, "cat /tmp/share/moved/three", r"^1\s+2\s+3\s", "host> ")
    line(host, "vm -a 'quiet init=/bin/poweroff'; echo status $?", "status 0", "host> ")
    line(host, "vm -t -a 'quiet init=/bin/poweroff' 2>&1 | grep asks", "cpu 0: asks for power off", "host> ")


@pytest.mark.needs("linux", "busybox")
def test_leaves_at_once(host):
    """^A x waits for none of the 252 GiB that the disk is asked for, though a vCPU waits for the disk."""
    host.child.send("vm -m 64 -k /boot/longdisk -d /tmp/long\r")
    host.expect("disk asked")
    host.child.send("\x01x")
    host.expect("vm: left the guest", 60)
    line(host, "", "host> ", "")


@pytest.mark.needs("linux", "busybox")
def test_what_it_says(host):
    """What cannot be is told in a line that says what to do, with status 1."""
    for options, answer in (("-k /boot/none", "/boot/none: ENOENT"), ("-k /boot/initrd.cpio", "no arm64 kernel Image"),
                            ("-m 16 -i /tmp/big", "does not fit into 16 MiB"), ("-d /none", "/none: ENOENT"),
                            ("-s /none", "/none: ENOENT")):
        line(host, f"vm {options}; echo status $?", answer, r"status 1\s")
    line(host, "vm -x; echo status $?", "usage: vm", r"status 2\s")
    line(host, "vm -m 64 -k /boot/longdisk -d /tmp/disk </dev/null >/tmp/text 2>&1 & "
         "until busybox grep -q asked /tmp/text; do busybox sleep 1; done; vm -d /tmp/disk; echo status $?; kill $!",
         "/tmp/disk: another guest has this disk", r"status 1\s")
    line(host, "busybox rm /dev/kvm; vm; echo status $?", "no /dev/kvm \\(ENOENT\\): the kernel must have KVM", r"status 1\s")
