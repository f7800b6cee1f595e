"""make debug: gdb with our helpers on a stopped machine, and what they say of a running system."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import boards
import console
import hiding
import initrd as archives
import oracle
import pytest
from conftest import BUILD, ROOT

DEBUG = os.path.join(ROOT, "gdb", "debug.py")


def run_gdb(*commands, el=1, smp=1, initrd="", append="", hide=False, machine=()):
    """Run gdb in batch on a fresh machine; what it printed.  hide: behind a proxy that leaves what OpenOCD shows, too."""
    if not shutil.which("gdb-multiarch"):
        pytest.skip("needs gdb-multiarch, install it by: tools/setup debug")
    args = [DEBUG, "--build", BUILD, "--el", str(el), "--smp", str(smp), "--append", f"panic=-1 {append}"]
    args += ["--initrd", initrd] if initrd else []
    args += machine
    if hide:
        port = hiding.free_port()
        proxy = hiding.Proxy(port)
        args += ["--gdb", str(port), "--connect", str(proxy.port)]
    for command in commands:
        args += ["--ex", command]
    done = subprocess.run(args, capture_output=True, text=True, timeout=120 * console.SLOW, check=False)
    assert not hide or "system-registers.xml" in proxy.hidden
    return done.stdout + done.stderr


def run_at_el2(*commands, el=2, append="", machine=("--cpu", boards.VHE_CPU), **fields):
    """The same with the kernel at EL2."""
    return run_gdb(*commands, el=max(2, el), append=f"newel.el2=vhe {append}", machine=machine, **fields)


@pytest.fixture
def gdb(board):
    return run_at_el2 if board == "vhe" else run_gdb


@pytest.mark.parametrize("el, name", [(1, "EL1 (the kernel)"), (2, "EL2 (the hypervisor)"), (3, "EL3 (the monitor)")])
def test_level_of_entry(gdb, kernel_el, el, name):
    if el < kernel_el:
        boards.tied("entered at EL1")
    assert name in gdb("el", el=el)


def test_symbols_and_stop_at_kmain(gdb, kernel_el):
    said = gdb("hbreak kmain", "continue", "el", "bt")
    assert re.search(r"Breakpoint 1, kmain ", said)
    assert f"EL{kernel_el} (the kernel)" in said and "#0  kmain" in said


def test_esr_words(gdb):
    said = gdb("esr 0x96000045", "esr 0x56000000")
    assert "EC 0x25 DABT (current EL)" in said and "level 1 translation fault" in said
    assert "EC 0x15 SVC" in said


def test_errors_are_gdbs(gdb):
    """An expression, a filter, a file that is none: a line in gdb's words."""
    said = gdb("esr zz", "esr 1 +", "hbreak machine_fail", "continue", "el-trace '['", "el-trace >", "el-trace > /none/x", append="trace=all,ring newel.test=nullderef")
    assert "Python Exception" not in said and "Traceback" not in said, said
    assert 'No symbol "zz" in current context' in said and "el-trace > FILE" in said and "unterminated character set" in said and "/none/x" in said, said


def test_without_the_host_programs(gdb, kernel_el, tmp_path):
    """gdb/newel.gdb as OpenOCD's users load it, in a tree where nothing was made for the host: numbers, and once what to make."""
    commands = [f"python import newel.command; newel.command.ROOT = '{tmp_path}'", "hbreak kmain", "continue", "el-regs", "el-regs EL3", "esr 0x56000000"]
    said = gdb(*commands, el=3)
    assert said.count("make build/host/esr") == 1, said
    assert re.search(rf"^SCTLR_EL{kernel_el}  0x", said, re.MULTILINE) and re.search(r"^ESR_EL3    0x\w+$", said, re.MULTILINE), said
    assert re.search(r"^VBAR_EL3 ", said, re.MULTILINE) and re.search(r"^0x56000000$", said, re.MULTILINE), said


def test_tables_of_a_running_system(gdb, kernel_el):
    """At the first system call: walk both halves; text is r-x, its alias in the linear map is not."""
    said = gdb("hbreak syscall_dispatch", "continue", "pt &kmain", "pt *(long*)($sp+256)", "frame-dump $sp", "ps", "maps", "maps 0")
    at = f"EL{kernel_el}"
    assert f"by TTBR1_{at}" in said and f"{at} r-x, EL0 ---, AP 2, UXN, Normal write-back (Attr3), inner shareable, AF, global" in said
    assert f"by TTBR0_{at}" in said and f"{at} r--, EL0 r-x, AP 3, PXN, Normal write-back (Attr3), inner shareable, AF, nG" in said
    assert re.search(r"syscall \d+", said)
    assert re.search(r"^ +1 +1 ", said, re.MULTILINE), "ps shows PID 1"
    assert said.count("0 ranges are W+X") == 2
    assert "W+X" not in said.replace("ranges are W+X", "")


@pytest.fixture
def vmm(tmp_path):
    """A system whose PID 1 runs a guest."""
    program = os.path.join(BUILD, "tests", "el0", "kvm_seen")
    if not os.path.exists(program):
        pytest.skip("needs a compiler with a static C library for Linux: tools/setup test")
    path = tmp_path / "initrd"
    path.write_bytes(archives.archive(archives.directory("dev"), archives.device("dev/console", 5, 1), archives.file("init", pathlib.Path(program).read_bytes())))
    return path


def test_tables_of_el2(vmm):
    """Its own, the host's stage 2, a guest's: each leaf in words; and what is none."""
    running = ("hbreak el2_run if ((struct task *)$x18)->vcpu->exits[0x20]", "continue")  # its first page is there
    at = "(unsigned long)&{} - (unsigned long)&__image_start + 0x40200000"
    guest = ("pt vm", "pt vm 1 0x80000000", "pt vm 1 0x12340000", "pt vm 1 0x10000000000", "pt vm 7 0")
    said = run_gdb(*running, *guest, "pt host " + at.format("kmain"), "pt host 0x9000000", "pt host " + at.format("el2_stacks"),
               "pt el2 0x9000000", "pt el2 " + at.format("el2_boot"), "pt &kmain", el=2, initrd=vmm)
    vhe = run_at_el2(*running, *guest, "pt host 0", "pt &kmain", initrd=vmm, machine=("--cpu", "max", "--gic", "3"))
    for at, text in (1, said), (2, vhe):
        assert "Traceback" not in text and re.search(r"^VM 1$", text, re.MULTILINE), text
        assert re.search(r"^0x0000000080000000 by stage 2 of VM 1\n(  level .* table at .*\n)+  level [23] .*: rwx, Normal write-back.*, AF\n  = physical 0x", text,
                         re.MULTILINE), text
        assert re.search(r"^0x0000000012340000 by stage 2 of VM 1\n(  level .*\n)*  level \d .* not valid\n  = nothing is mapped there", text, re.MULTILINE), text
        assert "more than its 40 bits of address" in text and "no VM 7: there is 1" in text, text
        assert f"by TTBR1_EL{at} (kernel_root)" in text and f"EL{at} r-x" in text, text
    assert re.search(r"by the host's stage 2\n(  level .*\n)+  level 3 .* page at 0x\w+: r-x, Normal write-back, inner shareable, AF", said), said
    assert re.search(r"^0x0000000009000000 by the host's stage 2\n(  level .*\n)+  = physical 0x9000000", said, re.MULTILINE), said
    assert re.search(r"by the host's stage 2\n(  level .*\n)+  level 3 .* not valid\n  = nothing is mapped there", said), said
    assert re.search(r"^0x0000000009000000 by TTBR0_EL2\n(  level .*\n)+  level 3 .*: rw-, Device-nGnRE \(Attr1\), not shareable, AF", said, re.MULTILINE), said
    assert re.search(r"by TTBR0_EL2\n(  level .*\n)+  level 3 .*: rw-, Normal write-back \(Attr3\), inner shareable, AF", said), said
    assert "the kernel is at EL2" in vhe, vhe


def test_kernel_at_el2():
    """Its level, registers and tables are those of EL2, in a program too, and of a guest its own are told apart."""
    said = run_at_el2("hbreak syscall_dispatch", "continue", "el", "el-regs", "esr", "pt &kmain", "pt *(long*)($sp+256)", "tbreak *(*(long*)($sp+256))", "continue", "el",
                      "pt $pc", "ps")
    assert "EL2 (the kernel), on SP_EL2" in said and "EL0 (the program), on SP_EL0" in said
    for line in (r"SCTLR_EL2  0x\w+  M C SA SA0 .*UCI", r"MAIR_EL2   0x0+ff440400  Attr1", r"VBAR_EL2   0x\w+  vectors_\w+$", r"HCR_EL2    0x\w+ .*TGE RW E2H",
                 r"ESR 0x56000000: EC 0x15 SVC", r" +1 +1 .* init +runs on core 0$"):
        assert re.search(f"^{line}", said, re.MULTILINE), line
    assert "by TTBR1_EL2" in said and "EL2 r-x, EL0 ---, AP 2, UXN, Normal write-back (Attr3)" in said
    assert said.count("by TTBR0_EL2") == 2 and "EL2 r--, EL0 r-x, AP 3, PXN, Normal write-back (Attr3)" in said


@pytest.mark.parametrize("start", [run_gdb, run_at_el2], ids=["nvhe", "vhe"])
def test_in_a_guest(start, vmm):
    """What is EL1's there is not the kernel's, which is seen by EL2 where it is there itself."""
    said = start("hbreak kmain", "continue", "delete", "hbreak *0x80000000", "continue", "el", "ps", "pt vm", el=2, initrd=vmm)
    assert "EL1 (a guest's kernel), on SP_EL1" in said, said
    if start == run_gdb:
        assert said.count("in a guest, whose EL1 this is: the kernel is out of sight") == 2, said
    else:
        assert re.search(r"^VM 1$", said, re.MULTILINE) and re.search(r"^ +1 +1 ", said, re.MULTILINE), said


def test_help_lists_all(gdb):
    said = gdb("help newel", "help el-regs", "complete el-regs SC")
    for name in ("bt-task PID|TID|all:", "el:", "el-regs [LEVEL|REGISTER...]:", "el-add-user-syms PID [FOLDER...]:", "el-phys-syms [ADDR|off]:", "el-trace [N] [FILTER...]:", "esr [VALUE]:",
                 "frame-dump [ADDR]:", "maps [0|1] [TID]:", "newel-symbols [FOLDER...]:", "ps:", "pt ADDR [TID]:"):
        assert re.search(f"^{re.escape(name)} ", said, re.MULTILINE), name
    assert "LEVEL is EL1, EL2, EL3" in said and "el-regs SCTLR_EL1\nel-regs SCTLR_EL2" in said


def test_before_the_mmu(gdb, kernel_el):
    """What cannot be seen yet is said to be so, in words."""
    said = gdb("ps", "pt 0x400000", "maps", "el-regs")
    words = ["the MMU is off: neither the kernel's variables nor its tables are there yet", "at EL2, and the kernel's memory cannot be seen: its MMU is off"]
    assert said.count(words[kernel_el - 1]) == 3
    assert re.search(rf"^SCTLR_EL{kernel_el} +0x\w+(?! +M )", said, re.MULTILINE) and f"M=0x{4 * kernel_el + 1} (EL{kernel_el}h) F I A D" in said


def test_registers_by_field(gdb, kernel_el):
    said = gdb("hbreak kmain", "continue", "el-regs", "el-regs EL3", "el-regs HCR_EL2 PSTATE", "el-regs SCTLR_EL9", el=3)
    at, cpacr = f"EL{kernel_el}", "CPACR_EL1" if kernel_el == 1 else "CPTR_EL2 "
    for line in (rf"SCTLR_{at}  0x\w+  M C SA (SA0 )?.*UCI", rf"TCR_{at}    0x\w+  T0SZ=0x10 .*TG1=0x2 \(4 KiB pages\)", rf"TTBR1_{at}  0x0+4\w+  BADDR=0x4\w+",
                 rf"MAIR_{at}   0x0+ff440400  Attr1=0x4 \(Device-nGnRE\)", rf"{cpacr}  0x0+300000  FPEN=0x3", r"SCR_EL3    0x\w+  NS .*HCE RW",
                 r"SPSR_EL3   0x\w+  M=0x\w \(EL\dh\)", r"VBAR_EL3   0x0+e\w+  el3_vectors", r"  RW       \[31\]     0x1  EL1 is AArch64", rf"  M        \[3:0\]    0x{4 * kernel_el + 1}  {at}h"):
        assert re.search(f"^{line}", said, re.MULTILINE), line
    assert "SCTLR_EL9: not one of" in said


def test_trace_of_a_dead_machine(gdb):
    """The last records, by the same code that reads a stream; filtered; saved as one."""
    said = gdb("hbreak machine_fail", "continue", "el-trace 4", "echo ----\\n", "el-trace cpu1 smc eret", smp=2, el=3,
               append="trace=all,ring newel.test=nullderef")
    last, filtered = said[said.index("machine_fail"):].split("----\n")
    lines = re.findall(r"^\[ *(\d+\.\d{9})\] cpu\d pid \d+ EL\d.*$", last, re.MULTILINE)
    assert len(lines) == 4 and lines == sorted(lines)
    assert re.search(r"fault data abort from the current EL: write, .* far=0x8 \(null_dereference \+ \d+\)$", last, re.MULTILINE)
    lines = re.findall(r"^\[ .*$", filtered, re.MULTILINE)
    assert lines and all("cpu1 " in line and "eret smc" in line for line in lines)


def test_trace_saved(gdb, tmp_path):
    said = gdb("el-trace", "hbreak kmain", "continue", "el-trace", "delete", "hbreak sys_getppid", "hbreak sys_clone", "continue", f"el-trace > {tmp_path}/x",
               "el-trace 2 svc", append="trace=all,ring")
    assert "MMU is off" in said and "no records: trace=all,ring on the command line" in said
    text = subprocess.run([os.path.join(ROOT, "build", "host", "newel-trace-decode"), "--text", tmp_path / "x"], capture_output=True, text=True,
                          check=True).stdout
    assert re.search(r"cpu0 pid 1 EL0->EL\d svc clone\(.*\n$", text)
    assert "svc clone(" in said


IN_INIT = ("hbreak syscall_dispatch", "continue", "el-add-user-syms 1", "delete", "hbreak fork", "continue")


def test_symbols_of_the_levels_above(gdb, kernel_el):
    """EL3 serves a call of the kernel's: its code, which runs where it lies in physical memory, has names and lines."""
    said = gdb("el-phys-syms", "info symbol $pc", "el-phys-syms off", "hbreak kmain", "continue", "delete", "el-phys-syms", "hbreak el3_psci", "continue",
               "el", "bt 2", "ps", "el-regs", "el-phys-syms off", "info symbol $pc", el=3, smp=2)
    assert re.search(r"newel\.elf at 0x40200000, where it asks to be loaded: the kernel does not run yet\nprimary_entry in section", said)
    assert re.search(r"newel\.elf at 0x40200000\nEL3 is in secure memory at 0xe000000$", said, re.MULTILINE)
    assert "EL3 (the monitor)" in said and re.search(r"^#0  el3_psci \(.*\) at el3/\w+\.c:\d+\n#1  0x\w+ in answer_smc \(.*\) at el3/trap\.c:\d+", said, re.MULTILINE)
    assert re.search(r"^SPSR_EL3   0x\w+  M=0x9 \(EL2h\)", said, re.MULTILINE) and re.search(rf"^ELR_EL3    0x\w+  {'el2_call_el3' if kernel_el == 1 else 'smccc_smc_call'}", said, re.MULTILINE)
    assert "no process yet" in said and "No symbol matches $pc" in said



@pytest.mark.parametrize("hide", [False, True], ids=["qemu", "openocd"])
def test_a_program(gdb, hide):
    """A breakpoint in an EL0 program; there, where the kernel's memory has to be looked at past EL0's rights, all helpers work."""
    said = gdb(*IN_INIT, "el", "bt 2", "ps", "pt $pc", "maps", "maps 0 1", "frame-dump", "el-regs", "el-add-user-syms 1", "info symbol $pc",
               "el-trace 2 'svc'", "stepi", "bt 1", el=3, hide=hide, append="trace=svc,ring")
    assert re.search(r"^/init: build\S*/el0/init\.debug, at 0x401000$", said, re.MULTILINE)
    assert re.search(r"^#0  fork \(\) at el0/lib/process\.c:\d+\n#1  0x\w+ in \w+ \(.*\) at el0/init\.c:\d+", said, re.MULTILINE) and "EL0 (the program), on SP_EL0" in said
    assert re.search(r"^ +1 +1 .* init +runs on core 0$", said, re.MULTILINE)
    assert "(pgd of task 1)" in said and said.count("0 ranges are W+X") == 2 and re.search(r"syscall -?\d+", said)
    assert len(re.findall(r"^\[ .* cpu0 pid 1 EL\d->EL\d (?:eret )?svc ", said, re.MULTILINE)) == 2
    assert "fork in section .text of" in said and re.search(r"^#0  0x\w+ in fork \(\)", said, re.MULTILINE), "and goes on"
    assert "Error" not in said and "error" not in said and "gone already" not in said


def test_the_proxy_waits_for_qemu():
    """QEMU listens a while after gdb has been accepted: on a loaded machine that is the rule."""
    port = hiding.free_port()
    with socket.create_connection(("127.0.0.1", hiding.Proxy(port).port)) as asks:
        asks.sendall(b"$g#67")
        asks.settimeout(0.3)
        with pytest.raises(TimeoutError):
            asks.recv(1)
        with socket.create_server(("127.0.0.1", port)) as late:
            late.settimeout(60)
            assert late.accept()[0].recv(16) == b"$g#67"


def test_no_name_of_one_target(gdb, kernel_el):
    """Where the target shows no more than OpenOCD's, what can be found in memory is, and the rest is said."""
    said = gdb("print $ESR_EL1", "el", "pt 0x400000", "hbreak syscall_dispatch", "continue", "el-regs", "el-regs EL2", "pt &kmain", "pt *(long*)($sp+256)", "esr",
               "maps", "bt-task all", el=3, hide=True)
    assert "$1 = void" in said and "EL3 (the monitor)" in said
    assert "at EL3, and the kernel's memory cannot be seen: its MMU is off" in said
    at = f"EL{kernel_el}"
    for line in (rf"PSTATE     0x\w+  M=0x{4 * kernel_el + 1} \({at}h\)", rf"ELR_{at}    0x0+40\w+ .*as the last entry from EL0 saved it",
                 rf"ESR_{at}    0x0+56000000  EC 0x15 SVC", rf"TTBR0_{at}  0x\w+  BADDR=0x4\w+ .*current->mm", rf"TTBR1_{at}  0x\w+ .*kernel_root",
                 rf"SCTLR_{at}  the target does not show it$",
                 r"HCR_EL2    the target does not show it$"):
        assert re.search(f"^{line}", said, re.MULTILINE), line
    assert f"{at} r-x, EL0 ---, AP 2" in said and f"{at} r--, EL0 r-x, AP 3" in said and "0 ranges are W+X" in said
    assert re.search(r"^ESR 0x56000000: EC 0x15 SVC", said, re.MULTILINE)


@pytest.mark.needs("busybox")
def test_tasks_that_wait(gdb, tmp_path, parts):
    """Each task that does not run: where in the kernel it stands, with lines, and the call that it makes."""
    init = "#!/bin/busybox sh\n(sleep 100 | cat) &\nsleep 1\npoweroff -f\n"
    (tmp_path / "initrd").write_bytes(oracle.system(init, parts("busybox")))
    said = gdb("hbreak machine_power_off", "hbreak sys_reboot", "continue", "ps", "bt-task all", "bt-task 1", "bt-task 99", "complete bt-task ", smp=1,
               initrd=str(tmp_path / "initrd"))
    cat = re.search(r"^\d+ cat: TASK_\w+, core 0\n(.*?)^  ---- from EL0: pc 0x\w+ [^\n]* sp 0x\w+ \(system call (\d+)\)", said, re.MULTILINE | re.DOTALL)
    assert cat and re.search(r"#\d+ +0x\w+ pipe_read \+ \w+ at \S+:\d+", cat[1]) and "sys_read" in cat[1] and cat[2] == "63"
    assert "no task 99; ps lists them" in said and "bt-task all" in said


@pytest.mark.virt
def test_libraries_of_a_program(gdb, tmp_path):
    """A dynamic program's own symbols and its library's, by their files: a breakpoint in the library stops with both in the backtrace."""
    cc = shutil.which("aarch64-linux-gnu-gcc")
    if not cc:
        pytest.skip("needs aarch64-linux-gnu-gcc, install it by: tools/setup test")
    (tmp_path / "lib.c").write_text("int twice(int n) { return 2 * n; }\n")
    (tmp_path / "main.c").write_text("#include <unistd.h>\nint twice(int);\nint main(void) { return twice((int)getppid()); }\n")

    def build(*args):
        subprocess.run([cc, "-g", "-O0", *args], cwd=tmp_path, check=True)

    build("-shared", "-fPIC", "-o", "libtwice.so", "lib.c")
    build("-fPIE", "-pie", "-o", "prog", "main.c", "-L.", "-ltwice")
    lib = os.path.dirname(subprocess.run([cc, "-print-file-name=libc.so.6"], capture_output=True, text=True, check=True).stdout.strip())
    files = {"init": tmp_path / "prog", "lib/libtwice.so": tmp_path / "libtwice.so"}
    files |= {f"lib/{name}": os.path.join(lib, name) for name in ("libc.so.6", "ld-linux-aarch64.so.1")}
    parts_ = [archives.directory("lib")] + [archives.file(name, pathlib.Path(path).read_bytes()) for name, path in files.items()]
    (tmp_path / "initrd").write_bytes(archives.archive(*parts_))
    os.rename(tmp_path / "prog", tmp_path / "init")
    said = gdb("hbreak sys_getppid", "continue", f"el-add-user-syms 1 {tmp_path}", "delete", "hbreak twice", "continue", "bt 2", "el",
               f"el-add-user-syms 1 {tmp_path}", "info symbol main", initrd=str(tmp_path / "initrd"))
    assert re.search(r"^/lib/libtwice\.so: \S+libtwice\.so, at 0x\w+$", said, re.MULTILINE)
    assert re.search(r"^/lib/ld-linux-aarch64\.so\.1: \S+, at 0x\w+$", said, re.MULTILINE)
    assert re.search(r"^#0  twice \(n=0\) at .*lib\.c:1\n#1  0x\w+ in main \(\) at .*main\.c:3", said, re.MULTILINE), said
    assert "EL0 (the program)" in said and "main in section .text of" in said


@pytest.mark.needs("busybox")
def test_symbols_of_a_module(gdb, tmp_path, parts):
    """A module that is loaded behind gdb's back or under its eyes has names, lines and places; unloaded, it has none."""
    init = "#!/bin/busybox sh\nmount -t proc proc /proc\nmodprobe hello\nrmmod hello\nmodprobe esr\npoweroff -f\n"
    archive = oracle.system(init, parts("busybox"))
    with open(os.path.join(BUILD, "modules.cpio"), "rb") as f:
        archive += bytes(-len(archive) % 512) + f.read()
    (tmp_path / "initrd").write_bytes(archive)
    said = gdb("hbreak kmain", "continue", "newel-symbols", "set breakpoint pending on", "hbreak say_address", "continue", "bt", "info symbol hello_init",
               "delete", "hbreak esr_init", "continue", "bt 2", "info symbol say_address", initrd=str(tmp_path / "initrd"))
    assert "they are followed from here on" in said
    assert re.search(r"^hello: build\S*/modules/hello\.ko\.debug, .*\.init\.text 0x", said, re.MULTILINE)
    assert re.search(r"^#0  say_address \(what=.*\"text\"", said, re.MULTILINE)
    assert re.search(r"^#1  0x[0-9a-f]+ in hello_init \(\) at modules/hello\.c:\d+", said, re.MULTILINE)
    assert "in section .init.text of" in said and "sys_finit_module" in said
    assert "hello: gone" in said and re.search(r"^#0  esr_init \(\)", said, re.MULTILINE)
    assert 'No symbol "say_address"' in said


@pytest.mark.parametrize("spoil, syndrome", [("set $sp = (unsigned long)&el2_stacks - (unsigned long)&__image_start + 0x40200000 + 0x1010", r"EC 0x25\) .* FAR 0x\w+f\w0 "),
                                             ("set $pc = 8", r"EC 0x21\) ELR 0x8 FAR 0x8 ")], ids=["stack", "pc"])
def test_last_words_of_el2(spoil, syndrome):
    """Its stack is too short, or it runs astray: the line comes out, whatever became of its tables and its stack."""
    run_gdb("hbreak kmain", "continue", "delete", "el-phys-syms", "hbreak serve_hvc", "continue", "delete", spoil, "hbreak el2_last_words", "continue", "next", el=2,
        append="newel.test=levels")
    said = pathlib.Path(BUILD, "console.log").read_text(encoding="utf-8", errors="replace")
    assert re.search(rf"^newel: EL2: unexpected synchronous exception from itself: ESR 0x\w+ \({syndrome}", said, re.MULTILINE), said


@pytest.mark.parametrize("spoil, words", [("set $sp = ((unsigned long)$sp & ~0x7fff) + 0x4010", r"kernel stack overflow: sp \w+3f\w\w, stack \[\w+\.\.\w+\]"),
                                          ("set $sp = 0xffff000000001238", r"synchronous exception between host and guest: paging request at ffff0000000011a8, pc el2_enter\+"),
                                          ("set $pc = 8", r"synchronous exception between host and guest: NULL pointer dereference at 0000000000000008, pc 0x")],
                         ids=["stack", "sp", "pc"])
def test_last_words_beside_a_guest(vmm, spoil, words):
    """The kernel is at EL2, and a guest's vector table is in: its stack runs over there, or SP is none, or it runs astray.  A panic like any other."""
    run_at_el2("hbreak kmain", "continue", "delete", "hbreak el2_enter", "continue", "delete", spoil, "hbreak machine_fail", "continue", initrd=vmm)
    said = pathlib.Path(BUILD, "console.log").read_text(encoding="utf-8", errors="replace")
    assert re.search(rf"^newel: panic: {words}", said, re.MULTILINE), said
    assert re.search(r"Guest: VM 1, vcpu 0, .*its task is in KVM_RUN", said) and re.search(r"vhe_guest_run\+0x\w+/0x\w+\n.* vhe_run\+", said), said
