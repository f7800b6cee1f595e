#!/usr/bin/python3
"""speed.py - how fast the page of a large trace is: until it is open, and how many frames a second it moves at.

    tests/page/speed.py [EVENTS]        1,000,000 unless said otherwise

It prints what it measures; nothing here fails for being slow.  Frames are those that the browser shows (a callback of its
animation clock each), while the view is zoomed and moved through the whole trace for some seconds.
"""

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import devtools  # noqa: E402
import machine  # noqa: E402

MOVE = """new Promise(done => {
    const view = page.view, start = performance.now(), seconds = 5, before = newel.frames(), gaps = [];
    let last = start;
    const step = now => {
        const part = (now - start) / 1000 / seconds;
        gaps.push(now - last);
        last = now;
        if (part >= 1) {
            const after = newel.frames(), count = after.count - before.count;
            gaps.sort((a, b) => a - b);
            done({ frames: count / seconds, draw: (after.total - before.total) / count,
                slow: gaps[Math.floor(gaps.length * 0.99)] });
            return;
        }
        // in and out again three times, from the whole to a ten-thousandth, along all of it
        const size = view.span * 10 ** (-4 * Math.sin(part * 3 * Math.PI) ** 2);
        view.set((view.span - size) * part, (view.span - size) * part + size);
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
})"""
TYPED = """(async () => {
    const start = performance.now();
    await page.find('eret svc write');
    return [performance.now() - start, newel.found().count];
})()"""
COUNTED = """(async () => {
    const start = performance.now();
    await page.panel.count('all');
    return performance.now() - start;
})()"""


def memory(folder):
    """MB that the processes of the browser whose profile is in this folder have for themselves: the largest of them."""
    most = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                mine = folder.encode() in f.read()
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                kept = sum(int(line.split()[1]) for line in f if line.startswith(("Private_", "Pss_Shmem")))
        except OSError:
            continue
        if mine:
            most = max(most, kept)
    return most / 1024


def measure(browser, path):
    start = time.monotonic()
    page = browser.open(path)
    page.run("newelOpened.then(() => 0)")
    print(f"open: {page.run('newel.opened') / 1000:.2f} s by the page's clock, {time.monotonic() - start:.2f} s from outside")
    moved = page.run(MOVE)
    print(f"move: {moved['frames']:.0f} frames a second, {moved['draw']:.1f} ms each to draw, 99 of 100 within {moved['slow']:.0f} ms")
    print("search: {:.0f} ms for all lines, {} finds".format(*page.run(TYPED)))
    print(f"figures: {page.run(COUNTED):.0f} ms for all events")
    print(f"memory: {page.run('performance.memory.usedJSHeapSize') / 1e6:.0f} MB of script's heap, "
          f"{memory(browser.home):.0f} MB the process that shows the page")


def main(argv):
    events = int(argv[0]) if argv else 1_000_000
    start = time.monotonic()
    trace = machine.synthetic_trace(events)
    read = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, devtools.Browser() as browser:
        path = os.path.join(folder, "trace.html")
        machine.page.write(trace, path, command=f"a synthetic machine, {events:,} events")
        size = os.path.getsize(path)
        print(f"{len(trace.events):,} events: {read - start:.1f} s to make and read, {time.monotonic() - read:.1f} s to write the page, "
              f"{size / 1e6:.1f} MB, {size / len(trace.events):.1f} bytes an event")
        measure(browser, path)


if __name__ == "__main__":
    main(sys.argv[1:])
