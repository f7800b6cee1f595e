"""The trace's filters, one at a time and together, on the command line: what is recorded is all that they ask for, and no more."""

import os
import sys

import conftest
import initrd
import pytest

sys.path.append(os.path.join(conftest.ROOT, "tools", "trace"))
import frames  # noqa: E402
import layout  # noqa: E402
from layout import IRQ, RETURN, SCHED, SVC  # noqa: E402

CALLS = 2048  # of each worker: tests/boot/programs/tracestorm.c
GETPPID, CLOSE = 173, 57
ERRORS = CALLS // 1024  # of each worker: close(-1)


def recorded(stream):
    """[(cpu, pid, kind, levels, slot, {field: value}, ticks)], each core's in their order; nothing is missing."""
    account, found = frames.Account(), []
    for frame, cpu, seq, records, at, end in frames.frames(stream, account):
        if frame == frames.END:
            frames.take_end(frames.text_lines(stream, at, end), account)
        elif frame == frames.RECORDS:
            core = account.core(cpu)
            assert not core.see(seq, records) and core.first == 1 and not core.gaps
            core.records += records
            for _ in range(records):
                ticks, pid, number, words, levels, slot = layout.HEAD.unpack_from(stream, at)
                kind = layout.KINDS[number]
                values = kind.struct.unpack_from(stream, at)
                found.append((cpu, pid, number, (levels & 3, levels >> 4), slot, {f.name: values[kind.place[f.name]] for f in kind.fields}, ticks))
                at += 8 * words
    assert account.ended and not account.damaged
    assert all(c.missing() == 0 for c in account.cores.values()), account.lines()
    return found


def calls(found, nr):
    return [r for r in found if r[2] == SVC and r[5]["nr"] == nr]


def answers(found, nr):
    return [r for r in found if r[2] == RETURN and r[5]["cause"] == SVC and r[5]["nr"] == nr]


def only_getppid(found, smp):
    assert len(calls(found, GETPPID)) == len(answers(found, GETPPID)) == smp * CALLS
    assert len(found) == 2 * smp * CALLS


def but_getppid(found, smp):
    assert not calls(found, GETPPID) and not answers(found, GETPPID)
    assert len(calls(found, CLOSE)) >= smp * ERRORS


def errors(found, smp):
    """A call that failed: it and its answer, one behind the other, although it was written when the answer was known."""
    late = [r for r in calls(found, CLOSE) if r[4] & layout.LATE]
    assert len(late) == smp * ERRORS and len(found) == 2 * len(late)
    for call, answer in zip(found[::2], found[1::2]):
        assert (call[2], answer[2], answer[5]["result"]) == (SVC, RETURN, -9)
        assert call[5]["arg"] == -1 % 2**64 or call[5]["nr"] == CLOSE
        assert call[:2] == answer[:2]


def one_core(found, smp):
    assert {r[0] for r in found} == {1}
    assert len(calls(found, GETPPID)) == CALLS


def first_process(found, smp):
    assert {r[1] for r in found} == {1}
    assert not calls(found, GETPPID) and len(found) > 20


def switches(found, smp):
    """Each switch to and from the task, in turns."""
    mine = sorted((r for r in found if r[2] == SCHED), key=lambda r: r[6])
    assert mine and all((r[1] == 1) != (r[5]["next"] == 1) for r in mine)
    assert all((a[1] == 1) != (b[1] == 1) for a, b in zip(mine, mine[1:])), [(r[0], r[1], r[5]["next"]) for r in mine]


def other_switches(found, smp):
    """All that there are: none is between two that are that process."""
    of_core = [[r for r in found if r[0] == cpu] for cpu in range(smp)]
    assert all(r[2] == SCHED for r in found) and any(1 in (r[1], r[5]["next"]) for r in found)
    for mine in of_core:
        assert all(a[5]["next"] == b[1] for a, b in zip(mine, mine[1:])), [(r[1], r[5]["next"]) for r in mine]


def with_children(found, smp):
    assert {1, 0} & {r[1] for r in found} == {1}
    assert len(calls(found, GETPPID)) == smp * CALLS


def but_first(found, smp):
    assert {1, 0} & {r[1] for r in found} == {0}
    assert len(calls(found, GETPPID)) == smp * CALLS


def the_kernel(found, smp):
    assert {r[1] for r in found} == {0}
    assert {SCHED, IRQ} <= {r[2] for r in found}


def user_level(found, smp):
    assert all(0 in r[3] for r in found)
    assert len(calls(found, GETPPID)) == smp * CALLS and any(r[2] == IRQ for r in found)


def levels_above(found, smp):
    assert found and all(3 in r[3] for r in found)


def together(found, smp):
    assert {r[0] for r in found} == {2}
    assert len(calls(found, GETPPID)) == len(answers(found, GETPPID)) == CALLS
    assert len(calls(found, GETPPID)) + len(calls(found, CLOSE)) == len(found) / 2


CASES = {
    "nr": ("svc", "nr=getppid", only_getppid),
    "not nr": ("svc", "nr=!173", but_getppid),
    "result": ("svc", "result=EBADF nr=close", errors),
    "core": ("svc", "core=1", one_core),
    "pid": ("svc", "pid=1", first_process),
    "switches": ("sched", "pid=1", switches),
    "other switches": ("sched", "pid=!1", other_switches),
    "children": ("svc,irq", "pid=1 children=1", with_children),
    "not pid": ("svc,irq", "pid=!1", but_first),
    "pid 0": ("all", "pid=0", the_kernel),
    "level 0": ("all", "level=0", user_level),
    "level 3": ("all", "level=3", levels_above),
    "together": ("svc", "core=2-3 core=2 nr=getppid,close result=ok level=0-1 pid=1 children=1", together),
}
SINGLE = ["nr", "result", "children", "switches"]


@pytest.mark.virt
@pytest.mark.parametrize("case, smp", [(c, 4) for c in CASES] + [(c, 1) for c in SINGLE])
def test_filter(boot, program, tmp_path, case, smp):
    if not os.path.exists(os.path.join(conftest.BUILD, "tests", "tracestorm")):
        pytest.skip("needs the cross compiler's static C library")
    kinds, filters, check = CASES[case]
    words = " ".join("newel.trace." + word for word in filters.split())
    out = tmp_path / "trace"
    run = boot(initrd.archive(initrd.file("init", program("tracestorm"))), smp=smp, el=3, cpu="max", extra=["-semihosting"],
               append=f"quiet loglevel=7 panic=-1 newel.trace.kinds={kinds},ring {words} newel.trace.size=4M newel.hostfile={out} "
                      f"CROSSINGS={2 * smp * CALLS}")
    assert run.finish() == 0
    assert "storm: all is well" in run.log and "newel.trace" not in run.log
    check(recorded(out.read_bytes()), smp)


def test_words_that_are_refused(boot, program):
    """They are told, and nothing of them is done."""
    run = boot(initrd.archive(initrd.file("init", program("hello"))),
               append="panic=-1 newel.trace.kinds=svc,what newel.trace.nr=nothing newel.trace.pid=77 newel.trace.size=3 newel.trace.core=1- "
                      "newel.trace.children=2 newel.trace.output=paper")
    run.expect(r"newel: panic: ")
    run.finish()
    for word in ("kinds=: svc,what: EINVAL", "nr=: nothing: EINVAL", "core=: 1-: EINVAL", "size=: 3: EINVAL",
                 "children=: 2: EINVAL", "output=: paper: EINVAL"):
        assert f"newel.trace.{word}" in run.log
    assert "newel.trace.pid=: when pid 1 begins there is no other process" in run.log
    assert "trace: [" not in run.log
