#!/usr/bin/python3
"""arrows.py - an #include only goes down the table of DESIGN.md, so that the folders make no circle.

A line a wrong arrow, and exit status 1 if there is one.
"""

import os
import re
import subprocess
import sys

# What stands on a line may include what is named after it, and all that those may.  Highest first.
MAY_USE = {
    "el1": ["net", "fs", "task", "trace", "mm", "drivers", "log"],
    "net": ["fs"],
    "fs": ["task", "mm", "drivers", "log"],
    "task": ["trace", "mm", "log"],
    "trace": ["log"],
    "mm": ["log"],
    "drivers": ["log"],
    "start": ["arm", "lib"],
    "el3": ["arm", "lib"],
    "el2": ["arm", "lib"],
    "log": ["arm", "lib"],
    "arm": ["abi"],
    "lib": ["abi"],
    "abi": [],
    "el0": ["abi"],
    "vdso": ["abi", "arm"],
}

# Single headers that hold a contract between two folders: plain numbers, structs, prototypes.
EVERYWHERE = {"mm/layout.h", "lib/util.h", "abi/errno.h"}
CONTRACTS = {
    "start/boot_info.h": ["el1", "el2", "el3"],  # what the way down learned: start/ calls kmain() with it
    "start/secondary.h": ["el1"],  # how the other cores get in: start/ calls secondary_main()
    "drivers/irq.h": ["task"],  # a core tells another that there is something to run
    "drivers/timer/timer.h": ["task"],  # the clock, and one deadline a core
    "vdso/data.h": ["task"],  # what the kernel tells the code that it maps into programs
    "task/wait.h": ["mm"],  # an address space is locked by a mutex
    "mm/kmap.h": ["drivers"],  # how a driver gets at its registers
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def reach(folder):
    """All folders that @folder may include from."""
    seen, todo = {folder}, [folder]
    while todo:
        for below in MAY_USE[todo.pop()]:
            if below not in seen:
                seen.add(below)
                todo.append(below)
    return seen


def wrong_arrows(path):
    folder = path.split("/")[0]
    allowed = reach(folder)
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            target = m.group(1)
            if target.split("/")[0] in allowed or target in EVERYWHERE:
                continue
            if folder in CONTRACTS.get(target, ()):
                continue
            yield f"{path}:{number}: {folder}/ may not include {target}"


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    files = subprocess.run(["git", "ls-files", "*.[chS]"], capture_output=True, text=True, check=True)
    wrong = [
        arrow
        for path in files.stdout.split()
        if path.split("/")[0] in MAY_USE and os.path.exists(path)
        for arrow in wrong_arrows(path)
    ]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
