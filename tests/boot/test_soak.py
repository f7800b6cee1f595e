"""Mixed load on four cores, short here and 30 minutes by `make soak` (SOAK, seconds): nothing is lost behind it."""

import os
import re

import conftest
import initrd
import oracle
import pytest

SECONDS = int(os.environ.get("SOAK", "10"))
SLACK = 2048  # KiB: what per-core caches and slabs may hold at either moment, whatever the time between


@pytest.mark.needs("busybox")
def test_soak(boot, parts):
    program = os.path.join(conftest.BUILD, "tests", "el0", "glibc_pthreads")
    if not os.path.exists(program):
        pytest.skip("needs the cross compiler's static C library")
    extra = [initrd.file("bin/soak", oracle.read("soak"))]
    for name, path in (("pthreads", program), ("hello", os.path.join(conftest.BUILD, "el0", "hello"))):
        with open(path, "rb") as f:  # pthreads executes hello
            extra.append(initrd.file("bin/" + name, f.read()))
    script = f"#!/bin/busybox sh\n/bin/soak {SECONDS}\npoweroff -f\n"
    limit = SECONDS * 3 + 300
    run = boot(oracle.system(script, parts("busybox"), extra=extra), smp=4, append="quiet panic=-1", limit=limit)
    assert run.finish(silence=limit) == 0
    said = dict((m[1], (int(m[2]), int(m[3]), int(m[4]))) for m in re.finditer(r"^(start|end) (\d+) (\d+) (\d+)$", run.log, re.M))
    assert not re.search("^pthreads: ", run.log, re.M), run.tail()
    assert len(re.findall("^worker . rounds 1$", run.log, re.M)) == 8, run.tail()
    assert said["end"][1] == said["start"][1], f"tasks: {said}\n" + "\n".join(re.findall("^task .*", run.log, re.M))
    assert said["end"][2] == said["start"][2], f"open files: {said}"
    assert said["end"][0] >= said["start"][0] - SLACK, f"KiB free: {said}"
