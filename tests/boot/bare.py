"""bare.py - small programs of tests/boot/programs that run on the machine itself, in place of a kernel or before it."""

import struct
import subprocess


def code(path):
    """The program's bytes, as they lie in memory."""
    return subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", path, "/dev/stdout"],
                          check=True, capture_output=True).stdout


def elf(text, address):
    """The smallest ELF that loads @text at @address and starts there."""
    head = struct.pack("<4s5B7x2HI3QI6H", b"\x7fELF", 2, 1, 1, 0, 0, 2, 183, 1, address, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    load = struct.pack("<2I6Q", 1, 7, 0x1000, address, address, len(text), len(text), 0x1000)
    return (head + load).ljust(0x1000, b"\0") + text
