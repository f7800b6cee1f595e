"""Every way in: each board, level, interrupt controller, number of cores and CPU comes down to EL0."""

import os
import shutil
import subprocess

import boards
import initrd
import pytest
from conftest import BUILD

WAYS = {  # name: (machine, path)
    "img-el1": (dict(el=1), "EL1"),
    "img-el2": (dict(el=2), "EL2 -> EL1"),
    "elf-el3-el2": (dict(el=3), "EL3 -> EL2 -> EL1"),
    "elf-el3": (dict(el=3, has_el2=False), "EL3 -> EL1"),
}
PSCI = {"img-el1": "hvc", "img-el2": "smc", "elf-el3-el2": "own", "elf-el3": "own"}


def boot_line(path, psci):
    """The one line that says how the kernel was entered (a regular expression)."""
    first, last = path.split(" ", maxsplit=1)[0], int(path[-1])
    return (
        rf"boot: entered at {first}, path {path}, CurrentEL {last << 2:#x}, "
        rf"image 0x[0-9a-f]+, dtb 0x[0-9a-f]+, psci {psci}$"
    )


def runs_hello(run, path, psci):
    """The way down, hello as PID 1, and a reset when it has ended."""
    run.expect(boot_line(path, psci))
    run.expect(r"hello syscall v8$")
    run.expect(r"newel: panic: .*init.*$")
    assert run.finish() == 0
    assert run.log.count("boot: entered at") == 1
    assert any(line.startswith("newel ") or "] newel " in line for line in run.lines[:5])


@pytest.mark.virt
@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "max"])
@pytest.mark.parametrize("smp", [1, 4])
@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("way", WAYS)
def test_virt(boot, program, kernel_el, way, gic, smp, cpu):
    machine, path = WAYS[way]
    if kernel_el == 2:
        if way == "img-el1":
            boards.tied("entered at EL1")
        path = path.removesuffix(" -> EL1")
    run = boot(initrd.archive(initrd.file("init", program("hello"))), cpu=cpu, smp=smp, gic=gic,
               append="panic=-1", **machine)
    runs_hello(run, path, PSCI[way])


@pytest.mark.needs("dtb")
@pytest.mark.parametrize("el, path, psci", [(2, "EL2 -> EL1", "none"), (3, "EL3 -> EL2 -> EL1", "own")],
                         ids=["img", "elf"])
def test_raspi4b(boot, program, el, path, psci):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), board="raspi4b", el=el,
               append="panic=-1")
    runs_hello(run, path, psci)


@pytest.mark.needs("dtb")
def test_spin_table_sends_one_event(boot, program):
    """What wakes a core in a spin table is used up when it comes to EL2, which is ready: it must not wait there.

    In build/parkwfi a core that waits for EL2 does so by an instruction that no event ends.
    """
    run = boot(initrd.archive(initrd.file("init", program("hello"))), board="raspi4b", el=2, append="panic=-1",
               kernel=os.path.join(BUILD, "parkwfi", "newel.img"))
    runs_hello(run, "EL2 -> EL1", "none")
    assert any(line.endswith("smp: 4 cores") for line in run.lines)


@pytest.mark.needs("dtb")
def test_spin_table_out_of_the_map(boot, program, parts, tmp_path):
    """The loader's page with the spin table is one that nobody may map (no-map): the cores come all the same."""
    if not shutil.which("fdtput"):
        pytest.skip("needs fdtput, install it by: tools/setup test")
    tree = tmp_path / "pi.dtb"
    tree.write_bytes(parts("dtb"))
    node = "/reserved-memory/loader@0"
    for args in (["-c", tree, node], ["-t", "x", tree, node, "reg", "0", "0", "1000"], [tree, node, "no-map"]):
        subprocess.run(["fdtput", *args], check=True)
    run = boot(initrd.archive(initrd.file("init", program("hello"))), board="raspi4b", el=2, dtb=str(tree), append="panic=-1")
    runs_hello(run, "EL2 -> EL1", "none")
    assert any(line.endswith("smp: 4 cores") for line in run.lines)
