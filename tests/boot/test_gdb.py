"""make debug: gdb with our helpers on a stopped machine, and what they say of a running system."""

import os
import re
import shutil
import subprocess

import console
import oracle
import pytest
from conftest import BUILD, ROOT

DEBUG = os.path.join(ROOT, "gdb", "debug.py")


def gdb(*commands, el=1, initrd=""):
    """Run gdb in batch on a fresh machine; what it printed."""
    if not shutil.which("gdb-multiarch"):
        pytest.skip("needs gdb-multiarch, install it by: tools/setup debug")
    args = [DEBUG, "--build", BUILD, "--el", str(el), "--smp", "1", "--append", "panic=-1"]
    args += ["--initrd", initrd] if initrd else []
    for command in commands:
        args += ["--ex", command]
    done = subprocess.run(args, capture_output=True, text=True, timeout=120 * console.SLOW, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("el, name", [(1, "EL1 (the kernel)"), (2, "EL2 (the hypervisor)"), (3, "EL3 (the monitor)")])
def test_level_of_entry(el, name):
    assert name in gdb("el", el=el)


def test_symbols_and_stop_at_kmain():
    said = gdb("hbreak kmain", "continue", "el", "bt")
    assert re.search(r"Breakpoint 1, kmain ", said)
    assert "EL1 (the kernel)" in said and "#0  kmain" in said


def test_esr_words():
    said = gdb("esr 0x96000045", "esr 0x56000000")
    assert "EC 0x25 DABT (current EL)" in said and "level 1 translation fault" in said
    assert "EC 0x15 SVC" in said


def test_tables_of_a_running_system():
    """At the first system call: walk both halves; text is r-x, its alias in the linear map is not."""
    said = gdb("hbreak syscall_dispatch", "continue", "pt &kmain", "pt *(long*)($sp+256)", "frame-dump $sp", "ps", "maps", "maps 0")
    assert "by TTBR1_EL1" in said and "EL1|EL0 r-x|---" in said
    assert "by TTBR0_EL1" in said and re.search(r"EL1\|EL0 r--\|r-x", said)
    assert re.search(r"syscall \d+", said)
    assert re.search(r"^ +1 +1 ", said, re.MULTILINE), "ps shows PID 1"
    assert said.count("0 ranges are W+X") == 2
    assert "W+X" not in said.replace("ranges are W+X", "")


@pytest.mark.needs("busybox")
def test_symbols_of_a_module(tmp_path, parts):
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
