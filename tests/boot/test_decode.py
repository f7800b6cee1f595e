"""tools/newel-decode: source lines for every place of a pasted log, real ones of this build, and of another."""

import io
import os
import re
import shutil
import subprocess
import sys

import initrd
import pytest
import test_kernel_faults
import test_modules_broken
from conftest import BUILD, ROOT

sys.path.insert(0, os.path.join(ROOT, "tools"))

import decode as tool  # noqa: E402

TOOL = os.path.join(ROOT, "tools", "newel-decode")


def decode(log, *args):
    """(what it printed, what it complained of)"""
    done = subprocess.run([TOOL, "--elf", os.path.join(BUILD, "newel.elf"), *args], input=log.encode(), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def below(said, line):
    """{line of the log that matches: what was added below it}, the first."""
    lines = said.split("\n")
    at = next(i for i, text in enumerate(lines) if re.search(line, text))
    return "\n".join(lines[at + 1:at + 4])


def source(path, line):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read().split("\n")[line - 1]


def check_lines(said, at_least):
    """Each place has a line, and each is in a file of the tree that is as long."""
    found = re.findall(r"^ +(?:or )?((?:\w+/)+[\w.]+\.[cSh]):(\d+)  \w", said, re.MULTILINE)
    assert len(found) >= at_least
    for path, line in found:
        source(path, int(line))
    assert "? " not in said


def test_dump(boot, program):
    """The dump of a kernel that wrote to its own text: the store itself, and of each caller the line of the call."""
    log = test_kernel_faults.fails(boot, program, "wxwrite")
    said, complaints = decode(log)
    assert complaints == ""
    added = re.compile(r"^ {8,}\S+:\d+  \w+(?: \(inlined\))?$")
    assert [line for line in said.splitlines() if not added.match(line)] == log.splitlines(), "what was pasted stays as it is"
    check_lines(said, 7)
    path, line = re.search(r"^ +(selftest/\S+):(\d+)  write_to_text", below(said, "pc : write_to_text"), re.MULTILINE).groups()
    assert "write_to_text" in "".join(source(path, n) for n in range(int(line) - 6, int(line) + 1))
    path, line = re.search(r"^ +(el1/main\.c):(\d+)  kmain$", below(said, r"^\S* *\S*  kmain\+0x"), re.MULTILINE).groups()
    assert "selftest" in source(path, int(line)), "the line of the call, not of what it returns to"


@pytest.mark.virt
@pytest.mark.needs("busybox")
def test_module(boot, parts):
    """Places in a module, by its own file; and a mere number of a syndrome is put into words, one that has them is not."""
    line, _, _ = test_modules_broken.FROM_INIT
    run = boot(test_modules_broken.system(parts, line.format("null")), append="quiet panic=-1 loglevel=8", smp=1)
    run.expect("newel: panic: ")
    assert run.finish() == 0
    said, complaints = decode(run.log)
    assert complaints == ""
    check_lines(said, 7)
    path, line = re.search(r"^ +(modules/broken\.c):(\d+)  break_null", below(said, r"Call trace:\s*$").split("\n", 1)[1], re.MULTILINE).groups()
    assert "NULL" in "".join(source(path, n) for n in range(int(line) - 3, int(line) + 1)) or "=" in source(path, int(line))
    assert re.search(r"modules/broken\.c:\d+  broken_init", said)
    assert said.count("data abort from the current EL: write") == 1
    raw = re.sub(r".*In words:.*\n", "", run.log)
    assert re.search(r"ESR = 0x0{8}96000046\n +EC 0x25 DABT \(current EL\), data abort from the current EL: write, level 2 translation fault\n", decode(raw)[0])


def test_inlined_frames():
    """A place in inlined code has each frame, the innermost first."""
    symbol, = tool.Elf(os.path.join(BUILD, "newel.elf")).functions["sched_idle"]
    said, _ = decode("\n".join(f"sched_idle+{at:#x}/{symbol.size:#x}" for at in range(0, symbol.size, 4)))
    assert re.search(r"^ +task/\S+:\d+  \w+ \(inlined\)\n +task/sched\.c:\d+  sched_idle$", said, re.MULTILINE)


def test_program():
    """A fault of a program that this build made: its source, by the mapping that the PC is in."""
    elf = tool.Elf(os.path.join(BUILD, "el0", "demos.debug"))
    symbol, = elf.functions["write_text"]
    at = symbol.section.addr + symbol.value
    line = f"[    0.3] demos[4]: unhandled exception: DABT (lower EL), ESR 0x000000009200004f, data abort from a lower EL: write, level 3 permission " \
           f"fault at 0x402850: SIGSEGV (SEGV_ACCERR), pc {at:#x} in demos[{elf.code:x}+3000]"
    said, complaints = decode(line)
    assert re.search(r"\n +el0/demos/memory\.c:\d+  write_text\n$", said) and said.count("data abort") == 1 and complaints == ""
    assert decode(line.replace("demos[", "nothere["))[0].count("\n") == 1


@pytest.mark.skipif(not shutil.which("llvm-addr2line"), reason="needs llvm, install it by: tools/setup check")
def test_llvm():
    """LLVM's addr2line knows the kernel's lines; of a module's it would tell those of another section."""
    kernel, folder = tool.Elf(os.path.join(BUILD, "newel.elf")), os.path.join(BUILD, "modules")
    size = kernel.functions["kmain"][0].size
    of_module = tool.Elf(os.path.join(folder, "broken.ko")).functions["broken_init"][0].size
    decoder, out = tool.Decoder(kernel, [folder]), io.StringIO()
    decoder.tool = "llvm-addr2line"
    tool.decode(f"kmain+0x10/{size:#x}\nbroken_init+0x10/{of_module:#x} [broken]", decoder, out)
    assert re.search(r" el1/main\.c:\d+  kmain$", out.getvalue(), re.MULTILINE) and "broken.c" not in out.getvalue()
    assert "a module's need GNU's addr2line" in out.getvalue()


def test_another_build():
    """A function that is as long in no symbol of the file, one that is not there, a module without a file: said, and counted."""
    said, complaints = decode("[    0.1] pc : kmain+0x10/0x9990\n kmain_of_old+0x4/0x8\n f+0x0/0x10 [nothere]\n")
    assert re.search(r"\? kmain has 0x[0-9a-f]+ bytes in \S*newel\.elf: another build", said)
    assert "? no kmain_of_old in" in said and "? no nothere.ko in" in said
    assert "3 of 3 places do not fit" in complaints


def test_any_log():
    """Nothing of a log is believed: no text ends the tool."""
    said, _ = decode("Call trace:\n a+0x" + "f" * 400 + "/0x" + "f" * 400 + "\nkmain+0x1/0x0 kmain+0xffffffffffffffff/0x330 [../../etc]\n\0\x01 esr=0xffffffffffffffff\r\n" * 50)
    assert said.count("Call trace:") >= 1
    assert decode("") == ("", "")


def test_no_kernel(tmp_path):
    (tmp_path / "no.elf").write_bytes(initrd.archive())
    with open(os.path.join(BUILD, "newel.elf"), "rb") as f:
        (tmp_path / "cut.elf").write_bytes(f.read(1000))
    for path, why in ((tmp_path / "no.elf", "no ELF64"), (tmp_path / "none", "No such file"), (tmp_path / "cut.elf", "a broken ELF")):
        done = subprocess.run([TOOL, "--elf", path], input=b"", capture_output=True, check=False)
        assert done.returncode == 1 and why in done.stderr.decode()
