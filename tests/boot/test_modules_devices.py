"""What modules show comes and goes: devices and their nodes, files of /proc and /sys, an interrupt (modules/rtc.c).

The module visible (tests/boot/modules) makes and removes what it shows when a word is written to /proc/visible_control.
"""

import os
import re

import conftest
import initrd
import oracle
import pytest
import tap

LOADS = int(os.environ.get("LOADS", "100"))  # 10000 in `make test-modules`
BEGIN, END = "--begin", "--end"
MODULES = {"rtc": "modules/rtc.ko", "visible": "tests/modules/visible.ko",
           "interrupts": "tests/modules/interrupts.ko"}

pytestmark = [pytest.mark.needs("busybox"), pytest.mark.virt]

HEAD = """
C=/proc/visible_control; S=/sys/kernel/visible
say() { echo $1 >$C; }
weigh() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
insmod visible.ko
"""


def built(path):
    with open(os.path.join(conftest.BUILD, path), "rb") as f:
        return f.read()


@pytest.fixture
def session(boot, program):
    """session(script): the lines that it says on one machine with the modules; devtmpfs is on /dev2."""

    def run(script, **machine):
        init = f"""#!/bin/busybox sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev2; cd /m
{{ echo '{BEGIN}'
{script}
echo '{END}'; }} 2>&1
poweroff -f
"""
        files = [initrd.directory("m"), initrd.directory("dev2"), initrd.file("bin/rtc_clock", program("rtc_clock"))]
        files += [initrd.file(f"m/{name}.ko", built(path), 0o644) for name, path in MODULES.items()]
        fields = dict(smp=4, append="quiet panic=-1") | machine
        run = boot(oracle.system(init, oracle.part("busybox"), extra=files), **fields)
        assert run.finish(silence=120) == 0
        text = run.log.replace("\r\n", "\n").split(BEGIN + "\n", 1)[1].split(END, 1)[0]
        return [line for line in text.split("\n") if line]

    return run


def test_files_of_sys(session):
    """Files, directories and links of a module: what they are, and what they answer."""
    assert session(HEAD + """
say make; cat $C
stat -c '%n %h %s %A' $S $S/deep $S/deep/deeper $S/value $S/deep/deeper/value $S/down
ls -1 $S; for l in down down/up down/modules; do readlink $S/$l; done
cat $S/value $S/down/value $S/deep/deeper/up/deeper/modules/../kernel/visible/value
echo 7 >$S/down/value; cat $S/value
echo x >$S/value; cat $S/error; echo x >$S/error; cat $S/much | wc -c
""") == [
        "there",
        "/sys/kernel/visible 3 0 drwxr-xr-x", "/sys/kernel/visible/deep 3 0 drwxr-xr-x",
        "/sys/kernel/visible/deep/deeper 2 0 drwxr-xr-x", "/sys/kernel/visible/value 1 4096 -rw-r--r--",
        "/sys/kernel/visible/deep/deeper/value 1 4096 -rw-------", "/sys/kernel/visible/down 1 0 lrwxrwxrwx",
        "deep", "down", "error", "much", "slow", "value",
        "deep/deeper", "..", "../../../../module", "5", "5", "5", "7",
        "sh: write error: Invalid argument", "cat: read error: No such device or address", "sh: write error: Input/output error",
        "4096"]


def test_gone_while_in_use(session):
    """Removing waits for what runs; then who has it open is told, for ever, and nothing else is touched."""
    gone = ["cat: read error: No such device", "cat: read error: Input/output error", "sh: write error: No such device"]
    assert session(HEAD + """
say make; exec 5<$S/value 6<$S/slow 7</proc/visible 8>$S/value
cat <&6 &
until grep -q waiting $C; do :; done; (say remove; echo removed) &
while [ -e $S/value ]; do :; done; say go; wait; cat $C
cat <&5; cat <&7; echo 3 >&8; ls $S /proc/visible /dev/visible /dev2/visible
say make; cat <&5; cat <&7; echo 3 >&8; cat $S/value; wc -c /proc/visible
rmmod visible; echo $?; cat <&5; insmod visible.ko; cat <&5; cat <&7; ls $S
cd $S/..; say make; cd visible/deep; say remove; pwd; ls; ls ..; cat ../value
""") == ["5", "removed", "gone", *gone,
         *(f"ls: {p}/visible: No such file or directory" for p in ("/sys/kernel", "/proc", "/dev", "/dev2")),
         *gone, "5", "9000 /proc/visible", "0", gone[0], *gone[:2], "ls: /sys/kernel/visible: No such file or directory",
         "/sys/kernel/visible/deep", "cat: can't open '../value': No such file or directory"]


def test_mounts_on_what_goes(session):
    """What is mounted on a directory that the kernel removes goes with it."""
    assert session(HEAD + """
say make; for i in 1 2 3; do mount -t tmpfs x $S; done; mkdir $S/a; mount -t proc x $S/a; mount -t tmpfs x /mnt
mount --bind $S /mnt; cd $S/a; grep -c $S /proc/mounts; say remove; grep -c $S /proc/mounts
cd /m; umount /mnt; umount /mnt; say make; ls $S | wc -l; umount /sys; echo $?
""".replace("say make; for", "mkdir -p /mnt; say make; for", 1)) == ["4", "0", "6", "0"]


def test_nodes(session):
    """A device's nodes come and go in devtmpfs and in the /dev of boot; what somebody has put in their place stays."""
    assert session(HEAD + """
node() { stat -c '%n %A %t:%T %u:%g' $*; }
say make; node /dev/visible /dev2/visible; grep visible /proc/misc; head -c 3 /dev/visible; echo
mv /dev/visible /dev/moved; mknod /dev/visible c 1 3; rm /dev2/visible; echo >/dev2/visible; ln /dev/moved /dev/other
head -c 3 /dev/moved; echo; say remove; node /dev/visible /dev/moved /dev2/visible; head -c 3 /dev/moved
rm /dev/visible /dev/moved /dev/other; say make; node /dev/visible; rm /dev2/visible; say remove; say make
ln /dev2/visible /dev2/link; chmod 666 /dev2/link; say remove; node /dev2/link; grep visible /proc/misc
mknod /dev/visible c 10 231; say make; say remove; node /dev/visible
head -c 1 /dev/visible; say make; exec 5</dev/visible; rmmod visible; say remove; head -c 2 <&5; echo; rmmod visible
exec 5<&-; rmmod visible; echo $?
""") == [
        "/dev/visible crw-r----- a:e7 0:0", "/dev2/visible crw-r----- a:e7 0:0", "231 visible", "vvv", "vvv",
        "/dev/visible crw-r--r-- 1:3 0:0", "/dev/moved crw-r----- a:e7 0:0", "/dev2/visible -rw-r--r-- 0:0 0:0",
        "head: /dev/moved: No such device", "/dev/visible crw-r----- a:e7 0:0", "/dev2/link c--------- a:e7 0:0",
        "/dev/visible crw-r--r-- a:e7 0:0", "head: /dev/visible: No such device",
        "rmmod: can't unload module 'visible': Resource temporarily unavailable", "vv",
        "rmmod: can't unload module 'visible': Resource temporarily unavailable", "0"]


def test_refused(session):
    lines = session(HEAD + "say make; say refused; say nonsense; dmesg | sed -n 's/.* visible: //p'")
    assert lines == ["sh: write error: Invalid argument", "loading out-of-tree module taints kernel.",
                     "proc 'meminfo' -17", "proc 'visible' -17", *(f"proc '{n}' -22" for n in ("17", "", ".", "..", "a/b")),
                     *(f"sysfs '{n}' 0" for n in ("value", "", ".", "..", "a/b")),
                     "dev number -16", "dev name -16", "dev null -16", "dev a/b -22", "dev 1:3 -16"]


def test_each_allocation_fails(session):
    """Made with the 1st, 2nd, ... allocation failing: all of it is there, or none, and nothing is lost."""
    lines = session(HEAD + """
try() { (echo $1 >/dev/fail; say make) 2>/dev/null; }
for round in 1 2; do
    before=$(weigh); made=; refused=
    for n in $(seq 80); do
        if try $n; then made=1$made; cat $S/down/value /proc/visible; ls /dev/visible /dev2/visible; say remove
        else refused=1$refused; fi >/dev/null; ls -d $S /proc/visible /dev/visible /dev2/visible
    done 2>&1 | sort | uniq -c
done
echo lost $((before - $(weigh)))
""")
    gone = [f"     80 ls: {p}/visible: No such file or directory" for p in ("/dev", "/dev2", "/proc", "/sys/kernel")]
    assert lines[:-1] == 2 * gone, lines
    assert int(re.fullmatch(r"lost (-?\d+)", lines[-1])[1]) < 200, lines[-1]


@pytest.mark.parametrize("gic", [2, 3])
def test_come_and_go_under_load(session, gic):
    """Made and removed under those who read, write, list and open all of it, on four cores: nothing breaks or is lost."""
    lines = session(HEAD + """
use() { while [ ! -e /tmp/stop ]; do
    cat $S/value $S/down/value /proc/visible /proc/devices /proc/misc; head -c 1 /dev/visible; ls -lR $S /dev /dev2
    stat $S/deep/deeper/value; echo 5 >$S/value; cd $S/deep && cd /; done >/dev/null 2>&1; }
for n in 20 {n}; do
    before=$(weigh); use & use & use &
    i=0; while [ $((i += 1)) -le $n ]; do say make; say remove; done # a list of numbers would be memory
    >/tmp/stop; wait; rm /tmp/stop
done
after=$(weigh); echo $((before - after)); cat $C
""".replace("{n}", str(LOADS)), gic=gic)
    assert int(lines[0]) < 200 and lines[1:] == ["gone"], lines


@pytest.mark.parametrize("gic,smp", [(2, 1), (3, 4)])
def test_clock(session, gic, smp):
    """The PL031 as Linux's rtc-pl031 answers."""
    lines = session("insmod rtc.ko; rtc_clock /dev/rtc0", gic=gic, smp=smp)
    assert tap.Stream("\n".join(lines)).passed(), "\n".join(lines)


def test_clock_comes_and_goes(session):
    """In use it stays; then its interrupt and its nodes are gone, and LOADS of it lose nothing."""
    lines = session(f"""
weigh() {{ awk '/^MemAvailable/ {{ print $2 }}' /proc/meminfo; }}
insmod rtc.ko; hwclock -r -f /dev/rtc0 | wc -w; hwclock -w -f /dev2/rtc0; echo $?
stat -c '%A %t:%T' /dev/rtc0 /dev2/rtc0; grep rtc /proc/devices; grep -c rtc-pl031 /proc/interrupts
exec 5</dev/rtc0; rmmod rtc; exec 5<&-; rmmod rtc; echo $?; ls /dev/rtc0; grep rtc /proc/devices /proc/interrupts
for n in 30 {LOADS}; do before=$(weigh); i=0; while [ $((i += 1)) -le $n ]; do insmod rtc.ko; rmmod rtc; done; done
echo lost $((before - $(weigh))); cat /proc/modules
""")
    assert lines[:-1] == ["7", "0", *2 * ["crw------- fa:0"], "250 rtc", "1",
                          "rmmod: can't unload module 'rtc': Resource temporarily unavailable", "0",
                          "ls: /dev/rtc0: No such file or directory"]
    assert int(re.fullmatch(r"lost (-?\d+)", lines[-1])[1]) < 200, lines[-1]


@pytest.mark.parametrize("gic", [2, 3])
def test_interrupt_taken_away(session, gic):
    """An interrupt is requested and freed on one core while it comes on another: no handler runs when it was freed."""
    lines = session("""
insmod interrupts.ko; P=/proc/interrupts_test
echo pend >$P & echo pend >$P & echo cycle >$P & echo cycle >$P & wait
cat $P; grep -c test /proc/interrupts; rmmod interrupts; echo $?
""", gic=gic)
    assert lines == ["came, wrong 0", "0", "0"], lines
