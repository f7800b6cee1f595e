#!/usr/bin/python3
"""disk.py - machines with disks: images made and checked on this machine, scripts that run on them under Newel and under Linux.

    tests/boot/disk.py [--linux] [--bus=mmio|legacy|pci] [--smp=N] [--serial] IMAGE... < SCRIPT	what it says there, and its end

Images need no root: mke2fs and mkfs.vfat write files, debugfs and mtools look into them.  A test does

    image = disk.ext2(tmp_path / "a.img", mib=16, tree=folder)
    said = disk.script(boot, "mount -t ext2 /dev/vda /mnt; ls /mnt; umount /mnt", [image])
    disk.check_ext2(image)

and the same with disk.linux(script, [image]), for what Linux says.  In the script are all of busybox's programs, /proc, /sys,
/dev (devtmpfs), /tmp and the empty directories /mnt and /mnt2.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tools")]

import console  # noqa: E402
import initrd  # noqa: E402
import oracle  # noqa: E402
import qemu  # noqa: E402

MIB = 1 << 20
BEGIN, END = "--begin", "--end"
UUID = "6e657765-6c00-4000-8000-00000000000"  # and a digit
ENV = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "E2FSPROGS_FAKE_TIME": "1767225600", "LC_ALL": "C",
       "MTOOLS_SKIP_CHECK": "1"}


# ---- images ----


def tool(*args, good=(0,), stdin=None):
    """Run a program of this machine; what it printed.  Another end status than those in @good is an error, with its words."""
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, errors="replace", env=ENV, check=False, input=stdin)
    assert done.returncode in good, f"{args[0]}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def empty(path, mib=16):
    """A file of zeros, of @mib MiB (a fraction too).  Returns the path."""
    with open(path, "wb") as f:
        f.truncate(int(mib * MIB))
    return str(path)


def ext2(path, mib=16, tree=None, kind="ext2", options=(), at=0):
    """A fresh ext2 (or ext3, ext4) of @mib MiB; with what is in the folder @tree; at byte @at of the file @path, which then exists.

    The same bytes whenever it is made: UUID, hash seed and times are fixed.
    """
    if not at:
        empty(path, mib)
    blocks = [f"{int(mib * 1024)}k"]
    more = ["-d", tree] if tree else []
    extended = f"hash_seed={UUID}1" + (f",offset={at}" if at else "")
    tool("mke2fs", "-q", "-F", "-t", kind, "-U", UUID + "0", "-E", extended, *more, *options, path, *blocks)
    return str(path)


def vfat(path, mib=16, bits=None, tree=None, options=()):
    """A fresh FAT file system; @bits 12, 16 or 32; with what is in the folder @tree."""
    empty(path, mib)
    tool("mkfs.vfat", "-i", "4e57454c", *(["-F", bits] if bits else []), *options, path)
    names = sorted(os.listdir(tree)) if tree else []
    if names:
        tool("mcopy", "-s", "-m", "-i", path, *[os.path.join(tree, n) for n in names], "::")
    return str(path)


def partition(path, parts, label="dos", mib=64):
    """A disk with these partitions (lines of sfdisk: "start=2048, size=8192, type=linux"); label dos or gpt."""
    empty(path, mib)
    fixed = f"label: {label}\n" + ("label-id: 0x4e57454c\n" if label == "dos" else f"label-id: {UUID}2\n")
    tool("sfdisk", "-q", path, stdin=fixed + "\n".join(parts) + "\n")
    return str(path)


# What e2fsck says of every sound image, and of one that was written by a clock ahead of the host's: Linux begins half a second
# behind its RTC's second, wherever in that second it read it.
SOUND = re.compile(r"e2fsck |Pass \d|.*: \d+/\d+ files |Superblock last (mount|write) time is in the future|\t\(by less than a day,")


def check_ext2(path, at=0):
    """e2fsck finds nothing to say of it, and it was left clean."""
    said = tool("e2fsck", "-fn", f"{path}?offset={at}" if at else path, good=range(256))
    bad = [line for line in said.split("\n") if line and not SOUND.match(line)]
    assert not bad, f"e2fsck -fn {path}:\n{said}"
    state = tool("dumpe2fs", "-h", f"{path}?offset={at}" if at else path)
    assert re.search(r"^Filesystem state: +clean$", state, re.MULTILINE), state


def check_vfat(path):
    """fsck.vfat finds nothing to say of it."""
    said = tool("fsck.vfat", "-n", "-v", path, good=range(256))
    bad = re.search(r"differ|Dirty|dirty|Free cluster summary|Reclaimed|bad |Bad |wrong|not changing|Leaving|Orphan|Contains a free", said)
    assert not bad or "Leaving filesystem unchanged" in bad.string and bad.group() == "Leaving", f"fsck.vfat -n {path}:\n{said}"


def debugfs(path, *commands):
    """What debugfs answers to these commands, without its own first line."""
    return tool("debugfs", "-f", "-", path, stdin="\n".join(commands) + "\n")


def ext2_file(path, name):
    """The bytes of a file in an ext2 image."""
    done = subprocess.run(["debugfs", "-R", f"cat {name}", path], capture_output=True, env=ENV, check=True)
    return done.stdout


# ---- machines ----


def drives(images, bus="mmio", more=""):
    """QEMU's arguments for these disks: /dev/vda, /dev/vdb ...  bus: mmio (virtio 1), legacy (mmio), or pci.

    An image is a path; or a text that begins with `file=` or `driver=`, which are QEMU's words after -drive or -blockdev.
    @more: properties of the device, ",serial=x".
    """
    args = ["-global", "virtio-mmio.force-legacy=false"] if bus == "mmio" else []
    device = "virtio-blk-pci" if bus == "pci" else "virtio-blk-device"
    # QEMU puts its first mmio device into the last slot, and slots are looked through from the first: the last image comes first.
    numbered = list(enumerate(images))
    for i, image in numbered if bus == "pci" else reversed(numbered):
        image = str(image)
        if image.startswith("driver="):
            args += ["-blockdev", f"node-name=d{i},{image}"]
        elif image.startswith("file="):
            args += ["-drive", f"if=none,id=d{i},{image}"]
        else:
            args += ["-drive", f"if=none,id=d{i},format=raw,cache=unsafe,file={image}"]
        rom = ",romfile=" if bus == "pci" else ""
        args += ["-device", f"{device},drive=d{i},serial=disk{i}{rom}{more}"]
    return args


def share(folder, tag="host", bus="mmio", model="none"):
    """QEMU's arguments for a folder of the host by 9p."""
    device = "virtio-9p-pci,romfile=" if bus == "pci" else "virtio-9p-device"
    return ["-fsdev", f"local,id=share,path={folder},security_model={model}", "-device", f"{device},fsdev=share,mount_tag={tag}"]


def system(commands, extra=(), first=""):
    """A busybox system that says what @commands say, between two marks, and powers off."""
    init = f"""#!/bin/busybox sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
{first}
cd /
{{ echo '{BEGIN}'
{commands}
echo '{END}'; }} 2>&1
poweroff -f
"""
    more = [initrd.directory("mnt"), initrd.directory("mnt2"), *extra]
    return oracle.system(init, oracle.part("busybox"), extra=more)


def said(run, quiet=True, silence=120):
    """The lines between the marks, without those of the kernel's log; @silence: seconds in which a machine may say nothing."""
    assert run.finish(silence=silence) == 0
    assert BEGIN + "\n" in run.log and "\n" + END in run.log, run.tail()
    text = run.log.split(BEGIN + "\n", 1)[1].split("\n" + END, 1)[0]
    return [line for line in text.split("\n") if line and not (quiet and re.match(r"(newel: )?\[ *\d+\.\d+\] ", line))]


def script(boot, commands, images=(), bus="mmio", extra=(), more="", qemu_args=(), quiet=True, **machine):
    """What these commands say under Newel, a list of lines, once the machine has powered off.  @boot: the fixture; @extra: members of the initrd."""
    fields = dict(smp=2, el=1, append="quiet panic=-1") | machine
    fields["extra"] = [*drives(images, bus, more), *qemu_args, *fields.get("extra", [])]
    return said(boot(system(commands, extra), **fields), quiet, max(120, fields.get("limit", 0)))


def linux(commands, images=(), bus="pci", extra=(), more="", qemu_args=(), words="", limit=300, **machine):
    """The same under Debian's Linux."""
    work = os.path.join(oracle.ROOT, "build", "tests", f"disk-linux-{os.getpid()}.cpio")
    os.makedirs(os.path.dirname(work), exist_ok=True)
    with open(work, "wb") as f:
        f.write(system(commands, [*oracle.modules(), *extra], oracle.LOAD_MODULES))
    fields = dict(smp=1, cpu="max") | machine
    run = oracle.boot_linux(work, limit, words, extra=[*drives(images, bus, more), *qemu_args], **fields)
    try:
        return said(run)
    finally:
        run.close()
        os.unlink(work)


class Monitor:
    """QEMU's own protocol on a socket, while the machine runs: its command line gets monitor_args(path)."""

    def __init__(self, path, limit=20):
        end = time.monotonic() + limit
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                assert time.monotonic() < end, f"no QEMU answers at {path}"
                time.sleep(0.05)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        json.dump({"execute": command, "arguments": arguments}, self.file)
        self.file.flush()
        while "event" in (answer := json.loads(self.file.readline())):
            pass
        assert "return" in answer, answer
        return answer["return"]

    def close(self):
        self.file.close()
        self.socket.close()


def monitor_args(path):
    return ["-qmp", f"unix:{path},server=on,wait=off"]


def main(argv):
    p = argparse.ArgumentParser(description="Run the shell script on stdin on a machine with these disks.")
    p.add_argument("--linux", action="store_true")
    p.add_argument("--bus", default="")
    p.add_argument("--smp", type=int, default=2)
    p.add_argument("--cpu", default="cortex-a72")
    p.add_argument("--mem", type=int, default=1024)
    p.add_argument("--gic", type=int, default=2)
    p.add_argument("--append", default="")
    p.add_argument("--limit", type=int, default=300)
    p.add_argument("--file", action="append", default=[], help="a file for /f")
    p.add_argument("images", nargs="*")
    a = p.parse_args(argv)
    extra = [initrd.directory("f")]
    for path in a.file:
        with open(path, "rb") as f:
            extra.append(initrd.file("f/" + os.path.basename(path), f.read()))
    commands = sys.stdin.read()
    if a.linux:
        print("\n".join(linux(commands, a.images, a.bus or "pci", extra, limit=a.limit, mem=a.mem)))
        return
    folder = os.path.join(oracle.ROOT, "build", "tests", f"disk-{os.getpid()}")
    os.makedirs(folder)
    runs = []

    def boot(data, **fields):
        with open(os.path.join(folder, "initrd"), "wb") as f:
            f.write(data)
        machine = qemu.Machine(initrd=f.name, **fields)
        runs.append(console.qemu_console(machine.args(), a.limit))
        runs[-1].child.logfile_send = None
        return runs[-1]

    try:
        print("\n".join(script(boot, commands, a.images, a.bus or "mmio", extra, smp=a.smp, cpu=a.cpu, mem=a.mem, gic=a.gic, quiet=False,
                               append="quiet panic=-1 " + a.append)))
    except AssertionError as e:
        print(runs[-1].log if runs else "")
        sys.exit(f"disk.py: {e}")
    finally:
        for run in runs:
            run.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
