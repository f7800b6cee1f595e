"""What `make run` starts: our init, Debian's busybox as the shell, and a way out."""

import os

import pytest
from conftest import BUILD


@pytest.mark.both_boards
@pytest.mark.needs("busybox")
@pytest.mark.parametrize("way_out, said", [("poweroff", "Power down"), ("reboot", "Restarting system")])
def test_run(boot, way_out, said):
    run = boot(os.path.join(BUILD, "busybox.cpio"), el=3, smp=4)
    run.expect("smp: 4 cores")
    run.expect("/ # ")
    run.send("uname -srm; ps | wc -l")
    run.expect(r"Linux 6\.12\.0-newel aarch64\r*\n\d+")
    run.expect("/ # ")
    run.send(way_out)
    run.expect(f"reboot: {said}")
    assert run.finish() == 0
