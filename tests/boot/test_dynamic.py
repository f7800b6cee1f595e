"""Dynamic programs: interpreter, libraries, threads; and Debian's own, case by case the same lines as under Linux.

The archive of tests/boot/dynamic passes under Linux too.
"""

import os

import oracle
import pytest
import tap
from conftest import BUILD
from test_busybox import WAYS
from test_el0 import PART


@pytest.mark.parametrize("machine", [dict(el=3, smp=4), dict(el=1, smp=1, cpu="max", gic=3)], ids=["el3-4", "max-1"])
def test_dynamic(request, boot, machine):
    archive = os.path.join(BUILD, "tests", "dynamic.cpio")
    if not os.path.exists(archive):
        pytest.skip("needs the shared GNU C library of the cross compiler")
    run = boot(archive, append="quiet panic=-1", **machine)
    assert run.finish() == 0
    parts = PART.findall(run.log.replace("\r\n", "\n"))
    assert [name for name, _, _ in parts] == ["dynamic_fixed", "dynamic_lazy", "dynamic_pie"]
    for name, text, status in parts:
        tap.report(request.node, text, prefix=f"{name}: ")
        assert status == "0", f"{name} ended with {status}"


@pytest.mark.needs("busybox", "debian")
@pytest.mark.parametrize("way", WAYS)
def test_debian(boot, board, parts, way):
    run = boot(oracle.theme_initrd("debian", parts("busybox"), has_clock=board != "raspi4b"), append="quiet panic=-1", limit=300, **WAYS[way])
    run.expect(oracle.END + "$", timeout=300)
    assert run.finish() == 0
    assert not oracle.differences(oracle.recorded("debian"), oracle.between_marks(run.log), "Linux", "Newel")
