"""A user takes all of a small machine's memory, each time of another kind, while root goes on working: programs/hoards.c."""

import os

import conftest
import initrd
import pytest
import tap


def contents(*names):
    with open(os.path.join(conftest.BUILD, *names), "rb") as f:
        return f.read()


@pytest.mark.parametrize("smp", [4])
def test_hoards(request, boot, program, smp):
    if not os.path.exists(os.path.join(conftest.ROOT, "build", "tests", "hoards")):
        pytest.skip("needs the cross compiler's static C library")
    image = initrd.archive(
        *(initrd.directory(d) for d in ("bin", "dev", "tests")), initrd.directory("tmp", 0o1777),
        initrd.device("dev/console", 5, 1), initrd.device("dev/null", 1, 3, 0o666),
        initrd.file("init", contents("tests", "el0", "init")), initrd.file("bin/hello", contents("el0", "hello")),
        initrd.file("tests/hoards", program("hoards")))
    run = boot(image, smp=smp, mem=64, append="quiet panic=-1", limit=1200)
    assert run.finish(silence=600) == 0
    text = run.log.replace("\r\n", "\n").split("TAP hoards begin\n", 1)[1].split("TAP hoards end", 1)[0]
    tap.report(request.node, text)
