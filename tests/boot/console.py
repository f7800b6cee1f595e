"""console.py - one running board, seen through its serial line.

A Console is QEMU's standard input and output, or a real board's serial device (realboard.py): tests cannot tell.
Every wait has an end: what a wait for one line may take, and what the whole run may take.
"""

import io
import re
import signal
import time

import pexpect
import speed
import verdict

SLOW = speed.BY_HAND  # what multiplies every limit; conftest.py puts what it measures in its place
LINE_LIMIT = 180  # seconds without the line that is waited for, or without any: a run that hangs is found by its silence
RUN_LIMIT = 900  # seconds that one run may take while it still speaks: only against one that never stops


class Console:
    """The serial line of one run.  `log` is all that came so far, without carriage returns."""

    def __init__(self, child, limit=RUN_LIMIT):
        self.child = child
        self.record = io.StringIO()
        child.logfile_read = self.record
        child.delaybeforesend = None
        self.limit, self.start, self.slow = limit, time.monotonic(), SLOW
        self.panics = False  # it was waited for

    @property
    def log(self):
        return self.record.getvalue().replace("\r", "")

    @property
    def lines(self):
        return self.log.split("\n")

    def _wait(self, what, timeout):
        """Wait for one of @what, of which the last is pexpect.TIMEOUT; which it was.

        A limit that has passed counts for the speed that the machine has by then: slower than before, it is given the rest.
        """
        limit, since = timeout or LINE_LIMIT, time.monotonic()
        while True:
            end = min(self.start + self.limit * self.slow, since + limit * self.slow)
            found = self.child.expect(what, timeout=max(0.1, end - time.monotonic()))
            if found < len(what) - 1 or not self._is_slower():
                return found

    def _is_slower(self):
        before, self.slow = self.slow, max(self.slow, speed.measure())
        return self.slow > 1.5 * before

    def expect(self, pattern, timeout=None):
        """Wait for @pattern (a regular expression, in which $ is the end of a line); its match."""
        self.panics |= "panic" in pattern
        pattern = re.compile(re.sub(r"\$$", r"\\r*\\n", pattern), re.MULTILINE)
        what = [pattern, pexpect.EOF, pexpect.TIMEOUT]
        found = self._wait(what, timeout)
        if found == 0:
            return self.child.match
        raise AssertionError(
            f"the run {'ended' if found == 1 else 'went on'} without: {pattern.pattern}\n{self.tail()}"
        )

    def send(self, line):
        self.child.send(line + "\n")

    def finish(self, silence=None):
        """Wait for the machine to end by itself, as long as it still says something; QEMU's exit status.

        A panic that nobody has waited for is no end.
        """
        what = ["\n", pexpect.EOF, pexpect.TIMEOUT]
        while (found := self._wait(what, silence)) == 0:
            pass
        if found == 2:
            raise AssertionError(f"the run did not end\n{self.tail()}")
        self.child.wait()
        self.child.close()
        if not self.panics and re.search(verdict.PANIC, self.log):
            raise AssertionError(f"the run ended with a panic\n{self.tail()}")
        return self.child.exitstatus

    def tail(self, count=40):
        return "--- the last lines of the console ---\n" + "\n".join(self.lines[-count:])

    def close(self):
        """End the run, whatever it is doing."""
        if isinstance(self.child, pexpect.spawn) and self.child.isalive():
            self.child.kill(signal.SIGKILL)
            self.child.wait()  # close() would give it a tenth of a second
        self.child.close()


def qemu_console(args, limit=RUN_LIMIT):
    """Start this QEMU command line; its Console."""
    child = pexpect.spawn(args[0], args[1:], encoding="utf-8", codec_errors="replace", echo=False)
    return Console(child, limit)
