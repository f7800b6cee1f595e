"""tools/newel-trace and its readers: every form it writes, and streams that are damaged in every way.

The streams are synthetic (tools/trace/synthetic.py): what is in them is known, and so what must be missing.
"""

import json
import os
import random
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))

import frames  # noqa: E402
import layout  # noqa: E402
import serial  # noqa: E402
import synthetic  # noqa: E402
from model import CONTINUES, DECODER, EVENT, Trace  # noqa: E402

TOOL = os.path.join(ROOT, "tools", "newel-trace")
EVENTS = 6000
pytestmark = pytest.mark.virt


@pytest.fixture(scope="module")
def stream():
    return synthetic.stream(EVENTS, cores=4, tasks=9, seed=5)


def tool(*args, status=0):
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def records(data):
    """{(cpu, number): the record's bytes} of a stream, in the simplest way there is."""
    found = {}
    for kind, cpu, seq, count, at, _ in frames.frames(data, frames.Account()):
        for n in range(count if kind == frames.RECORDS else 0):
            size = data[at + 13] * 8
            found[cpu, seq + n] = data[at : at + size]
            at += size
    return found


def assert_nested(slices):
    """Of (begin, end, depth) in one track: two lie apart, or one is in the other."""
    open_ends = []
    for begin, end, depth in sorted(slices, key=lambda s: (s[0], -s[1], s[2])):
        assert end >= begin
        while open_ends and open_ends[-1] <= begin and (begin < end or open_ends[-1] < begin):
            open_ends.pop()
        assert not open_ends or end <= open_ends[-1], (begin, end, open_ends)
        open_ends.append(end)


def assert_all_nested(trace):
    for table, key in ((trace.lanes, ("cpu", "level")), (trace.tracks, ("pid", "cpu"))):
        tracks = {}
        first, second = (getattr(table, name) for name in key)
        for i in range(len(table)):
            tracks.setdefault((first[i], second[i]), []).append((table.begin[i], table.end[i], table.depth[i]))
        for slices in tracks.values():
            assert_nested(slices)


# ---- what it makes ----


def test_slices(stream):
    trace = Trace.read(stream).build()
    assert trace.account.whole() and not trace.account.lines()
    assert_all_nested(trace)
    calls = [i for i, (event, flags) in enumerate(zip(trace.tracks.event, trace.tracks.flags))
             if event >= 0 and trace.events.kind[event] == layout.SVC and not flags & CONTINUES]
    done = [i for i in calls if trace.tracks.ret[i] >= 0]
    assert len(done) > 0.9 * len(calls) > 1000
    for i in done:
        event, ret = trace.tracks.event[i], trace.tracks.ret[i]
        assert trace.events.ns[ret] == trace.tracks.end[i]
        assert trace.events.nr[event] == trace.events.nr[ret]
        assert trace.events.since[ret] == trace.events.ns[event]


def test_json(stream, tmp_path):
    (tmp_path / "t.ntr").write_bytes(stream)
    said = tool(tmp_path / "t.ntr", "--json", tmp_path / "t.json")
    assert "nothing was lost" in said and f"JSON for ui.perfetto.dev: {tmp_path}/t.json" in said
    made = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    tracks, named = {}, set()
    for e in made:
        assert e["ph"] in "XMi" and isinstance(e["pid"], int) and isinstance(e["tid"], int)
        if e["ph"] == "X":
            # In whole nanoseconds: microseconds with decimals are not exact as floating point.
            begin, length = round(e["ts"] * 1000), round(e["dur"] * 1000)
            tracks.setdefault((e["pid"], e["tid"]), []).append((begin, begin + length, len(tracks)))
        elif e["ph"] == "M":
            assert e["ts"] == 0
            if e["name"] == "thread_name":
                named.add((e["pid"], e["tid"]))
    assert set(tracks) <= named and len(tracks) > 12
    for slices in tracks.values():
        assert_nested(slices)


def test_babeltrace(stream, tmp_path):
    if not shutil.which("babeltrace2"):
        pytest.skip("needs babeltrace2, install it by: tools/setup test")
    (tmp_path / "t.ntr").write_bytes(stream)
    tool(tmp_path / "t.ntr", "--ctf", tmp_path / "ctf")
    done = subprocess.run(["babeltrace2", tmp_path / "ctf"], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    trace = Trace.read(stream)
    lines = done.stdout.splitlines()
    assert len(lines) == len(trace.events)
    for i in range(0, len(lines), 97):
        seconds, ns = divmod(trace.events.ns[i], 10**9)
        assert lines[i].startswith(f"[{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ns:09}]"), i
        assert f" {layout.KINDS[trace.events.kind[i]].name}: {{ cpu_id = {trace.events.cpu[i]} }}" in lines[i]
        assert f"pid = {trace.events.pid[i]}," in lines[i]


def test_text(stream, tmp_path):
    """A line an event; and a log that holds such lines gives the same slices again."""
    (tmp_path / "t.ntr").write_bytes(stream)
    tool(tmp_path / "t.ntr", "--text", tmp_path / "t.txt")
    lines = (tmp_path / "t.txt").read_text().splitlines()
    first = Trace.read(stream).build()
    assert len(lines) == len(first.events)
    log = "".join(f"10:00:01> \x1b[33mtrace: {line}\x1b[0m\r\n[    1.5] another line\r\n" for line in lines)
    data, kept, _ = serial.from_text(log.encode())
    again = Trace.read(data).build()
    assert [line for _, _, _, line in sorted(kept)][:3] == lines[:3]
    same = [i for i in range(len(first.tracks)) if first.tracks.event[i] >= 0]
    assert abs(len(same) - sum(e >= 0 for e in again.tracks.event)) < 0.01 * len(same)
    (tmp_path / "log").write_text(log)
    said = tool(tmp_path / "log", "--json", tmp_path / "t.json")
    assert "made of lines of text" in said and "nothing was lost" not in said


def text_of(path, info, *records):
    """The decoder's lines of these records on cpu0."""
    path.write_bytes(frames.frame(frames.INFO, info) + frames.frame(frames.RECORDS, b"".join(records), 0, 1, len(records)))
    done = subprocess.run([DECODER, "--text", "--quiet", path], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def test_functions_by_name(tmp_path):
    """The kernel's table (trace/names.c) has every function that the headers define, in both forms, and the lines are read again."""
    names = layout.functions()
    lines = text_of(tmp_path / "t", b"hz 1\n", *(frames.record(layout.CALL, at, 1, 0x31, fn=fn, arg=[0]) for at, fn in enumerate(names, 1)))
    assert [line.split()[-3] for line in lines] == [f"{name}(0," for name in names.values()] and len(lines) > 30
    for fn in (0x83000042, 0x84000005, 0):
        assert fn not in names
        assert f" smc {fn:#x}(0," in text_of(tmp_path / "t", b"hz 1\n", frames.record(layout.CALL, 1, 1, 0x31, fn=fn, arg=[0]))[0].replace(" 0(", " 0x0(")
    again = Trace.read(serial.from_text("".join(f"trace: {line}\n" for line in lines).encode())[0])
    assert [names[fn] for fn in again.events.nr] == list(names.values())


def test_interrupts_by_name(tmp_path):
    """By INFO's names, those that are none passed over."""
    info = b"hz 1\nirqs 3:ipi_call 27:arch_timer 28: x:y 9999:z 29:a\x1b[1m 30:" + b"n" * 41 + b" 31\n"
    irqs = [frames.record(layout.IRQ, at, 1, 0x11, nr=nr) for at, nr in enumerate((3, 27, 28, 29, 30, 31, 9999, -1), 1)]
    back = frames.record(layout.RETURN, 20, 1, 0x01, cause=layout.IRQ, nr=27), frames.record(layout.RETURN, 21, 1, 0x01, cause=layout.SVC, nr=27)
    said = [line.split("EL1 ")[-1].split("EL0 ")[-1] for line in text_of(tmp_path / "t", info, *irqs, *back)]
    assert said == ["irq 3 ipi_call", "irq 27 arch_timer", "irq 28", "irq 29", "irq 30", "irq 31", "irq 9999", "irq spurious",
                    "eret irq 27 arch_timer", "eret svc syscall_27 = 0"]


def test_calls_without_name(tmp_path):
    """A number that is not served is spelled alike everywhere."""
    call = frames.record(layout.SVC, 5, 1, 0x10, nr=293), frames.record(layout.RETURN, 9, 1, 0x01, cause=layout.SVC, nr=293, since=5, result=-38)
    lines = text_of(tmp_path / "t", b"hz 1\n", *call)
    assert " svc syscall_293(" in lines[0] and " svc syscall_293 = -ENOSYS" in lines[1]
    assert "syscall_293" in Trace.read((tmp_path / "t").read_bytes()).build().names


# ---- a serial line's log ----


def log_of(data, r):
    """What a terminal program keeps of a stream sent over a line that the kernel's log uses, too."""
    out = []
    for line in serial.armor(data).splitlines():
        if r.random() < 0.05:
            out.append("[2026-01-02 03:04:05.678] \x1b[1;31m[   12.345678] eth0: link is up\x1b[0m\r\n")
        if r.random() < 0.05:
            cut = r.randrange(4, len(line))
            out.append(f"{line[:cut]}\r\n[   12.345679] in the middle of it\r\n{line[cut:]}\r\n")
        else:
            out.append(f"[2026-01-02 03:04:05.679] \x1b[0m{line}\r\r\n")
    return "".join(out)


def test_armor(stream, tmp_path):
    log = log_of(stream, random.Random(1))
    (tmp_path / "log").write_text("newel$ trace start\n" + log)
    assert "nothing was lost" in tool(tmp_path / "log", "--save", tmp_path / "t.ntr")
    assert (tmp_path / "t.ntr").read_bytes() == stream


def test_armor_lost_lines(stream, tmp_path):
    """Lines that are gone or garbled cost the frames that they belonged to, and are counted."""
    lines = serial.armor(stream).splitlines(True)
    for n in (100, 500, 501, 900):
        lines[n] = ""
    lines[1200] = lines[1200].replace("A", "B", 1)
    (tmp_path / "log").write_text("".join(lines))
    said = tool(tmp_path / "log", "--save", tmp_path / "t.ntr")
    assert f"5 of its {len(lines)} armored lines are missing, 1 are damaged" in said
    kept = records((tmp_path / "t.ntr").read_bytes())
    lost = len(records(stream)) - len(kept)
    assert 0 < lost and f"{lost} records lost" in said or sum(
        int(line.split()[3]) for line in said.splitlines() if "records lost on the way" in line) == lost


def test_no_trace(tmp_path):
    (tmp_path / "log").write_text("no trace here\n")
    assert "no events" in tool(tmp_path / "log", status=1)
    tool(tmp_path / "none", status=2)


# ---- damage ----


def damaged(data, r):
    """@data with bytes flipped, dropped, inserted, or sent twice."""
    d = bytearray(data)
    for _ in range(r.randint(1, 8)):
        at, how = r.randrange(len(d)), r.randrange(4)
        if how == 0:
            d[at] ^= 1 << r.randrange(8)
        elif how == 1:
            del d[at : at + r.choice((1, 3, 8, 700, 9000))]
        elif how == 2:
            d[at:at] = r.randbytes(r.choice((1, 4, 33, 500)))
        else:
            again = r.randrange(len(d))
            d[at:at] = d[again : again + r.choice((100, 5000, 12000))]
    return bytes(d)


def assert_alike(a, b):
    """The reader in Python and the one in C."""
    for name in EVENT:
        assert getattr(a.events, name) == getattr(b.events, name), name
    assert (a.info, a.tasks, a.start, a.hz) == (b.info, b.tasks, b.start, b.hz)
    for name in ("frames", "damaged", "skipped", "ended"):
        assert getattr(a.account, name) == getattr(b.account, name)
    assert {k: v.numbers() for k, v in a.account.cores.items()} == {k: v.numbers() for k, v in b.account.cores.items()}


@pytest.mark.parametrize("seed", range(4))
def test_damaged_streams(stream, tmp_path, seed):
    """Nothing is made up, what is missing is said exactly, both readers see the same, and slices nest."""
    assert os.access(DECODER, os.X_OK), "make build/host/newel-trace-decode"
    whole, r, path = records(stream), random.Random(seed), tmp_path / "t.ntr"
    for _ in range(12):
        data = damaged(stream, r)
        path.write_bytes(data)
        trace = Trace.read(data)
        kept = records(data)
        assert all(whole[place] == record for place, record in kept.items())
        assert len(trace.events) == len(kept)
        if trace.account.ended:
            assert sum(c.missing() for c in trace.account.cores.values()) == len(whole) - len(kept)
        assert trace.account.skipped + sum(f[5] - f[4] + frames.FRAME.size for f in frames.frames(data, frames.Account())) == len(data)
        assert_alike(trace, Trace.decode(path))
        assert_all_nested(trace.build())


@pytest.mark.parametrize("seed", range(4))
def test_forged_records(tmp_path, seed):
    """Frames that are right, of records that no kernel writes: any fields, any order of entries and returns."""
    r = random.Random(seed)
    out, path = [frames.frame(frames.INFO, b"version 1\nhz 54000000\nstart 5\n")], tmp_path / "t.ntr"
    for seq in range(1, 2000, 10):
        body = b""
        for _ in range(10):
            kind = r.choice([*layout.KINDS, r.randrange(256)])
            k = layout.KINDS.get(kind, layout.KINDS[layout.SVC])
            head = layout.HEAD.pack(r.choice((r.randrange(500), r.getrandbits(64))), r.choice((0, 0, 7, 8, 9, -1)), kind, k.size // 8,
                                    r.randrange(256), r.randrange(256))
            body += head + b"".join(r.choice((r.randrange(500), r.getrandbits(64))).to_bytes(8, "little") for _ in range(k.size // 8 - 2))
        out.append(frames.frame(frames.RECORDS, body, r.randrange(3), seq, 10))
    data = b"".join(out)
    path.write_bytes(data)
    trace = Trace.read(data)
    assert_alike(trace, Trace.decode(path))
    assert_all_nested(trace.build())
    tool(path, "--json", tmp_path / "t.json", "--ctf", tmp_path / "ctf", "--text", tmp_path / "t.txt")
    json.loads((tmp_path / "t.json").read_text())
