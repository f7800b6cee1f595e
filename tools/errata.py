#!/usr/bin/python3
"""errata.py - the instruction sequences that a Cortex-A53 may execute wrongly, looked for in linked files.

    tools/errata.py FILE...	a line for each sequence found; exit status 1 if there was one

    843419	ADRP in the last eight bytes of a page; then a load or store of one register, a store of a pair or ST1; then,
		at once or after one instruction that is no branch, a load or store at an unsigned offset from ADRP's
		register: the address may be wrong.
    835769	a load, store or prefetch, and directly after it a 64-bit multiply-accumulate that does not depend on
		what was loaded: the result may be wrong.

The sequences are those of Arm's errata notice for the Cortex-A53 (Arm EPM 048406).  Where it leaves room this file finds too much
rather than too little.  Only executable sections are read.
"""

import array
import struct
import sys

SHT_PROGBITS, SHF_EXECINSTR = 1, 4
ZERO = 31


def sections(path):
    """(address, words) of each executable section of an ELF file."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is not a little-endian ELF64 file")
    offset, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    for i in range(count):
        _, kind, flags, address, start, length = struct.unpack_from("<IIQQQQ", data, offset + i * size)
        if kind == SHT_PROGBITS and flags & SHF_EXECINSTR:
            words = array.array("I", data[start:start + (length & ~3)])
            if sys.byteorder == "big":
                words.byteswap()
            yield address, words


# ---- loads and stores (Arm ARM C4.1: the classes by their bits) ----

def is_memory(i):
    return i & 0x0A000000 == 0x08000000


def is_pair(i):
    return i & 0x3A000000 == 0x28000000


def is_exclusive(i):
    return i & 0x3F000000 == 0x08000000


def is_literal(i):
    return i & 0x3B000000 == 0x18000000


def is_single(i):
    return i & 0x3A000000 == 0x38000000


def is_unsigned_offset(i):
    return i & 0x3B000000 == 0x39000000


def is_st1(i):
    if i & 0xBF400000 == 0x0C000000:
        return i >> 12 & 15 in (2, 6, 7, 10)
    return i & 0xBF600000 == 0x0D000000 and i >> 13 & 7 in (0, 2, 4)


def loaded(i):
    """The general registers that this access fills."""
    if i >> 26 & 1:
        return set()
    rt, rt2 = i & 31, i >> 10 & 31
    if is_pair(i):
        return {rt, rt2} if i >> 22 & 1 else set()
    if is_exclusive(i):
        return ({rt, rt2} if i >> 21 & 1 else {rt}) if i >> 22 & 1 else set()
    if is_literal(i):
        return {rt} if i >> 30 != 3 else set()  # 3: a prefetch
    prefetch = i >> 22 & 0x303 == 0x302
    if is_single(i) and i >> 22 & 3 and not prefetch:
        return {rt}
    return set()


def written_back(i):
    """The base register, if this access moves it on."""
    pre_or_post = (is_single(i) and not is_unsigned_offset(i) and not i >> 21 & 1 and i >> 10 & 1) or (
        is_pair(i) and i >> 23 & 1) or i & 0xBE800000 == 0x0C800000
    return {i >> 5 & 31} if pre_or_post else set()


def is_branch(i):
    return i & 0x1C000000 == 0x14000000


# ---- the sequences ----

def erratum_843419(address, words, n):
    first = words[n]
    if first & 0x9F000000 != 0x90000000 or (address + 4 * n) & 0xFFF < 0xFF8 or n + 2 >= len(words):
        return False
    base, second = first & 31, words[n + 1]
    if not (is_single(second) or is_exclusive(second) or is_literal(second) or is_st1(second) or (
            is_pair(second) and not second >> 22 & 1)):
        return False
    if base in loaded(second) | written_back(second):
        return False

    def uses(i):
        return is_unsigned_offset(i) and i >> 5 & 31 == base

    third = words[n + 2]
    return uses(third) or (n + 3 < len(words) and not is_branch(third) and uses(words[n + 3]))


def erratum_835769(_address, words, n):
    first, second = words[n], words[n + 1] if n + 1 < len(words) else 0
    if second & 0xFF000000 != 0x9B000000 or not is_memory(first):
        return False
    rn, rm, ra = second >> 5 & 31, second >> 16 & 31, second >> 10 & 31
    if second >> 21 & 7 not in (0, 1, 5) or ra == ZERO:
        return False
    return not loaded(first) & {rn, rm, ra}


ERRATA = {"843419": erratum_843419, "835769": erratum_835769}


def find(path):
    """(erratum, address) of each sequence in this file."""
    for address, words in sections(path):
        for n in range(len(words)):
            for name, wrong in ERRATA.items():
                if wrong(address, words, n):
                    yield name, address + 4 * n


def main(paths):
    found = False
    for path in paths:
        for name, address in find(path):
            print(f"{path}: erratum {name} at {address:#x}")
            found = True
    sys.exit(found)


if __name__ == "__main__":
    main(sys.argv[1:])
