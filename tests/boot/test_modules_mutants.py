"""Damaged modules are refused as Linux refuses them, nothing is lost, and the log says what is wrong: mutants.py."""

import errno
import os
import re

import conftest
import mutants
import oracle
import pytest

FREE = 128  # KiB that caches may hold after one round or the other


def hello():
    with open(os.path.join(conftest.BUILD, "modules", "hello.ko"), "rb") as f:
        return f.read()


def say_all(boot, program, files, append, **machine):
    run = boot(oracle.mutants_initrd(files, program("mutants")), append=f"panic=-1 {append}", **machine)
    run.expect("^all of them$", timeout=600)
    assert run.finish() == 0
    return run.log


def right(said, wanted):
    """Where Linux takes it or dies of it, there is nothing to hold on to."""
    return said == wanted or (wanted in ("taken", "dies") and said in ("ENOEXEC", "ENOMEM")) or (wanted == said == "taken")


@pytest.mark.parametrize("smp, cpu", [(1, "cortex-a53"), (4, "cortex-a72")])
def test_mutants(boot, program, smp, cpu):
    """Four rounds with a good one at both ends: what a round kept would be missing in the next, in memory or in the arena."""
    data, answers = hello(), mutants.recorded()
    damaged = [*mutants.mutants(data), *mutants.believed(data), *mutants.pointers(data)]
    names = ["whole", *(name for name, _ in damaged), "whole"]
    log = say_all(boot, program, [data, *(mutant for _, mutant in damaged), data], "quiet loglevel=0 ROUNDS=4", smp=smp, cpu=cpu)
    answered = re.findall(r"^(\d+): (\d+)$", log, re.MULTILINE)
    assert len(answered) == 4 * len(names)
    wrong = {}
    for i, number in answered:
        name = names[int(i)]
        said = errno.errorcode[int(number)] if number != "0" else "taken"
        if not right(said, "taken" if name == "whole" else mutants.expected(answers, name)) or (name == "whole" and said != "taken"):
            wrong[name] = f"{said}, Linux: {answers.get(name)}"
    assert not wrong
    assert "cannot unload" not in log
    free = [int(n) for n in re.findall(r"after a round: (\d+) KiB free", log)]
    assert len(free) == 4 and max(free[1:]) - min(free[1:]) <= FREE, free


SAYS = {
    "rela.init/0 of type 0x137": r"R_AARCH64_ADR_GOT_PAGE",
    "rela.init/0 of type 0xffffffff": r"4294967295",
    "rela.init/1 of type 274, 2^61 away": r"out of range: R_AARCH64_ADR_PREL_LO21",
    "symbol init/nobody's": r"nknown symbol",
    "symbol function/shndx COMMON": r"-fno-common",
    "rodata/writable and executable": r"writable and executable: \.rodata",
    "modinfo/the last word of vermagic": r"differs in: flags:",
    "rela.param/a name 2^40 on": r"what is not in the module",
}


@pytest.mark.virt
def test_said(boot, program):
    """By name."""
    data = hello()
    damaged = dict([*mutants.mutants(data), *mutants.pointers(data)])
    names = [name for name in SAYS if name in damaged]
    log = say_all(boot, program, [damaged[name] for name in names], "")
    parts = re.split(r"^\d+: ", log, flags=re.MULTILINE)[1:]
    assert len(parts) == len(names)
    for name, text in zip(names, parts):
        assert re.search(SAYS[name], text), f"{name}: {text}"
