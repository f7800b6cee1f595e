"""What is done against a core's guesses follows from the core, its firmware and the command line (el1/spectre.c)."""

import re

import initrd
import pytest


def runs(boot, program, state, append="", **machine):
    """hello on four cores; the log's line is @state."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))), append=f"panic=-1 {append}", **machine)
    run.expect(rf"spectre: {state}$")
    run.expect(r"hello syscall v8$")
    run.expect(r"newel: panic: .*init")
    assert run.finish() == 0
    return run


@pytest.mark.parametrize("cpu, words, state", [
    ("cortex-a53", "", "v2 not affected, bhb not affected, v4 not affected"),
    ("cortex-a72", "", "v2 vulnerable, bhb vulnerable, v4 unknown"),  # QEMU's PSCI has no SMCCC 1.1
    ("cortex-a76", "", "v2 not affected, bhb mitigated, v4 unknown"),
    ("cortex-a76", "nospectre_bhb", "v2 not affected, bhb vulnerable, v4 unknown"),
    ("cortex-a76", "mitigations=off", "v2 not affected, bhb vulnerable, v4 unknown"),
    ("cortex-a76", "mitigations=auto", "v2 not affected, bhb mitigated, v4 unknown"),
])
def test_state(boot, program, cpu, words, state):
    runs(boot, program, state, words, el=1, cpu=cpu)


def test_traced_too(boot, program):
    """The loop and the trace at once: the fourth vector table."""
    run = runs(boot, program, "v2 not affected, bhb mitigated, v4 unknown", "trace=svc", el=1, cpu="cortex-a76", smp=1)
    assert re.search(r"svc.*write\(", run.log, re.IGNORECASE)
