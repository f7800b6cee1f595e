#!/usr/bin/python3
"""kvm.py - `make bench-kvm`: what the ways through /dev/kvm cost on Newel, beside what was recorded on Linux.

    bench/kvm.py [--kernel IMG] [--machine NAME] [--only ROW] [--record] [--hist FILE]

The same program on both (bench/kvm.c), as init of a machine with EL2; counted as `make bench` counts (bench/run.py), but
the host's kernel, the guest and the VMM together.  --record writes Linux's columns into bench/kvm.txt; Linux is measured
with the kernel at EL1 on an A72 and at EL2 (VHE) on max, as it chooses itself.
"""

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "tests", "boot")]

import initrd  # noqa: E402
import qemu  # noqa: E402

OUT = os.path.join(ROOT, "build", "bench")
RECORD = os.path.join(HERE, "kvm.txt")
MACHINES = {"a72-gic2": ("cortex-a72", 2, ""), "a72-gic3": ("cortex-a72", 3, ""), "max-gic3": ("max", 3, ""),
            "max-vhe": ("max", 3, "newel.el2=vhe ")}
# Linux chooses by the core: it has no other column for max.
LINUX = {"max-vhe": "max-gic3"}
LIMIT = 900  # seconds


def run(name, kernel, only, hist):
    """{row: instructions} on one machine."""
    cpu, gic, words = MACHINES[name]
    log, archive = os.path.join(OUT, f"kvm.{name}.log"), os.path.join(OUT, "kvm.cpio")
    with open(os.path.join(OUT, "kvm"), "rb") as f, open(archive, "wb") as out:
        out.write(initrd.archive(initrd.directory("dev"), initrd.device("dev/console", 5, 1), initrd.file("init", f.read())))
    plugin = ["-plugin", f"file={OUT}/elcount.so,hist={hist}"] if hist else []
    m = qemu.Machine(el=2, smp=1, cpu=f"{cpu},cntfrq=1000000000", gic=gic, kernel=kernel, initrd=archive,
                     append=f"{words}console=ttyAMA0 quiet loglevel=3 panic=-1" + (f" -- only={only}" if only else ""),
                     serial=f"file,path={log}",
                     extra=["-seed", "1", "-nodefaults", "-icount", "shift=0,align=off,sleep=off", *plugin])
    open(log, "w", encoding="utf-8").close()
    print(f"  BENCH   {os.path.relpath(kernel)} on {name}; as it goes: tail -f {os.path.relpath(log)}", flush=True)
    try:
        subprocess.run(m.args(), timeout=LIMIT, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        print(f"kvm.py: not done after {LIMIT} s", file=sys.stderr)
    with open(log, encoding="utf-8", errors="replace") as f:
        said = f.read().replace("\r", "")
    if "bench: end" not in said:
        print("kvm.py: the benchmark did not run to its end; the last lines:\n" + "\n".join(said.split("\n")[-15:]), file=sys.stderr)
    return {row: float(value) for row, value in re.findall(r"^(\w+): ([\d.]+) ns", said, re.MULTILINE)}


def recorded():
    """{row: {machine: Linux's, "aim": the most that Newel may take}}"""
    if not os.path.exists(RECORD):
        return {}
    with open(RECORD, encoding="utf-8") as f:
        heads, *rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    return {row[0]: dict(zip(heads[1:], row[1:], strict=True)) for row in rows}


def record(results):
    was = recorded()
    with open(RECORD, "w", encoding="utf-8") as f:
        f.write("# Debian's Linux (make bench-kvm KERNEL=build/parts/vmlinuz RECORD=1): instructions, and the most that Newel may take.\n")
        f.write(f"{'row':<30}" + "".join(f"{m:>12}" for m in results) + f"{'aim':>10}\n")
        for row in next(iter(results.values())):
            f.write(f"{row:<30}" + "".join(f"{results[m].get(row, 0):>12.1f}" for m in results)
                    + f"{was.get(row, {}).get('aim', '-'):>10}\n")


def table(results):
    linux = recorded()
    print(f"{'row':<30}" + "".join(f"{'linux ' + m:>16}{'newel':>10}" for m in results) + f"{'aim':>10}")
    for row in dict.fromkeys(row for found in results.values() for row in found):
        aim = linux.get(row, {}).get("aim", "-")
        line = f"{row:<30}"
        for m, found in results.items():
            value = found.get(row)
            above = value is not None and aim != "-" and value > float(aim)
            line += f"{linux.get(row, {}).get(LINUX.get(m, m), '-'):>16}" + (f"{value:>9.1f}{'*' if above else ' '}" if value is not None else f"{'-':>10}")
        print(line + f"{aim:>10}")
    print("instructions of host, guest and VMM together, the least of 15 batches; * above the aim")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kernel", default=os.path.join(ROOT, "build", "newel.img"))
    p.add_argument("--machine", choices=MACHINES, action="append")
    p.add_argument("--only", default="")
    p.add_argument("--hist", default="")
    p.add_argument("--record", action="store_true")
    a = p.parse_args()
    machines = a.machine or [m for m in MACHINES if not (a.record and m in LINUX)]
    results = {m: run(m, a.kernel, a.only, a.hist) for m in machines}
    if a.record:
        record(results)
    table(results)


if __name__ == "__main__":
    main()
