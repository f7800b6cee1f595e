"""Ten hostile users at once on four cores, and root at a shell: it is answered, it ends them all, and all memory is back.

`make soak STORM=1` does it for ten minutes (SOAK, seconds; MODES, some of the ten), with ORACLE=1 under Debian's Linux.  How
fast root was answered is printed, median and worst, and not judged: but each answer comes before the limit of the run.
"""

import os
import re
import statistics
import time

import initrd
import oracle
import pytest

MODES = os.environ.get("MODES", "").split() or "forks maps pipes timers trees signals locks threads watches tables".split()
SECONDS = int(os.environ.get("SOAK", "15"))
SLACK = 4096  # KiB: what per-core caches, slabs and tables that have grown may hold at either moment
LINUX = bool(os.environ.get("NEWEL_ORACLE"))
SYSTEM = dict(append="quiet panic=-1")
if LINUX:
    SYSTEM = dict(el=1, kernel=os.path.join(oracle.PARTS, "vmlinuz"),
                  append="console=ttyAMA0,115200 quiet loglevel=0 panic=-1")

INIT = """#!/bin/busybox sh
mount -t proc proc /proc
mount -t tmpfs -o size=64m tmpfs /tmp
export PS1='ready> ' HISTFILE= PATH=/bin:/etc
setsid -c sh -c 'exec /bin/sh -i <>/dev/tty >&0 2>&1'
poweroff -f
"""
# What a storm is begun with, ended with and weighed by.  An end is repeated: a fork may be under way.
SCRIPTS = {
    "begin": "u=1000\nfor m; do u=$((u + 1)); storm $m $u & done >/dev/null 2>&1",
    "alive": "cat /proc/[0-9]*/status 2>/dev/null | awk '/^Uid:/ && $2 >= 1000 { n++ } END { print n + 0 }'",
    "weigh": """ulimit -n 4096 # rm has all directories open on its way down
rm -rf /tmp/*
for i in $(seq 100); do
	free=$(awk '/^MemFree/ { print $2 }' /proc/meminfo)
	[ "$free" -lt "${1:-0}" ] || break
	usleep 100000
done
set -- /proc/[0-9]* # by the shell itself: a pipe's second program may be there or not yet
echo "free $free tasks $# files $(cut -f 1 /proc/sys/fs/file-nr)\"""",
}
# What root types, and what is answered: with what the shell has computed, so that an echo is not taken for it.
ASKED = {
    "ps": ("ps >/dev/null; echo ps $((40+2))", "ps 42"),
    "ls": ("ls -l /bin >/dev/null; echo ls $((40+2))", "ls 42"),
    "kill": ("sleep 1000 & kill -9 $!; wait $!; echo kill $?", "kill 137"),
}


class Root:
    """Root at the shell of one run."""

    def __init__(self, run):
        self.run = run
        run.expect("ready> ")

    def ask(self, line, answer):
        """Type @line; the match of @answer at the begin of a line, when the prompt is back, and how long it took."""
        since = time.monotonic()
        self.run.send(line)
        found = self.run.expect(rf"\n{answer}\r")
        self.run.expect("ready> ")
        return found, time.monotonic() - since

    def weigh(self, at_least=0):
        found, _ = self.ask(f"weigh {at_least}", r"free (\d+) tasks (\d+) files (\d+)")
        return [int(n) for n in found.groups()]

    def end_them(self):
        """kill -9 until no process of a user is left."""
        for _ in range(1000):
            found, _ = self.ask("kill -9 -1; alive", r"(\d+)")
            if found[1] == "0":
                return
        raise AssertionError(f"the users' processes do not end\n{self.run.tail()}")


def report(took, seconds):
    print(f"\n{'Linux' if LINUX else 'Newel'}, {seconds} s of {' '.join(MODES)}: seconds to root's answer")
    for what, times in took.items():
        if not times:
            continue
        print(f"    {what:<5} median {statistics.median(times):7.2f}  worst {max(times):7.2f}  of {len(times)}")


def storm(boot, parts, program, seconds, tasks="unlimited"):
    """All @MODES for so many @seconds, each user with so many @tasks at the most (ulimit -u): all is as before afterwards."""
    scripts = [initrd.file("etc/" + name, "#!/bin/sh\n" + text + "\n") for name, text in SCRIPTS.items()]
    image = oracle.system(INIT, parts("busybox"), extra=[initrd.file("etc/storm", program("storm")), *scripts])
    run = boot(image, smp=4, limit=seconds * 3 + 900, **SYSTEM)
    root = Root(run)
    for line, answer in ASKED.values():  # caches fill
        root.ask(line, answer)
    root.weigh()
    before = root.weigh()
    root.ask(f"(ulimit -u {tasks}; begin {' '.join(MODES)}); echo begun $((40+2))", "begun 42")
    took = {what: [] for what in ASKED}
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end or not took["kill"]:
            for what, (line, answer) in ASKED.items():
                took[what].append(root.ask(line, answer)[1])
    finally:  # of a run that fails, how far it came
        report(took, seconds)
    root.end_them()
    after = root.weigh(before[0] - SLACK)
    root.run.send("exit")
    assert run.finish() == 0
    assert after[1] == before[1], f"tasks: {before}, then {after}"
    assert after[2] == before[2], f"open files: {before}, then {after}"
    assert LINUX or after[0] >= before[0] - SLACK, f"KiB free: {before}, then {after}"


@pytest.mark.needs("busybox")
def test_storm(boot, parts, program):
    storm(boot, parts, program, SECONDS)
