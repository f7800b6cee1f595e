"""What happens between two crossings: one of each kind, done by a program that says which process did it."""

import re

import initrd
import pytest

LINE = re.compile(r"trace: \[ *([\d.]+)\] cpu(\d+) pid (\d+) EL[12] (.*)$", re.MULTILINE)


class Events:
    """The lines of the trace, and the processes by what they were for."""

    def __init__(self, log):
        found = [(float(at), int(cpu), int(pid), what.rstrip("\r")) for at, cpu, pid, what in LINE.findall(log)]
        self.lines = [line[1:] for line in found]
        self.times = [(line[0], line[2], line[3]) for line in found]
        self.of = {name: int(pid) for name, pid in re.findall(r"events: (\w+) (\d+)", log)}

    def find(self, pid, pattern):
        """What matches @pattern of what task @pid did."""
        return [m for _, p, what in self.lines if p == pid and (m := re.match(pattern + "$", what))]

    def has(self, pid, pattern, times=1):
        assert len(self.find(pid, pattern)) == times, f"pid {pid}: {pattern}: " + "\n".join(w for _, p, w in self.lines if p == pid)


@pytest.fixture(scope="module")
def runs():
    return {}


@pytest.fixture(params=[1, 4])
def events(request, runs, boot, program):
    """The same run for all tests."""
    smp = request.param
    if smp not in runs:
        files = [initrd.file("init", program("events")), initrd.directory("bin"), initrd.file("bin/other", program("events")),
                 initrd.directory("dev"), initrd.device("dev/zero", 1, 5), initrd.device("dev/console", 5, 1)]
        run = boot(initrd.archive(*files), smp=smp, append="quiet trace=sched,wake,task,signal,copy panic=-1")
        assert run.finish() == 0
        runs[smp] = Events(run.log)
    return runs[smp]


def test_processes(events):
    """fork, exec and exit, with numbers, names, flags and status."""
    forked, became = events.of["forked"], events.of["became"]
    events.has(1, rf'fork pid {forked} process {forked} "init" flags=CLONE_CHILD_CLEARTID\|CLONE_CHILD_SETTID\|SIGCHLD$')  # as glibc's fork has it
    events.has(forked, r'name "renamed"')
    events.has(forked, rf"exit process {forked} status=0x700")
    events.has(1, rf'fork pid {became} process {became} "init" flags=CLONE_VM\|CLONE_VFORK\|SIGCHLD$')
    events.has(became, rf'exec "/bin/other" process {became} "other"')
    events.has(became, rf"exit process {became} status=0")


def test_switches(events):
    """Why each core left a task, and who was next."""
    forked, stopped, turns = (events.of[name] for name in ("forked", "stopped", "turns"))
    events.has(forked, r'sched to pid \d+ ".*": ended')
    events.has(stopped, r'sched to pid \d+ ".*": stopped')
    assert events.find(1, r'sched to pid \d+ ".*": sleeps')
    pair = f'(?:1|{turns}) "init"'
    for why in "yielded", "preempted":  # of both, as it happens: one alone would not be given the core back
        assert len(events.find(turns, rf"sched to pid {pair}: {why}") + events.find(1, rf"sched to pid {pair}: {why}")) >= 4, why
    assert events.find(0, r'sched to pid \d+ ".*": idle')


def test_wakes(events):
    """Who woke whom: a child its parent, the parent a child that was stopped."""
    assert len(events.find(1, rf"wake pid {events.of['stopped']} for cpu\d")) >= 2  # new, to be stopped, continued, killed
    assert any(events.find(child, r"wake pid 1 for cpu\d") for child in events.of.values())


def test_a_wake_is_before_what_it_makes(events):
    """A task that another core goes on with at once may have ended before its waker comes to the record of it."""
    ended = {pid: at for at, pid, what in events.times if what.startswith("exit process")}
    assert ended
    for at, _, what in events.times:
        if woken := re.match(r"wake pid (\d+) ", what):
            assert at <= ended.get(int(woken[1]), at), what


def test_signals_of_others(events):
    killed, stopped, faulted = (events.of[name] for name in ("killed", "stopped", "faulted"))
    events.has(1, rf"signal SIGTERM \(SI_USER\) to pid {killed}: queued")
    events.has(killed, r"takes SIGTERM.*: ends")
    events.has(killed, rf"exit process {killed} status=0xf")
    assert events.find(killed, r"signal SIGCHLD \(CLD_KILLED\) to pid 1: \w+")
    events.has(1, rf"signal SIGUSR1 \(\S+\) to pid {killed}: gone")
    events.has(stopped, r"takes SIGSTOP.*: stops")
    events.has(1, rf"signal SIGKILL \(SI_USER\) to pid {stopped}: queued")
    events.has(stopped, r"takes SIGKILL.*: ends")
    events.has(faulted, rf"signal SIGSEGV \(SEGV_MAPERR\) to pid {faulted}: queued")
    events.has(faulted, r"takes SIGSEGV.*: ends")


def test_signals_of_its_own(events):
    caught = events.of["caught"]
    events.has(caught, rf"signal SIGUSR1 \(\S+\) to pid {caught}: queued")
    events.has(caught, r"takes SIGUSR1.*: handler 0x[0-9a-f]+")
    events.has(caught, rf"signal SIGUSR2 \(\S+\) to pid {caught}: queued")
    events.has(caught, rf"signal SIGUSR2 \(\S+\) to pid {caught}: pending")
    events.has(caught, r"takes SIGUSR2.*: handler 0x[0-9a-f]+")
    events.has(caught, rf"signal SIGWINCH \(\S+\) to pid {caught}: queued")
    events.has(caught, r"takes SIGWINCH.*: ignored")
    events.has(caught, rf"signal SIGWINCH \(\S+\) to pid {caught}: ignored")


def test_copies(events):
    """Refused by a fault, by the address alone, and a string; the calls fail."""
    refused = events.of["refused"]
    events.has(refused, r"copy refused: write esr=0x960000[0-9a-f]{2} pc=0xffffffff8[0-9a-f]+ far=0x10")
    events.has(refused, r"copy refused: write pc=0xffffffff8[0-9a-f]+ far=0xfffffffffffff000", 2)  # read and readv
    events.has(refused, rf"exit process {refused} status=0")
    events.has(refused, r"copy refused: read esr=0x960000[0-9a-f]{2} pc=0xffffffff8[0-9a-f]+ far=0x10")
