#!/usr/bin/python3
"""debug.py - `make debug`: QEMU stopped at its first instruction, and gdb with symbols and helpers.

    gdb/debug.py [tools/qemu.py's options] [--ex COMMAND ...] [--connect PORT]

With --ex gdb runs these commands and ends, with --connect it goes to that port in place of QEMU's: for tests.  The console is a pseudo-terminal of its own, named
at the start and also kept in build/console.log.
"""

import os
import re
import shutil
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tools"))

import qemu  # noqa: E402


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def gdb_program():
    for name in ("gdb-multiarch", "aarch64-none-elf-gdb", "aarch64-elf-gdb", "aarch64-linux-gnu-gdb", "gdb"):
        if shutil.which(name):
            return name
    sys.exit("debug.py: no gdb for AArch64 was found, install one by: tools/setup debug")


def main(argv):
    options = qemu.options()
    options.add_argument("--ex", action="append", default=[], metavar="COMMAND")
    options.add_argument("--connect", type=int, metavar="PORT")
    a = options.parse_args(argv)
    log = os.path.join(a.build, "console.log")
    a.gdb = a.gdb or free_port()
    machine = qemu.machine_of(a, serial=f"pty,logfile={log}")
    # A test's limits are its own: on a machine that has much to do QEMU may need more than gdb's two seconds for an answer.
    alone = ["-batch", "-ex", "set remotetimeout 120", "-ex", "set tcp connect-timeout 120"] if a.ex else []
    gdb = [gdb_program(), "-q", *alone, "-x", "gdb/newel.gdb",
           "-ex", f"target remote 127.0.0.1:{a.connect or a.gdb}",
           *(word for command in a.ex for word in ("-ex", command)),
           os.path.join(a.build, "newel.elf")]
    # A session of its own: ^C is for gdb, which stops the guest, not for QEMU.
    with subprocess.Popen(machine.args(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True, text=True) as child:
        try:
            said = child.stdout.readline()
            pty = re.search(r"(/dev/\S+)", said)
            if not pty:
                sys.exit("debug.py: QEMU did not start: " + said + child.stdout.read())
            print(f"  QEMU    stopped; its console is {pty.group(1)} (from another terminal: screen {pty.group(1)}),")
            print(f"          kept in {os.path.relpath(log)};  `help newel` lists the helpers", flush=True)
            return subprocess.run(gdb, cwd=ROOT, check=False).returncode
        finally:
            child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
