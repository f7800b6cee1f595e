"""The demonstrations of el0/demos: every one ends as it says, a thousand times over, and nothing leaks."""

import re

import pytest
import tap

# What `RUN=` makes el0/init.c print when the command has ended.
ENDED = r"^init: .*(exit|ended|status|killed).*$"


def run_in_shell(boot, command, own_initrd, **machine):
    """Run one command of our own system; the console's text up to the power-off."""
    run = boot(own_initrd, append=f'quiet panic=-1 "RUN={command}"', **machine)
    assert run.finish(timeout=machine.get("limit", 60)) == 0
    return run.log


@pytest.mark.parametrize("machine", [
    dict(el=3), dict(el=1, smp=1, cpu="cortex-a53"), dict(el=2, cpu="max", gic=3), dict(el=3, has_el2=False),
], ids=["el3", "el1-a53-1", "el2-max-v3", "el3-no-el2"])
def test_once(request, boot, own_initrd, machine):
    tap.report(request.node, run_in_shell(boot, "demos", own_initrd, **machine))


def test_thousand_times(request, boot, own_initrd):
    """One after the other, with every free page back."""
    tap.report(request.node, run_in_shell(boot, "demos -n 1000", own_initrd, limit=400))


def test_four_at_a_time(request, boot, own_initrd):
    """On four cores, four at a time, with every free page back."""
    tap.report(request.node, run_in_shell(boot, "demos -n 1000 -j 4", own_initrd, limit=400, smp=4))


@pytest.mark.parametrize("way, levels", [
    (dict(el=1), "1 0"), (dict(el=2), "2 1 0"), (dict(el=3), "3 2 1 0"), (dict(el=3, has_el2=False), "3 1 0"),
], ids=["el1", "el2", "el3", "el3-no-el2"])
def test_levels(boot, own_initrd, way, levels):
    """`levels` names every level that there is, and the path that led down."""
    said = run_in_shell(boot, "levels", own_initrd, **way)
    there = [line for line in said.splitlines() if "absent" not in line]
    seen = re.findall(r"\bEL([0-3])\b", "\n".join(there))
    assert set(seen) == set(levels.split())
    for current_el in (int(level) << 2 for level in levels.split() if level != "0"):
        assert f"{current_el:#x}" in said
