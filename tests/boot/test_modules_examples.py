"""The modules of modules/: each is loaded, and what it says is held against what others say of the same machine."""

import os
import re
import shutil
import socket
import subprocess

import console
import initrd
import oracle
import pytest
from conftest import BUILD, ROOT

CALLS = 20000  # of tests/boot/programs/calls.s
WAYS = {"el1": dict(el=1, cpu="max", gic=3), "el2": dict(el=2), "el3": dict(el=3)}
BEGIN = "mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev"
READY = "all is said"
pytestmark = pytest.mark.needs("busybox")


def modules_archive():
    path = os.path.join(BUILD, "modules.cpio")
    if not os.path.exists(path):
        pytest.fail(f"no {path}: make modules", pytrace=False)
    with open(path, "rb") as f:
        return f.read()


def behind(archive, other):
    """Two archives in one: the second begins at a multiple of 512."""
    return archive + bytes(-len(archive) % 512) + other


@pytest.fixture
def says(boot, parts, program):
    """says(script, extra members, fields of the machine...): what a system with the modules prints for that script."""

    def run(script, members=(), ready=None, modules=b"", **fields):
        init = f"#!/bin/busybox sh\n{BEGIN}\n{script}\n" + (f"echo {READY}; read word\n" if ready else "") + "poweroff -f\n"
        calls = initrd.file("bin/calls", program("calls"))
        archive = behind(oracle.system(init, parts("busybox"), extra=[calls, *members]), modules or modules_archive())
        machine = boot(archive, append=fields.pop("append", "quiet panic=-1"), **fields)
        if ready:
            machine.expect(READY + "$")
            ready()
            machine.send("")
        assert machine.finish() == 0
        return machine.log

    return run


def section(log, name):
    """What the script printed between `<name` and `name>`."""
    return re.search(rf"^<{name}\n(.*?)^{name}>$", log, re.DOTALL | re.MULTILINE).group(1)


def cat(file, name):
    return f"echo '<{name}'; cat {file}; echo '{name}>'\n"


# ---- hello ----


@pytest.mark.both_boards
def test_hello(says, kernel_el):
    """It greets whom it is told to, and its addresses are what the loader promises: nothing is written and executed."""
    hello_says(says("modprobe hello whom=you times=2 && lsmod && rmmod hello; dmesg | grep hello", el=2), kernel_el, pan=None)


@pytest.mark.parametrize("way", WAYS)
def test_hello_at_each_level(says, kernel_el, way):
    has_pan = way == "el1" or kernel_el == 2  # the core that each runs on
    hello_says(says("modprobe hello whom=you times=2 && lsmod && rmmod hello; dmesg | grep hello", **WAYS[way]), kernel_el,
               pan="1" if has_pan else "not there")


def hello_says(log, el, pan):
    assert log.count("hello: hello, you") == 2 and "hello: goodbye, you" in log
    assert re.search(r"^hello +\d+ +0", log, re.MULTILINE), "lsmod shows it"
    m = re.search(rf"hello: CurrentEL {el << 2:#x} \(EL{el}\), PSTATE: N\d Z\d C\d V\d, D\d A0 I0 F\d, PAN ([\w ]+), SPSel 1", log)
    assert m and (pan is None or m.group(1) == pan)
    found = dict(re.findall(r"hello: ([\w' ]+?) +[0-9a-f]{16}, pa [0-9a-f]+: (EL[12] ..., EL0 \w+)", log))
    code, constant, variable = (f"EL{el} {rights}, EL0 no" for rights in ("r-x", "r--", "rw-"))
    assert found == {"text": code, "rodata": constant, "data": variable, "init text": code, "init data": variable,
                     "stack": variable, "kmalloc": variable, "kernel's printk": code}


def test_hello_refuses(says):
    """What a parameter may not be is -EINVAL, and nothing is left of it; one that it does not know is only named."""
    log = says("for p in times=101 times=-1 times=x; do modprobe hello $p 2>&1; done; lsmod; echo then; modprobe hello nothing=1; lsmod",
               append="panic=-1")
    before, then = log.split("\nthen\n")
    assert before.count("Invalid argument") == 3 and not re.search(r"^hello ", before, re.MULTILINE)
    assert "`x' invalid for parameter `times'" in before
    assert "unknown parameter 'nothing' ignored" in then and re.search(r"^hello ", then, re.MULTILINE)


# ---- esr ----


@pytest.mark.both_boards
def test_esr(says):
    """Syndromes in words, as gdb's decoder on this machine has them; what is no number is refused, and stays away."""
    numbers = ["96000045", "56000000", "f2000800", "0", "ffffffff"]
    log = says("modprobe esr; ls -l /dev/esr\necho 0x" + " ".join(numbers) + " >/dev/esr\n" + cat("/dev/esr", "many") +
               "echo nonsense >/dev/esr; echo status $?\n" + cat("/dev/esr", "none") +
               "exec 3</dev/esr; lsmod | grep esr; rmmod esr 2>&1; exec 3<&-; rmmod esr && echo gone; ls /dev/esr 2>&1", el=2)
    assert re.search(r"^crw-------.*10, 242", log, re.MULTILINE)
    many = section(log, "many").splitlines()
    assert [line.split(":")[0] for line in many] == [f"{int(n, 16):#x}" for n in numbers]
    tool = os.path.join(ROOT, "build", "host", "esr")
    if os.path.exists(tool):
        for n, line in zip(numbers, many):
            said = subprocess.run([tool, "0x" + n], capture_output=True, text=True, check=True).stdout
            assert line.split(": ", 1)[1] in said
    assert "level 1 translation fault" in many[0] and "SVC" in many[1]
    assert "status 1" in log and section(log, "none") == ""
    assert re.search(r"^esr +\d+ +1", log, re.MULTILINE) and "in use" in log or "temporarily unavailable" in log
    assert "gone" in log and "No such file" in log


def test_esr_by_its_number(says):
    """A device that is opened brings its module: char-major-10-242 is esr's alias."""
    log = says("mknod /tmp/esr c 10 242; echo 56000000 >/tmp/esr; cat /tmp/esr; lsmod",
               members=[initrd.directory("sbin"), initrd.symlink("sbin/modprobe", "/bin/busybox")])
    assert re.search(r"0x56000000: .*SVC", log) and re.search(r"^esr ", log, re.MULTILINE)


# ---- counters ----


def table(text):
    """{(kind, levels): [count of each core]} of /proc/counters."""
    rows = [line.split() for line in text.splitlines()[1:]]
    return {(kind, levels): [int(n) for n in counts] for kind, levels, *counts in rows}


@pytest.mark.parametrize("way", WAYS)
def test_counters(says, kernel_el, way):
    """A program's calls are all counted, and hardly any others; without the module nothing is counted any more."""
    log = says("modprobe counters\n" + cat("/proc/counters", "before") + "calls\n" + cat("/proc/counters", "after") +
               "rmmod counters; cat /proc/counters 2>&1; calls; modprobe counters\n" + cat("/proc/counters", "again"), **WAYS[way])
    before, after, again = (table(section(log, name)) for name in ("before", "after", "again"))
    svc, fault = ("svc", f"EL0->EL{kernel_el}"), ("fault", f"EL0->EL{kernel_el}")
    assert len(after[svc]) == 4
    assert CALLS <= sum(after[svc]) - sum(before[svc]) < CALLS + 1000
    assert 0 < sum(after[fault]) - sum(before[fault]) < 5000
    assert sum(sum(again[row]) for row in again if row[0] != "sched") < 3000, "it began anew"
    assert "No such file" in log


def test_counters_beside_the_trace(says, kernel_el):
    """trace= goes on as it was, before, while and after somebody observes."""
    log = says("calls; modprobe counters; calls\n" + cat("/proc/counters", "counted") + "rmmod counters; head -c 1920000 /dev/null\n"
               "sleep 1; calls; dd if=/dev/trace of=/tmp/t bs=1920 count=40 2>/dev/null; wc -c </tmp/t",
               append="quiet panic=-1 trace=svc,ring", smp=1)
    assert sum(table(section(log, "counted"))["svc", f"EL0->EL{kernel_el}"]) > CALLS
    assert sum(table(section(log, "counted"))["irq", f"EL0->EL{kernel_el}"]) >= 0
    assert re.search(r"^\d{4,}$", log, re.MULTILINE)


# ---- sysregs ----


def registers(text):
    """{register: value} of /proc/sysregs."""
    return {name: int(value, 16) for name, value in re.findall(r"^(\w+) (0x[0-9a-f]{16}) \(cpu", text, re.MULTILINE)}


def gdb_reads(port, names):
    """{register: value} as QEMU tells gdb."""
    words = [w for n in names for w in ("-ex", f'printf "{n} %#lx\\n", ${n}')]
    done = subprocess.run(["gdb-multiarch", "-q", "-batch", "-ex", "set architecture aarch64", "-ex", f"target remote 127.0.0.1:{port}", *words],
                          capture_output=True, text=True, timeout=60 * console.SLOW, check=False)
    return {name: int(value, 0) for name, value in re.findall(r"^(\w+) (0x[0-9a-f]+|0)$", done.stdout, re.MULTILINE)}


@pytest.mark.parametrize("way", WAYS)
def test_sysregs(says, kernel_el, way):
    """Each register's value is the one that QEMU tells gdb; fields and words follow from the value.

    At EL2 the names of EL1's registers, which the kernel has, are EL2's.
    """
    if not shutil.which("gdb-multiarch"):
        pytest.skip("needs gdb-multiarch, install it by: tools/setup debug")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    seen = {}
    own = [f"{n}_EL{kernel_el}" for n in ("SCTLR", "TCR", "TTBR1", "MAIR", "VBAR")]
    names = [*own, "CTR_EL0", "ID_AA64PFR0_EL1", "ID_AA64ISAR0_EL1",
             "ID_AA64MMFR0_EL1", "ID_AA64MMFR1_EL1"]
    log = says("modprobe sysregs\n" + cat("/proc/sysregs", "registers") + cat("/proc/cpuinfo", "cpuinfo"),
               ready=lambda: seen.update(gdb_reads(port, names)), smp=1,
               **{**WAYS[way], "extra": ["-gdb", f"tcp:127.0.0.1:{port}"]})
    text = section(log, "registers")
    ours = registers(text)
    assert len(ours) == 19 and seen
    seen = {n.replace("_EL2", "_EL1"): v for n, v in seen.items() if not n.startswith("TTBR1")}
    assert {n: hex(ours[n]) for n in seen} == {n: hex(v) for n, v in seen.items()}
    assert "vectors_" in re.search(r"^VBAR_EL1.*$", text, re.MULTILINE).group()
    assert re.search(r"^  M +\[0\] +0x1  stage 1 translation on$", text, re.MULTILINE)
    assert re.search(r"^  WXN +\[19\] +0x0  writable memory may be executable$", text, re.MULTILINE)
    part = int(re.search(r"CPU part\s+: (0x[0-9a-f]+)", section(log, "cpuinfo")).group(1), 16)
    assert ours["MIDR_EL1"] >> 4 & 0xFFF == part
    for register, fields in re.findall(r"^(\w+) 0x[0-9a-f]{16} .*\n((?:  .*\n)*)", text, re.MULTILINE):
        for high, low, value in re.findall(r"\[(\d+)(?::(\d+))?\] +(0x[0-9a-f]+)\b", fields):
            low = int(low or high)
            assert ours[register] >> low & (1 << int(high) - low + 1) - 1 == int(value, 16), (register, high)


# ---- own ----


def slots(text):
    """{offset in the table: [count of each core]} of /proc/own."""
    return {int(m.group(1), 16): [int(n) for n in m.group(2).split()]
            for m in re.finditer(r"^(0x[0-9a-f]{3}) .*?(?:Synchronous|IRQ|FIQ|SError) +([\d ]+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("way", WAYS)
def test_own(says, way):
    """Each core's VBAR_EL1 is the module's, every call comes through it; then it is the kernel's again."""
    registers_program = os.path.join(ROOT, "build", "tests", "el0", "registers")
    with open(registers_program, "rb") as f:
        members = [initrd.file("bin/registers", f.read())]
    log = says("modprobe own\n" + cat("/proc/own", "before") + "calls\n" + cat("/proc/own", "after") +
               "cd /tmp; registers && echo every register kept\nmodprobe counters\n" + cat("/proc/own", "traced") +
               "calls; registers && echo every register kept, traced\nrmmod counters\n" + cat("/proc/own", "untraced") +
               "rmmod own; dmesg | grep 'own: cpu'; calls; echo and on it goes", members=members, **WAYS[way])
    before, after = (slots(section(log, name)) for name in ("before", "after"))
    assert list(after) == [0x80 * i for i in range(16)] and all(len(counts) == 4 for counts in after.values())
    assert CALLS <= sum(after[0x400]) - sum(before[0x400]) < CALLS + 5000
    assert sum(after[0x280]) > 0, "interrupts of the idle kernel"
    assert all(not sum(after[slot]) for slot in after if slot not in (0x200, 0x280, 0x400, 0x480))
    places = [re.findall(r"^cpu(\d) VBAR_EL1 0x([0-9a-f]+) own_tables\+(0x[0-9a-f]+)/0x4000 \[own\], in front of (\w+)$", section(log, name), re.MULTILINE)
              for name in ("before", "traced", "untraced")]
    for seen in places:
        assert [int(cpu) for cpu, *_ in seen] == [0, 1, 2, 3]
        assert [int(into, 16) for _, _, into, _ in seen] == [0, 0x800, 0x1000, 0x1800]
        assert all(int(vbar, 16) % 0x800 == 0 for _, vbar, *_ in seen)
    assert not any(name.endswith("traced") for *_, name in places[0] + places[2])
    assert all(name.endswith("_traced") for *_, name in places[1])
    assert "every register kept\n" in log and "every register kept, traced" in log
    assert len(re.findall(r"own: cpu\d VBAR_EL1 0x[0-9a-f]+ vectors_(?:el1|bhb)\+0x0/0x800$", log, re.MULTILINE)) == 4
    assert "and on it goes" in log


# ---- modules of one's own ----

FIRST = """
#include "kmod/module.h"
int first_answer(void);
int first_answer(void) { return 42; }
EXPORT(first_answer);
MODULE_LICENSE("GPL");
"""
SECOND = """
#include "kmod/module.h"
#include "log/printk.h"
int first_answer(void);
static int __init second_init(void) { pr_info("second: %d\\n", first_answer()); return 0; }
static void __exit second_exit(void) { }
module_init(second_init);
module_exit(second_exit);
MODULE_LICENSE("GPL");
MODULE_ALIAS("answer-of-*");
"""


@pytest.fixture
def own_modules(tmp_path):
    """Two modules of a folder outside of the tree, of which one needs the other; as an archive of /lib/modules."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "first.c").write_text(FIRST)
    (folder / "second.c").write_text(SECOND)

    def tool(*args):
        done = subprocess.run(args, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # With the flags of the kernel that is tested: build/llvm/checked is LLVM=1 CHECKED=1.
    flags = [f"{word.upper()}=1" for word in os.path.relpath(BUILD, os.path.join(ROOT, "build")).split("/") if word.isalpha()]
    tool("make", "-s", *flags, "modules", f"M={folder}")
    spec = tool("tools/depmod.py", str(tmp_path / "tree"), "log/version.h", *(f"extra={folder}/{n}.ko" for n in ("first", "second")))
    (tmp_path / "spec").write_text(spec)
    tool("tools/mkcpio.py", str(tmp_path / "cpio"), str(tmp_path / "spec"))
    return (tmp_path / "cpio").read_bytes()


@pytest.mark.needs("kmod")
@pytest.mark.parametrize("modprobe", ["modprobe", "/sbin/modprobe"], ids=["busybox", "debian"])
def test_dependencies(says, own_modules, modprobe):
    """A module of one's own brings what it needs, by its name or by its alias, and takes it away with it."""
    members = list(oracle.tree("kmod")) if modprobe[0] == "/" else []
    log = says(f"{modprobe} second; lsmod; rmmod first 2>&1; {modprobe} -r second; echo then; lsmod; {modprobe} answer-of-all; lsmod; dmesg",
               members=members, modules=own_modules)
    before, after = log.split("\nthen\n")
    assert re.search(r"^second +\d+ +0", before, re.MULTILINE) and re.search(r"^first +\d+ +1 second", before, re.MULTILINE)
    assert re.search(r"first.*(in use|unavailable|busy)", before)
    unloaded, again = after.split("second", 1)[0], after
    assert "first" not in unloaded
    assert again.count("second: 42") == 2 and "loading out-of-tree module taints kernel" in again


# ---- Debian's kmod ----


@pytest.mark.needs("kmod")
def test_debians_kmod(says):
    """Debian's modprobe, lsmod and modinfo, dynamic as they are, know the same modules."""
    members = list(oracle.tree("kmod"))
    log = says("/sbin/modprobe hello whom=Debian && /sbin/lsmod && /sbin/modinfo hello\n/sbin/modprobe -r hello; dmesg | grep hello: ;"
               "/sbin/modprobe char-major-10-242 && /sbin/lsmod", members=members)
    assert "hello: hello, Debian" in log and "hello: goodbye, Debian" in log
    assert re.search(r"^vermagic: +6\.12\.0-newel SMP mod_unload aarch64 exports:\w{8} layouts:\w{8} flags:\w{8}$", log, re.MULTILINE)
    assert re.search(r"^parm: +whom:who is greeted \(charp\)$", log, re.MULTILINE)
    assert re.search(r"^esr +\d+  0", log, re.MULTILINE)
