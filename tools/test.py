#!/usr/bin/python3
"""test.py - `make test`: every suite after the other, its progress as it goes, one total at the end.

    tools/test.py [--board=BOARD] [SUITE...]	unit fuzz abi check page boot

With --board=raspi4b (vhe, guest) all boot tests that are not tied to QEMU's virt run on QEMU's Raspberry Pi 4, with the same image.
The last line is `N passed, N failed` (`, N skipped` where something was missing on this machine); under
CI, where CI is set in the environment, a skip is a failure.  Each suite's whole output is kept in
build/tests/SUITE.log.

A test of the boot suite that failed is run once more when all are done, alone, if no more than SECOND_MOST failed and for
SECOND_SECONDS altogether; if it passes then, it counts as passed, under a heading of its own.  What failed gravely (a panic,
a hang, lost memory: tests/boot/verdict.py) is never run again.  Both logs are kept: build/tests/boot.log, and
build/tests/second/ with the consoles of each.
"""

import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CI = bool(os.environ.get("CI"))
LOGS = os.path.join(ROOT, "build", "tests")
SECOND_MOST = 20
SECOND_SECONDS = 600
END_LINES = 40
ALONE = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
PYTEST = [*ALONE, "-n", str(os.cpu_count() or 2), f"--results={LOGS}/boot.results"]

# A suite is what it runs, after the kernel itself was built.
SUITES = {
    "unit": ["make", "test-unit"],
    "fuzz": ["make", "test-fuzz"],
    "abi": ["make", "test-abi"],
    "check": ["tools/check"],
    "page": [*ALONE, "tests/page"],
    "boot": [*PYTEST, "tests/boot"],
}
# How runners say how much they ran: ours and pytest's, cmocka's.
COUNTS = {
    "passed": re.compile(r"(\d+) passed|\[  PASSED  \] (\d+) test"),
    "failed": re.compile(r"(\d+) (?:failed|errors?)\b|\[  FAILED  \] (\d+) test"),
    "skipped": re.compile(r"(\d+) skipped|\[  SKIPPED \] (\d+) test"),
    "tied": re.compile(r"(\d+) tied()"),  # to another board than the one they were to run on: tests/boot/boards.py
}


def say(verb, text):
    print(f"  {verb:<7} {text}", flush=True)


def run(command, log):
    """Run @command, shown and kept as it goes; its output and its exit status."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    with open(log, "w", encoding="utf-8") as kept, subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as child:
        said = b""
        while chunk := os.read(child.stdout.fileno(), 4096):
            said += chunk
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        text = said.decode(errors="replace")
        kept.write(text)
    return text, child.returncode


def count(text, status):
    """What a suite's output says of itself; a suite that fails without a count has failed once."""
    total = dict.fromkeys(COUNTS, 0)
    for line in text.split("\n"):
        for what, pattern in COUNTS.items():
            total[what] += sum(int(a or b) for a, b in pattern.findall(line))
    if status and not total["failed"]:
        total["failed"] = 1
    if not status and not total["passed"]:
        total["passed"] = 1
    return total


# ---- once more ----


def results(name):
    """What the boot tests recorded of themselves: {node: [(outcome, grave)]}; {} where they recorded nothing."""
    found = {}
    try:
        with open(os.path.join(LOGS, name), encoding="utf-8") as f:
            for line in map(json.loads, f):
                found.setdefault(line["node"], []).append((line["outcome"], line["grave"]))
    except (OSError, ValueError):
        return {}
    return found


def has_failed(reports):
    return any(outcome == "failed" for outcome, _ in reports)


def to_repeat(first):
    """The tests that are run once more; says of the others why not."""
    failed = [node for node, reports in first.items() if has_failed(reports)]
    if len(failed) > SECOND_MOST:
        say("TEST", f"{len(failed)} failed: too many to run them again")
        return []
    again = []
    for node in failed:
        why = next((grave for _, grave in first[node] if grave), "")
        if why:
            say("TEST", f"not run again, for it was {why}: {node}")
        else:
            again.append(node)
    return again


def repeat(node, number, seconds):
    """Run this test alone, for so many seconds at most; what it recorded, {} unless it ended."""
    log = os.path.join(LOGS, "second", f"{number}.log")
    command = ["timeout", "-k", "10", str(max(1, int(seconds))), *ALONE, "-rP", "--consoles",
               f"--results={LOGS}/second/{number}.results", node]
    say("TEST", f"once more, alone: {node}")
    _, status = run(command, log)
    return results(f"second/{number}.results") if status == 0 else {}


def second_run():
    """Run what may be run again; (results as they count, the tests that passed only now and their logs)."""
    counts, late = results("boot.results"), []
    os.makedirs(os.path.join(LOGS, "second"), exist_ok=True)
    end = time.monotonic() + SECOND_SECONDS
    for number, node in enumerate(to_repeat(counts), 1):
        if time.monotonic() >= end:
            say("TEST", f"no time left to run it again: {node}")
            continue
        reports = repeat(node, number, end - time.monotonic()).get(node)
        if reports and not has_failed(reports):
            counts[node] = reports
            late.append((node, f"build/tests/second/{number}.log"))
    return counts, late


def total_of(counts):
    """What these results are, counted as count() counts."""
    total = dict.fromkeys(COUNTS, 0)
    for reports in counts.values():
        for outcome, _ in reports:
            total[outcome] += 1
    return total


# ---- all of it ----


def tell_end(name):
    """The end of what a suite that failed said, which thousands of lines may hide by now."""
    path = os.path.join(LOGS, name + ".log")
    with open(path, encoding="utf-8", errors="replace") as f:
        lines = f.read().rstrip("\n").split("\n")
    print(f"---- {name} failed; the end of {os.path.relpath(path, ROOT)}:")
    print("\n".join(line[:300] for line in lines[-END_LINES:]))


def suite(name):
    """Run this suite; (what is to be counted, what passed only on the second run)."""
    record = os.path.join(LOGS, name + ".results")
    if os.path.exists(record):  # of an earlier run
        os.remove(record)
    text, status = run(SUITES[name], os.path.join(LOGS, name + ".log"))
    counted = count(text, status)
    if name != "boot" or not counted["failed"]:
        return counted, []
    counts, late = second_run()
    return (total_of(counts), late) if late else (counted, [])


def on_board(option):
    """From here on boot tests run on the board that @option, an option of pytest's, names."""
    ALONE.append(option)
    SUITES["boot"].append(option)


def main(argv):
    os.makedirs(LOGS, exist_ok=True)
    boards = [a for a in argv if a.startswith("--board=")]
    names = [a for a in argv if a not in boards]
    for option in boards:
        on_board(option)
        names = names or ["boot"]
    total = dict.fromkeys(COUNTS, 0)
    done, late = [], []
    for name in names or SUITES:
        say("TEST", name)
        start = time.monotonic()
        counted, only_now = suite(name)
        late += only_now
        done.append((name, counted, time.monotonic() - start))
        for what, n in counted.items():
            total[what] += n
    if CI:
        total["failed"] += total.pop("skipped")
    print()
    for name, counted, _ in done:
        if counted["failed"]:
            tell_end(name)
    for name, counted, seconds in done:
        counts = ", ".join(f"{n} {what}" for what, n in counted.items() if n or what != "tied")
        say("TEST", f"{name:<6} {counts} ({seconds:.0f} s)")
    if late:
        print(f"passed only on the second run: {len(late)}")
        for node, log in late:
            print(f"    {node}\n        build/tests/boot.log, then {log}")
    line = f"{total['passed']} passed, {total['failed']} failed"
    print(line + (f", {total['skipped']} skipped" if total.get("skipped") else ""), flush=True)
    sys.exit(bool(total["failed"]))


if __name__ == "__main__":
    main(sys.argv[1:])
