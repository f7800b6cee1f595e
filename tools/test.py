#!/usr/bin/python3
"""test.py - `make test`: every suite after the other, its progress as it goes, one total at the end.

    tools/test.py [SUITE...]	unit fuzz abi check boot

The last line is `N passed, N failed` (`, N skipped` where something was missing on this machine); under
CI, where CI is set in the environment, a skip is a failure.  Each suite's whole output is kept in
build/tests/SUITE.log.
"""

import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CI = bool(os.environ.get("CI"))
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-n", str(os.cpu_count() or 2), "-p", "no:cacheprovider"]

# A suite is what it runs, after the kernel itself was built.
SUITES = {
    "unit": ["make", "test-unit"],
    "fuzz": ["make", "test-fuzz"],
    "abi": ["make", "test-abi"],
    "check": ["tools/check"],
    "boot": [*PYTEST, "tests/boot"],
}
# How runners say how much they ran: ours and pytest's, cmocka's.
COUNTS = {
    "passed": re.compile(r"(\d+) passed|\[  PASSED  \] (\d+) test"),
    "failed": re.compile(r"(\d+) (?:failed|errors?)\b|\[  FAILED  \] (\d+) test"),
    "skipped": re.compile(r"(\d+) skipped|\[  SKIPPED \] (\d+) test"),
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


def main(names):
    os.makedirs(os.path.join(ROOT, "build", "tests"), exist_ok=True)
    total = dict.fromkeys(COUNTS, 0)
    results = []
    for name in names or SUITES:
        say("TEST", name)
        start = time.monotonic()
        text, status = run(SUITES[name], os.path.join(ROOT, "build", "tests", name + ".log"))
        counted = count(text, status)
        results.append((name, counted, time.monotonic() - start))
        for what, n in counted.items():
            total[what] += n
    if CI:
        total["failed"] += total.pop("skipped")
    print()
    for name, counted, seconds in results:
        say("TEST", f"{name:<6} " + ", ".join(f"{n} {what}" for what, n in counted.items()) + f" ({seconds:.0f} s)")
    line = f"{total['passed']} passed, {total['failed']} failed"
    print(line + (f", {total['skipped']} skipped" if total.get("skipped") else ""), flush=True)
    sys.exit(bool(total["failed"]))


if __name__ == "__main__":
    main(sys.argv[1:])
