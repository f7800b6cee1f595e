#!/usr/bin/python3
"""levels.py - boot a build at EL3 to its shell, and ask every exception level what it is.

    tools/levels.py BUILD	a folder with newel.elf and el0/initrd.cpio; exit status 0 if all four levels answered

`make check` asks so whether a toolchain makes a whole system: nothing but Python and QEMU is needed.  There is no limit on the
whole, only on silence; NEWEL_SLOW multiplies it, as it does in tests/boot.
"""

import os
import re
import select
import subprocess
import sys

import qemu

SILENCE = 180 * float(os.environ.get("NEWEL_SLOW", "1"))
PROMPT = re.compile(rb"^[/\w]* ?[#$] $", re.MULTILINE)
ANSWERS = {
    "EL3": rb"^EL3 +CurrentEL 0xc, its own answer to smc",
    "EL2": rb"^EL2 +CurrentEL 0x8, its own answer to hvc",
    "EL1": rb"^EL1 +CurrentEL 0x4, read by the kernel",
    "EL0": rb"^EL0 +MRS CurrentEL is undefined here: SIGILL",
}


class Run:
    """A machine, and what it said so far."""

    def __init__(self, machine):
        self.child = subprocess.Popen(machine.args(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = b""

    def more(self):
        """Wait for more to be said; False at the end of the run or after too long a silence."""
        out = self.child.stdout.fileno()
        if not select.select([out], [], [], SILENCE)[0]:
            return False
        chunk = os.read(out, 4096)
        self.said += chunk.replace(b"\r", b"")
        return bool(chunk)

    def wait_for(self, pattern, start=0):
        while not pattern.search(self.said, start):
            if not self.more():
                return False
        return True

    def ask(self, line):
        """Type @line at the shell's prompt, and wait for the next prompt."""
        before = len(self.said)
        self.child.stdin.write(line + b"\n")
        self.child.stdin.flush()
        return self.wait_for(PROMPT, before)

    def end(self):
        self.child.kill()
        self.child.wait()


def main(build):
    run = Run(qemu.Machine(build=build, el=3, initrd=os.path.join(build, "el0", "initrd.cpio")))
    try:
        answered = run.wait_for(PROMPT) and run.ask(b"levels")
    finally:
        run.end()
    silent = [level for level, answer in ANSWERS.items() if not re.search(answer, run.said, re.MULTILINE)]
    if not answered or silent:
        sys.stdout.write(run.said.decode(errors="replace")[-4000:])
        sys.exit(f"levels.py: {build}: " + (f"no answer from {', '.join(silent)}" if answered else "no shell"))


if __name__ == "__main__":
    main(sys.argv[1])
