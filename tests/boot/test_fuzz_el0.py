"""System calls at random and races from EL0 (tests/el0/random_calls.c, races.c): the kernel survives, and every page comes back."""

import os
import re

import boards
import tap
from conftest import BUILD

MACHINES = [
    dict(el=1, smp=1, cpu="cortex-a53"), dict(el=2, smp=3, cpu="cortex-a72", gic=3), dict(el=3, smp=4, cpu="max"),
]
IDS = ["el1-a53-1", "el2-a72-v3-3", "el3-max-4"]


def pytest_generate_tests(metafunc):
    if "machine" not in metafunc.fixturenames:
        return
    if boards.of(metafunc.config) == "raspi4b":
        metafunc.parametrize("machine", [dict(el=2, smp=4)], ids=["el2-4"])
    else:
        metafunc.parametrize("machine", MACHINES, ids=IDS)


def run_program(request, boot, name, words="", **machine):
    """Boot the archive of EL0 tests with one program of it; report its TAP lines."""
    run = boot(os.path.join(BUILD, "tests", "el0.cpio"), append=f"quiet panic=-1 TESTS={name} {words}",
               **machine)
    assert run.finish() == 0
    assert "panic" not in run.log
    stream = re.search(rf"^TAP {name} begin\n(.*)^TAP {name} end (\S+)$", run.log, re.DOTALL | re.MULTILINE)
    assert stream, run.tail()
    tap.report(request.node, stream.group(1))
    assert stream.group(2) == "0"


def test_fuzz(request, boot, machine):
    """20,000 calls from a fixed seed; longer ones by hand: TESTS=random_calls FUZZ=seed,calls,processes,threads."""
    run_program(request, boot, "random_calls", f"FUZZ={machine['smp']},20000,2,3", mem=256, **machine)


def test_fuzz_deterministic(request, boot):
    """One core whose clock is the count of its instructions: what fails once fails again."""
    run_program(request, boot, "random_calls", "FUZZ=7,10000,2,3", el=1, smp=1, mem=256,
                extra=["-icount", "shift=0,sleep=off"])


def test_fuzz_traced(request, boot):
    """The same while all that can be recorded is, with what the arguments point to."""
    run_program(request, boot, "random_calls", "FUZZ=11,10000,2,3 trace=all,args,ring", el=3, smp=4, mem=256)


def test_races(request, boot, machine):
    """In little memory beside the archive and what is unpacked of it, so that it runs out soon."""
    archive = os.path.getsize(os.path.join(BUILD, "tests", "el0.cpio")) >> 20
    run_program(request, boot, "races", mem=2 * archive + 56, **machine)
