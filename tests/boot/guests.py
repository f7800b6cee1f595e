"""guests.py - Debian's unmodified kernel and busybox as guests of vm (el0/vm): the whole matrix, for `make guests-all`.

test_guests.py has those few that `make test` runs.  NEWEL_ORACLE=1: the same with Debian's Linux as the host.
"""

import functools
import hashlib
import itertools
import os
import shlex
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tools")]

import conftest  # noqa: E402
import initrd  # noqa: E402
import oracle  # noqa: E402
import pytest  # noqa: E402
import qemu  # noqa: E402
import uboot  # noqa: E402

LOAD_COUNT = 10
HOST_INIT = """#!/bin/busybox sh
export PATH=/bin
busybox mount -t devtmpfs dev /dev 2>/dev/null
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
/bin/busybox --install -s /bin
truncate -s 4M /tmp/disk
PS1='host> ' exec sh -i
"""
GUEST_RC = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for m in virtio_mmio virtio_blk; do insmod /modules/$m.ko; done
hostname guest
"""
INITTAB = "::sysinit:/etc/rc\n::respawn:/bin/busybox getty -L ttyAMA0 115200 vt100\n::ctrlaltdel:/bin/busybox reboot\n"
# What a build does: many short programs, in pipes, of which several run at once, and what they leave is put together.
LOAD = """#!/bin/busybox sh
for j in 1 2 3 4; do
    ( i=0; while [ $i -lt $1 ]; do echo $j $i | sed 's/ /:/' | md5sum; i=$((i + 1)); done >/tmp/out.$j ) &
done
wait
cat /tmp/out.1 /tmp/out.2 /tmp/out.3 /tmp/out.4 | md5sum
dd if=/tmp/out.1 of=/dev/vda conv=notrunc 2>/dev/null
sync; echo 3 >/proc/sys/vm/drop_caches
head -c $(wc -c </tmp/out.1) /dev/vda | cmp - /tmp/out.1 && echo disk is right
"""

ONCE = f"#!/bin/busybox sh\n. /etc/rc\nload {LOAD_COUNT}\npoweroff -f\n"


def load_says(count):
    """What LOAD's first line is."""
    sums = (hashlib.md5(f"{j}:{i}\n".encode()).hexdigest() + "  -\n" for j in (1, 2, 3, 4) for i in range(count))
    return hashlib.md5("".join(sums).encode()).hexdigest()


def guest_archive():
    modules = [m for m in oracle.modules() if m.name in ("modules", "modules/virtio_mmio.ko", "modules/virtio_blk.ko")]
    return initrd.archive(*(initrd.directory(d) for d in ("bin", "dev", "etc", "proc", "root", "sys", "tmp")), *modules,
                          initrd.device("dev/console", 5, 1), initrd.file("bin/busybox", oracle.part("busybox")),
                          initrd.file("etc/passwd", "root::0:0:root:/root:/bin/sh\n", 0o644), initrd.file("etc/inittab", INITTAB, 0o644),
                          initrd.file("etc/rc", GUEST_RC), initrd.file("bin/load", LOAD), initrd.file("bin/once", ONCE),
                          initrd.symlink("init", "/bin/busybox"))


# U-Boot for QEMU's virt wants the device tree at the start of memory, and no Image's header: this is put before it.
UBOOT_PAGE = 0x1000
UBOOT_START = struct.pack(
    "<8I", 0xB9400401,  # ldr w1, [x0, #4]: the tree's size
    0x5AC00821,  # rev w1, w1
    0xD2A80002,  # mov x2, #0x40000000
    0xF8408403, 0xF8008443,  # ldr x3, [x0], #8; str x3, [x2], #8
    0xF1002021, 0x54FFFFA8,  # subs x1, x1, #8; b.hi to the ldr
    0x14000000 | (UBOOT_PAGE - 64 - 28) // 4)  # b to the next page


def uboot_image():
    """Debian's U-Boot as a kernel Image, far enough into memory for the tree before it."""
    with open(qemu.UBOOT["virt"], "rb") as f:
        code = f.read()
    header = struct.pack("<2I6Q2I", 0x14000010, 0, 0x80000, 2 << 20, 0, 0, 0, 0, 0x644D5241, 0)  # b to behind it
    return (header + UBOOT_START).ljust(UBOOT_PAGE, b"\0") + code


@functools.lru_cache
def host_archive():
    with open(os.path.join(conftest.BUILD, "el0", "vm"), "rb") as f:
        vm = f.read()
    return initrd.archive(*(initrd.directory(d) for d in ("bin", "boot", "dev", "proc", "sys", "tmp")), initrd.device("dev/console", 5, 1),
                          initrd.file("bin/busybox", oracle.part("busybox")), initrd.file("bin/vm", vm),
                          initrd.file("boot/vmlinuz", oracle.part("vmlinuz")), initrd.file("boot/initrd.img", guest_archive()),
                          *([initrd.file("boot/uboot", uboot_image())] if os.path.exists(qemu.UBOOT["virt"]) else []),
                          initrd.file("init", HOST_INIT))


def newel_archive(inner, append, options):
    """A host that has nothing to do but this: Newel with these words, and with this archive or file as its initrd, as vm's guest."""
    def read(path):
        with open(path, "rb") as f:
            return f.read()

    inner = inner if isinstance(inner, bytes) else read(inner) if inner else b""
    words = ["/bin/vm", "-k", "/boot/newel.img", *(["-i", "/boot/initrd"] if inner else []), *options, "-a", append]
    init = f"#!/bin/busybox sh\n/bin/busybox mount -t devtmpfs dev /dev\n{shlex.join(words)}\nexec /bin/busybox poweroff -f\n"
    return initrd.archive(*(initrd.directory(d) for d in ("bin", "boot", "dev")), initrd.device("dev/console", 5, 1),
                          initrd.file("bin/busybox", oracle.part("busybox")), initrd.file("bin/vm", read(os.path.join(conftest.BUILD, "el0", "vm"))),
                          initrd.file("boot/newel.img", read(os.path.join(conftest.BUILD, "newel.img"))), initrd.file("boot/initrd", inner),
                          initrd.file("init", init))


def at_host(boot, **machine):
    """The console of a machine at its shell's prompt; the host may be Linux."""
    if os.environ.get("NEWEL_ORACLE"):
        machine.pop("el", None)
        run = boot(host_archive(), kernel=os.path.join(oracle.PARTS, "vmlinuz"), el=2, **machine)
    else:
        run = boot(host_archive(), **{"el": 2, "append": "quiet panic=-1", **machine})
    run.expect("host> ")
    return run


def log_in(run):
    run.expect("guest login: ")
    run.child.send("root\r")
    run.expect("# ")


def line(run, text, answer, prompt="# "):
    run.child.send(text + "\r")
    run.expect(answer)
    run.expect(prompt)


def works(run, vcpus, load):
    """A guest at its shell has its cores, does work on all of them, and its interrupts come."""
    line(run, "nproc", rf"^{vcpus}\r")
    line(run, f"load {load}", rf"^{load_says(load)}  -\s+disk is right\s")


def start(run, vcpus, words="", options=""):
    run.child.send(f"vm -c {vcpus} -i /boot/initrd.img -d /tmp/disk {options} -a 'quiet {words}'; echo status $?\r")


def life(run, vcpus, load=LOAD_COUNT, reboots=True):
    """A guest starts, somebody logs in, it works, is started anew, and switches itself off."""
    start(run, vcpus)
    log_in(run)
    works(run, vcpus, load)
    if reboots:
        run.child.send("reboot\r")
        log_in(run)
        line(run, "nproc", rf"^{vcpus}\r")
    run.child.send("poweroff\r")
    run.expect("status 0\r")
    run.expect("host> ")


def alone(vcpus, number):
    """A guest that nobody talks to: it works and switches itself off.  The command, whose output is in a file."""
    return f"vm -c {vcpus} -i /boot/initrd.img -d /tmp/disk{number} -a 'quiet rdinit=/bin/once' </dev/null >/tmp/out{number} 2>&1"


def several(run, count, vcpus):
    """As many guests at once, each with a disk of its own; a disk of another's is refused."""
    for i in range(count):
        line(run, f"truncate -s 4M /tmp/disk{i}; {alone(vcpus, i)} & echo begun", "begun", "host> ")
    line(run, "vm -i /boot/initrd.img -d /tmp/disk0; echo status $?", "another guest has this disk", "status 1\r")
    run.child.send("wait; echo all $((40 + 2))\r")
    run.expect("all 42", timeout=600)
    run.expect("host> ")
    line(run, f"grep -c {load_says(LOAD_COUNT)} /tmp/out?", "".join(rf"/tmp/out{i}:1\s+" for i in range(count)), "host> ")
    line(run, "grep -c 'disk is right' /tmp/out?", "".join(rf"/tmp/out{i}:1\s+" for i in range(count)), "host> ")


def leave(run):
    run.child.send("poweroff -f\r")
    assert run.finish() == 0


def all_machines():
    """{name: (vCPUs, the Machine's fields)}: core, GIC, cores of the machine, vCPUs."""
    kernels = {"a72": ("cortex-a72", ""), "max": ("max", ""), "vhe": ("max", " newel.el2=vhe")}
    for (kind, (cpu, word)), gic, smp, vcpus in itertools.product(kernels.items(), (2, 3), (1, 2, 4), (1, 2, 4)):
        fields = dict(cpu=cpu, gic=gic, smp=smp, el=2 + smp % 2, append="quiet panic=-1" + word)
        yield pytest.param(vcpus, fields, id=f"{kind}-gic{gic}-{smp}-{vcpus}")
    for vcpus in (1, 2, 4):
        yield pytest.param(vcpus, dict(board="raspi4b", el=2), id=f"raspi4b-{vcpus}")


@pytest.mark.parametrize("vcpus, fields", all_machines())
def test_debian(boot, vcpus, fields):
    run = at_host(boot, **fields)
    life(run, vcpus, load=40)
    leave(run)


@pytest.mark.parametrize("word", ["", " newel.el2=vhe"])
@pytest.mark.parametrize("gic", [2, 3])
def test_several(boot, gic, word):
    """Four guests of two cores each, on four; then eight of one."""
    run = at_host(boot, cpu="max", gic=gic, smp=4, mem=3072, append="quiet panic=-1" + word)
    several(run, 4, 2)
    several(run, 8, 1)
    leave(run)


@pytest.mark.parametrize("gic", [2, 3])
def test_uboot(boot, tmp_path, gic):
    """U-Boot as guest, which cleans caches by set and way, starts Newel from a disk of the host's."""
    if not os.path.exists(qemu.UBOOT["virt"]):
        pytest.skip(f"needs U-Boot for virt, get it by: {qemu.GET_UBOOT['virt']}")
    folder = str(tmp_path / "uboot")
    uboot.make(folder, os.path.join(conftest.BUILD, "newel.img"), os.path.join(conftest.BUILD, "el0", "initrd.cpio"), "panic=-1")
    run = at_host(boot, gic=gic, smp=2, disk=os.path.join(folder, "extlinux.img"))
    run.child.send("vm -c 2 -k /boot/uboot -d /dev/vda; echo status $?\r")
    # First it reads its environment from a flash that is not there, each access an exit to vm: much of a minute of a core.
    run.expect("Found /extlinux/extlinux.conf", timeout=600)
    run.expect("boot: entered at EL1")
    run.expect(r"newel\$ ")
    run.child.send("poweroff\r")
    run.expect("status 0\r")
    run.expect("host> ")
    leave(run)
