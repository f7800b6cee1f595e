"""Entries that QEMU does not make by itself: cores that come in together below EL3, a first core that is not
number 0, VHE or the MMU left on by a loader, other load addresses.
"""

import os
import struct
import subprocess

import bare
import initrd
import pytest
from conftest import BUILD, ROOT

LOADER_AT = 0x48000000
DTB_AT = 0x40000000  # where QEMU puts it for an ELF
INITRD_AT = 0x4C000000
PARAMS = 0x2000  # offset of loader.s's params
VHE, MMU, SERROR = 1, 2, 4


def loader(level, cores, flags, kernel, dtb=DTB_AT):
    code = bare.code(os.path.join(ROOT, "build/tests/loader"))
    assert len(code) == PARAMS + 40
    return bare.elf(code[:PARAMS] + struct.pack("<5Q", level, cores, flags, kernel, dtb), LOADER_AT)


@pytest.fixture
def enter(boot, program, tmp_path):
    """enter(level, cores, ...): the kernel comes in there on these cores; its Console."""

    def start(level, cores=1, flags=0, smp=4, kernel=0x40200000, cpu="cortex-a72", dtb=DTB_AT, extra=()):
        archive = initrd.archive(initrd.file("init", program("hello")))
        (tmp_path / "loader").write_bytes(loader(level, cores, flags, kernel, dtb))
        image = os.path.join(BUILD, "newel.img")
        return boot(archive, el=3, kernel=str(tmp_path / "loader"), smp=smp, cpu=cpu, initrd_at=INITRD_AT,
                    extra=["-device", f"loader,file={image},addr={kernel:#x},force-raw=on", *extra])

    return start


def path(level):
    return " -> ".join(f"EL{n}" for n in range(level, 0, -1))


def reaches_el0(run, level, kernel=0x40200000, cores=1):
    run.expect(rf"boot: entered at EL{level}, path {path(level)}, CurrentEL 0x4, image {kernel:#x}, ")
    run.expect(rf"smp: {cores} cores?$")
    run.expect(r"hello syscall v8$")


@pytest.mark.parametrize("level", [1, 2])
def test_all_cores_enter_together(enter, level):
    reaches_el0(enter(level, cores=0xF), level, cores=4)


@pytest.mark.parametrize("level", [1, 2])
def test_first_core_is_not_number_0(enter, level):
    """Nobody else will come: core 2 must find that out and go on."""
    reaches_el0(enter(level, cores=0x4), level)


def test_vhe_left_on(enter):
    reaches_el0(enter(2, flags=VHE, smp=1, cpu="max"), 2)


@pytest.mark.parametrize("level", [1, 2])
def test_mmu_left_on(enter, level):
    reaches_el0(enter(level, flags=MMU, smp=1), level)


def test_serror_left_pending(enter):
    """An abort that nobody waited for is named as soon as there is a console, not when the first program runs."""
    run = enter(1, flags=SERROR, smp=1)
    run.expect(r"boot: entered at EL1")
    run.expect(r"newel: panic: SError from EL1h: .*, pc kmain\+0x")
    assert "memory: " not in run.log


@pytest.mark.parametrize("kernel", [0x40400000, 0x43E00000, 0x60000000])
def test_any_2_mib_base(enter, kernel):
    reaches_el0(enter(2, smp=1, kernel=kernel), 2, kernel=kernel)


def test_device_tree_over_the_kernel(enter, tmp_path):
    """A loader that asks the file's size, not the header's, puts the tree into our .bss, where zeros are left of it."""
    tree = tmp_path / "virt.dtb"
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,dumpdtb={tree}", "-cpu", "cortex-a72", "-nic", "none", "-display", "none"], check=True)
    with open(tree, "r+b") as f:
        f.truncate(struct.unpack_from(">I", f.read(8), 4)[0])
    at = 0x40200000 + os.path.getsize(os.path.join(BUILD, "newel.img")) + 0x40000
    run = enter(1, smp=1, dtb=at, extra=["-device", f"loader,file={tree},addr={at:#x},force-raw=on"])
    run.expect(rf"newel: panic: device tree at {at:#x}: overlaps the kernel at 0x40200000, \d+ KiB")
