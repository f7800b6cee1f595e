"""What a person does first at a board's shell: what came up, `levels`, the demonstrations, a restart.

On a real board with --serial and --card=system these run on what its card holds: our own system, or busybox with it.
"""

import re

import pytest
import tap

pytestmark = [pytest.mark.card, pytest.mark.both_boards]
PROMPT = r"(?:newel\$|/ #) "


@pytest.fixture
def entered(kernel_el):
    """The boot line's words."""
    return f"boot: entered at EL2, path {'EL2 -> EL1, CurrentEL 0x4' if kernel_el == 1 else 'EL2, CurrentEL 0x8'}, "


@pytest.fixture
def shell(boot, entered, own_initrd):
    """The Console of a machine at its shell's first prompt."""
    run = boot(own_initrd, append="panic=-1", el=2, extra=["-action", "reboot=reset"])
    run.expect(entered)
    run.expect(r"smp: 4 cores$")
    run.expect(PROMPT)
    return run


def switch_off(run):
    run.send("poweroff")
    run.expect(r"reboot: Power down")


def test_levels(shell, kernel_el):
    shell.send("levels")
    for line in (r"entered at EL2", r"EL1 +CurrentEL 0x4, " if kernel_el == 1 else r"EL1 +absent", r"EL2 +CurrentEL 0x8, ", r"EL3 +(?:absent|CurrentEL 0xc, )",
                 r"EL0 +MRS CurrentEL is undefined here: SIGILL$"):
        shell.expect(line)
    shell.expect(PROMPT)
    switch_off(shell)


def test_demonstrations(request, shell):
    shell.send("demos")
    shell.expect(r"^1\.\.\d+$")
    tap.report(request.node, re.sub(r"(?s)^.*?\bdemos\n", "", shell.log))
    switch_off(shell)


def test_restart(shell, entered):
    """It comes back the same way, by the watchdog where there is no firmware to ask."""
    shell.send("reboot")
    shell.expect(r"reboot: Restarting system")
    shell.expect(entered)
    shell.expect(r"smp: 4 cores$")
    shell.expect(PROMPT)
    switch_off(shell)
