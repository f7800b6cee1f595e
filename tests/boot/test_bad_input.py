"""What a loader or a user gets wrong: one clear line that says what is wrong, and a reset."""

import gzip
import os
import re
import struct
import subprocess

import bare
import boards
import initrd
import pytest
from conftest import BUILD, ROOT


def ends_with(run, *reasons):
    """One panic line, which holds one of these words, and a reset."""
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    panics = [line for line in run.lines if "newel: panic: " in line]
    assert len(panics) == 1
    assert re.search("|".join(reasons), panics[0], re.IGNORECASE), panics[0]


# ---- the initrd ----


def test_no_init(boot):
    ends_with(boot(initrd.archive(initrd.file("other", b"x")), append="panic=-1"), "init")


def test_init_not_executable(boot, program):
    tree = initrd.archive(initrd.file("init", program("hello"), 0o644))
    ends_with(boot(tree, append="panic=-1"), "init.*(EACCES|-13|permission)")


@pytest.mark.parametrize("cut", [0, 50, 108, 118, 600])
def test_truncated_archive(boot, program, cut):
    whole = initrd.archive(initrd.file("init", program("hello")))
    ends_with(boot(whole[:cut] or b"\0", append="panic=-1"), "initrd", "init")


def bad_members(hello):
    return {
        "size-wraps": initrd.Member("init", 0o100755, hello, size=0xFFFFFFFF),
        "size-beyond": initrd.Member("init", 0o100755, hello, size=len(hello) + 4096),
        "name-wraps": initrd.Member("init", 0o100755, hello, namesize=0xFFFFFFFF),
        "name-empty": initrd.Member("init", 0o100755, hello, namesize=0),
        "name-unterminated": initrd.Member("init", 0o100755, hello, namesize=4),
        "type-unknown": initrd.Member("init", 0o170755, hello),
    }


@pytest.mark.parametrize("case", bad_members(b""))
def test_bad_member(boot, program, case):
    tree = initrd.archive(bad_members(program("hello"))[case])
    ends_with(boot(tree, append="panic=-1"), "initrd", "init")


def test_not_an_archive(boot):
    ends_with(boot(os.urandom(4096), append="panic=-1"), "initrd", "init")


def test_broken_gzip(boot):
    ends_with(boot(b"\x1f\x8b\x08\0" + bytes(4) + os.urandom(512), append="panic=-1"), "initrd", "init")


def zipped(case, hello):
    """A gzip'd archive with one fault: it unpacks to more than there is memory, its checksum is wrong, its end is missing."""
    zeros = [initrd.file("zeros", bytes(24 << 20))] if case == "bomb" else []
    data = bytearray(gzip.compress(initrd.archive(initrd.file("init", hello), *zeros)))
    if case == "crc":
        data[-8] ^= 1
    return bytes(data[:-100] if case == "cut" else data)


@pytest.mark.parametrize("case, said", [("bomb", "not enough memory for what it holds"), ("crc", "wrong CRC"), ("cut", "truncated")])
def test_gzip_with_a_fault(boot, program, case, said):
    """What was unpacked until then stays, as on Linux."""
    run = boot(zipped(case, program("hello")), mem=32, append="panic=-1")
    run.expect(rf"newel: initramfs: {said}, at offset \d+$")
    run.expect(r"newel: panic: .*init.*$")
    assert run.finish() == 0
    assert "hello syscall v8" in run.log or case == "cut"


def test_initrd_larger_than_ram(boot):
    ends_with(boot(append="panic=-1 initrd=0x48000000,0x80000000"), "initrd")


def test_initrd_outside_ram(boot):
    ends_with(boot(append="panic=-1 initrd=0xffffffffffff0000,0x20000"), "initrd")


def behind_the_file():
    """Where the image ends in its file, and begins to be what is only memory: .early, .bss."""
    return 0x40200000 + os.path.getsize(os.path.join(BUILD, "newel.img"))


@pytest.mark.parametrize("at", [0x40100000, behind_the_file(), behind_the_file() + 0x80000], ids=["before", "early", "bss"])
def test_initrd_over_the_kernel(boot, board, at):
    """A loader that asks the file's size, not the header's, puts it where our memory is: no word of it can be believed."""
    if board == "guest":
        boards.tied("vm puts the kernel elsewhere")
    ends_with(boot(el=1, append=f"panic=-1 initrd={at:#x},0x200000"), "initrd at 0x40[0-9a-f]{6}, 2048 KiB: overlaps the kernel")


# ---- the program ----


def foreign_init():
    """An ELF for the machine that runs the tests, or for no machine: not for AArch64."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    return ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x401000, 64, 0, 0, 64, 56, 1, 64, 0, 0)


def test_init_of_another_machine(boot):
    tree = initrd.archive(initrd.file("init", foreign_init() + bytes(4096)))
    ends_with(boot(tree, append="panic=-1"), "init.*(ENOEXEC|-8|exec format)")


@pytest.mark.both_boards
def test_init_empty(boot):
    ends_with(boot(initrd.archive(initrd.file("init", b"")), append="panic=-1"), "init")


# ---- the machine ----


@pytest.mark.virt
@pytest.mark.parametrize("el", [1, 3], ids=["img", "elf"])
def test_8_mib(boot, program, el):
    """Too little for everything, or just enough: it says so in one line, or it runs."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), el=el, mem=8, smp=1, append="panic=-1")
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    assert "hello syscall v8" in run.log or re.search(r"newel: panic: .*(memory|RAM)", run.log)


@pytest.fixture(scope="module")
def good_dtb(tmp_path_factory):
    """QEMU's own device tree for virt, with panic=-1 on its command line."""
    path = tmp_path_factory.mktemp("dtb") / "virt.dtb"
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,dumpdtb={path}", "-cpu", "cortex-a72", "-m", "1024",
                    "-append", "panic=-1", "-kernel", "/dev/null", "-nic", "none", "-display", "none"],
                   check=True, capture_output=True)
    dtb = path.read_bytes()
    return dtb[: struct.unpack_from(">I", dtb, 4)[0]]


def patched(dtb, offset, value):
    return dtb[:offset] + struct.pack(">I", value) + dtb[offset + 4 :]


BAD_TREES = {  # FDT header: magic, totalsize, off_struct, off_strings, ..., version at 20
    "magic": lambda d: patched(d, 0, 0xDEADBEEF),
    "totalsize-huge": lambda d: patched(d, 4, 0xFFFFFFF0),
    "totalsize-small": lambda d: patched(d, 4, 16),
    "struct-outside": lambda d: patched(d, 8, 0x7FFFFFF0),
    "strings-outside": lambda d: patched(d, 12, 0xFFFFFFF0),
    "version": lambda d: patched(d, 20, 1),
    "token": lambda d: patched(d, struct.unpack_from(">I", d, 8)[0], 0x55),
}


@pytest.mark.parametrize("case", BAD_TREES)
def test_corrupt_device_tree(boot, program, tmp_path, good_dtb, case):
    """The command line is in the tree, so no panic=-1 is known: the line is what counts."""
    trampoline = bare.code(os.path.join(ROOT, "build/tests/trampoline"))
    image = trampoline.ljust(0x1000, b"\0") + BAD_TREES[case](good_dtb)
    with open(os.path.join(BUILD, "newel.img"), "rb") as f:
        image = image.ljust(0x400000, b"\0") + f.read()
    path = tmp_path / "trampoline.img"
    path.write_bytes(image)
    run = boot(el=1, kernel=str(path), smp=1)
    run.expect(r"newel: panic: .*device tree.*$")
    assert run.log.count("newel: panic: ") == 1
