"""verdict.py - what came of each test, for tools/test.py: a line of JSON each, and whether a failure may be tried once more.

A test that failed because the machine had too much else to do passes when it runs alone.  A kernel that panicked, hung or
lost memory did so once, whatever a second run says: such a failure is grave, and stands.  How one is told from its report
is said here alone.
"""

import json
import re

import boards

# Not the end of an init that had nothing more to do, nor what newel.test= asks for: tests end so on purpose.
PANIC = r"newel: panic: (?!Attempted to kill init! exitcode=0x00000000|newel\.test: )"
GRAVE = {
    "a panic": PANIC + "|undefined behaviour",
    # The limits are those of a machine that is as slow as this one was measured to be (speed.py): it was not slowness.
    "a hang": r"the run (went on without|did not end)|ended with timeout|TAP \S+ end timeout",
    # What tests that weigh memory say: in C by expect(), in Python by assert, in TAP by the name of the result.
    "lost memory": r"(?m)(\bnot ok\b.*\bmemory is free\b|^\s*# .*\b(KiB|bytes)\b.*\bfree\b|^E .*\b(KiB|bytes)\b.*\bfree\b)",
}


def grave(report):
    """Why this failed report forbids a second run; "" if it does not."""
    text = "\n".join([report.longreprtext, *(content.replace("\r", "") for _, content in report.sections)])
    return next((why for why, pattern in GRAVE.items() if re.search(pattern, text)), "")


class Recorder:
    """A pytest plugin that writes @path."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", buffering=1)

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        said = {"node": report.nodeid, "name": report.location[2], "outcome": "tied" if boards.is_tied(report) else report.outcome,
                "grave": grave(report) if report.failed else ""}
        self.file.write(json.dumps(said) + "\n")

    def pytest_unconfigure(self):
        self.file.close()
