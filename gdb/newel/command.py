"""command.py - a helper as a gdb command: its docstring is its help, `help newel` lists them all."""

import contextlib
import os
import re
import subprocess

import gdb

from newel import target

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMANDS = []


class Command(gdb.Command):
    """A gdb command: call(arguments) does its work, words(arguments) are what may come next."""

    kernel = True  # it looks at the kernel's memory

    def __init__(self, name, completer=None, kind=gdb.COMMAND_DATA):
        COMMANDS.append((name, self.__doc__))
        if completer is None:
            super().__init__(name, kind)
        else:
            super().__init__(name, kind, completer)

    def invoke(self, argument, from_tty):
        try:
            args = gdb.string_to_argv(argument)
            with target.kernel_view() if self.kernel else contextlib.nullcontext():
                self.call(args)
        except (gdb.error, re.error, OSError) as why:
            # An expression, a filter or a file that is none: in gdb's own way, not as an exception of Python's.
            raise gdb.GdbError(str(why)) from None


class Words(Command):
    """A command whose arguments are words that can be told: complete() asks words(those before it)."""

    def complete(self, text, word):
        before = gdb.string_to_argv(text[:len(text) - len(word)])
        try:
            with target.kernel_view() if self.kernel else contextlib.nullcontext():
                return [w for w in self.words(before) if w.startswith(word)]
        except (gdb.error, gdb.GdbError):
            return []


class Help(gdb.Command):
    __doc__ = "Newel's helpers: `help NAME` says more of each.\n\n"

    def __init__(self, name):
        type(self).__doc__ += "\n".join(doc.strip().split("\n")[0] for _, doc in sorted(COMMANDS))
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        print(self.__doc__)


def run(tool, *args, data=None):
    """What the kernel's own code, built for this machine, says: build/host/@tool."""
    path = os.path.join(ROOT, "build", "host", tool)
    if not os.path.exists(path):
        raise gdb.GdbError(f"build/host/{tool} is not there: make build/host/{tool}")
    done = subprocess.run([path, *args], input=data, capture_output=True, check=False)
    if done.returncode:
        raise gdb.GdbError(f"build/host/{tool}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")
