"""What a hostile EL1 gets of EL2 and of what was sealed: an abort and a line in words; a core that it starts comes to EL1.

The panic's reset is an SMC, and so goes through EL2: that the run ends says that EL2 lives.  Where the kernel itself is at EL2
(--board=vhe) there is no such wall.
"""

import boards
import initrd
import pytest

WAYS = {
    "el2-a72": dict(el=2, gic=2),
    "el3-a53": dict(el=3, gic=2, cpu="cortex-a53", smp=1),
    "el3-max": dict(el=3, gic=3, cpu="max"),
    "raspi4b": dict(el=2, board="raspi4b"),
    "raspi4b-el3": dict(el=3, board="raspi4b"),
}
REFUSED = {
    "peek_el2": r"newel: EL2: refused: EL1 at 0xf\w+ may not read 0x\w+, which is EL2's",
    "write_text": r"newel: EL2: refused: EL1 at 0xf\w+ may not write 0x\w+, which is the kernel's, sealed",
}


@pytest.fixture(autouse=True)
def need_walls(kernel_el):
    if kernel_el == 2:
        boards.tied("the kernel itself is at EL2: no wall there")


def try_it(boot, program, name, words="", **machine):
    return boot(initrd.archive(initrd.file("init", program("hello"))), append=f"panic=-1 {words} newel.test={name}", **machine)


@pytest.mark.needs("dtb")
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("way", WAYS)
def test_refused(boot, program, way, name):
    run = try_it(boot, program, name, **WAYS[way])
    run.expect(REFUSED[name])
    run.expect(rf"newel: panic: Oops: synchronous external abort at \w+, pc selftest_{name}\+")
    assert run.finish() == 0


@pytest.mark.virt
@pytest.mark.parametrize("machine", [dict(el=3, gic=2), dict(el=3, gic=3, cpu="max", has_el2=False, smp=1)], ids=["el2", "no-el2"])
def test_secure_memory(boot, program, machine):
    """EL3 is where nobody below it can look, with EL2 or without: the bus answers nothing, and nobody had to refuse."""
    run = try_it(boot, program, "peek_el3", **machine)
    run.expect(r"levels: EL3 is in secure memory$")
    run.expect(r"newel: panic: Oops: synchronous external abort at \w+, pc selftest_peek_el3\+")
    assert run.finish() == 0
    assert "refused" not in run.log


@pytest.mark.needs("dtb")
def test_no_secure_memory(boot, program):
    run = try_it(boot, program, "peek_el3", **WAYS["raspi4b-el3"])
    run.expect(r"newel: EL2: refused: EL1 at 0xf\w+ may not read 0x\w+, which is EL3's")
    run.expect(r"newel: panic: Oops: synchronous external abort at \w+, pc selftest_peek_el3\+")
    assert run.finish() == 0


@pytest.mark.needs("dtb")
@pytest.mark.parametrize("way", ["el2-a72", "el3-max", "raspi4b-el3"])
def test_cpu_on(boot, program, way):
    """An entry in EL2's memory is none; any other runs at EL1."""
    run = try_it(boot, program, "cpu_on_el2", "maxcpus=1", **WAYS[way])
    run.expect(r"newel: panic: newel.test: cpu_on: into EL2 -9, into our own code 0, which runs at CurrentEL 0x4$")
    assert run.finish() == 0


@pytest.mark.virt
@pytest.mark.parametrize("machine", [dict(el=1), dict(el=3, has_el2=False)], ids=["el1", "el3-no-el2"])
def test_nobody_to_refuse(boot, program, machine):
    run = try_it(boot, program, "peek_el2", **machine)
    run.expect(r"newel: panic: newel.test: there is no EL2 of ours$")
    assert run.finish() == 0
