"""What the image promises before it runs: the boot Image header, the entry, and resident levels that stand alone.

That no segment is writable and executable, and that early code reads no linked address: tools/check.
"""

import os
import re
import struct
import subprocess

import pytest
from conftest import BUILD

ELF = os.path.join(BUILD, "newel.elf")
IMG = os.path.join(BUILD, "newel.img")


def readelf(*args):
    return subprocess.run(["readelf", "-W", *args], check=True, capture_output=True, text=True).stdout


def symbols():
    rows = (line.split() for line in readelf("-s", ELF).splitlines())
    return {r[7]: int(r[1], 16) for r in rows if len(r) == 8 and r[0] != "Num:"}


def segments():
    """(flags, physical address, bytes in memory) of each PT_LOAD."""
    row = re.compile(r"LOAD +\S+ \S+ (\S+) \S+ (\S+) ([RWE ]{3}) ")
    return [(m[3].replace(" ", ""), int(m[1], 16), int(m[2], 16)) for m in row.finditer(readelf("-l", ELF))]


def test_image_header():
    with open(IMG, "rb") as f:
        image = f.read()
    _, _, offset, size, flags = struct.unpack_from("<2I3Q", image)
    names = symbols()
    assert image[56:60] == b"ARM\x64"
    assert offset == 0
    assert size == names["__image_end"] - names["__image_start"] >= len(image)
    assert flags == 0b1010, "little endian, 4K pages, any 2 MiB base"


def test_entry_is_physical():
    """The same entry whether a loader believes p_vaddr or p_paddr: it lies in the first segment's physical range."""
    entry = int(re.search(r"Entry point address: +(0x[0-9a-f]+)", readelf("-h", ELF))[1], 16)
    _, start, size = segments()[0]
    assert start <= entry < start + size


def objects(folder):
    where = os.path.join(BUILD, folder)
    return [os.path.join(where, name) for name in sorted(os.listdir(where)) if name.endswith(".o")]


@pytest.mark.parametrize("folder", ["el2", "el3"])
def test_resident_code_stands_alone(folder):
    """What stays at EL2 and EL3 runs nothing that EL1 could overwrite: only board.c, machine.c and bcm2711.c, once, before, read the device tree."""
    names = symbols()
    defined, needed = set(), set()
    for obj in objects(folder):
        for row in (line.split() for line in readelf("-s", obj).splitlines()):
            if len(row) == 8 and row[4] in ("GLOBAL", "WEAK"):
                if row[6] != "UND":
                    defined.add(row[7])
                elif not obj.endswith(("board.c.o", "machine.c.o", "bcm2711.c.o")):
                    needed.add(row[7])
    outside = {n for n in needed - defined if not n.startswith("__")}  # the linker's marks are addresses, no code
    assert not outside
    for name in defined:
        assert (names["__resident_start"] <= names[name] < names["__resident_end"]
                or names["__resident_el2_pages"] <= names[name] < names["__resident_el2_pages_end"]), name
