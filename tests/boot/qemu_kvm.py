"""Debian's QEMU as the VMM, with Debian's kernel as its guest (`make test-qemu`): a program that knows Linux's /dev/kvm alone.

A guest from its kernel to its power off; a running guest into a file and on from there in another QEMU; and QEMU's gdb stub:
steps, break- and watchpoints of a guest.  On a GICv3 QEMU is told `its=off`: there is no ITS, and Debian 12's does not
ask before it makes one.
"""

import os
import re

import conftest
import initrd
import pytest

LIBS = "usr/lib/aarch64-linux-gnu"
APPLETS = "sh mount ls cat echo poweroff sleep timeout kill tail tr grep nproc md5sum dd mkfifo wc uname".split()

GUEST_INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t devtmpfs dev /dev
echo "GUEST up: $(uname -r), $(nproc) cpus"
dd if=/dev/urandom of=/tmp/r bs=1M count=4 2>/dev/null; sum=$(md5sum </tmp/r)
while :; do :; done &
i=0
while [ $i -lt ${TICKS:-2} ]; do
	sleep 1
	[ "$sum" = "$(md5sum </tmp/r)" ] || echo "GUEST memory differs"
	echo "GUEST tick $i"
	i=$((i + 1))
done
grep arch_timer /proc/interrupts
echo "GUEST done"
poweroff -f
"""

HOST_INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmpfs /tmp
start() { # the last is QEMU's command line for the guest's kernel
	qemu-system-aarch64 -M virt,$MACHINE -accel kvm -cpu host -smp $CPUS -m 256 -nic none -display none -no-reboot \
		-kernel /vmlinuz -initrd /guest.cpio -append "console=ttyAMA0 panic=-1 quiet TICKS=$TICKS" "$@"
}
until_said() { i=0; until grep -q "$1" $2 2>/dev/null || [ $i -ge 90 ]; do sleep 1; i=$((i + 1)); done; }
%s
echo "HOST ends with $?"
poweroff -f
"""

BOOTS = "start -serial stdio -monitor none </dev/null"

# Its monitor takes commands while it runs; the state is whole when the file grows no more.
SAVES = """(
until_said "GUEST tick 2" /tmp/first
echo stop; echo 'migrate "exec:cat >/tmp/state"'; sleep 2
size=; until [ "$size" = "$(wc -c </tmp/state)" ]; do size=$(wc -c </tmp/state); sleep 2; done
echo quit; sleep 1 ) | start -serial file:/tmp/first -monitor stdio >/tmp/monitor 2>&1
echo "HOST first $(grep -c 'GUEST tick' /tmp/first) ticks, $(wc -c </tmp/state) bytes"
( i=0; until grep -q tick /tmp/second 2>/dev/null || [ $i -ge 30 ]; do sleep 2; echo cont; i=$((i + 1)); done
until_said "GUEST done" /tmp/second; sleep 5 ) | start -serial file:/tmp/second -monitor stdio -incoming 'exec:cat /tmp/state' >/tmp/monitor 2>&1
cat /tmp/second"""

STUB = """mkfifo /tmp/gdb.in /tmp/gdb.out
cat /tmp/gdb.out >/tmp/answers &
( %s sleep 1 ) >/tmp/gdb.in &
start -serial stdio -monitor none -S -chardev pipe,id=gdb,path=/tmp/gdb -gdb chardev:gdb </dev/null
echo "HOST gdb: $(tr '$\\n' '  ' </tmp/answers)" """
ENTRY = "40200000"  # where QEMU puts the kernel, whose first instruction is its magic number, too
PACKETS = ["?", "s", "s", f"Z1,{ENTRY},4", "c", f"m{ENTRY},2", f"z1,{ENTRY},4", "Z0,40200004,4", "c", "z0,40200004,4", "s",
           "Z2,40300000,8", "z2,40300000,8", "D"]
STOPPED, DONE = "T05thread", "OK"  # the last, W00: it has switched itself off
ANSWERS = [STOPPED, STOPPED, STOPPED, DONE, STOPPED, "4d5a", DONE, DONE, STOPPED, DONE, STOPPED, DONE, DONE, DONE, "W00"]


def packet(text):
    """As gdb's remote protocol has it, with the acknowledgement of the one before."""
    return f"+${text}#{sum(text.encode()) & 0xff:02x}"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def tree(init, *more):
    """busybox and its links, devices, this init, and more: an archive."""
    return initrd.archive(*(initrd.directory(d) for d in ("bin", "dev", "proc", "sys", "tmp")),
                          initrd.device("dev/console", 5, 1), initrd.file("bin/busybox", read(conftest.part("busybox"))),
                          *(initrd.symlink(f"bin/{name}", "busybox") for name in APPLETS), initrd.file("init", init), *more)


def host(commands):
    qemu = os.path.dirname(os.path.dirname(os.path.dirname(conftest.part("qemu"))))
    libraries = sorted(os.listdir(os.path.join(qemu, LIBS)))
    return tree(HOST_INIT % commands, *(initrd.directory(d) for d in ("usr", "usr/lib", LIBS)), initrd.symlink("lib", LIBS),
                *(initrd.file(f"{LIBS}/{name}", read(os.path.join(qemu, LIBS, name))) for name in libraries),
                initrd.file("bin/qemu-system-aarch64", read(conftest.part("qemu"))),
                initrd.file("vmlinuz", read(conftest.part("linux"))), initrd.file("guest.cpio", tree(GUEST_INIT)))


# A machine, and how many vCPUs.
MACHINES = {
    "a72-gic2": (dict(cpu="cortex-a72", gic=2, el=3, smp=2), 4),
    "a72-gic3": (dict(cpu="cortex-a72", gic=3, el=2, smp=4), 2),
    "max": (dict(cpu="max", gic=3, el=3, smp=2), 2),
    "max-vhe": (dict(cpu="max", gic=3, el=2, smp=2, append="newel.el2=vhe "), 2),
}
pytestmark = pytest.mark.needs("linux", "busybox", "qemu")


def said(boot, name, commands, ticks):
    machine, cpus = MACHINES[name]
    words = f"quiet panic=-1 TICKS={ticks} CPUS={cpus} MACHINE=gic-version=host{',its=off' if machine['gic'] == 3 else ''}"
    run = boot(host(commands), limit=900, mem=2048, **{**machine, "append": machine.get("append", "") + words})
    assert run.finish(silence=300) == 0
    log = run.log.replace("\r", "")
    assert "memory differs" not in log
    assert "HOST ends with 0" in log
    return log, cpus


@pytest.mark.parametrize("name", MACHINES)
def test_boots(boot, name):
    log, cpus = said(boot, name, BOOTS, 2)
    assert re.search(rf"GUEST up: \S+, {cpus} cpus", log)
    assert "GUEST done" in log


@pytest.mark.parametrize("name", MACHINES)
def test_saves(boot, name):
    """The second goes on where the first was, with its memory, timers and interrupts."""
    log, _ = said(boot, name, SAVES, 8)
    ticks = int(re.search(r"HOST first (\d+) ticks", log)[1])
    assert 3 <= ticks < 8
    assert [int(n) for n in re.findall(r"GUEST tick (\d+)", log)] == list(range(ticks, 8))
    assert "GUEST up" not in log and "GUEST done" in log


@pytest.mark.parametrize("name", MACHINES)
def test_stub(boot, name):
    packets = "sleep 5; " + "".join(f"echo -n '{packet(p)}'; sleep 1; " for p in PACKETS)
    log, _ = said(boot, name, STUB % packets, 1)
    answers = re.search(r"HOST gdb: (.*)", log)[1].split()
    answers = [a for a in answers if not re.match(r"#00|\+$", a)]
    assert len(answers) == len(ANSWERS)
    assert all(got.startswith(want) for got, want in zip(answers, ANSWERS)), answers
    assert "GUEST done" in log
