"""Guests under EL2 by themselves, without /dev/kvm (newel.test=guest, selftest/guest.c): what el2/ does for a kernel at EL1."""

import initrd
import pytest

MACHINES = {
    "img-el2": dict(el=2, cpu="cortex-a72"),
    "a53": dict(el=3, cpu="cortex-a53", smp=4),
    "gic3": dict(el=3, cpu="cortex-a72", gic=3, smp=2),
    "max": dict(el=3, cpu="max", gic=3),
    "vhe": dict(el=3, cpu="max", gic=3, append="newel.el2=vhe"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_guest(boot, program, machine):
    fields = dict(MACHINES[machine])
    words = f"{fields.pop('append', '')} panic=-1 newel.test=guest"
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append=words, **fields)
    run.expect(r"newel: panic: newel.test: guest: (\d+) checks, 0 wrong$")
    assert run.finish() == 0


@pytest.mark.needs("dtb")
def test_guest_raspi4b(boot, program):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), board="raspi4b", el=3,
               append="panic=-1 newel.test=guest")
    run.expect(r"newel: panic: newel.test: guest: \d+ checks, 0 wrong$")
    assert run.finish() == 0


def test_instructions(boot, program):
    """An hvc of a guest's, to the host and back: under -icount a tick is an instruction."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append="panic=-1 newel.test=guest", el=2, smp=1,
               cpu="cortex-a72,cntfrq=1000000000", extra=["-icount", "shift=0,sleep=off"])
    ticks = run.expect(r"guest: an hvc and back: (\d+) ticks in 1000").group(1)
    run.expect(r"0 wrong$")
    assert int(ticks) < 430_000
    assert run.finish() == 0
