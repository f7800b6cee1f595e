"""Modules come and go: busybox's insmod, lsmod, rmmod, modinfo and modprobe, and the calls themselves (programs/modcall.c).

The modules are those of tests/boot/modules.  `make test-modules` is the long form: LOADS=10000 in test_many.
"""

import gzip
import os
import re
import subprocess
import sys

import conftest
import initrd
import oracle
import pytest

RELEASE = "6.12.0-newel"
KO = os.path.join(conftest.BUILD, "tests", "modules")
NAMES = "answers borrower device lender rival".split()
LOADS = int(os.environ.get("LOADS", "100"))
BEGIN, END = "--begin", "--end"
LOST_KIB = 192  # what caches may hold at one time and not at another

pytestmark = pytest.mark.needs("busybox")


def ko(name):
    with open(os.path.join(KO, name + ".ko"), "rb") as f:
        return f.read()


def system(script, *extra, tree=()):
    """A busybox system that says what @script does, with the modules in /m and modprobe's tree of @tree."""
    init = f"""#!/bin/busybox sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; cd /m
{{ echo '{BEGIN}'
{script}
echo '{END}'; }} 2>&1
poweroff -f
"""
    files = [initrd.directory("m"), *(initrd.file(f"m/{n}.ko", ko(n), 0o644) for n in NAMES), *tree, *extra]
    return oracle.system(init, oracle.part("busybox"), extra=files)


def depmod(tmp_path):
    """/lib/modules as `make modules` would make it of these."""
    out = tmp_path / "lib"
    args = [f"extra={os.path.join(KO, n)}.ko" for n in NAMES if n != "rival"]
    subprocess.run([sys.executable, os.path.join(conftest.ROOT, "tools", "depmod.py"), str(out),
                    os.path.join(conftest.ROOT, "log", "version.h"), *args], check=True, stdout=subprocess.DEVNULL)
    tree = [initrd.directory("lib"), initrd.directory("lib/modules"), initrd.directory("sbin"),
            initrd.symlink("sbin/modprobe", "../bin/busybox")]
    for folder, dirs, files in os.walk(out):
        here = os.path.relpath(folder, out)
        tree += [initrd.directory(os.path.normpath(f"lib/modules/{here}/{d}")) for d in dirs]
        for name in files:
            with open(os.path.join(folder, name), "rb") as f:
                tree.append(initrd.file(os.path.normpath(f"lib/modules/{here}/{name}"), f.read(), 0o644))
    return tree


def said(run, quiet=True):
    assert run.finish(silence=120) == 0
    text = run.log.replace("\r\n", "\n").split(BEGIN + "\n", 1)[1].split(END, 1)[0]
    return [line for line in text.split("\n") if line and not (quiet and re.match(r"\[ *\d+\.\d+\] ", line))]


@pytest.fixture
def session(boot, program):
    """session(script): the lines that it says on one machine, without those of the log."""

    def run(script, *extra, tree=(), quiet=True, **machine):
        fields = dict(smp=4, append="quiet panic=-1") | machine
        return said(boot(system(script, initrd.file("bin/modcall", program("modcall")), *extra, tree=tree), **fields), quiet)

    return run


LINE = re.compile(r"(\w+) (\d+) (\d+) (-|(?:\w+,)*(?:\[permanent\],)?) (Live|Loading|Unloading) 0x([0-9a-f]{16})( \([PFO]+[-+]?\))?$")


@pytest.mark.virt
def test_come_and_go(session, tmp_path):
    lines = session("""
insmod lender.ko number=-5 flag large=0x100000000 text=hello room=abc list=1,2 secret=9 nosuch=3 -- x=5
insmod borrower.ko
cat /proc/modules; lsmod
rmmod lender
cat /sys/module/lender/refcnt; ls -l /sys/module/lender/holders | tail -1 | sed 's/.*holders//; s/.* \\(borrower ->\\)/\\1/'
rmmod borrower && rmmod lender && cat /proc/modules && echo empty
modinfo /m/lender.ko | grep -v filename
dmesg | grep -E 'lender|borrower' | sed 's/^.[^]]*. //'
""", tree=depmod(tmp_path))
    modules = [LINE.match(line) for line in lines[:2]]
    assert all(modules), lines
    assert [m.group(1, 3, 4, 5, 7) for m in modules] == [("borrower", "0", "-", "Live", " (O)"),
                                                         ("lender", "1", "borrower,", "Live", " (O)")]
    assert all(int(m[2]) % 4096 == 0 and int(m[6], 16) % 4096 == 0 and int(m[6], 16) for m in modules)
    rest = lines[2:]
    assert rest[0].startswith("Module ") and rest[0].endswith("Tainted: G ") or "Tainted" in rest[0], rest[0]
    assert [line.split()[0] for line in rest[1:3]] == ["borrower", "lender"]
    assert rest[3] == "rmmod: can't unload module 'lender': Resource temporarily unavailable"
    assert rest[4:7] == ["1", "borrower -> ../../borrower", "empty"]
    info = dict(line.split(":", 1) for line in rest[7:] if re.match(r"\w+: ", line) and line.split(":")[0] not in NAMES)
    assert info["license"].strip() == "GPL" and info["version"].strip() == "1.5"
    log = "\n".join(rest)
    for line in ("lender: loading out-of-tree module taints kernel.", "lender: unknown parameter 'nosuch' ignored",
                 "lender: parameters 'x=5 ' after `--' ignored", "lender: -5 1 4294967296 hello abc 1,2,0 of 2, 9",
                 "borrower: -5", "lender: gone"):
        assert line in log, line


@pytest.mark.virt
def test_refused(session):
    """What is refused, and what the log says of it."""
    bad = bytearray(ko("lender"))
    at = bad.index(b"layouts:") + len("layouts:")
    bad[at:at + 8] = b"00000000"
    lines = session("""
modcall finit borrower.ko "" 0
modcall finit lender.ko "" 0
modcall finit lender.ko "" 0
modcall init lender.ko number=3
modcall finit rival.ko "" 0
modcall delete lender 0
modcall finit rival.ko "" 0
modcall finit lender.ko "" 0
modcall delete rival 2048
for a in number=x room=0123456789 list=1,2,3,4 flag=maybe large=99999999999999999999; do modcall init lender.ko $a; done
modcall finit /m/other.ko "" 0
modcall finit /m/other.ko "" 1
modcall finit /m/other.ko "" 2; modcall delete lender 0
modcall finit /m/lender.gz "" 4; modcall delete lender 0
modcall finit /m/lender.gz "" 0
modcall finit lender.ko "" 4
modcall finit /m/cut.gz "" 4
modcall init answers.ko answer=-19
modcall init answers.ko answer=5; modcall delete answers 0; modcall delete answers 512
grep -c 'permanent' /proc/modules
cat /proc/sys/kernel/tainted
dmesg | sed -n 's/^.[^]]*. //; /magic\\|differs\\|duplicate\\|Unknown\\|suspicious\\|license/p'
""", initrd.file("m/other.ko", bytes(bad)), initrd.file("m/lender.gz", gzip.compress(ko("lender"))),
                    initrd.file("m/cut.gz", gzip.compress(ko("lender"))[:-9]))
    results = [line for line in lines if re.match(r"-?\d+ ?[A-Z]*$", line)]
    assert results == ["-2 ENOENT", "0 ", "-17 EEXIST", "-17 EEXIST", "-8 ENOEXEC", "0 ", "0 ", "-8 ENOEXEC", "0 ",
                       "-22 EINVAL", "-28 ENOSPC", "-22 EINVAL", "-22 EINVAL", "-34 ERANGE",
                       "-8 ENOEXEC", "-8 ENOEXEC", "0 ", "0 ", "0 ", "0 ", "-8 ENOEXEC", "-22 EINVAL", "-22 EINVAL",
                       "-19 ENODEV", "0 ", "-16 EBUSY", "-16 EBUSY", "1", "4099"], "\n".join(lines)
    log = "\n".join(lines)
    for pattern in (r"borrower: Unknown symbol lender_number \(err -2\)",
                    r"rival: exports duplicate symbol lender_number \(owned by lender\)",
                    r"lender: exports duplicate symbol lender_number \(owned by rival\)",
                    r"lender: version magic '6.12.0-newel .* layouts:00000000 .*' should be '.*'",
                    r"lender: it differs in: layouts:00000000, here layouts:[0-9a-f]{8}$",
                    r"lender: module has bad vermagic: kernel tainted",
                    r"answers: module license 'unspecified' taints kernel\.",
                    r"module: 'answers'->init suspiciously returned 5, it should follow 0/-E convention"):
        assert re.search(pattern, log, re.MULTILINE), pattern


@pytest.mark.virt
def test_refused_again_and_again(session):
    """An init that fails, arguments that are none, a file that is cut, a name that nobody exports: all memory is back."""
    lines = session("""
weigh() { awk '/^MemFree/ { print $2 }' /proc/meminfo; }
head -c 3000 lender.ko >/tmp/cut.ko
for round in 5 100; do
    before=$(weigh)
    i=0; while [ $((i += 1)) -le $round ]; do
        modcall init answers.ko answer=-19; modcall init lender.ko number=x; modcall finit /tmp/cut.ko "" 0; modcall finit borrower.ko "" 0
    done | sort | uniq -c
done
echo "memory $before $(weigh)"
""")
    counts = [line.split() for line in lines[4:8]]
    assert sorted(c[1] for c in counts) == ["-19", "-2", "-22", "-8"] and {c[0] for c in counts} == {"100"}, lines
    before, after = map(int, lines[-1].split()[1:])
    assert after >= before - LOST_KIB, f"{before} KiB before, {after} after"


@pytest.mark.virt
def test_no_room(session):
    """What does not fit into the arena says what it needs."""
    lines = session("""
modcall finit lender.ko "" 0; dmesg | grep -o 'lender: .* are taken'; cat /proc/modules
""", append="quiet panic=-1 newel.modules=8K")
    assert lines == ["-12 ENOMEM", "lender: 12 KiB do not fit, 0 of the 8 KiB of newel.modules= are taken"], lines


@pytest.mark.virt
@pytest.mark.needs("kmod")
def test_debians_depmod(session, tmp_path):
    """What Debian's depmod makes on the machine itself serves its modprobe, and busybox's: it finds what a module exports."""
    lines = session("""
/sbin/depmod -a; cat /lib/modules/$(uname -r)/modules.dep | grep borrower
/sbin/modprobe borrower; lsmod | awk 'NR > 1 { print $1, $3, $4 }'
/sbin/modprobe -r borrower; lsmod | awk 'NR > 1'
busybox modprobe borrower; lsmod | awk 'NR > 1 { print $1 }'
""", tree=[*depmod(tmp_path), *oracle.tree("kmod")])
    assert lines == ["extra/borrower.ko: extra/lender.ko", "borrower 0 ", "lender 1 borrower", "borrower", "lender"], lines


@pytest.mark.virt
def test_sysfs_and_symbols(session):
    lines = session("""
modcall init lender.ko number=4
cd /sys/module
for i in lender/* lender/parameters/*; do [ -f $i ] && echo $i: $(cat $i 2>&1); done
ls -la lender | awk 'NR > 3 { print $1, $NF }'
echo 12 >lender/parameters/number; cat lender/parameters/number
echo x >lender/parameters/number; echo y >lender/parameters/flag
exec 5<lender/refcnt 6</proc/modules 7</proc/kallsyms
for s in .text .init.text; do echo "section $s $(cat lender/sections/$s)"; done
grep lender /proc/kallsyms | sort >/tmp/own; cat /tmp/own
grep -c . /proc/kallsyms
su daemon -s /bin/sh -c 'cat /proc/modules; grep lender /proc/kallsyms | sort -k3; cat /sys/module/lender/sections/.text; cat lender/parameters/room'
rmmod lender
cat <&5; cat <&6; ls
cat compression
""")
    text = "\n".join(lines)
    for line in ("lender/coresize: 12288", "lender/initsize: 0", "lender/initstate: live", "lender/refcnt: 0", "lender/taint: O",
                 "lender/version: 1.5", "lender/parameters/number: 4", "lender/parameters/flag: N", "lender/parameters/text: nothing",
                 "-r--r--r-- coresize", "drwxr-xr-x holders", "drwxr-xr-x parameters", "drwxr-xr-x sections", "--w------- uevent",
                 "cat: read error: No such device", "gzip"):
        assert line in lines, line
    assert "lender/parameters/secret" not in text
    assert text.count("write error: Invalid argument") == 1 and "12" in lines
    section = re.search(r"section \.text 0x([0-9a-f]{16})", text)[1]
    own = re.findall(r"^([0-9a-f]{16}) t (\w+)\t\[lender\]$", text, re.MULTILINE)
    assert (section, "lender_number") in own and ("0" * 16, "lender_number") in own
    assert {name for _, name in own} == {"lender_number", "lender_exit", "cleanup_module"}
    assert len([a for a, _ in own if int(a, 16)]) == len(own) / 2
    assert re.search(r"^lender 12288 0 - Live 0x0000000000000000 \(O\)$", text, re.MULTILINE)
    assert text.count("Permission denied") == 4


@pytest.mark.virt
def test_asked_for(session, tmp_path):
    """open(2) of a device and mount(2) of a file system that are missing bring the module; modprobe its dependencies."""
    lines = session("""
modprobe borrower; lsmod | awk 'NR > 1 { print $1, $3, $4 }'
modprobe -r borrower; lsmod | awk 'NR > 1'
mknod /tmp/unit c 10 230 && head -c 3 /tmp/unit; echo; ls -l /dev/unit | awk '{ print $1, $5, $6 }'
exec 5</dev/unit; lsmod | awk 'NR > 1 { print $1, $3 }'
rmmod device; exec 5<&-; rmmod device; ls /dev/unit
mount -t unit none /tmp; lsmod | awk 'NR > 1 { print $1, $3 }'; rmmod device
mount -t tmpfs none /tmp; echo "#!/bin/sh
[ -e /proc/\\$\\$/fd/0 ] || files=none
echo \\"\\$0 \\$@ HOME=\\$HOME TERM=\\$TERM PATH=\\$PATH \\$(id -u) \\$files \\$(cut -d' ' -f4-6 /proc/\\$\\$/stat)\\" >>/tmp/log
exit 1" >/tmp/asks; chmod +x /tmp/asks
echo /tmp/asks >/proc/sys/kernel/modprobe; cat /proc/sys/kernel/modprobe
mknod /tmp/none c 77 5; chmod 666 /tmp/none
su daemon -s /bin/sh -c 'cat /tmp/none'; cat /tmp/unit
mount -t "a b-c" none /mnt; mount -t $(printf %060d 1) none /mnt
cat /tmp/log; rm /tmp/log
echo /nosuch >/proc/sys/kernel/modprobe; cat /tmp/none; echo >/proc/sys/kernel/modprobe; cat /tmp/none; ls /tmp/log
echo 0 >/proc/sys/kernel/modules_disabled; echo 1 >/proc/sys/kernel/modules_disabled; echo 0 >/proc/sys/kernel/modules_disabled
cat /proc/sys/kernel/modules_disabled; modcall finit /m/lender.ko "" 0; modcall delete nosuch 0
""".replace("mknod /tmp/unit", "mkdir -p /mnt; mknod /tmp/unit"), tree=depmod(tmp_path))
    env = "HOME=/ TERM=linux PATH=/sbin:/usr/sbin:/bin:/usr/bin 0 none 0 0 0"
    assert lines == [
        "borrower 0 ", "lender 1 borrower",
        "uuu", "crw-rw-rw- 10, 230",
        "device 1",
        "rmmod: can't unload module 'device': Resource temporarily unavailable", "ls: /dev/unit: No such file or directory",
        "mount: mounting none on /tmp failed: No such device", "device 0",
        "/tmp/asks",
        "cat: can't open '/tmp/none': No such device or address", "cat: can't open '/tmp/unit': No such file or directory",
        "mount: mounting none on /mnt failed: No such device", "mount: mounting none on /mnt failed: No such device",
        f"/tmp/asks -q -- char-major-77-5 {env}", f"/tmp/asks -q -- char-major-77 {env}", f"/tmp/asks -q -- fs-a b-c {env}",
        "cat: can't open '/tmp/none': No such device or address", "cat: can't open '/tmp/none': No such device or address",
        "ls: /tmp/log: No such file or directory",
        *2 * ["sh: write error: Invalid argument"], "1", "-1 EPERM", "-1 EPERM"], "\n".join(lines)


STORM = """
echo '#!/bin/sh
sleep 1; exit 1' >/tmp/slow; chmod +x /tmp/slow; mknod /tmp/none c 77 5; chmod 666 /tmp/none
cat /tmp/none 2>/dev/null
echo /tmp/slow >/proc/sys/kernel/modprobe
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    su daemon -s /bin/sh -c 'while :; do cat /tmp/none; done' >/dev/null 2>&1 &
done
most=0
for i in $(seq 30); do
    n=$(ps | grep -c '[/]tmp/slow'); [ $n -le $most ] || most=$n
    sleep 0.05
done
[ $most -gt 0 ] && [ $most -le 16 ] && echo bounded || echo "at once: $most"
killall sh cat >/dev/null 2>&1; for p in $(ps | awk '$2 == "daemon" { print $1 }'); do kill -9 $p 2>/dev/null; done; wait
echo over
"""


@pytest.mark.virt
def test_asked_in_a_storm(session):
    """Many that ask at once: eight programs, each with a child of its name at the most; and who is killed gives up."""
    lines = session(STORM)
    assert lines == ["bounded", "over"], "\n".join(lines)


@pytest.mark.virt
def test_each_allocation_fails(session):
    """A load whose 1st, 2nd, ... allocation fails is refused with -ENOMEM, or goes on without it, and gives all back."""
    lines = session("""
modcall fail lender.ko lender
modcall fail device.ko device
modcall finit lender.ko "" 0
modcall fail borrower.ko borrower
modcall delete lender 0
cat /proc/modules; ls /sys/module
""")
    points = [tuple(map(int, re.findall(r"-?\d+", line))) for line in lines if line.startswith("points")]
    assert len(points) == 3, lines
    assert all(20 < n < 200 and 10 < refused <= n for n, refused, _ in points), points
    # In eight rounds: a page at one point in four would be twice that.
    assert all(lost <= LOST_KIB for _, _, lost in points), points
    assert lines[-1].split() == ["compression", "kernel"], lines


@pytest.mark.virt
def test_rivals(session):
    """Of two that come at once and export one name, one is loaded."""
    lines = session("""
for i in $(seq 40); do
    modcall finit lender.ko "" 0 >/dev/null & modcall finit rival.ko "" 0 >/dev/null & wait
    [ "$(grep -c Live /proc/modules)" = 1 ] || cat /proc/modules
    modcall delete lender 0 >/dev/null; modcall delete rival 0 >/dev/null
done
echo over
""")
    assert lines == ["over"], "\n".join(lines)


MANY = """
weigh() {{ awk '/^MemAvailable/ {{ print $2 }}' /proc/meminfo; }}
for round in 2 {loads}; do
    before=$(weigh)
    readers=
    for r in 'read /proc/modules' 'read /proc/kallsyms' 'use /dev/unit' 'read /sys/module/lender/refcnt'; do
        modcall $r & readers="$readers $!"
    done
    loaders=
    for m in device device lender lender; do
        modcall cycle $round $m.ko $m & loaders="$loaders $!"
    done
    for l in $loaders; do wait $l || echo FAILED; done
    : >/tmp/stop
    for r in $readers; do wait $r || echo FAILED; done
    rm /tmp/stop
    sleep 1
done
echo "memory $before $(weigh)"
cat /proc/modules; ls /sys/module
"""


@pytest.mark.virt
def test_many(session):
    """Loads and unloads on four cores, of two modules by two loaders each, among readers and users: nothing is lost."""
    lines = session(MANY.format(loads=max(LOADS // 4, 3)), limit=180 + LOADS)
    assert "FAILED" not in lines and sum(line.startswith("cycled") for line in lines) == 8, "\n".join(lines)
    before, after = next(map(int, line.split()[1:]) for line in lines if line.startswith("memory"))
    assert after >= before - 512, f"{before} KiB before, {after} after"
    assert lines[-1].split() == ["compression", "kernel"], lines
    print(*lines, sep="\n")
