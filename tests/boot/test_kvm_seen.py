"""Guests as they are seen from outside: in the trace and what is made of it, in the dump of a panic."""

import os
import re
import subprocess
import sys

import conftest
import initrd
import pytest

sys.path.insert(0, os.path.join(conftest.ROOT, "tools", "trace"))

import layout  # noqa: E402
import model  # noqa: E402
import serial  # noqa: E402

SEEN = os.path.join(conftest.BUILD, "tests", "el0", "kvm_seen")
MACHINE = dict(cpu="cortex-a72", gic=2, el=2, smp=2)


def needs(path):
    if not os.path.exists(path):
        pytest.skip("needs a compiler with a static C library for Linux: tools/setup test")
    return path


def test_guests_in_the_trace(boot, tmp_path):
    """Each entry has its exit, in words; the model's slices and the page are made of the log's lines."""
    needs(SEEN)
    archive = os.path.join(conftest.BUILD, "tests", "kvm.cpio")
    run = boot(archive, append="quiet panic=-1 TESTS=kvm_vcpu,kvm_psci trace=guest loglevel=8", **MACHINE)
    assert run.finish() == 0
    log = run.log.encode()
    data, lines, strange = serial.from_text(log)
    assert strange == 0
    trace = model.Trace.read(data).build()
    e, open_on, pairs = trace.events, {}, 0
    for i, kind in enumerate(e.kind):
        if kind != layout.GUEST:
            continue
        entering = e.extra[i] == layout.GUEST_ENTERS
        assert (e.levels[i] & 3 == 2) == entering and (e.levels[i] >> 4 == 2) != entering
        if entering:
            assert e.cpu[i] not in open_on
            open_on[e.cpu[i]] = (e.pid[i], e.nr[i], e.value[i])
        else:
            assert open_on.pop(e.cpu[i]) == (e.pid[i], e.nr[i], e.value[i])
            pairs += 1
    assert pairs > 50 and not open_on
    names = {trace.names[n] for n in trace.tracks.name}
    assert "guest vm 1" in names
    said = "\n".join(line for *_, line in lines)
    assert re.search(r"EL2->EL1 guest vm 1 vcpu 0 enters elr=0x80000000$", said, re.MULTILINE)
    assert re.search(r"EL1->EL2 guest vm \d+ vcpu 0 hvc PSCI_VERSION \d+ ns esr=0x5a000000 elr=0x", said)
    assert re.search(r"guest vm \d+ vcpu 0 data abort from a lower EL: write, .* ipa=0xa000ff8", said)
    path = tmp_path / "trace.html"
    (tmp_path / "log").write_bytes(log)
    subprocess.run([os.path.join(conftest.ROOT, "tools", "newel-trace"), tmp_path / "log", "--html", path], check=True, stdout=subprocess.DEVNULL)
    assert "vm 1 vcpu 0: HVC (AArch64)" in path.read_text()


def test_a_panic_names_the_guest(boot):
    with open(needs(SEEN), "rb") as f:
        archive = initrd.archive(initrd.directory("dev"), initrd.device("dev/console", 5, 1), initrd.file("init", f.read()))
    run = boot(archive, append="quiet panic=-1", **MACHINE)
    run.finish()
    log = run.log.replace("\r\n", "\n")
    assert "newel: panic: Attempted to kill init!" in log
    who = re.search(r"CPU: \d PID: 2 Comm: init .*\n.*Guest: VM 1, vcpu 0, running: pc 0000000080000000 pstate 000003c5\n", log)
    assert who, log
    assert log.count("Guest: ") == 1
