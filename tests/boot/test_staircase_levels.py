"""EL2 and EL3 answer what the standards say, also to calls they must refuse (newel.test=levels)."""

import boards
import initrd
import pytest

WAYS = {  # questions asked: 12 of EL2, 38 of EL3
    "img-el2": (dict(el=2), 12),
    "elf-el3-el2": (dict(el=3), 50),
    "elf-el3": (dict(el=3, has_el2=False), 38),
}


@pytest.mark.parametrize("cpu", ["cortex-a53", "max"])
@pytest.mark.parametrize("way", WAYS)
def test_calls(boot, program, kernel_el, way, cpu):
    if kernel_el == 2:
        boards.tied("a kernel at EL2 has no EL2 of ours to ask")
    machine, questions = WAYS[way]
    run = boot(initrd.archive(initrd.file("init", program("hello"))), cpu=cpu,
               append="panic=-1 newel.test=levels", **machine)
    run.expect(rf"newel: panic: newel.test: levels: {questions} questions, 0 wrong answers$")
    assert run.finish() == 0


@pytest.mark.needs("dtb")
def test_calls_raspi4b(boot, program):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), board="raspi4b", el=3,
               append="panic=-1 newel.test=levels")
    run.expect(r"newel: panic: newel.test: levels: 50 questions, 0 wrong answers$")
    assert run.finish() == 0
