"""ctf.py - the trace in the Common Trace Format 1.8, for babeltrace2 and Trace Compass.

The metadata is made of abi/trace.def.  A stream for each core, in packets; an event holds the record's fields as the kernel wrote
them, and the bytes behind them (its chunks) as they are.
"""

import os
import struct

import layout
from layout import HEAD, KINDS

MAGIC = 0xC1FC1FC1
PACKET = struct.Struct("<IQQQQQI")  # magic; begin, end, content, size, discarded, cpu
EVENT = struct.Struct("<BQiBB")  # id timestamp; pid levels slot
PACKET_BYTES = 1 << 16
BASES = {"ADDRESS": 16, "ESR": 16, "HEX": 16, "FN": 16, "FLAGS": 16, "OCT": 8}
HEADER = """/* CTF 1.8 */
typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
typealias integer { size = 32; align = 8; signed = true; } := int32_t;
typealias integer { size = 64; align = 8; signed = true; } := int64_t;
typealias integer { size = 8; align = 8; signed = true; encoding = UTF8; } := char_t;

trace {
	major = 1;
	minor = 8;
	byte_order = le;
	packet.header := struct { uint32_t magic; };
};

env {
%(env)s};

clock {
	name = cntvct;
	description = "CNTVCT_EL0; 0 is the log's time 0";
	freq = %(hz)d;
	offset_s = %(seconds)d;
	offset = %(cycles)d;
};

typealias integer { size = 64; align = 8; signed = false; map = clock.cntvct.value; } := ticks_t;
typealias enum : integer { size = 4; align = 1; signed = false; } { EL0, EL1, EL2, EL3 } := level_t;

stream {
	packet.context := struct {
		ticks_t timestamp_begin;
		ticks_t timestamp_end;
		uint64_t content_size;
		uint64_t packet_size;
		uint64_t events_discarded;
		uint32_t cpu_id;
	};
	event.header := struct { uint8_t id; ticks_t timestamp; };
	event.context := struct { int32_t _pid; level_t _from; level_t _to; uint8_t _slot; };
};
"""


def quoted(text):
    return '"' + "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "?" for c in text) + '"'


def enum_of(ctype, names):
    items = ", ".join(f"{quoted(name)} = {number}" for number, name in sorted(names.items()))
    return f"enum : {ctype} {{ {items} }}"


def field_type(field, enums):
    if field.show in enums:
        return enum_of(field.ctype, enums[field.show])
    if field.code == "s":
        return "char_t"
    size, signed = 8 * struct.calcsize(field.code), field.code.islower()
    return f"integer {{ size = {size}; align = 8; signed = {str(signed).lower()}; base = {BASES.get(field.show, 10)}; }}"


def metadata(trace):
    enums = {"CALL": layout.syscalls(), "SIGNAL": layout.signals(), "KIND": {0: "none", **{n: k.name for n, k in KINDS.items()}}}
    env = {"release": trace.info.get("release", ""), "machine": trace.info.get("machine", ""), "kinds": trace.info.get("kinds", ""),
           "filters": trace.info.get("filters", "")}
    seconds, cycles = divmod(-trace.start, trace.hz)
    out = [HEADER % {"env": "".join(f"\t{key} = {quoted(value)};\n" for key, value in env.items()), "hz": trace.hz, "seconds": seconds,
                     "cycles": cycles}]
    for number, kind in sorted(KINDS.items()):
        fields = [f"\t\t{field_type(f, enums)} _{f.name}{f'[{f.count}]' if f.count else ''};\n" for f in kind.fields]
        fields.append("\t\tuint16_t _chunk_bytes;\n\t\tuint8_t _chunks[_chunk_bytes];\n")
        out.append(f"\nevent {{\n\tid = {number};\n\tname = {kind.name};\n\tfields := struct {{\n{''.join(fields)}\t}};\n}};\n")
    return "".join(out)


class Core:
    """The file of one core's stream: its packets."""

    def __init__(self, path, cpu, discarded):
        self.out, self.cpu, self.discarded = open(path, "wb"), cpu, discarded
        self.body, self.size, self.begin, self.end = [], 0, 0, 0

    def add(self, ticks, *pieces):
        size = sum(map(len, pieces))
        if self.size + size > PACKET_BYTES:
            self.flush()
        if not self.body:
            self.begin = ticks
        self.end = ticks
        self.body += pieces
        self.size += size

    def flush(self):
        if self.body:
            bits = 8 * (PACKET.size + self.size)
            self.out.write(PACKET.pack(MAGIC, self.begin, self.end, bits, bits, self.discarded, self.cpu))
            self.out.write(b"".join(self.body))
        self.body, self.size = [], 0

    def close(self):
        self.flush()
        self.out.close()


def write(trace, folder):
    """@trace into @folder, which is made; other streams in it go away.  Return: events that CTF has no place for."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name == "metadata" or name.startswith("cpu"):
            os.unlink(os.path.join(folder, name))
    with open(os.path.join(folder, "metadata"), "w", encoding="ascii") as f:
        f.write(metadata(trace))
    e, data, cores, left = trace.events, trace.data, {}, 0
    fixed = {number: kind.size for number, kind in KINDS.items()}
    for at, cpu, kind in zip(e.at, e.cpu, e.kind):
        end = at + data[at + 13] * 8
        middle = at + fixed.get(kind, 1 << 20)
        ticks, pid, _, _, levels, slot = HEAD.unpack_from(data, at)
        if middle > end:
            left += 1
            continue
        if cpu not in cores:
            cores[cpu] = Core(os.path.join(folder, f"cpu{cpu}"), cpu, trace.account.core(cpu).missing())
        cores[cpu].add(ticks, EVENT.pack(kind, ticks, pid, levels & 3 | (levels & 0x30), slot), data[at + HEAD.size : middle],
                       (end - middle).to_bytes(2, "little"), data[middle:end])
    for core in cores.values():
        core.close()
    return left
