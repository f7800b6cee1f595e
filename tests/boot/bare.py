"""bare.py - small programs of tests/boot/programs that run on the machine itself, in place of a kernel or before it."""

import os
import struct
import subprocess
import tempfile


def code(path):
    """The program's bytes, as they lie in memory."""
    with tempfile.TemporaryDirectory() as folder:
        # Never /dev/stdout: objcopy puts a file of its own in the place of what it writes to.
        out = os.path.join(folder, "code")
        subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", path, out], check=True, capture_output=True)
        with open(out, "rb") as f:
            return f.read()


def elf(text, address):
    """The smallest ELF that loads @text at @address and starts there."""
    head = struct.pack("<4s5B7x2HI3QI6H", b"\x7fELF", 2, 1, 1, 0, 0, 2, 183, 1, address, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    load = struct.pack("<2I6Q", 1, 7, 0x1000, address, address, len(text), len(text), 0x1000)
    return (head + load).ljust(0x1000, b"\0") + text
