#!/usr/bin/python3
"""disk.py - `make bench-disk`: what the disk rows cost, in instructions at EL1, beside what was recorded on Linux.

    bench/disk.py [--kernel IMG] [--only ROW] [--record] [--hist FILE]

The same program and the same image on both (bench/disk.c): ext2 on virtio-blk over PCI, one core, 512 MiB.  A row waits
for the disk, so the clock is no measure: QEMU runs with -icount sleep=on and bench/elcount.c counts instructions
between two hints; of five runs the least counts.  --record writes Linux's column into bench/disk.txt.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "tests", "boot")]

import initrd  # noqa: E402
import qemu  # noqa: E402

OUT = os.path.join(ROOT, "build", "bench")
LINUX = os.path.join(ROOT, "build", "parts", "vmlinuz")
RECORD = os.path.join(HERE, "disk.txt")
LIMIT = 1500  # seconds


def make_image(path):
    """data, of 64 MiB, and tree/: 200 directories of ten files of 1 to 16 KiB; the same bytes each time."""
    folder, rng = path + ".d", random.Random(1)
    shutil.rmtree(folder, ignore_errors=True)
    for i in range(200):
        where = os.path.join(folder, "tree", f"dir{i % 20:02}", f"sub{i:03}")
        os.makedirs(where)
        for j in range(10):
            with open(os.path.join(where, f"file{j}"), "wb") as f:
                f.write(rng.randbytes(rng.randrange(1024, 16384)))
    with open(os.path.join(folder, "data"), "wb") as f:
        for _ in range(64):
            f.write(rng.randbytes(1 << 20))
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run(["mke2fs", "-q", "-t", "ext2", "-b", "4096", "-N", "32768", "-d", folder, path, "512M"], check=True,
                   env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "E2FSPROGS_FAKE_TIME": "1750000000"})
    shutil.rmtree(folder)


def make_initrd(path):
    def data(*where):
        with open(os.path.join(ROOT, *where), "rb") as f:
            return f.read()

    with open(path, "wb") as f:
        f.write(initrd.archive(initrd.directory("dev"), initrd.device("dev/console", 5, 1), initrd.directory("modules"),
                               initrd.file("modules/virtio_blk.ko", data("build", "parts", "linux-modules", "virtio_blk.ko"), 0o644),
                               initrd.file("init", data("build", "bench", "disk"))))


def run(kernel, only, hist):
    """{row: (EL1 instructions an operation, requests, interrupts)}, the least of its runs."""
    image, archive = os.path.join(OUT, "disk.img"), os.path.join(OUT, "disk.cpio")
    log = os.path.join(OUT, "disk.log")
    make_image(image)
    make_initrd(archive)
    plugin = f"file={OUT}/elcount.so" + (f",hist={hist}" if hist else "")
    m = qemu.Machine(el=1, smp=1, cpu="cortex-a72", kernel=kernel, initrd=archive, mem=512,
                     append="console=ttyAMA0 quiet loglevel=3 panic=-1 arm64.nolva" + (f" -- {only}" if only else ""),
                     serial=f"file,path={log}",
                     extra=["-nodefaults", "-drive", f"if=none,id=d,file={image},format=raw,cache=unsafe",
                            "-device", "virtio-blk-pci,drive=d", "-icount", "shift=0,align=off,sleep=on", "-plugin", plugin])
    counted = subprocess.run(m.args(), timeout=LIMIT, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
    with open(log, encoding="utf-8", errors="replace") as f:
        said = f.read().replace("\r", "")
    if "disk: end" not in said:
        sys.exit("disk.py: it did not run to its end; the last lines:\n" + "\n".join(said.split("\n")[-15:]) + counted[-500:])
    least = {}
    runs = re.findall(r"^(\w+): ops (\d+) requests (\d+) interrupts (\d+)", said, re.MULTILINE)
    counts = re.findall(r"^elcount region: el0 \d+ el1 (\d+)", counted, re.MULTILINE)
    for (name, ops, requests, interrupts), el1 in zip(runs, counts, strict=True):
        row = (int(el1) / int(ops), int(requests), int(interrupts))
        least[name] = min(least.get(name, row), row)
    return least


def recorded():
    rows = {}
    if os.path.exists(RECORD):
        with open(RECORD, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    name, el1, requests, interrupts = line.split()
                    rows[name] = (float(el1), int(requests), int(interrupts))
    return rows


def record(rows):
    with open(RECORD, "w", encoding="utf-8") as f:
        f.write("# Debian's Linux (make bench-disk KERNEL=build/parts/vmlinuz RECORD=1): row, EL1 instructions an operation,\n"
                "# requests and interrupts of one run.\n")
        for name, (el1, requests, interrupts) in rows.items():
            f.write(f"{name:<24}{el1:>12.1f}{requests:>8}{interrupts:>8}\n")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kernel", default=os.path.join(ROOT, "build", "newel.img"))
    p.add_argument("--only", default="")
    p.add_argument("--hist", default="")
    p.add_argument("--record", action="store_true")
    a = p.parse_args()
    print(f"  BENCH   {os.path.relpath(a.kernel)}: some minutes; as it goes: tail -f build/bench/disk.log", flush=True)
    rows = run(a.kernel, a.only, a.hist)
    if a.record:
        record(rows)
    linux = recorded()
    print(f"{'row':<24}{'linux':>12}{'':>14}{'newel':>12}{'':>14}{'ratio':>8}")
    for name, (el1, requests, interrupts) in rows.items():
        was = linux.get(name)
        beside = f"{was[0]:>12.1f}{was[1]:>7}/{was[2]:<6}" if was else " " * 26
        print(f"{name:<24}{beside}{el1:>12.1f}{requests:>7}/{interrupts:<6}{el1 / was[0] if was else 0:>8.2f}")
    print("instructions at EL1 an operation (a page, a file); requests/interrupts of one run; the least of five runs")


if __name__ == "__main__":
    main()
