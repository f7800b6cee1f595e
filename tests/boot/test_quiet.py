"""`quiet` and `loglevel=`: what the kernel prints when it has nothing to warn of is nothing."""

import initrd
import pytest


@pytest.mark.parametrize("el", [1, 2, 3])
def test_quiet_prints_nothing(boot, program, el):
    run = boot(initrd.archive(initrd.file("init", program("hello"))), el=el, append="quiet panic=-1")
    run.expect(r"newel: panic: .*$")
    assert run.finish() == 0
    before = run.log.split("newel: panic: ")[0].split("Starting kernel ...")[-1]  # as U-Boot says it
    assert [line for line in before.split("\n") if line and not line.startswith("qemu-system-")] == ["hello syscall v8"] or before.endswith("] ")


@pytest.mark.both_boards
def test_words_for_init(boot, parts):
    """Words that the kernel does not know go to init: name=value to its environment, others to its arguments."""
    import oracle

    script = '#!/bin/busybox sh\necho "args: $*"\necho "colour: $colour"\npoweroff -f\n'
    run = boot(oracle.system(script, parts("busybox")), append="quiet panic=-1 colour=blue word -- more")
    run.expect(r"^args: word more$")
    run.expect(r"^colour: blue$")
    assert run.finish() == 0
