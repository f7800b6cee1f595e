#!/usr/bin/python3
"""run.py - `make bench`: instructions for each operation on Newel, beside what was recorded on Linux.

    bench/run.py [--kernel IMG] [--only ROW] [--trace KINDS] [--classes | --hist FILE] [--log FILE]

One guest instruction is one nanosecond is one tick of CNTVCT (-icount shift=0, CNTFRQ 1 GHz), so two runs
give the same bytes: a figure is a fact, not a sample.  --classes counts, with bench/elcount.c, what a bare
count hides, an operation: barriers, TLBI, cache maintenance, exclusives, system registers; --hist writes how often each
address was executed in the last batch of the (last) row.  Linux is measured by the same: --kernel build/parts/vmlinuz.
--trace=svc is the same with each call and its return recorded (docs/trace.md): what a row has more is what that costs.

Mitigations (el1/spectre.h): the machine is an A72 without firmware that would make it forget its branches, so v2
is open and no entry runs the loop against BHB, on Newel as on Linux: as with mitigations=off.  The loop is 28
instructions more for each entry from EL0 where it is on.
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
LIMIT = 1500  # seconds


def machine(kernel, log, image, append, plugin):
    """The one machine that figures are compared on."""
    return qemu.Machine(
        el=1, smp=1, cpu="cortex-a72,cntfrq=1000000000", kernel=kernel, initrd=image,
        append=f"console=ttyAMA0 quiet loglevel=3 panic=-1 {append}", serial=f"file,path={log}",
        extra=["-seed", "1", "-nodefaults", "-rtc", "base=2025-01-01T00:00:00,clock=vm",
               "-icount", "shift=0,align=off,sleep=off", *(["-plugin", plugin] if plugin else [])],
    )


def bench_initrd():
    with open(os.path.join(OUT, "bench"), "rb") as f:
        tree = initrd.archive(
            initrd.directory("dev"), initrd.device("dev/console", 5, 1), initrd.device("dev/null", 1, 3, 0o666),
            initrd.device("dev/zero", 1, 5, 0o666), initrd.file("init", f.read()))
    path = os.path.join(OUT, "initrd.cpio")
    with open(path, "wb") as f:
        f.write(tree)
    return path


def results(text):
    """{row: value or "skipped ERRNO"} of a bench log."""
    found = re.findall(r"^(\w+): (skipped \d+|[\d.]+)", text.replace("\r", ""), re.MULTILINE)
    return {name: value for name, value in found if name != "cntfrq"}


def recorded():
    with open(os.path.join(HERE, "recorded.txt"), encoding="utf-8") as f:
        rows = [line.split() for line in f if not line.startswith("#")]
    return rows[0], {row[0]: row[1:] for row in rows[1:]}


def class_table(regions, text):
    """What elcount.c counted between the marks: one region a batch, as many batches a row; least of the batches."""
    text = text.replace("\r", "")
    rows = [(name, float(ops)) for name, ops in re.findall(r"^(\w+)\.ops: ([\d.]+) ", text, re.MULTILINE)]
    counts = [{k: int(v) for k, v in re.findall(r"(\S+)=(\d+)", line)}
              for line in re.findall(r"^elcount region: el1 (.*)$", regions, re.MULTILINE)]
    batches = len(counts) // len(rows) if rows else 0
    if not batches or len(counts) != batches * len(rows):
        sys.exit(f"run.py: {len(counts)} counts do not fit {len(rows)} rows")
    heads = list(counts[0])
    print(f"\n{'at EL1, an operation':<22}" + "".join(f"{h:>12}" for h in heads))
    for i, (name, ops) in enumerate(rows):
        least = min(counts[i * batches:(i + 1) * batches], key=lambda c: sum(c.values()))
        print(f"{name:<22}" + "".join(f"{least[h] / ops:>12.1f}" for h in heads))


def table(ours):
    heads, rows = recorded()
    print(f"{heads[0]:<22}" + "".join(f"{h:>12}" for h in heads[1:]) + f"{'newel':>14}{'newel/min':>11}")
    for name, columns in rows.items():
        value = ours.get(name, "no answer")
        number = re.fullmatch(r"[\d.]+", value)
        ratio = f"{float(value) / float(columns[2]):.2f}" if number else ""
        aim = columns[3]
        mark = " *" if number and aim != "-" and float(value) > float(aim) else ""
        print(f"{name:<22}" + "".join(f"{c:>12}" for c in columns) + f"{value:>14}{ratio:>11}{mark}")
    print("instructions an operation, boot_to_main in thousands; * above the aim; least of five batches")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kernel", default=os.path.join(ROOT, "build", "newel.img"))
    p.add_argument("--log", default=os.path.join(OUT, "newel.log"))
    p.add_argument("--only", default="")
    p.add_argument("--trace", default="", help="record these kinds (svc, all) into the ring meanwhile")
    p.add_argument("--classes", action="store_true")
    p.add_argument("--hist", default="")
    a = p.parse_args()
    plugin = ""
    if a.classes or a.hist:
        plugin = f"file={OUT}/elcount.so" + (",classes=1" if a.classes else "") + (f",hist={a.hist}" if a.hist else "")
    words = (f"trace={a.trace},ring " if a.trace else "") + (f"-- only={a.only}" if a.only else "")
    m = machine(a.kernel, a.log, bench_initrd(), words, plugin)
    open(a.log, "w", encoding="utf-8").close()
    print(f"  BENCH   {os.path.relpath(a.kernel)}: a minute or so; as it goes: tail -f {os.path.relpath(a.log)}", flush=True)
    counted = ""
    try:
        counted = subprocess.run(m.args(), timeout=LIMIT, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 text=True).stderr
    except subprocess.TimeoutExpired:
        print(f"run.py: not done after {LIMIT} s", file=sys.stderr)
    print("".join(line for line in counted.splitlines(True) if not line.startswith("elcount")), end="", file=sys.stderr)
    with open(a.log, encoding="utf-8", errors="replace") as f:
        said = f.read()
    table(results(said))
    if a.classes:
        class_table(counted, said)
    if "bench: end" not in said:
        sys.exit("run.py: the benchmark did not run to its end; the last lines:\n" + "\n".join(said.split("\n")[-15:]))


if __name__ == "__main__":
    main()
