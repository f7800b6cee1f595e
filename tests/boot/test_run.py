"""What `make run` starts: our init, Debian's busybox as the shell, and a way out."""

import os
import re
import subprocess

import pytest
from conftest import BUILD, ROOT


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


@pytest.mark.virt
@pytest.mark.parametrize("target", ["run", "trace", "trace CMD=ls", "debug", "test", "check", "bench", "oracle", "sdcard", "uboot"])
def test_target_finds_its_tools(target):
    """Each target asks tools/setup for sets that it knows."""
    said = subprocess.run(["make", "-n", *target.split(), "MAKE=true"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = re.findall(r"^tools/setup (.*)$", said, re.MULTILINE)
    with open(os.path.join(ROOT, "tools", "setup"), encoding="utf-8") as f:
        known = re.search(r"^\t*([\w |]+)\) ;;$", f.read(), re.MULTILINE)[1].replace("|", " ").split()
    assert wanted and set(" ".join(wanted).split()) <= set(known)
