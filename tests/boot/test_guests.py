"""Debian's unmodified kernel as guest of vm: a few of the machines of guests.py, where the rest of them is (`make guests-all`).

Each name is core, GIC, cores of the machine, vCPUs.
"""

import guests
import pytest

pytestmark = pytest.mark.needs("linux", "busybox")
MACHINES = {
    "a72-gic2-1-1": (1, dict(cpu="cortex-a72", gic=2, smp=1)),
    "a72-gic3-2-2": (2, dict(cpu="cortex-a72", gic=3, smp=2)),
    "a72-gic2-4-4": (4, dict(cpu="cortex-a72", gic=2, smp=4, el=3)),
    "max-gic3-2-4": (4, dict(cpu="max", gic=3, smp=2)),
    "vhe-gic3-4-2": (2, dict(cpu="max", gic=3, smp=4, append="quiet panic=-1 newel.el2=vhe")),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_debian(boot, machine):
    vcpus, fields = MACHINES[machine]
    run = guests.at_host(boot, **fields)
    guests.life(run, vcpus, reboots=machine == "a72-gic3-2-2")
    guests.leave(run)


@pytest.mark.needs("dtb")
def test_raspi4b(boot):
    run = guests.at_host(boot, board="raspi4b", el=3)
    guests.life(run, 4, reboots=False)
    guests.leave(run)


def test_several(boot):
    """Two at once, on two cores."""
    run = guests.at_host(boot, cpu="cortex-a72", gic=2, smp=2)
    guests.several(run, 2, 1)
    guests.leave(run)
