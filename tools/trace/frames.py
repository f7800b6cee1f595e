"""frames.py - the stream of the trace taken apart: frames that are whole, and an account of all that is not.

A frame begins with its magic, and its CRC covers the rest.  Where one is damaged the reader goes on at the next magic
behind which everything is right.  Any bytes are taken; nothing of a frame is believed before its CRC fits.
"""

import bisect
import re
import zlib

import layout
from layout import FRAME, FRAME_MAX, MAGIC, STREAM

INFO, RECORDS, TASKS, END = (STREAM["FRAME_" + name] for name in ("INFO", "RECORDS", "TASKS", "END"))
CORES = 256  # a frame of another core is none
SEQ_MAX = 1 << 62
RECORDS_MAX = FRAME_MAX // layout.HEAD.size  # of a frame
START = re.compile(re.escape(MAGIC.to_bytes(4, "little")))


class Core:
    """What came of one core's records: seq numbers from 1, and what is missing of them."""

    def __init__(self):
        self.records = 0  # that are here
        self.first = 0  # the lowest number that was seen; 0: none yet
        self.next = 0  # one more than the highest
        self.gaps = 0  # numbers between them that were not seen
        self.repeated = 0  # that came twice: dropped
        self.ranges = []  # of numbers that were seen: [first, end), apart from each other
        self.malformed = 0  # in frames whose CRC is right, yet no records
        self.written = self.lost = None  # as END says: all there were; of them, overwritten before they were read
        self.cleared = 0  # and those that somebody dropped on purpose

    def see(self, seq, count):
        """Numbers that a frame says it has: which of them have come before, a set of places in it."""
        end, ranges = seq + count, self.ranges
        old = set()
        if not count:
            return old
        if ranges and seq <= ranges[-1][1] and seq >= ranges[-1][0] and end >= ranges[-1][1]:
            old = set(range(ranges[-1][1] - seq))  # the usual case: it goes on from the last
            self.gaps_closed(ranges, len(ranges) - 1, len(ranges), seq, end)
        else:
            low = bisect.bisect_left(ranges, seq, key=lambda r: r[1])
            high = bisect.bisect_right(ranges, end, key=lambda r: r[0])
            for first, last in ranges[low:high]:
                old.update(range(max(first, seq) - seq, min(last, end) - seq))
            self.gaps_closed(ranges, low, high, seq, end)
        self.repeated += len(old)
        return old

    def gaps_closed(self, ranges, low, high, seq, end):
        """ranges[low:high] and what is new become one; the numbers of all are counted again."""
        before = self.next - self.first - self.gaps if self.first else 0
        both = ranges[low:high]
        new = [min([seq] + [r[0] for r in both]), max([end] + [r[1] for r in both])]
        ranges[low:high] = [new]
        seen = before + new[1] - new[0] - sum(r[1] - r[0] for r in both)
        self.first, self.next = ranges[0][0], ranges[-1][1]
        self.gaps = self.next - self.first - seen

    def numbers(self):
        """All of it but the ranges."""
        return {name: value for name, value in vars(self).items() if name != "ranges"}

    def missing(self):
        """Records that existed and are not here."""
        return max(0, self.written - self.cleared - self.records) if self.written is not None else self.before() + self.gaps

    def before(self):
        return self.first - 1 if self.first else 0

    def damaged(self):
        """Missing, and not because the ring was too small."""
        return max(0, self.missing() - self.lost) if self.lost is not None else self.gaps


class Account:
    """What is not in the trace, and why."""

    def __init__(self):
        self.frames = 0  # whole ones
        self.damaged = 0  # places at which something stood that is no whole frame
        self.skipped = 0  # bytes of those
        self.ended = False  # an END came
        self.notes = 0  # of EL2 and EL3, which EL1 had not taken when they were overwritten
        self.cores = {}

    def core(self, cpu):
        return self.cores.setdefault(cpu, Core())

    def take(self, said):
        """What the decoder in C says of itself."""
        for name in ("frames", "damaged", "skipped", "ended"):
            setattr(self, name, said[name])
        for cpu, numbers in said["cores"].items():
            vars(self.core(int(cpu))).update(numbers)

    def whole(self):
        return not (self.damaged or self.notes or any(c.missing() or c.malformed for c in self.cores.values()))

    def lines(self):
        """In words, for a person; [] if nothing is missing."""
        said = []
        if self.damaged:
            said.append(f"{self.damaged} damaged place{'s' if self.damaged > 1 else ''} in the stream, {self.skipped} bytes")
        if not self.ended:
            said.append("the stream has no end: what came behind its last frame is unknown")
        if self.notes:
            said.append(f"{self.notes} notes of EL2 and EL3 overwritten before EL1 took them")
        for cpu, c in sorted(self.cores.items()):
            ring, other = c.lost or 0, c.damaged()
            if c.lost is None and c.before():
                said.append(f"cpu{cpu}: {c.before()} records before the first of these")
            if ring:
                said.append(f"cpu{cpu}: {ring} of {c.written} records overwritten before they were read")
            if other:
                said.append(f"cpu{cpu}: {other} records lost on the way")
            if c.malformed:
                said.append(f"cpu{cpu}: {c.malformed} frames with bytes that are no records")
            if c.repeated:
                said.append(f"cpu{cpu}: {c.repeated} records came twice")
        return said


def frame_at(data, at):
    """The frame that is whole at @at: (kind, cpu, seq, records, where its body begins, where it ends); None."""
    if at + FRAME.size > len(data):
        return None
    magic, crc, kind, cpu, size, seq, records, _ = FRAME.unpack_from(data, at)
    end = at + FRAME.size + size
    if magic != MAGIC or size > FRAME_MAX or records > RECORDS_MAX or end > len(data) or cpu >= CORES or seq >= SEQ_MAX or (kind == RECORDS and not seq):
        return None
    if zlib.crc32(data[at + 8 : end]) != crc:
        return None
    return kind, cpu, seq, records, at + FRAME.size, end


def frames(data, account):
    """Each whole frame of @data (bytes or memoryview), as frame_at gives it; what is between them goes into @account."""
    at = 0
    while at < len(data):
        frame = frame_at(data, at)
        if frame:
            account.frames += 1
            yield frame
            at = frame[5]
            continue
        account.damaged += 1
        bad = at
        while True:
            found = START.search(data, at + 1)
            at = found.start() if found else len(data)
            if not found or frame_at(data, at):
                break
        account.skipped += at - bad


def text_lines(data, begin, end):
    """The lines of a frame of text."""
    return bytes(data[begin:end]).decode("utf-8", "replace").split("\n")


def key_values(lines):
    """{key: the rest of its line}"""
    return {key: rest for key, _, rest in (line.partition(" ") for line in lines) if key}


def take_end(lines, account):
    """What an END frame says of each core.  A stream may have several; the last one counts."""
    account.ended = True
    for line in lines:
        m = re.fullmatch(r"cpu ([0-9]{1,3}) written ([0-9]{1,18}) lost ([0-9]{1,18})(?: cleared ([0-9]{1,18}))?", line)
        if m and int(m[1]) < CORES:
            core = account.core(int(m[1]))
            core.written, core.lost, core.cleared = int(m[2]), int(m[3]), int(m[4] or 0)


def frame(kind, body, cpu=0, seq=0, records=0):
    """A frame as the kernel makes it."""
    if len(body) > FRAME_MAX:
        raise ValueError("a frame of more than TRACE_FRAME_MAX")
    rest = FRAME.pack(MAGIC, 0, kind, cpu, len(body), seq, records, 0)[8:] + body
    return MAGIC.to_bytes(4, "little") + zlib.crc32(rest).to_bytes(4, "little") + rest


def record(kind, ticks, pid, levels=0x11, slot=0, chunks=b"", **fields):
    """A record as the kernel makes it; fields that are not named are 0."""
    k = layout.KINDS[kind]
    values = []
    for f in k.fields:
        value = fields.get(f.name, 0)
        if f.code == "s":
            values.append(value.encode() if isinstance(value, str) else value or b"")
        elif f.count:
            given = list(value or ())
            values += given + [0] * (f.count - len(given))
        else:
            values.append(value)
    return k.struct.pack(ticks, pid, kind, (k.size + len(chunks)) // 8, levels, slot, *values) + chunks


def chunk(arg, data, flags=0, whole=None):
    """A chunk as the kernel makes it."""
    pad = -len(data) % 8
    return layout.CHUNK.pack(arg, flags, len(data), len(data) if whole is None else whole) + data + bytes(pad)
