"""The demonstrations of el0/demos: every one ends as it says, a thousand times over, and nothing leaks."""

import re

import pytest
import tap


def run_in_shell(boot, command, own_initrd, **machine):
    """Run one command of our own system; the console's text up to the power-off."""
    run = boot(own_initrd, append=f'quiet panic=-1 "RUN={command}"', **machine)
    assert run.finish() == 0
    return run.log


@pytest.mark.parametrize("machine", [
    dict(el=3), dict(el=1, smp=1, cpu="cortex-a53"), dict(el=2, cpu="max", gic=3), dict(el=3, has_el2=False),
], ids=["el3", "el1-a53-1", "el2-max-v3", "el3-no-el2"])
def test_once(request, boot, own_initrd, machine):
    tap.report(request.node, run_in_shell(boot, "demos", own_initrd, **machine))


def test_thousand_times(request, boot, own_initrd):
    """One after the other, with every free page back."""
    tap.report(request.node, run_in_shell(boot, "demos -n 1000", own_initrd))


@pytest.mark.both_boards
def test_four_at_a_time(request, boot, own_initrd):
    """On four cores, four at a time, with every free page back."""
    tap.report(request.node, run_in_shell(boot, "demos -n 1000 -j 4", own_initrd, smp=4))


@pytest.mark.parametrize("way, present", [
    (dict(el=1), [1]), (dict(el=2), [1, 2]), (dict(el=3), [1, 2, 3]), (dict(el=3, has_el2=False), [1, 3]),
], ids=["el1", "el2", "el3", "el3-no-el2"])
def test_levels(boot, own_initrd, kernel_el, way, present):
    """`levels` prints the CurrentEL that every level present gave itself, and what EL0's own attempt came to."""
    said = run_in_shell(boot, "levels", own_initrd, **way)
    assert re.search(rf"^entered at EL{max(way['el'], kernel_el)}$", said, re.MULTILINE)
    present = {max(level, kernel_el) for level in present}
    for level in (1, 2, 3):
        answer = rf"CurrentEL {level << 2:#x}\b" if level in present else "absent"
        assert re.search(rf"^EL{level} +{answer}", said, re.MULTILINE)
    assert re.search(r"^EL0 +MRS CurrentEL is undefined here: SIGILL$", said, re.MULTILINE)


def test_stale_code(boot, own_initrd):
    """`stale` changes a file in place and runs it: never the code of before (a board alone can fail this)."""
    said = run_in_shell(boot, "stale 300", own_initrd, smp=4)
    assert re.search(r"^0 of 300 rounds ran older code$", said, re.MULTILINE)
