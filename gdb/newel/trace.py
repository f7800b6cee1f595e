"""trace.py - the records of the trace out of a machine that is stopped, or dead: el-trace.

The rings are read page by page (trace/ring.h), made frames of (abi/trace_stream.h), and handed to the same C code that
decodes a saved stream: build/host/newel-trace-decode.
"""

import os
import re
import struct
import sys

import gdb

from newel import target
from newel.command import ROOT, Command, run
from newel.target import unsigned

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))
import frames  # noqa: E402

PAGE, HEAD = 4096, struct.Struct("<QII")  # struct trace_page: first, state (bytes, then records)
RESERVED = (1 << 64) - 1
PAGES_MAX = 1 << 18
EL1 = re.compile(r"\belr=(0xffff[0-9a-f]{12})")


def cores():
    """The cores that have a copy of the per-CPU data."""
    count = gdb.parse_and_eval("percpu_offset").type.range()[1] + 1
    return [cpu for cpu in range(count) if cpu == 0 or unsigned(gdb.parse_and_eval(f"percpu_offset[{cpu}]"))]


def pages(ring):
    """(number of the first record, how many, their bytes) of each page of a struct trace_ring, the oldest first."""
    count, at = int(ring["nr_pages"]), int(ring["at"])
    # More than any ring has is garbage.
    array = target.read(unsigned(ring["pages"]), 8 * count) if 0 < count <= PAGES_MAX else None
    if not array:
        return
    addresses = struct.unpack(f"<{count}Q", array)
    for back in range(count - 1, -1, -1):
        page = target.read(addresses[(at - back) % count], PAGE)
        first, size, records = HEAD.unpack_from(page) if page else (0, 0, 0)
        if first and first != RESERVED and size <= PAGE - HEAD.size:
            yield first, records, page[HEAD.size:HEAD.size + size]


def number_of(expression):
    try:
        return target.number(expression)
    except gdb.error:
        return 0


def info():
    """What an INFO frame says, as far as memory does."""
    hz = number_of("counter_scale.hz") or target.register("CNTFRQ_EL0") or 62500000
    return f"version 1\nmachine aarch64\nhz {hz}\nstart {number_of('time_base')}\ncores {len(cores())}\nkernel 0\n"


def stream():
    """All rings as one stream, as a read of /dev/trace would give it; b"": there is no record."""
    out, ends = [frames.frame(frames.INFO, info().encode())], []
    for cpu in cores():
        ring, last = target.per_cpu("trace_ring", cpu), 0
        for first, records, data in pages(ring):
            if records:
                out.append(frames.frame(frames.RECORDS, data, cpu, first, records))
                last = first + records - 1
        ends.append(f"cpu {cpu} written {last} lost {unsigned(ring['lost'])}\n")
    out.append(frames.frame(frames.END, "".join(ends).encode()))
    return b"".join(out) if len(out) > 2 else b""


def with_symbol(line):
    """Behind a line: what of the kernel or of a module it was in."""
    at = EL1.search(line)
    if not at or line.endswith(")"):
        return line
    symbol = target.symbol(int(at[1], 16))
    return line if symbol.startswith("0x") else f"{line} ({symbol})"


class ElTrace(Command):
    """el-trace [N] [FILTER...]: the last N records of the trace (32), out of a machine that is stopped, or dead.

    All cores', by time.  FILTERs are regular expressions, each of which a line must match: el-trace 100 'cpu1 ' svc, el-trace 'pid 7 '.
    `el-trace > FILE` saves all of them as the stream that tools/newel-trace reads."""

    def call(self, args):
        data = stream()
        if not data:
            print("no records: trace=all,ring on the command line, or /sys/kernel/newel/trace/kinds, keeps them")
            return
        if args == [">"]:
            raise gdb.GdbError("el-trace > FILE")
        if args[:1] == [">"]:
            with open(args[1], "wb") as f:
                f.write(data)
            print(f"{args[1]}: {len(data)} bytes; tools/newel-trace {args[1]} reads it")
            return
        count = int(args.pop(0), 0) if args and re.fullmatch(r"\d+", args[0]) else 32
        lines = run("newel-trace-decode", "--text", "--quiet", "-", data=data).splitlines()
        lines = [line for line in lines if all(re.search(f, line) for f in args)]
        for line in lines[-count:] if count else []:
            print(with_symbol(line))


ElTrace("el-trace")
