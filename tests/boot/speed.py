"""speed.py - how slow this machine is now: what multiplies every limit of the tests.

A fixed amount of guest work (programs/speed.s) is run under QEMU and timed, beside whatever else the machine is doing.  The limits
in the tests are those of a machine that takes REFERENCE seconds for it.  Each worker measures once, before its first test, and
again when a limit has passed: a machine that became slower meanwhile gets the time for it.  NEWEL_SLOW=3 multiplies
what was measured.

No test asserts on what is measured here, or on any other time.
"""

import os
import subprocess
import tempfile
import time

import bare
import qemu

REFERENCE = 1.0  # seconds, on one idle core of the machine where the limits were chosen
AT_MOST = 100.0  # a machine slower than that hangs
BY_HAND = float(os.environ.get("NEWEL_SLOW", "1"))
PROGRAM = os.path.join(qemu.ROOT, "build", "tests", "speed")
RAM = 0x40000000


def seconds():
    """How long the work takes now; AT_MOST times REFERENCE if it does not end before."""
    limit = REFERENCE * AT_MOST
    with tempfile.NamedTemporaryFile(suffix=".elf") as image:
        image.write(bare.elf(bare.code(PROGRAM), RAM + 0x8000000))
        image.flush()
        machine = qemu.Machine(el=1, way="elf", kernel=image.name, smp=1, mem=256, serial="null")
        start = time.monotonic()
        try:
            subprocess.run(machine.args(), timeout=limit, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return limit
        return time.monotonic() - start


def measure():
    """The factor by which this machine is slower than the one where the limits were chosen; 1 for a faster one."""
    try:
        took = seconds()
    except (OSError, subprocess.SubprocessError):
        took = REFERENCE  # no QEMU, no program: the tests themselves will say so
    return max(1.0, took / REFERENCE) * BY_HAND
