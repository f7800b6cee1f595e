#!/usr/bin/python3
"""run.py - `make trace CMD='ls -l /'`: boot, run the command, take its trace out, and write it in every form.

    tools/trace/run.py [tools/qemu.py's options] --cmd COMMAND [--kinds KINDS] [--filters 'NAME=TEXT ...'] [--time S] [--out DIR]

The initrd gets a folder of ours: init, the program trace (el0/trace/), and a script that says what to run, so that any text can be a
command, and any initrd with a shell will do.  The trace comes out through /dev/hostfile while the command runs: when it never
ends, or the machine dies, what was recorded until then is there.

Exit status: 0; 1: the command did not run to its end, or nothing was recorded; 2: the machine could not be started.
"""

import os
import re
import select
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

import frames  # noqa: E402
import mkcpio  # noqa: E402
import qemu  # noqa: E402

FOLDER = "newel-trace"
SCRIPT = f"/{FOLDER}/command"
LAST = f"init: {SCRIPT}: ".encode()  # how init tells of its end
ENDED = re.compile(LAST + rb"(.*?)\r?\n")
NEEDS_SHELL = re.compile(r"[^\w\s./,:+@%^-]")
NOT_RUN = {"exited with 127": "there is no such command", "exited with 126": "it is no program",
           "exited with 125": "it could not be recorded"}


def say(text):
    print(f"  {'TRACE':<7} {text}", flush=True)


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


def script(a):
    """What process 1 runs."""
    words = ["/bin/sh", "-c", a.cmd] if NEEDS_SHELL.search(a.cmd) else a.cmd.split()
    options = ["-o", "/dev/hostfile"]
    if a.kinds:
        options += ["-k", a.kinds]
    for f in a.filters.split():
        options += ["-f", f]
    line = " ".join(map(quoted, [f"/{FOLDER}/trace", *options, *words]))
    return f"#!/bin/sh\nexport PATH=/bin:/usr/bin:/sbin:/usr/sbin\n{line}\n"


def make_initrd(a, path):
    """@a.initrd and behind it our folder."""
    archive = mkcpio.Archive()
    archive.add(FOLDER, 0o040700)
    for name in ("init", "trace"):
        archive.add(f"{FOLDER}/{name}", 0o100755, mkcpio.read(os.path.join(a.build, "el0", name)))
    archive.add(f"{FOLDER}/command", 0o100755, script(a).encode())
    data = mkcpio.read(a.initrd)
    with open(path, "wb") as f:
        f.write(data + bytes(-len(data) % 4) + archive.finish())


class Console:
    """What the machine says, shown as it comes, but for init's last word."""

    def __init__(self):
        self.text, self.shown = b"", 0

    def take(self, chunk):
        self.text += chunk
        line = self.text.rfind(b"\n") + 1
        tail = self.text[line:]
        self.show(line if LAST.startswith(tail) or tail.startswith(LAST) else len(self.text))

    def show(self, end):
        piece = ENDED.sub(b"", self.text[self.shown : end])
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        self.shown = max(self.shown, end)

    def ended(self):
        m = ENDED.search(self.text)
        return m[1].decode("latin-1") if m else None


def watch(child, console, seconds):
    """Until the machine has ended, or is ended; why, if that was so."""
    end = time.monotonic() + seconds if seconds else None
    try:
        while True:
            ready = select.select([child.stdout], [], [], None if end is None else max(0, end - time.monotonic()))[0]
            if not ready:
                return f"it had not ended after {seconds} seconds (TIME=)"
            chunk = os.read(child.stdout.fileno(), 1 << 16)
            if not chunk:
                return None
            console.take(chunk)
    except KeyboardInterrupt:
        return "it was ended by ^C"
    finally:
        child.terminate()


def run_machine(machine, seconds):
    """(why it was ended, console)"""
    console = Console()
    stdin = None if machine.interactive else subprocess.DEVNULL
    try:
        with subprocess.Popen(machine.args(), cwd=ROOT, stdin=stdin, stdout=subprocess.PIPE) as child:
            why = watch(child, console, seconds)
            child.wait()
    except FileNotFoundError:
        sys.exit("run.py: qemu-system-aarch64 was not found, install it by: tools/setup run")
    console.show(len(console.text))
    return why, console


def by_signal(status):
    """In words, where the program trace says by its own status (128 and more) that a signal ended the command."""
    m = re.fullmatch(r"exited with (\d+)", status)
    try:
        return f"ended by {signal.Signals(int(m[1]) - 128).name}" if m and int(m[1]) > 128 else ""
    except ValueError:
        return ""


def judge(a, why, console):
    """In words how the command ended; was it well?"""
    status = console.ended()
    if why:
        say(f"the command did not end: {why}; what was recorded until then is kept")
        return False
    if status is None:
        say("the machine ended before the command did")
        return False
    words = NOT_RUN.get(status)
    say(f"{a.cmd}: {by_signal(status) or status}" + (f": {words}" if words else ""))
    return not words


def is_empty(path):
    """Is there no record in this stream?"""
    with open(path, "rb") as f:
        return all(frame[0] != frames.RECORDS for frame in frames.frames(f.read(), frames.Account()))


def convert(a, stream, machine):
    out = a.out
    where = ["--html", f"{out}/trace.html", "--json", f"{out}/trace.json", "--ctf", f"{out}/ctf", "--text", f"{out}/trace.txt"]
    said = f"QEMU {machine.board}, {machine.cpu}, {machine.smp} cores, entered at EL{machine.el}"
    command = [sys.executable, os.path.join(ROOT, "tools", "newel-trace"), stream, *where, "--command", a.cmd, "--machine", said]
    return subprocess.run(command, check=False, cwd=ROOT).returncode == 0


def main(argv):
    p = qemu.options()
    p.add_argument("--cmd", required=True)
    p.add_argument("--kinds", default="")
    p.add_argument("--filters", default="")
    p.add_argument("--time", type=int, default=60, help="seconds; 0: no limit")
    p.add_argument("--out", default="")
    a = p.parse_args(argv)
    if not a.cmd.strip():
        p.error("--cmd: there is nothing to run")
    a.out = a.out or os.path.relpath(os.path.join(a.build, "traces"), ROOT)
    folder = os.path.join(ROOT, a.out)
    os.makedirs(folder, exist_ok=True)
    stream, recording = f"{a.out}/trace.ntr", f"{a.out}/recording.ntr"
    if " " in recording or len(recording) > 255:
        sys.exit(f"run.py: {recording}: the kernel's command line has no place for this name")
    with open(os.path.join(ROOT, recording), "wb"):
        pass
    make_initrd(a, os.path.join(folder, "initrd.cpio"))
    words = f"quiet panic=-1 {a.append} newel.hostfile={recording} init=/{FOLDER}/init RUN={SCRIPT}"
    machine = qemu.machine_of(a, initrd=os.path.join(folder, "initrd.cpio"), append=words, semihosting=True,
                              interactive=sys.stdin.isatty())
    why, console = run_machine(machine, a.time)
    well = judge(a, why, console)
    if is_empty(os.path.join(ROOT, recording)):
        os.remove(os.path.join(ROOT, recording))
        say(f"nothing was recorded; what is in {a.out} is of an earlier run")
        return 1
    os.replace(os.path.join(ROOT, recording), os.path.join(ROOT, stream))
    return 0 if convert(a, stream, machine) and well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
