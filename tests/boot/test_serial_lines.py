"""Who speaks on which serial line: both of a Raspberry Pi 4's UARTs, earlycon, what takes their place where none speaks.

The second line is a TCP connection, to which QEMU holds before it starts: no byte is lost, and a line that nobody reads
for a while holds nothing up (a pty's buffer, or a local socket's, is full after a few hundred single bytes).
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import zlib

import console
import initrd
import pexpect.fdpexpect
import pytest
import qemu
from conftest import BUILD, part

IMG = os.path.join(BUILD, "newel.img")
GPFSEL1, GPSET1, GPCLR1, MU_IO, MU_IER = 0xFE200004, 0xFE200020, 0xFE20002C, 0xFE215040, 0xFE215044
ALT5 = 2  # of GPIO14 and GPIO15: the mini UART
TRACE = "memory_region_ops_write"


def edited(path, *changes):
    """The tree at @path after fdtput's @changes; its path."""
    for change in changes:
        subprocess.run(["fdtput", *change[:2], path, *change[2:]], check=True)
    return path


def writes(trace, *registers):
    """(register, value) of each store to one of @registers that QEMU's trace holds, in their order."""
    row = re.compile(TRACE + r" .* addr 0x([0-9a-f]+) value 0x([0-9a-f]+) ")
    with open(trace, encoding="ascii", errors="replace") as f:
        found = [(int(m[1], 16), int(m[2], 16)) for m in map(row.match, f) if m]
    return [w for w in found if w[0] in registers]


@pytest.fixture
def two_lines(boot, request):
    """two_lines(**Machine's fields): the Consoles of the first and of the second serial line."""

    def start(extra=(), **fields):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            second = ["-chardev", f"socket,id=second,host=127.0.0.1,port={port}", "-serial", "chardev:second"]
            first = boot(extra=[*second, *extra], **fields)
            line, _ = server.accept()
        child = pexpect.fdpexpect.fdspawn(line.detach(), encoding="utf-8", codec_errors="replace")
        run = console.Console(child)
        run.command = "the second serial line"
        request.node.runs.append(run)
        return first, run

    return start


@pytest.fixture
def virt_dtb(tmp_path):
    """virt_dtb(*changes): the tree of a virt with two UARTs, after fdtput's changes."""
    if not shutil.which("fdtput"):
        pytest.skip("needs fdtput, install it by: tools/setup test")

    def write(*changes):
        path = str(tmp_path / "virt.dtb")
        args = qemu.Machine(el=1, way="img").args()
        args[args.index("-M") + 1] += f",dumpdtb={path}"
        subprocess.run([*args, "-serial", "null"], check=True, capture_output=True)
        return edited(path, *changes)

    return write


@pytest.fixture
def pi_dtb(tmp_path):
    if not shutil.which("fdtput"):
        pytest.skip("needs fdtput, install it by: tools/setup test")

    def write(*changes):
        path = str(tmp_path / "pi.dtb")
        shutil.copy(part("dtb"), path)
        return edited(path, *changes)

    return write


# ---- who speaks ----


@pytest.mark.needs("dtb")
def test_both_lines(two_lines, own_initrd, tmp_path):
    """Each stage and the whole log on both UARTs; what is typed on either is answered on both."""
    trace = str(tmp_path / "trace")
    lines = two_lines(board="raspi4b", el=2, initrd=own_initrd, append="earlycon newel.checksum",
                      extra=["-trace", TRACE, "-D", trace])
    with open(IMG, "rb") as f:
        crc = zlib.crc32(f.read())
    for run in lines:
        # QEMU's firmware says 350 MHz and 3 MHz by its mailbox, and has set up neither.
        run.expect(r"^earlycon: mini UART 0xfe215040, set up here, clock 350000000 Hz$")
        run.expect(r"^earlycon: PL011 0xfe201000, set up here, clock 3000000 Hz$")
        run.expect(rf"^earlycon: 1 EL2 \(CurrentEL 0x8\) entered, x0 0x\w+, image 0x\w+, device tree 0x\w+\+0x\w+, "
                   rf"image crc32 {crc:#x}$")
        run.expect(r"^earlycon: 3 EL2 \(CurrentEL 0x8\) stays, going down$")
        run.expect(r"^earlycon: 4 EL1 \(CurrentEL 0x4\) for the kernel$")
        run.expect(r"^earlycon: 5 EL1 \(CurrentEL 0x4\) tables made, turning the MMU on$")
        run.expect(r"^earlycon: 6 MMU on, higher half$")
        run.expect(r" newel \S+$")
        run.expect(rf" image: crc32 {crc:08x}, size {os.path.getsize(IMG):08x}$")
        run.expect(r"^earlycon: 7 the driver has the console$")
        run.expect(r" console: ttyS1$")
        run.expect(r" console: also on ttyAMA0$")
        run.expect(r"newel\$ ")
    for typed in reversed(lines):
        typed.send("levels")
        for run in lines:
            run.expect(r"^came down +EL2 EL1 -> EL0$")
            run.expect(r"newel\$ ")
    for run in lines:
        assert run.log.count("] newel ") == run.log.count("boot: entered at") == 1
    # earlycon takes the header's pins to the first line before it says a word there.
    stores = writes(trace, GPFSEL1, MU_IO)
    functions = [value for register, value in stores[:stores.index((MU_IO, ord("e")))] if register == GPFSEL1]
    assert functions and functions[-1] >> 12 & 0o77 == ALT5 << 3 | ALT5, functions
    # Interrupts of the mini UART are on only with the two bits that its errata ask for.
    masks = {value for _, value in writes(trace, MU_IER)}
    assert masks == {0, 0xD}, "QEMU's FIFO is never full: the transmit interrupt is tests/unit/test_rawuart.c's"


@pytest.mark.needs("dtb")
def test_earlycon_elsewhere(two_lines, own_initrd):
    """earlycon= on one UART, the console on the other: each line of the log on both, the stages on the first alone."""
    pl011, mini = two_lines(board="raspi4b", el=2, initrd=own_initrd,
                            append="console=ttyAMA0,115200n8 earlycon=bcm2835aux,mmio32,0xfe215040")
    mini.expect(r"^earlycon: mini UART 0xfe215040, set up here, clock 350000000 Hz$")
    mini.expect(r"^earlycon: 6 MMU on, higher half$")
    mini.expect(r" boot: entered at ")
    pl011.expect(r" newel \S+$")
    pl011.expect(r" boot: entered at ")
    pl011.expect(r" console: ttyAMA0$")
    pl011.expect(r"newel\$ ")
    mini.expect(r"^newel: the console is on ttyAMA0$")
    assert "earlycon" not in pl011.log


def test_first_is_disabled(two_lines, own_initrd, virt_dtb):
    """Neither the way down nor the console takes a UART that the tree has switched off, stdout-path or not."""
    dtb = virt_dtb(["-t", "s", "/pl011@9000000", "status", "disabled"])
    first, second = two_lines(el=1, way="img", dtb=dtb, initrd=own_initrd, append="earlycon")
    second.expect(r"^earlycon: PL011 0x9040000, set up here, clock 24000000 Hz$")
    second.expect(r"^earlycon: 5 EL1 ")
    second.expect(r" console: ttyAMA1$")
    second.expect(r"newel\$ ")
    assert first.log == ""


def test_dead_console(two_lines, own_initrd, virt_dtb):
    """A UART that never has room, played by memory: it holds nothing up, and another console takes its place."""
    dead = 0x4F000000
    dtb = virt_dtb(["-t", "x", "/pl011@9040000", "reg", "0", f"{dead:x}", "0", "1000"])
    first, _ = two_lines(el=1, way="img", dtb=dtb, initrd=own_initrd,
                         append=f"console=ttyAMA0 console=ttyAMA1 earlycon=pl011,{dead:#x}",
                         extra=["-device", f"loader,addr={dead + 0x18:#x},data=0x20,data-len=4"])
    first.expect(r" newel \S+$")
    first.expect(r" console: ttyAMA0$")
    first.expect(r"newel\$ ")
    first.send("levels")
    first.expect(r"^entered at EL1$")


def test_earlycon_value(boot, own_initrd):
    """What names no UART is said on the tree's, which speaks in its place."""
    run = boot(el=1, way="img", initrd=own_initrd, append="earlycon=pl011,mmio32,0xfe201000")
    run.expect(r"^earlycon: PL011 0x9000000, set up here, clock 24000000 Hz$")
    run.expect(r"^earlycon: its value names no UART that is here$")
    run.expect(r"^earlycon: 6 MMU on, higher half$")
    run.expect(r"newel\$ ")


# ---- nobody speaks ----


def groups(stores, on):
    """How often the light was switched on in each group of flashes; the store before each group darkens it."""
    counts = []
    before = None
    for register, _ in stores:
        if register != on and register == before:
            counts.append(0)
        if register == on:
            counts[-1] += 1
        before = register
    return counts


@pytest.mark.needs("dtb")
def test_blinks(boot, pi_dtb, tmp_path):
    """No UART in the tree: the stages in blinks of GPIO42, and the panic as a flutter.  Time flies: -icount."""
    trace = str(tmp_path / "trace")
    dtb = pi_dtb(["-t", "s", "/soc/serial@7e201000", "status", "disabled"],
                 ["-t", "s", "/soc/serial@7e215040", "status", "disabled"])
    run = boot(initrd.archive(initrd.file("other", b"x")), board="raspi4b", el=2, dtb=dtb, append="panic=-1",
               extra=["-icount", "shift=10,sleep=off", "-trace", TRACE, "-D", trace])
    assert run.finish() == 0
    stores = writes(trace, GPSET1, GPCLR1)
    assert {value for _, value in stores} == {1 << 42 - 32}
    counts = groups([(GPCLR1, 0), *stores], GPSET1)
    assert counts[:8] == [1, 3, 4, 5, 6, 7, 8, 9]
    # Between the last stage and the panic the light is on, to say that the kernel runs.
    assert [count for count in counts[8:] if count > 1] == [10, 10, 10, 10]
    assert "newel" not in run.log


# ---- is it the image that was built? ----


def test_damaged_image(boot, own_initrd, tmp_path):
    """One bit that nothing uses, in the header's reserved words: the checksum is another one."""
    with open(IMG, "rb") as f:
        image = bytearray(f.read())
    built = zlib.crc32(image)
    image[40] ^= 1
    damaged = tmp_path / "damaged.img"
    damaged.write_bytes(image)
    run = boot(el=2, kernel=str(damaged), initrd=own_initrd, append="newel.checksum")
    run.expect(r" image: crc32 (\w+), size (\w+)$")
    crc = int(re.search(r"crc32 (\w+)", run.log)[1], 16)
    assert crc == zlib.crc32(image) != built
    run.expect(r"newel\$ ")
    assert "earlycon" not in run.log


def test_checksum_at_el3(boot, own_initrd):
    """Four cores that come in together have written what they wait by: it is not counted."""
    run = boot(el=3, initrd=own_initrd, append="newel.checksum")
    run.expect(r" image: crc32 (\w+), size (\w+)$")
    with open(IMG, "rb") as f:
        expected = struct.pack(">I", zlib.crc32(f.read())).hex()
    assert f"image: crc32 {expected}, " in run.log
