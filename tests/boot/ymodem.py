"""ymodem.py - sends a file over a serial line as lrzsz's `sb` does: to U-Boot's `loady`.

YMODEM (Chuck Forsberg, "XMODEM/YMODEM Protocol Reference", 1988): the receiver asks with C for blocks that have a CRC; block
0 holds the file's name and size, the others 1024 bytes each; each is acknowledged; EOT ends the file, an empty block 0 the batch.
"""

import binascii
import os
import struct

import pexpect

SOH, STX, EOT, ACK, NAK, CAN = b"\x01", b"\x02", b"\x04", "\x06", "\x15", "\x18"
RETRIES = 10  # of one block


def block(number, data):
    size, start = (128, SOH) if len(data) <= 128 else (1024, STX)
    data = data.ljust(size, b"\x1a" if number else b"\0")
    return start + bytes([number & 0xFF, ~number & 0xFF]) + data + struct.pack(">H", binascii.crc_hqx(data, 0))


def blocks(data):
    """The blocks that hold @data, from number 1 on."""
    return [block(i // 1024 + 1, data[i:i + 1024]) for i in range(0, len(data), 1024)]


class Sender:
    """The sending end on the line of a pexpect @child; every wait ends after @limit seconds."""

    def __init__(self, child, limit):
        self.child, self.limit = child, limit

    def _write(self, data):
        while data:
            data = data[os.write(self.child.child_fd, data):]

    def _answer(self, *wanted):
        """Which of these comes first; what else is on the line is passed over."""
        found = self.child.expect_exact([*wanted, CAN + CAN, pexpect.EOF, pexpect.TIMEOUT], timeout=self.limit)
        if found >= len(wanted):
            raise AssertionError("ymodem: " + ("the receiver gave up", "the line ended", "no answer")[found - len(wanted)])
        return wanted[found]

    def _acknowledged(self, data):
        for _ in range(RETRIES):
            self._write(data)
            if self._answer(ACK, NAK) == ACK:
                return
        raise AssertionError(f"ymodem: not taken after {RETRIES} attempts: {data[:3].hex()}")

    def send(self, name, data):
        self._answer("C")
        self._acknowledged(block(0, name.encode() + b"\0" + b"%d" % len(data)))
        self._answer("C")
        for each in blocks(data):
            self._acknowledged(each)
        self._acknowledged(EOT)
        self._answer("C")
        self._acknowledged(block(0, b""))


def send(run, name, data):
    """Send @data as the file @name to the receiver at the other end of the Console @run, which has just begun to ask."""
    Sender(run.child, limit=60 * run.slow).send(name, data)
