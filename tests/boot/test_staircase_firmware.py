"""A real EL3 that is not ours: Trusted Firmware-A starts the kernel at EL2 and serves PSCI by SMC."""

import os
import shutil
import struct
import subprocess

import initrd
import pytest
from conftest import BUILD, part

KERNEL_AT = 0x200000
DTB_AT = 0x8000000
INITRD_AT = 0x10000000
HANDOVER = 0xF0  # where bl31 expects {0, 0, device tree, kernel}, as the Raspberry Pi's own firmware leaves them


@pytest.fixture
def machine_dtb(tmp_path):
    """The Raspberry Pi 4's tree as its firmware would complete it: memory, command line, the PL011 as console."""
    if not shutil.which("fdtput"):
        pytest.skip("needs fdtput, install it by: tools/setup test")

    def write(size):
        path = str(tmp_path / "pi.dtb")
        shutil.copy(part("dtb"), path)
        for args in (["-t", "x", path, "/memory@0", "reg", "0", "0", "3c000000"],
                     ["-t", "s", path, "/chosen", "bootargs", f"panic=-1 initrd={INITRD_AT:#x},{size}"],
                     ["-t", "s", path, "/chosen", "stdout-path", "serial0:115200n8"]):
            subprocess.run(["fdtput", *args], check=True)
        return path

    return write


@pytest.mark.needs("dtb", "tfa")
def test_trusted_firmware(boot, program, parts, tmp_path, machine_dtb):
    bl31 = bytearray(parts("tfa"))
    bl31[HANDOVER:HANDOVER + 16] = struct.pack("<4I", 0, 0, DTB_AT, KERNEL_AT)
    (tmp_path / "bl31").write_bytes(bl31)
    archive = initrd.archive(initrd.file("init", program("hello")))
    (tmp_path / "initrd").write_bytes(archive)
    load = {0: tmp_path / "bl31", KERNEL_AT: os.path.join(BUILD, "newel.img"), INITRD_AT: tmp_path / "initrd",
            DTB_AT: machine_dtb(len(archive))}
    extra = [word for at, name in load.items() for word in ("-device", f"loader,file={name},addr={at:#x},force-raw=on")]
    run = boot(board="raspi4b", el=2, bare=True, extra=extra)
    run.expect(r"BL31: Preparing for EL3 exit to normal world")
    run.expect(r"boot: entered at EL2, path EL2 -> EL1, CurrentEL 0x4, image 0x200000, dtb 0x8000000, psci smc$")
    run.expect(r"smp: 4 cores$")
    run.expect(r"hello syscall v8$")
    run.expect(r"newel: panic: .*init.*$")
    assert run.finish() == 0
