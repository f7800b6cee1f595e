"""`levels -w`: crossings between the levels like top(1), on a terminal of no known size and into a pipe."""

import os
import re

import conftest
import pytest

PROMPT = r"(?:newel\$|/ #) "
ON = "/sys/kernel/newel/counters/on"
TABLE = r"levels: over \d+\.\d s; max: since \d+ s; q leaves.*EL0->EL[12] svc +\d+.*interrupts/s"


@pytest.fixture(params=["own", "busybox"])
def shell(request, boot, own_initrd):
    """The Console of a machine at the prompt of our own shell, or of busybox's, which edits its line."""
    run = boot(own_initrd if request.param == "own" else os.path.join(conftest.BUILD, "busybox.cpio"), append="quiet panic=-1", smp=4)
    run.expect(PROMPT)
    return run


def command(run, line, pattern):
    """Types @line, which says @pattern, and waits for the prompt."""
    run.send(line)
    run.expect(pattern)
    run.expect(PROMPT)


def is_off(run):
    command(run, f"cat {ON}", "^0$")


def test_on_a_terminal(shell):
    for key in ("q", "\x03"):
        shell.send("levels -w 1")
        for _ in range(2):
            shell.expect("(?s)" + TABLE)
        shell.child.send(key)
        shell.expect(PROMPT)
    # As it was: what is typed is shown, a line at a time, and the counting is off.
    command(shell, "echo shown >/tmp/x; cat /tmp/x", r"echo shown >/tmp/x; cat /tmp/x\r*\nshown$")
    is_off(shell)
    for table in re.findall(r"\x1b\[H(.*?)\x1b\[J", shell.log, re.DOTALL):
        rows = table.replace("\r", "").replace("\x1b[K", "").split("\n")
        assert len(rows) <= 24 and max(map(len, rows)) < 80, rows
    shell.send("poweroff")
    assert shell.finish() == 0


def test_into_a_pipe(shell):
    table = r"levels: over 1\.\d s; max: since \d+ s\r*\n.*EL0->EL[12] svc +\d+"
    command(shell, "levels -w 1 -n 2 | cat", f"(?s){table}.*{table}")
    is_off(shell)
    # Whoever switched it on has it.
    command(shell, f"echo 1 >{ON}; levels -w 1 | cat; cat {ON}", f"(?s){table}.*^1$")
    assert "\x1b[2J" not in shell.log
    shell.send("poweroff")
    assert shell.finish() == 0
