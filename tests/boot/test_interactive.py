"""A person at the terminal: ash and bash with line editing and job control, and the programs that draw screens.

Nothing here depends on time: each key is sent when what must precede it has been seen, and what a key causes is told
from the terminal's echo of it because the shell has computed it ($((40+2)) is typed, 42 is awaited).
`make oracle` runs the same under Debian's Linux (NEWEL_ORACLE in the environment).
"""

import os

import oracle
import pexpect
import pytest

KERNELS = ["linux"] if os.environ.get("NEWEL_ORACLE") else ["newel"]
SHELLS = {"ash": "/bin/sh -i", "bash": "/bin/bash --norc --noprofile -i"}
UP, LEFT, INTR, QUIT, SUSP, EOF, ESC = "\x1b[A", "\x1b[D", "\x03", "\x1c", "\x1a", "\x04", "\x1b"
# Speaks once no shell is in its place any more: busybox's sh -c ignores SIGQUIT, until the very moment of an exec.
WAITS = "tail -f /etc/motd"
# The last line of busybox's less, when it waits for a key: while it draws, the terminal is in canonical mode.
LESS = r"\x1b\[24;0H\x1b\[K(:|\x1b\[7m)"
# A job that says 42 when it has the terminal, and again each time it is continued.
JOB = "sh -c 'trap \"echo \\$((40+2))\" CONT; echo $((40+2)); while :; do usleep 50000; done'"


class Person:
    """The console of one run, as somebody sees it who waits for each answer before going on."""

    def __init__(self, run):
        self.run = run
        self.see("ready> ")

    def type(self, keys):
        self.run.child.send(keys)

    def see(self, pattern):
        """Wait for @pattern, in which ^ stands for the begin of a line or of what a program draws."""
        return self.run.expect(pattern)

    def prompt(self):
        return self.see("ready> ")

    def interrupt(self):
        """^C until the prompt is back: who waits for a child as system(3) does ignores it meanwhile."""
        for _ in range(int(60 * self.run.slow)):
            self.type(INTR)
            if self.run.child.expect_exact(["ready> ", pexpect.TIMEOUT], timeout=2) == 0:
                return
        raise AssertionError(f"^C does not end it\n{self.run.tail()}")

    def line(self, text):
        """Type a line; when the shell has answered, its prompt."""
        self.type(text + "\r")

    def says(self, text, answer):
        """The shell answers the line @text with the line @answer, and its prompt."""
        self.line(text)
        self.see(f"\n{answer}\r")
        self.prompt()


@pytest.fixture(params=SHELLS)
def shell(request):
    return request.param


@pytest.fixture(params=KERNELS)
def sit(request, boot, parts):
    """sit(shell, smp): a Person at a shell that a child of pid 1 runs, with the console as its terminal."""

    def down(name, smp):
        init = f"""#!/bin/busybox sh
mount -t proc proc /proc
export PS1='ready> ' TERM=vt100 HOME=/tmp HISTFILE=
stty rows 24 cols 80
cd /tmp
setsid -c sh -c 'exec {SHELLS[name]} <>/dev/tty >&0 2>&1'
poweroff -f
"""
        fields = dict(append="quiet panic=-1")
        if request.param == "linux":
            fields = dict(el=1, kernel=os.path.join(oracle.PARTS, "vmlinuz"),
                          append="console=ttyAMA0,115200 quiet loglevel=0 panic=-1")
        image = oracle.system(init, parts("busybox"), parts("bash"))
        return Person(boot(image, smp=smp, **fields))

    return down


pytestmark = [pytest.mark.needs("busybox", "bash"), pytest.mark.parametrize("smp", [1, 4])]


def leave(me):
    me.line("exit")
    assert me.run.finish() == 0


def test_line_editing(sit, shell, smp):
    me = sit(shell, smp)
    me.says("echo $((40+2))", "42")
    me.says("echo $((50+5))", "55")
    me.says(UP + UP, "42")  # history
    me.says("echo $((6*8\x7f7))", "42")  # erase
    me.says("echo $((7*7))" + LEFT * 4 + "\x7f6", "42")  # the cursor
    me.says("nonsense\x15echo $((6*7))", "42")  # kill the line
    me.says("cat /etc/mot\t", "The stair turns around the newel.")
    me.type("ls /bin/md5\t")
    me.see("md5sum")  # completed before the line was entered
    me.type("\r")
    me.prompt()
    me.line("echo $((40+2)); cat")
    me.see("\n42\r")  # the terminal is in canonical mode again
    me.type("word\r")
    me.see("word\r.*\nword\r")
    me.type(EOF)
    me.prompt()
    leave(me)


def test_jobs(sit, shell, smp):
    me = sit(shell, smp)
    stopped, running = "Stopped", "Running"
    me.line(WAITS)
    me.see(f"\n{oracle.MOTD.strip()}\r")
    me.type(INTR)
    me.prompt()
    me.says("echo status $?", "status 130")
    me.line(WAITS)
    me.see(f"\n{oracle.MOTD.strip()}\r")
    me.type(QUIT)
    me.prompt()
    me.says("echo status $?", "status 131")
    me.line(JOB)
    me.see("\n42\r")
    me.type(SUSP)
    me.see(stopped)
    me.prompt()
    me.line("jobs")
    me.see(stopped)
    me.prompt()
    me.line("bg")
    me.see("42\r")  # before the prompt or behind it
    me.line("")
    me.prompt()
    me.line("jobs")
    me.see(running)
    me.prompt()
    if shell == "ash":  # bash sends no SIGCONT to a job that runs
        me.line("fg")
        me.see("\n42\r")
        me.type(SUSP)
        me.see(stopped)
        me.prompt()
        me.line("fg %1")
        me.see("\n42\r")
        me.type(INTR)
        me.prompt()
    else:
        me.line("kill %1; wait %1")
        me.see("Terminated")
        me.prompt()
    me.says("jobs; echo none: $((40+2))", "none: 42")
    leave(me)


def test_terminal_of_the_others(sit, shell, smp):
    """A job in the background that reads, or writes under tostop, stops."""
    me = sit(shell, smp)
    me.line("cat &")
    me.prompt()
    me.says("until grep -q '^State:.T' /proc/$!/status; do :; done; echo $((40+2))", "42")
    me.line("jobs")
    me.see(r"Stopped \(tty input\)" if shell == "ash" else "Stopped")
    me.prompt()
    me.line("fg")
    me.see("\ncat\r")
    me.type("typed\r")
    me.see("typed\r.*\ntyped\r")
    me.type(EOF)
    me.prompt()
    me.line("stty tostop; cat /etc/motd &")
    me.prompt()
    me.says("until grep -q '^State:.T' /proc/$!/status; do :; done; echo $((40+2))", "42")
    me.line("stty -tostop; fg")
    me.see("\nThe stair turns around the newel.\r")
    me.prompt()
    leave(me)


def test_window(sit, shell, smp):
    me = sit(shell, smp)
    me.says("stty size", "24 80")
    me.says("stty rows 40 cols 100; stty size", "40 100")
    me.says("sh -c 'trap \"echo W\\$((40+2))\" WINCH; stty rows 41; :'", "W42")
    me.says("sh -c 'trap \"echo W\\$((40+2))\" WINCH; stty rows 41; echo none'", "none")
    me.says("stty -echo; stty -a | grep -o -e -echo' '; stty echo", "-echo ")
    leave(me)


def test_editors(sit, smp):
    me = sit("ash", smp)
    me.line("vi note")
    me.see("~")  # the screen: lines past the end of the file
    me.see("note")  # and its last line names the file
    # what vi draws of a word depends on how much of it has come; the state line it draws whole
    me.type("ihello\rnewel" + ESC)
    me.see(r"- note \[Modified\]")  # ESC alone, not the begin of a function key
    me.type(":wq\r")
    me.prompt()
    me.says("md5sum note", "[0-9a-f]{32}  note")
    me.says("tr '\\n' + <note; echo", r"hello\+newel\+")
    me.line("vi note")
    me.see("hello")
    me.see("~")
    me.type("jdd:w\r")
    me.see("written|[0-9]+[LC]")
    me.type("x:q!\r")
    me.prompt()
    me.says("cat note", "hello")
    me.line("ed note")
    me.see("\n6\r")
    me.line("a\rsecond\r.\r1,2p")
    me.see("\nhello\r\r*\nsecond\r")
    me.line("w\rq")
    me.see("\n13\r")
    me.prompt()
    me.says("tail -n 1 note", "second")
    leave(me)


def test_screens(sit, smp):
    me = sit("ash", smp)
    me.says("seq 200 >n; wc -l n", "200 n")
    me.line("less n")
    me.see("23\r*\n" + LESS)
    me.type(" ")
    me.see("46\r*\n" + LESS)
    me.type("G")
    me.see("200\r*\n[^:]*" + LESS)
    me.type("/11\r")
    me.see("\x1b\\[7m11\x1b\\[m9(?s:.)*" + LESS)
    me.type("q")
    me.prompt()
    me.line("more n")
    me.see("--More--")
    me.type(" ")
    me.see("--More--")
    me.type("q")
    me.prompt()
    me.line("top")
    me.see("Mem: [0-9]+K used, [0-9]+K free")
    me.see("CPU:.*usr")
    me.see("PID +PPID USER +STAT")
    me.see("top")
    me.type("q")
    me.prompt()
    me.line("watch -n 1 'echo $((40+2))'")
    me.see("Every 1")
    me.see("42")
    me.see("42")
    me.interrupt()
    leave(me)
