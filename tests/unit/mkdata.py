#!/usr/bin/python3
"""mkdata.py - what the host tests and the fuzzers read: compressed files with what they must become, archives, ELFs.

    tests/unit/mkdata.py unit DIR	N.gz and N.plain, N = 0, 1, 2 ...
    tests/unit/mkdata.py fuzz DIR	DIR/cpio/, DIR/elf/, DIR/fat/, DIR/inflate/, DIR/params/, DIR/table/ ...: small
                                        seeds

The same bytes in every run.
"""

import os
import random
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "trace"))

import synthetic  # noqa: E402


def write(*parts, data):
    path = os.path.join(*parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


# ---- gzip ----

def gzip(plain, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, flags=0, window=15):
    """One member, with every field that @flags announces (RFC 1952)."""
    head = struct.pack("<3sBIBB", b"\x1f\x8b\x08", flags, 1234567890, 0, 3)
    if flags & 4:
        head += struct.pack("<H", 5) + b"extra"
    if flags & 8:
        head += b"name\0"
    if flags & 16:
        head += b"a comment\0"
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    c = zlib.compressobj(level, zlib.DEFLATED, -window, 9, strategy)
    body = c.compress(plain) + c.flush()
    return head + body + struct.pack("<II", zlib.crc32(plain), len(plain))


def texts(r):
    """Plain data of the kinds that lead to different blocks, codes and distances."""
    words = [bytes(r.choices(b"etaoin shrdlu\n", k=r.randint(1, 9))) for _ in range(300)]
    yield b""
    yield b"a"
    yield b"ab" * 3
    yield bytes(range(256))
    yield bytes(70000)
    yield r.randbytes(1000)
    yield r.randbytes(66000)
    yield b"".join(r.choices(words, k=20000))
    block = r.randbytes(32768)
    yield block + block + block[:5]  # matches from as far back as can be
    yield b"".join(bytes([r.choice(b"ab")]) * r.randint(1, 600) for _ in range(300))
    yield bytes(min(255, int(r.expovariate(0.05))) for _ in range(50000))  # long code words


def gzips(r):
    for plain in texts(r):
        for level, strategy in ((0, 0), (1, 0), (9, 0), (6, zlib.Z_FIXED), (6, zlib.Z_HUFFMAN_ONLY)):
            yield plain, gzip(plain, level, strategy)
    for flags in (2, 4, 8, 16, 30):
        yield b"flags", gzip(b"flags", flags=flags)


# ---- cpio ----

def cpio_entry(name, data=b"", mode=0o100644, magic=b"070701", nlink=1, ino=1, rdev=(0, 0)):
    check = sum(data) & 0xFFFFFFFF if magic == b"070702" else 0
    fields = (ino, mode, 0, 0, nlink, 0, len(data), 0, 0, *rdev, len(name) + 1, check)
    out = magic + b"".join(b"%08x" % f for f in fields) + name + b"\0"
    out += bytes(-len(out) % 4) + data
    return out + bytes(-len(out) % 4)


def archives():
    end = cpio_entry(b"TRAILER!!!", mode=0)
    small = cpio_entry(b"dir", mode=0o40755) + cpio_entry(b"dir/file", b"data\n") + end
    yield end
    yield small
    yield small + bytes(512) + small
    yield cpio_entry(b"sum", b"\xff\x01", magic=b"070702") + cpio_entry(b"TRAILER!!!", mode=0, magic=b"070702")
    yield cpio_entry(b"link", b"dir/file", mode=0o120777) + cpio_entry(b"tty", mode=0o20620, rdev=(5, 1)) + end
    yield cpio_entry(b"one", nlink=2, ino=7) + cpio_entry(b"two", b"shared", nlink=2, ino=7) + end
    yield small + gzip(small)


# ---- ELF ----

def elf(kind=2, phdrs=()):
    """An ELF header and its program headers, as the fuzzer takes them: (type, flags, offset, vaddr, filesz, memsz, align)."""
    ident = b"\x7fELF\2\1\1" + bytes(9)
    head = struct.pack("<16sHHIQQQIHHHHHH", ident, kind, 183, 1, 0x400000, 64, 0, 0, 64, 56, len(phdrs), 0, 0, 0)
    table = b"".join(struct.pack("<IIQQQQQQ", t, f, off, va, va, fs, ms, al) for t, f, off, va, fs, ms, al in phdrs)
    return head + table


def elves():
    text = (1, 5, 0, 0x400000, 0x1234, 0x1234, 0x10000)
    data = (1, 6, 0x1FF0, 0x411FF0, 0x100, 0x2000, 0x10000)
    stack = (0x6474E551, 6, 0, 0, 0, 0, 16)
    interp = (3, 4, 0x200, 0x400200, 27, 27, 1)
    yield elf(phdrs=(text,))
    yield elf(phdrs=(text, data, stack))
    yield elf(kind=3, phdrs=(interp, text, data, stack))


# ---- the parameters of a module ----

PARAMS = [b"b y=255 s-s=-5 u=0x10 l=010", b't="a b" "c=d e" a=1,2,3', b"b=off x=1 a=1,,2,3,4 -- y=1"]


# ---- the trace ----


def traces():
    """Streams whose last byte says whether the fuzzer makes the CRCs right."""
    return (synthetic.stream(events, cores, 3, seed) + bytes([seed & 1]) for events, cores, seed in ((20, 1, 1), (60, 2, 2), (90, 4, 3)))


def traced_calls(r):
    """A call and its return, each argument pointing to something; the last byte lets fuzz_trace_words take them as such."""
    def chunks(flags, longest):
        sizes = (r.choice((0, 4, 8, 16, 24, 56, longest)) for _ in range(6))
        return b"".join(struct.pack("<BBHI", arg, flags, n, n) + bytes(r.randrange(256) for _ in range(n)) for arg, n in enumerate(sizes))

    for nr in range(453):
        args = [r.choice((1, 3, 5, 0x1000)) for _ in range(6)]
        svc = struct.pack("<QQII6Q", 0x400000, 0x56000000, nr, 0, *args) + chunks(0, 128)
        words = (16 + len(svc)) // 8
        back = struct.pack("<QqQiI", 0x400000, 8, 1, nr, 1) + chunks(2, 144)
        yield (struct.pack("<QiBBBB", 2, 1, 1, words, 0x10, 8) + svc + struct.pack("<QiBBBB", 3, 1, 4, (16 + len(back)) // 8, 1, 8) + back
               + bytes([words if words & 3 else 0]))


# ---- partition tables ----


def mbr(*entries):
    table = b"".join(struct.pack("<B3xB3xII", 0, kind, start, n) for kind, start, n in entries)
    return (bytes(446) + table).ljust(510, b"\0") + b"\x55\xaa"


def tables():
    """The first byte: log2 of the block's size / 512, 4: on a disk of any size, 8: with the `gpt` word, and how many blocks more."""
    yield b"\xf0" + mbr((0x83, 1, 2), (5, 3, 20)) + bytes(1024) + mbr((0x83, 1, 1), (5, 1, 8)) + mbr((0x82, 1, 5), (5, 0, 9))
    entry = bytes(range(1, 33)) + struct.pack("<QQQ", 2, 5, 0) + "root".encode("utf-16le")
    header = struct.pack("<8sIIIIQQQQ16xQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, 5, 1, 5, 2, 8, 128, 0).ljust(512, b"\0")
    for first in (b"\x10", b"\x1c"):
        yield first + mbr((0xEE, 1, 0xFFFFFFFF)) + header + (entry.ljust(128, b"\0") * 8)


# ---- FAT ----

def fat_checksum(short):
    total = 0
    for c in short:
        total = ((total << 7 | total >> 1) + c) & 0xFF
    return total


def fat_entry(short, attrs, start=0, size=0, long=None):
    """A file's own entry, its long name's before it."""
    slots = []
    if long:
        units = long.encode("utf-16-le") + b"\0\0" * (len(long) % 13 != 0)
        for n in range(0, len(units), 26):
            part = units[n:n + 26].ljust(26, b"\xff")
            slots.append(struct.pack("<B10sBBB12sH4s", n // 26 + 1, part[:10], 15, 0, fat_checksum(short), part[10:22], 0, part[22:]))
        slots[-1] = bytes([slots[-1][0] | 0x40]) + slots[-1][1:]
    return b"".join(reversed(slots)) + struct.pack("<11sBBBHHHHHHHI", short, attrs, 0, 0, 0x6000, 0x5a21, 0x5a21, start >> 16, 0x6000, 0x5a21, start, size)


def fat_image(bits, fats):
    """A few files and a directory in at most 16 sectors of 512; the last byte is for the fuzzer's options."""
    reserved, root = (2, 0) if bits == 32 else (1, 1)
    chains = {2: 0x0FFFFFFF, 3: 5, 4: 0x0FFFFFFF, 5: 7, 6: 0x0FFFFFFF, 7: 0x0FFFFFFF}
    files = (fat_entry(b"LABEL      ", 8) + fat_entry(b"A       TXT", 0x20, 3, 1100) + fat_entry(b"SUB        ", 0x10, 4)
             + fat_entry(b"ALONGN~1TXT", 0x20, 6, 5, "A long name of a file.txt") + fat_entry(b"EMPTY      ", 0x21))
    sub = fat_entry(b".          ", 0x10, 4) + fat_entry(b"..         ", 0x10) + fat_entry(b"\x05BC    \x81  ", 0x20)
    table = [0x0FFFFFF8, 0x0FFFFFFF] + [chains.get(n, 0) for n in range(2, 8)]
    mask = (1 << bits) - 1
    packed = sum((n & mask) << bits * i for i, n in enumerate(table)).to_bytes(512, "little")
    boot = struct.pack("<3s8sHBHBHHBHHHII", b"\xeb\x58\x90", b"newel   ", 512, 1, reserved, fats, 16 * root, 64 if bits == 12 else 8000, 0xF8,
                       0 if bits == 32 else 1, 32, 2, 0, 0)
    if bits == 32:
        boot += struct.pack("<IHHIHH", 1, 0, 0, 2, 1, 0)
    info = struct.pack("<I480sIII", 0x41615252, b"", 0x61417272, 100, 8).ljust(512, b"\0")
    image = boot.ljust(512, b"\0") + info * (bits == 32) + packed * fats
    image += files.ljust(512, b"\0")  # the root: fixed, or FAT32's cluster 2
    image += b"" if bits == 32 else bytes(512)
    return image + b"3" * 512 + sub.ljust(512, b"\0") + b"5" * 512 + b"6" * 512 + b"7" * 511


def fats():
    for bits in (12, 16, 32):
        for fats_on_it in (1, 2):
            for options in range(16):
                yield fat_image(bits, fats_on_it) + bytes([options])


def main(what, out):
    r = random.Random(1)
    if what == "unit":
        for i, (plain, packed) in enumerate(gzips(r)):
            write(out, f"{i}.plain", data=plain)
            write(out, f"{i}.gz", data=packed)
        return
    small = ((plain, packed) for plain, packed in gzips(r) if len(packed) < 600)
    for kind, seeds in (("inflate", (packed for _, packed in small)), ("cpio", archives()), ("elf", elves()), ("table", tables()),
                        ("params", PARAMS), ("trace_stream", traces()), ("trace_words", traced_calls(r)),
                        ("fat", fats())):
        for i, seed in enumerate(seeds):
            write(out, kind, str(i), data=seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
