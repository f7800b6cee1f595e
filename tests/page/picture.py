#!/usr/bin/python3
"""picture.py - docs/trace.png, the page as chromium shows it: take it anew.

    tests/page/picture.py

Beside it docs/trace.png.sources keeps the hash of the page's sources, by which a test knows that it is of today's.
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import devtools  # noqa: E402
import machine  # noqa: E402

PICTURE = os.path.join(machine.ROOT, "docs", "trace.png")
HASH = PICTURE + ".sources"


def take(browser, out):
    """The picture of the page, with a call and what is in it chosen, to @out."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.html")
        machine.page.write(machine.synthetic_trace(5000), path, command="ls -l /", machine="QEMU virt, cortex-a72")
        page = browser.open(path, width=1280, height=800)
        page.run("newelOpened.then(() => 0)")
        page.run("page.view.set(1.19e6, 1.25e6)")
        page.run("new Promise(done => setTimeout(done, 200))")
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
