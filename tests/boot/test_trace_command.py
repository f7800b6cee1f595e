"""make trace CMD=: a command's trace out of a machine, in every form; and the same by hand over a serial line."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import BUILD, ROOT, part

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

from model import Trace  # noqa: E402

RUN = os.path.join(ROOT, "tools", "trace", "run.py")
MACHINES = {"el1": [1, "virt"], "el2": [2, "virt"], "el3": [3, "virt"], "raspi4b": [2, "raspi4b"]}


def trace(initrd, out, cmd, *options, el=2, board="virt"):
    """(exit status, what it said)"""
    command = [sys.executable, RUN, "--build", BUILD, "--initrd", initrd, "--el", str(el), "--board", board, "--out", str(out), "--cmd", cmd]
    done = subprocess.run([*command, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=200, cwd=ROOT)
    return done.returncode, done.stdout.decode(errors="replace")


@pytest.mark.virt
@pytest.mark.parametrize("machine", MACHINES)
def test_command(own_initrd, tmp_path, machine):
    """Its output, its status, its trace: whole, and with what it did at every level."""
    el, board = MACHINES[machine]
    if board == "raspi4b":
        part("dtb")
    status, said = trace(own_initrd, tmp_path, "sh -c 'echo one; levels; cat /none'", el=el, board=board)
    assert status == 0, said
    assert "one\r\n" in said and "CurrentEL" in said and "exited with 1" in said and "nothing was lost" in said, said
    made = Trace.read((tmp_path / "trace.ntr").read_bytes()).build()
    assert made.account.whole() and made.account.ended and made.hz_known
    text = (tmp_path / "trace.txt").read_text()
    assert re.search(r"EL0->EL1 svc openat\(.*/none", text) and "eret svc openat = -ENOENT" in text, text
    assert re.search(r'exec "?/bin/levels', text) and " fork " in text and re.search(r"exit process \d+ status=0x100", text)
    assert len(json.loads((tmp_path / "trace.json").read_text())["traceEvents"]) > 100
    assert b"sh -c" in (tmp_path / "trace.html").read_bytes()
    if shutil.which("babeltrace2"):
        done = subprocess.run(["babeltrace2", tmp_path / "ctf"], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", len(made.events))


@pytest.mark.virt
def test_no_such_command(own_initrd, tmp_path):
    status, said = trace(own_initrd, tmp_path, "nonesuch 'a b'", "--kinds", "svc", "--filters", "nr=execve result=error")
    assert status == 1 and "nonesuch: " in said and "there is no such command" in said, said
    text = (tmp_path / "trace.txt").read_text()
    assert "eret svc execve = -ENOENT" in text and "openat" not in text


@pytest.mark.virt
@pytest.mark.parametrize("option, value, name", [("--kinds", "nonesuch", "kinds"), ("--filters", "nr=nonesuch", "nr")])
def test_no_such_setting(own_initrd, tmp_path, option, value, name):
    """It says which, and leaves what an earlier run has written."""
    (tmp_path / "trace.txt").write_text("of an earlier run")
    status, said = trace(own_initrd, tmp_path, "true", option, value)
    assert status == 1 and f'/{name}: "nonesuch": EINVAL' in said and "nothing was recorded" in said, said
    assert (tmp_path / "trace.txt").read_text() == "of an earlier run" and not (tmp_path / "trace.html").exists()


@pytest.mark.virt
def test_no_such_kind(own_initrd, tmp_path):
    """It says which there are, all that the kernel knows, and the files of the last run are left alone."""
    (tmp_path / "trace.ntr").write_bytes(b"the last one")
    status, said = trace(own_initrd, tmp_path, "cat /etc/motd", "--kinds", "svc,bogus")
    assert status == 1 and "nothing was recorded" in said and "nothing was lost" not in said, said
    with open(os.path.join(ROOT, "trace", "kinds.c"), encoding="utf-8") as f:
        words = {*re.findall(r'\{ "(\w+)", TRACE_', f.read()), "none"}
    assert set(re.search(r"kinds are a list of these: (.*?)\r?\n", said)[1].split()) == words
    assert (tmp_path / "trace.ntr").read_bytes() == b"the last one"
    assert not any((tmp_path / name).exists() for name in ("recording.ntr", "trace.txt", "trace.html", "trace.json", "ctf"))


@pytest.mark.virt
def test_endless_command(own_initrd, tmp_path):
    """It is ended with its machine, and what it did until then is there."""
    status, said = trace(own_initrd, tmp_path, "cat", "--time", "6", el=3)
    assert status == 1 and "did not end" in said and "TIME=" in said, said
    assert "svc read(0" in (tmp_path / "trace.txt").read_text()


@pytest.mark.both_boards
def test_by_hand(boot, board, own_initrd, tmp_path):
    """start, stop, send on the one serial line, with the log's lines on it too; the settings are as they were."""
    words = "trace start -f nr=getppid -f core=0; trace stop; trace start -k svc,ring -f nr=getppid,openat; cat /etc/motd; trace stop; cat /none; trace send; cat /sys/kernel/newel/trace/kinds; trace start; trace stop; cat /sys/kernel/newel/trace/nr /sys/kernel/newel/trace/core; echo none left"
    run = boot(own_initrd, append=f'panic=-1 RUN="{words}"')
    run.finish()
    assert re.search(r"^none\r?$", run.log, re.MULTILINE)
    assert re.search(r"^all\r?\nall\r?\nnone left", run.log, re.MULTILINE), "start without -f begins with no filter"
    (tmp_path / "log").write_text(run.log)
    tool = os.path.join(ROOT, "tools", "newel-trace")
    done = subprocess.run([tool, tmp_path / "log", "--save", tmp_path / "t.ntr", "--text", "-"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "armored" not in done.stderr and "lost:" not in done.stderr, done.stderr
    assert "svc openat" in done.stdout and "svc write" not in done.stdout


@pytest.mark.virt
def test_no_host_file(boot, own_initrd):
    """Without the word there is no device, and no instruction that an emulator would obey."""
    run = boot(own_initrd, append='panic=-1 RUN="ls /dev; echo x > /dev/hostfile; trace -o /dev/none/x true; echo status $?"')
    run.finish()
    assert "hostfile" not in run.log.split("status")[0].split("echo x")[-1].replace("/dev/hostfile", "")
    assert "status 125" in run.log


@pytest.mark.virt
@pytest.mark.parametrize("el", [1, 3])
def test_host_file(boot, own_initrd, tmp_path, el):
    """What root writes is in the file that the command line names, and nothing that only looks at the device changes it."""
    words = ("echo one two >/dev/hostfile; cat /dev/hostfile; ls -l /dev/hostfile; ls -l /bin >/tmp/list; cat /tmp/list /tmp/list /tmp/list")
    run = boot(own_initrd, append=f'quiet panic=-1 newel.hostfile={tmp_path}/here RUN="{words} >/dev/hostfile"', semihosting=True, el=el)
    assert run.finish() == 0
    assert "cat: /dev/hostfile: EACCES" in run.log and re.search(r"^c-w------- .* 10, 242 /dev/hostfile", run.log, re.MULTILINE)
    kept = (tmp_path / "here").read_text()
    assert kept == 3 * kept[: len(kept) // 3] and " sh\n" in kept
    nowhere = boot(own_initrd, append=f'quiet panic=-1 newel.hostfile={tmp_path}/none/x RUN="echo one >/dev/hostfile"', semihosting=True, el=el)
    assert nowhere.finish() == 0 and "EIO" in nowhere.log
