"""What a guest shows of its VMM's memory goes when the VMM's own mapping does: whoever mirrors an address space hears of each loss in time (newel.test=mirrors)."""

import initrd
import pytest


@pytest.mark.parametrize("cpu", ["cortex-a72", "max"])
def test_all_losses_are_told(boot, program, cpu):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), cpu=cpu, append="panic=-1 newel.test=mirrors")
    run.expect(r"newel: panic: newel.test: mirrors: 21 steps, all were told, 0 pages are lost$")
    assert run.finish() == 0
