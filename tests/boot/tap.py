"""tap.py - the test programs that run at EL0 say what they found as TAP; pytest hears each line as a result."""

import re

from _pytest.reports import TestReport

LINE = re.compile(r"^(not )?ok (\d+)(?: - )?([^#\n]*)(?:# (SKIP|TODO)\b *(.*))?", re.IGNORECASE)


class Stream:
    """What came of one TAP stream: `results` is [(ok, name, skip reason or None)]."""

    def __init__(self, text):
        self.results, self.plan, self.comments = [], None, []
        for line in text.split("\n"):
            if m := LINE.match(line):
                self.results.append((not m.group(1), m.group(3).strip(), m.group(5) if m.group(4) else None))
            elif m := re.match(r"1\.\.(\d+)", line):
                self.plan = int(m.group(1))
            elif line.startswith("Bail out!"):
                self.plan = -1

    def passed(self):
        """Did it run to its end, and no line of it fail?"""
        return self.plan == len(self.results) and all(ok for ok, _, _ in self.results)


def report(item, text, prefix=""):
    """Count every line of the stream in @text as a result of its own of the test @item; @prefix tells streams apart."""
    stream = Stream(text)
    path, line, name = item.location
    for ok, what, skip in stream.results:
        outcome = "skipped" if skip is not None else "passed" if ok else "failed"
        longrepr = None if outcome == "passed" else (path, line or 0, skip or f"not ok - {what}")
        if outcome == "failed":
            longrepr = f"not ok - {prefix}{what}"
        sections = [("stream", text)] if outcome == "failed" else []
        item.ihook.pytest_runtest_logreport(
            report=TestReport(item.nodeid, (path, line, f"{name}: {prefix}{what}"), {}, outcome, longrepr, "call", sections))
    assert stream.plan is not None, "the stream has no plan: the program did not run to its end"
    assert stream.plan == len(stream.results), f"{len(stream.results)} results where {stream.plan} were planned"
    return stream
