"""The programs of tests/el0/kvm, which make virtual machines by /dev/kvm: each TAP line is a result.

The same archive passes under Linux (tests/boot/oracle.py kvm), on the machines that have another KVM each.
"""

import math
import os

import boards
import conftest
import console
import pytest
import tap
from test_el0 import PART

MACHINES = {
    "a72-gic2": dict(cpu="cortex-a72", gic=2, el=3, smp=2),
    "a72-gic3": dict(cpu="cortex-a72", gic=3, el=2, smp=4),
    "max": dict(cpu="max", gic=3, el=2, smp=2),
    "max-vhe": dict(cpu="max", gic=3, el=2, smp=2, append="newel.el2=vhe"),
    "a76-vhe": dict(cpu="cortex-a76", gic=2, el=3, smp=2, append="newel.el2=vhe"),
}
# What takes a while runs where it shows the most; `make test-kvm` runs all on each machine, and more of it (WHOLE).
LEFT_OUT = {"a72-gic2": "kvm_isolation,kvm_lives", "a72-gic3": "kvm_isolation,kvm_share,kvm_failn", "max": "kvm_lives",
            "max-vhe": "kvm_isolation,kvm_share", "a76-vhe": "kvm_isolation,kvm_lives"}
WHOLE = "WHOLE=1 LIVES=1000" if os.environ.get("KVM_WHOLE") else ""


def archive():
    return os.path.join(conftest.BUILD, "tests", "kvm.cpio")


@pytest.mark.parametrize("machine", MACHINES)
def test_kvm(request, boot, machine):
    left_out = "" if WHOLE else LEFT_OUT[machine]
    fields = {"append": "", **MACHINES[machine], **(dict(limit=3600) if WHOLE else {})}
    words = f"quiet panic=-1 TESTS=-{left_out} SLOW={math.ceil(console.SLOW) * (10 if WHOLE else 1)} {WHOLE} {fields.pop('append')}"
    run = boot(archive(), append=words, **fields)
    assert run.finish(silence=1800 if WHOLE else None) == 0  # each of some programs' tests takes minutes then
    parts = PART.findall(run.log.replace("\r\n", "\n"))
    if not parts:
        pytest.skip("needs a compiler with a static C library for Linux: tools/setup test")
    for name, text, status in parts:
        tap.report(request.node, text, prefix=f"{name}: ")
        assert status == "0", f"{name} ended with {status}"
    assert "TAP all end" in run.log, f"the run ended behind {parts[-1][0]}"


@pytest.mark.parametrize("words", ["kvm-arm.mode=none", "kvm-arm.mode=none newel.el2=vhe"])
def test_no_device(boot, words):
    """Where there are no guests there is no /dev/kvm, and nothing else is missed."""
    run = boot(archive(), append=f"quiet panic=-1 TESTS=kvm_system {words}", cpu="max", gic=3, el=2, smp=1)
    assert run.finish() == 0
    assert "TAP all end" in run.log
    assert "TAP kvm_system begin" not in run.log or "Bail out! /dev/kvm cannot be opened" in run.log


def test_without_el2(boot, kernel_el):
    if kernel_el == 2:
        boards.tied("entered at EL1")
    run = boot(archive(), append="quiet panic=-1 TESTS=kvm_system", el=1, smp=1)
    assert run.finish() == 0
    assert "TAP kvm_system begin" not in run.log or "Bail out! /dev/kvm cannot be opened" in run.log
