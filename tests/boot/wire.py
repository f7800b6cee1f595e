#!/usr/bin/python3
"""wire.py - a serial port that is not there: a pty with QEMU behind it, switched on and off as a board is.

A Wire is the cable: it stays when the board is off.  `wire.py FOLDER on|off` is the switch, as --power calls it.
"""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
import tty


class Wire:
    """The cable: `device` is the end to open; QEMU, started by the switch, has the other."""

    def __init__(self, folder, args):
        """@args: QEMU's, but for the console."""
        self.folder = str(folder)
        self.master, slave = pty.openpty()
        tty.setraw(slave, termios.TCSANOW)
        self.device = os.ttyname(slave)
        os.close(slave)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(self.folder, "wire"))
        self.listener.listen()
        with open(os.path.join(self.folder, "args"), "w", encoding="utf-8") as f:
            json.dump(args, f)
        self.power = f"{sys.executable} {os.path.abspath(__file__)} {self.folder}"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        """Bytes both ways, until close(); what is sent while the board is off is lost."""
        board = None
        while not self.ended.is_set():
            ready, _, _ = select.select([self.listener, self.master, *([board] if board else [])], [], [], 0.2)
            if self.listener in ready:
                board = self.listener.accept()[0]
            if board in ready:
                data = board.recv(4096)
                if data:
                    os.write(self.master, data)
                else:
                    board.close()
                    board = None
            if self.master in ready:
                try:
                    data = os.read(self.master, 4096)
                except OSError:  # nobody has the other end open
                    time.sleep(0.05)
                    continue
                if board:
                    board.sendall(data)

    def close(self):
        self.ended.set()
        self.thread.join()
        switch(self.folder, "off")
        self.listener.close()
        os.close(self.master)


def switch(folder, what):
    pid_file = os.path.join(folder, "pid")
    if what == "off" and os.path.exists(pid_file):
        with open(pid_file, encoding="ascii") as f:
            pid = int(f.read())
        os.remove(pid_file)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it had come to its end
    if what == "on":
        with open(os.path.join(folder, "args"), encoding="utf-8") as f:
            args = json.load(f)
        with open(os.path.join(folder, "errors"), "ab") as errors:
            qemu = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
        with open(pid_file, "w", encoding="ascii") as f:
            f.write(str(qemu.pid))


if __name__ == "__main__":
    switch(*sys.argv[1:])
