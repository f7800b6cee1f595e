"""EL3 is ours on a Raspberry Pi 4: build/armstub8-newel.bin at 0 in place of the firmware's stub, on all four cores.

What the firmware does before is done by raspi.py; what only the board shows (L2's timing, the counter's divider, the GIC's
secure side) QEMU's machine does not have.
"""

import os
import re

import bare
import pytest
import raspi
from conftest import BUILD, ROOT

pytestmark = pytest.mark.needs("dtb")

SHELL = r"newel\$ "
BOOT = r"boot: entered at EL2, path EL2 -> EL1, CurrentEL 0x4, image {:#x}, dtb {:#x}, psci smc$"


@pytest.fixture
def stub():
    with open(os.path.join(BUILD, "armstub8-newel.bin"), "rb") as f:
        return f.read()


@pytest.fixture
def enter(boot, stub, own_initrd, tmp_path):
    """enter(...): the stub at 0, what it is told, and what lies in memory; the run's Console."""

    def start(words="", dtb=None, told_dtb=raspi.DTB_AT, kernel=os.path.join(BUILD, "newel.img"), kernel_at=raspi.KERNEL_AT,
              told=True, extra=(), archive=own_initrd):
        words = f"initrd={raspi.INITRD_AT:#x},{os.path.getsize(archive)} {words}"
        image = raspi.told_stub(tmp_path, stub, told_dtb, kernel_at) if told else os.path.join(BUILD, "armstub8-newel.bin")
        load = {0: image, raspi.INITRD_AT: archive, raspi.DTB_AT: dtb or raspi.machine_dtb(tmp_path, words)}
        if kernel:
            load[kernel_at] = kernel
        return boot(board="raspi4b", el=2, bare=True, extra=[*raspi.in_memory(load), *extra])

    return start


def reaches_the_shell(run, kernel_at=raspi.KERNEL_AT, dtb_at=raspi.DTB_AT):
    run.expect(BOOT.format(kernel_at, dtb_at))
    run.expect(r"smp: 4 cores$")
    run.expect(SHELL)


def test_size(stub):
    assert len(stub) <= 0x10000
    assert stub[0xF0:0x100] == bytes.fromhex("0b57fe5a") + bytes(12)
    assert not any(stub[0x100:0x1000])  # where a firmware may put its ATAGS


def test_all_levels(enter):
    run = enter()
    reaches_the_shell(run)
    run.send("levels")
    for answer in ("EL1 +CurrentEL 0x4, read by the kernel", "EL2 +CurrentEL 0x8, its own answer to hvc",
                   "EL3 +CurrentEL 0xc, its own answer to smc", "EL0 +MRS CurrentEL is undefined here: SIGILL"):
        run.expect(answer)
    run.expect(SHELL)
    run.send("poweroff")
    run.expect("reboot: Power down")
    assert run.finish() == 0


def test_reset(enter):
    """By PSCI, the watchdog, and the whole way down again; the firmware would have loaded all anew."""
    run = enter(extra=["-action", "reboot=reset"])
    for _ in range(2):
        reaches_the_shell(run)
        run.send("reboot")
    reaches_the_shell(run)


def test_calls(enter):
    run = enter("panic=-1 newel.test=levels")
    run.expect(r"spectre: v2 mitigated, bhb mitigated, v4 unknown$")  # QEMU's CPUACTLR_EL1 is 0, and EL3 says so
    run.expect(r"newel: panic: newel.test: levels: 50 questions, 0 wrong answers$")
    assert run.finish() == 0


def test_notes(enter):
    """EL2, which is the kernel's image's, notes for the trace what it does; EL3 says that it has no such call, and all goes on."""
    run = enter("panic=-1 trace=el2,el3")
    reaches_the_shell(run)
    run.send("levels")
    run.expect(r"EL1->EL2 answered hvc NEWEL_HVC_CURRENTEL = 8 .* \(seen\)$")
    run.expect(r"EL2->EL1 eret smc NEWEL_SMC_CURRENTEL = 12 ")
    run.send("poweroff")
    run.finish()
    assert "smc NEWEL_SMC_NOTE = -1 " in run.log and "->EL3 answered" not in run.log


def test_against_guesses(enter):
    """What the log's line says is done: the table of each core, and the hook."""
    run = enter("panic=-1 newel.test=guesses")
    run.expect(r"spectre: v2 mitigated, bhb mitigated, v4 unknown$")
    run.expect(r"newel: panic: newel.test: 4 cores, an address space comes with spectre_forget_branches$")
    assert sorted(re.findall(r"cpu (\d) enters by (\w+)", run.log)) == [(str(cpu), "vectors_bhb") for cpu in range(4)]
    assert run.finish() == 0


def test_guests_against_guesses(enter):
    """EL3 makes the core forget what a guest has taught it, each time that one is left: the guest's registers and the host's are what they were."""
    run = enter("quiet loglevel=7 panic=-1 TESTS=kvm_run", archive=os.path.join(BUILD, "tests", "kvm.cpio"))
    run.expect(r"spectre: v2 mitigated, bhb mitigated")
    assert run.finish() == 0
    assert re.search(r"^ok \d+ - ioctl: KVM_RUN", run.log, re.MULTILINE) and "not ok" not in run.log


def test_cores_come_and_go(enter, tmp_path):
    """Another kernel: cores on, off and on again, and calls from AArch32."""
    (tmp_path / "psci").write_bytes(bare.code(os.path.join(ROOT, "build/tests/psci")))
    run = enter(kernel=str(tmp_path / "psci"), kernel_at=0x80000)
    run.expect(r"psci: ok$")
    assert run.finish() == 0


# ---- the device tree ----


def test_tree_moves(enter, tmp_path):
    """No RAM behind the tree: it goes to where nobody is, right above EL3."""
    dtb = raspi.machine_dtb(tmp_path, f"initrd={raspi.INITRD_AT:#x},{1 << 20} panic=-1")
    end = raspi.DTB_AT + os.path.getsize(dtb) + 64
    raspi.run_fdtput(dtb, "-t", "x", "-p", "/reserved-memory/behind", "reg", "0", f"{end:x}", "1000")
    run = enter(dtb=dtb)
    run.expect(BOOT.format(raspi.KERNEL_AT, 0x10000))
    run.expect(r"smp: 4 cores$")


def test_tree_without_room(enter, tmp_path):
    """Nor anywhere else: the kernel is right above EL3, and a reservation behind the tree."""
    dtb = raspi.machine_dtb(tmp_path, "panic=-1")
    end = raspi.DTB_AT + os.path.getsize(dtb)
    raspi.run_fdtput(dtb, "-t", "x", "-p", "/reserved-memory/behind", "reg", "0", f"{end:x}", "1000")
    raspi.run_fdtput(dtb, "-t", "x", "-p", "/reserved-memory/above", "reg", "0", "10000", "1000")
    run = enter(dtb=dtb)
    run.expect(r"newel: EL3: no room in the device tree for PSCI: not every core will run$")
    run.expect(r"boot: entered at EL2, ")


@pytest.mark.parametrize("case", ["none", "no-tree", "cut"])
def test_broken_tree(enter, tmp_path, case):
    """Words, and the kernel is entered all the same: it has words of its own."""
    path = tmp_path / "broken"
    with open(raspi.machine_dtb(tmp_path, "panic=-1"), "rb") as f:
        tree = bytearray(f.read())
    if case == "no-tree":
        tree[:4] = b"\0\0\0\0"
    if case == "cut":  # the structure block ends inside a node
        tree[36:40] = (0x1000).to_bytes(4, "big")
    path.write_bytes(tree)
    run = enter(dtb=str(path), told_dtb=0 if case == "none" else raspi.DTB_AT)
    run.expect(r"newel: EL3: no device tree that can be read: this core alone will run$")
    run.expect(r"newel: panic: .*device tree")


# ---- the kernel ----


def test_firmware_says_nothing(enter):
    """One that does not know the magic: the kernel is looked for where such a firmware puts it; there is no tree to be told of."""
    run = enter(told=False)
    run.expect(r"newel: EL3: no device tree that can be read: this core alone will run$")


def test_no_kernel(enter):
    run = enter(told=False, kernel=None)
    run.expect(r"newel: EL3: the firmware does not say where the kernel is$")


@pytest.mark.parametrize("kernel_at", [0x1000, 0x200002])
def test_bad_kernel_address(enter, tmp_path, stub, kernel_at):
    run = enter(kernel=None, kernel_at=kernel_at)
    run.expect(r"newel: EL3: the firmware does not say where the kernel is$")
