"""Binaries that ran once run for ever: the archives of tests/abi/frozen are el0/ as each release built it, and never change."""

import glob
import os

import conftest
import pytest
import tap

FROZEN = sorted(glob.glob(os.path.join(conftest.ROOT, "tests", "abi", "frozen", "*.cpio.gz")))


@pytest.mark.parametrize("archive", FROZEN, ids=os.path.basename)
def test_demonstrations_still_hold(request, boot, archive):
    run = boot(archive, append='quiet panic=-1 "RUN=demos"')
    assert run.finish() == 0
    tap.report(request.node, run.log.replace("\r\n", "\n"))


@pytest.mark.parametrize("archive", FROZEN, ids=os.path.basename)
def test_programs_still_run(boot, archive):
    script = "uname; hello; where; seq 3; echo a b | cat; ls -l /bin; free; levels"
    run = boot(archive, append=f'quiet panic=-1 "RUN={script}"')
    assert run.finish() == 0
    for said in ("Linux", "hello syscall v8", "platform   aarch64", "1\n2\n3\n", "a b\n", "poweroff", "total KiB",
                 "came down"):
        assert said in run.log.replace("\r\n", "\n")
