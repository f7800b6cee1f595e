"""The programs of tests/el0 on every kind of core, one and four: each TAP line is a result.

The same archive passes under Linux (`make oracle` boots it there).  A kernel that traps on undefined behaviour runs
it once more.
"""

import math
import os
import re

import boards
import conftest
import console
import pytest
import tap

PART = re.compile(r"^TAP (\S+) begin\r?\n(.*?)^TAP \1 end (.*?)\r?$", re.MULTILINE | re.DOTALL)
MACHINES = {
    f"{name}-{smp}": dict(cpu=cpu, gic=gic, el=el, smp=smp)
    for name, cpu, gic, el in [("a53", "cortex-a53", 2, 1), ("a72", "cortex-a72", 2, 3), ("max", "max", 3, 2)]
    for smp in (1, 4)
}
RASPI4B = {"raspi4b": dict(board="raspi4b", el=2)}
VHE = {"a76-1": dict(cpu="cortex-a76", gic=2, el=3, smp=1), "max-4": MACHINES["max-4"]}
GUEST = {"gic2-1": dict(cpu="cortex-a72", gic=2, smp=1), "gic3-4": dict(cpu="max", gic=3, smp=4)}
# The long ones each have a machine of their own; `-` stands before what is left out.  The programs of libc/ say nothing of
# the core that they run on: each library on two machines, which between them have every core, one and four.
LIBC = {"glibc_*": ["a72-4", "max-1"], "musl_*": ["a53-1", "max-4"]}
LONG = ["exhaust", "races", "sysregs,clone_threads", *LIBC]
SHARES = {"first": "-" + ",".join(LONG), **{names.split(",")[0].rstrip("_*"): names for names in LONG}}
RUNS = {
    "virt": [(m, share) for share, names in SHARES.items() for m in LIBC.get(names, MACHINES)] + [("raspi4b", "first")],
    "raspi4b": [("raspi4b", share) for share in SHARES],
    "vhe": [(m, share) for share in SHARES for m in VHE],
    "guest": [(m, share) for share in SHARES for m in GUEST],
}


def pytest_generate_tests(metafunc):
    if "machine" in metafunc.fixturenames:
        runs = RUNS[boards.of(metafunc.config)]
        metafunc.parametrize("machine, share", runs, ids=["-".join(run) for run in runs])


def run_share(request, boot, archive, share, **machine):
    run = boot(archive, append=f"quiet panic=-1 TESTS={SHARES[share]} SLOW={math.ceil(console.SLOW)}", **machine)
    assert run.finish() == 0
    parts = PART.findall(run.log.replace("\r\n", "\n"))
    assert parts, "no test program ran"
    for name, text, status in parts:
        tap.report(request.node, text, prefix=f"{name}: ")
        assert status == "0", f"{name} ended with {status}"
    assert "TAP all end" in run.log, f"the run ended behind {parts[-1][0]}"


def test_el0(request, boot, el0_tests, machine, share):
    if machine in RASPI4B:
        conftest.part("dtb")
    run_share(request, boot, el0_tests, share, **{**MACHINES, **RASPI4B, **VHE, **GUEST}[machine])


@pytest.mark.parametrize("share", ["first", "glibc"])
def test_undefined_behaviour(request, boot, el0_tests, share):
    kernel = os.path.join(conftest.BUILD, "ubsan", "newel.elf")
    run_share(request, boot, el0_tests, share, kernel=kernel, **MACHINES["a72-4"])


@pytest.mark.needs("musl")
def test_both_libraries(el0_tests):
    """Every program of tests/el0/libc is in the archive twice: with the GNU C library and with musl."""
    folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "el0", "libc")
    with open(el0_tests, "rb") as f:
        names = re.findall(rb"tests/((?:glibc|musl)_\w+)\0", f.read())
    want = [f[:-2] for f in os.listdir(folder) if f.endswith(".c")]
    if not any(n.startswith(b"glibc_") for n in names):
        pytest.skip("needs a compiler with a static C library for Linux: tools/setup test")
    assert sorted(n.decode() for n in names) == sorted(lib + w for w in want for lib in ("glibc_", "musl_"))
