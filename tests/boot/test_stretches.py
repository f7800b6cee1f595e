"""Nobody makes the kernel keep a core to itself: the longest stretches with interrupts masked, with one spin lock held and without
a point to give way, under programs that do their worst (tests/stretch), are within bounds.

The kernel of make CHECKED=1 measures (arm/stretch.h); on one core under -icount shift=0 and a counter of 1 GHz a tick is an instruction, so
a figure is a fact and depends on no machine's speed.  `make test` runs the short form; `make test-long` the long one: eight times as much of
everything, and the programs of tests/el0.  Each writes its table to build/tests/stretches-*.txt.
"""

import os
import re

import conftest
import initrd
import pytest

LONG = os.environ.get("STRETCHES") == "long"
SIZE = 8 if LONG else 1
BOUNDS = {"masked": 100_000, "locked": 50_000, "kept": 200_000}

LINE = re.compile(r"^STRETCH (\w+) (\d+) cpu \d+ times \d+ from (\S+) to (\S+)(?: by (\S+))?(?: lock (.*))?$", re.MULTILINE)
ATTACK = re.compile(r"^ATTACK (\w+) begin\n(.*?)^ATTACK \1 end (\S+)$", re.MULTILINE | re.DOTALL)


def function(symbol):
    """The function's name alone: no offset, and no suffix of a copy that the compiler made."""
    return re.sub(r"(\.(part|isra|constprop|cold)(\.\d+)?)*\+.*", "", symbol)


def measure(boot, cpu, group):
    """{place: (ticks, end, attack, callers)} of all attacks of @group; every one ran to its end."""
    with open(os.path.join(conftest.ROOT, "build", "tests", "adversary"), "rb") as f, \
            open(os.path.join(conftest.BUILD, "checked", "modules", "hello.ko"), "rb") as ko:
        tree = initrd.archive(initrd.directory("dev"), initrd.device("dev/console", 5, 1), initrd.device("dev/kvm", 10, 232, 0o666), initrd.file("adversary", f.read()),
                              initrd.file("hello.ko", ko.read()))
    if group == "programs":
        with open(os.path.join(conftest.BUILD, "tests", "el0.cpio"), "rb") as f:
            tree = f.read() + tree
    machine = dict(el=2, gic=3) if group == "guests" else dict(el=1)
    run = boot(tree, limit=3600, **machine, smp=1, cpu=f"{cpu},cntfrq=1000000000",
               append=f"quiet panic=-1 init=/adversary ATTACKS={group} SIZE={SIZE}",
               kernel=os.path.join(conftest.BUILD, "checked", "newel.img"), extra=["-icount", "shift=0,align=off,sleep=off"])
    assert run.finish(silence=1800) == 0
    assert "ATTACK all end" in run.log
    longest = {}
    attacks = ATTACK.findall(run.log.replace("\0", ""))  # what the console was written
    assert attacks, "no attack ran"
    failed = {attack: status for attack, _, status in attacks if status != "0"}
    # The programs of tests/el0: a few ask for the console as their terminal, and fail.
    allowed = len(attacks) * 0.15 if group == "programs" else 0
    assert len(failed) <= allowed and "0xe" not in failed.values(), f"did not run to their end (0xe: hung): {failed}"
    for attack, text, _ in attacks:
        assert not re.search(r"lost [^0]", text), f"{attack}: too many places"
        for kind, ticks, start, end, callers, lock in LINE.findall(text):
            place = (kind, function(start), lock)
            longest[place] = max(longest.get(place, (0,)), (int(ticks), function(end), attack, callers))
    return longest


def table(longest):
    rows = sorted(longest.items(), key=lambda row: -row[1][0] / BOUNDS[row[0][0]])
    return "".join(f"{ticks:>12} {kind:<7} {start} -> {end}{' of ' + lock if lock else ''}  in {attack}{' by ' + callers if callers else ''}\n"
                   for (kind, start, lock), (ticks, end, attack, callers) in rows)


@pytest.mark.parametrize("group", ["memory", "files", "tasks", "guests"] + (["programs"] if LONG else []))
def test_bounds(boot, kernel_el, group):
    cpu = {1: "cortex-a72", 2: "max"}[kernel_el]
    longest = {place: what for place, what in measure(boot, cpu, group).items() if place[0] in BOUNDS}
    assert {place[0] for place in longest} == set(BOUNDS), "something is not measured"
    with open(os.path.join(conftest.ROOT, "build", "tests", f"stretches-{group}{'-long' if LONG else ''}.txt"), "w", encoding="utf-8") as f:
        f.write(table(longest))
    over = {place: what for place, what in longest.items() if what[0] > BOUNDS[place[0]]}
    assert not over, f"too long:\n{table(over)}"
