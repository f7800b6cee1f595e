"""An EL3 that is not ours: Trusted Firmware-A, or QEMU in its place, starts the kernel at EL2 and serves PSCI by SMC."""

import os
import re
import shutil
import subprocess

import initrd
import pytest
import raspi
from conftest import BUILD
from test_banks import qemus_tree


@pytest.mark.needs("dtb", "tfa")
def test_trusted_firmware(boot, program, parts, tmp_path):
    archive = initrd.archive(initrd.file("init", program("hello")))
    (tmp_path / "initrd").write_bytes(archive)
    words = f"panic=-1 initrd={raspi.INITRD_AT:#x},{len(archive)}"
    load = {0: raspi.told_stub(tmp_path, parts("tfa")), raspi.KERNEL_AT: os.path.join(BUILD, "newel.img"),
            raspi.INITRD_AT: tmp_path / "initrd", raspi.DTB_AT: raspi.machine_dtb(tmp_path, words)}
    run = boot(board="raspi4b", el=2, bare=True, extra=raspi.in_memory(load))
    run.expect(r"BL31: Preparing for EL3 exit to normal world")
    run.expect(r"boot: entered at EL2, path EL2 -> EL1, CurrentEL 0x4, image 0x200000, dtb 0x8000000, psci smc$")
    run.expect(r"spectre: v2 mitigated, bhb mitigated, v4 mitigated$")  # v4: bl31 says so, and EL2 must not try
    run.expect(r"smp: 4 cores$")
    run.expect(r"hello syscall v8$")
    run.expect(r"newel: panic: .*init.*$")
    assert run.finish() == 0


@pytest.mark.virt
def test_psci_0_1(boot, kernel_el, program, tmp_path):
    """A tree that gives PSCI's numbers itself, as that version has them, here QEMU's own: the cores come by way of EL2."""
    if not shutil.which("dtc"):
        pytest.skip("needs dtc, install it by: tools/setup test")
    text = re.sub(r"psci \{.*?\};", 'psci { compatible = "arm,psci"; method = "smc"; cpu_suspend = <0x95c1ba5e>; cpu_off = <0x95c1ba5f>; cpu_on = <0x95c1ba60>; };',
                  qemus_tree(tmp_path), count=1, flags=re.DOTALL)
    tree = tmp_path / "psci.dtb"
    tree.write_bytes(subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=text.encode(), check=True, capture_output=True).stdout)
    run = boot(initrd.archive(initrd.file("init", program("hello"))), el=2, smp=4, dtb=str(tree), append="panic=-1")
    run.expect(rf"path EL2{' -> EL1' if kernel_el == 1 else ''}, CurrentEL {4 * kernel_el:#x}, .*, psci smc$")
    run.expect(r"smp: 4 cores$")
    run.expect(r"hello syscall v8$")
