"""raspi.py - what the Raspberry Pi 4's own firmware does before a stub at EL3 runs, for QEMU, which runs none.

It completes the device tree, puts all into memory, and writes into the stub at 0 where it has put device tree and kernel.
"""

import os
import shutil
import struct
import subprocess

from conftest import part

KERNEL_AT = 0x200000
DTB_AT = 0x8000000
INITRD_AT = 0x10000000
MEMORY = 0x3C000000
HANDOVER = 0xF0  # of the stub: {0, 0, device tree, kernel}


def run_fdtput(path, *args):
    subprocess.run(["fdtput", path, *args], check=True)


def disable_absent(path):
    """What QEMU's board has not; of a tree that it loads itself it says so, too."""
    run_fdtput(path, "-t", "s", "/soc/rng@7e104000", "status", "disabled")


def machine_dtb(folder, words, memory=MEMORY):
    """The board's tree with memory, command line, and the PL011 as console; its path."""
    path = os.path.join(folder, "pi.dtb")
    shutil.copy(part("dtb"), path)
    run_fdtput(path, "-t", "x", "/memory@0", "reg", "0", "0", f"{memory:x}")
    run_fdtput(path, "-t", "s", "/chosen", "bootargs", words)
    run_fdtput(path, "-t", "s", "/chosen", "stdout-path", "serial0:115200n8")
    disable_absent(path)
    return path


def told_stub(folder, stub, dtb=DTB_AT, kernel=KERNEL_AT):
    """@stub, bytes, as it is in memory once the firmware has told it; its path."""
    path = os.path.join(folder, "stub")
    with open(path, "wb") as f:
        f.write(stub[:HANDOVER] + struct.pack("<4I", 0, 0, dtb, kernel) + stub[HANDOVER + 16:])
    return path


def in_memory(load):
    """QEMU's arguments for {address: path}."""
    return [word for at, path in load.items() for word in ("-device", f"loader,file={path},addr={at:#x},force-raw=on")]
