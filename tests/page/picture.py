#!/usr/bin/python3
"""picture.py - docs/trace.png, the page as chromium shows it: take it anew.

    tests/page/picture.py

Beside it docs/trace.png.sources keeps the hash of the page's sources, by which a test knows that it is of today's.
"""

import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import devtools  # noqa: E402
import machine  # noqa: E402

PICTURE = os.path.join(machine.ROOT, "docs", "trace.png")
HASH = PICTURE + ".sources"
STREAM = os.path.join(machine.ROOT, "tests", "page", "picture.ntr")
# In the longest read(2): where its task's first row of crossings shows it.
POINT = """(() => {
    const { trace } = page, { i } = newel.figures().longest.svc.find(({ i }) => trace.names[trace.name[i]].name === 'read');
    const row = newel.rows().filter(r => r.kind === 'task' && r.index === trace.task[i])[1];
    const box = document.getElementById('canvas').getBoundingClientRect();
    return [box.left + newel.x(i) * 0.6 + newel.x(trace.mate[i]) * 0.4, box.top + row.y + row.high / 2];
})()"""
COMMAND = "ls -l / | sort -r | head -3"


def decoded(path):
    """The decoded lines of a stream."""
    decoder = os.path.join("build", "host", "newel-trace-decode")
    subprocess.run(["make", "-s", decoder], cwd=machine.ROOT, stdout=subprocess.DEVNULL, check=True)
    said = subprocess.run([os.path.join(machine.ROOT, decoder), "--text", "--quiet", path], capture_output=True, check=True)
    return said.stdout.decode("utf-8", "replace").split("\n")[:-1]


def take(browser, out):
    """The picture of the page of a real run, the pointer on one of its events, to @out."""
    with open(STREAM, "rb") as f:
        trace = machine.trace_of(f.read())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.html")
        machine.page.write(trace, path, decoded(STREAM), COMMAND, "QEMU virt, cortex-a72, entered at EL3")
        page = browser.open(path, width=1280, height=800)
        page.run("newelOpened.then(() => 0)")
        x, y = page.run(POINT)
        page.mouse("mouseMoved", x, y)
        page.wait("!document.getElementById('tip').hidden")
        page.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
        page.picture(out)
        page.close()


def main():
    with devtools.Browser() as browser:
        take(browser, PICTURE)
    with open(HASH, "w", encoding="utf-8") as f:
        f.write(machine.page.sources_hash() + "\n")
    print(f"  PICTURE docs/trace.png, {os.path.getsize(PICTURE)} bytes")


if __name__ == "__main__":
    main()
