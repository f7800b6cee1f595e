"""The end: a reset comes back the whole way, with all cores, by the same path and with the memory as the last run left
it; an emulator that is asked to (newel.semihosting) ends with a status that tells a panic from switching off."""

import initrd
import pytest

WAYS = {
    "img-el1": dict(el=1),
    "img-el2": dict(el=2),
    "elf-el3-el2": dict(el=3),
    "elf-el3": dict(el=3, has_el2=False),
    "raspi4b-img": dict(board="raspi4b", el=2),
    "raspi4b-elf": dict(board="raspi4b", el=3),
}


@pytest.mark.needs("dtb")
@pytest.mark.parametrize("way", WAYS)
def test_reset(boot, program, way):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append="panic=-1",
               extra=["-action", "reboot=reset"], **WAYS[way])
    first = run.expect(r"boot: entered at (.*)$").group(1)
    for _ in range(3):
        run.expect(r"smp: 4 cores$")
        run.expect(r"hello syscall v8$")
        assert run.expect(r"boot: entered at (.*)$").group(1) == first


@pytest.mark.needs("dtb")
@pytest.mark.parametrize("way", WAYS)
def test_exit_status(boot, program, el0_tests, way):
    words = "quiet panic=-1 newel.semihosting TESTS=entry"
    assert boot(el0_tests, append=words, semihosting=True, **WAYS[way]).finish() == 0
    dying = initrd.archive(initrd.file("init", program("hello")))
    run = boot(dying, append=words, semihosting=True, **WAYS[way])
    assert run.finish() == 1
    assert "Attempted to kill init" in run.log
