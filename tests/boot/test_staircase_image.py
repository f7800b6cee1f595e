"""What the image promises before it runs: the boot Image header, segments, and code that works at any address."""

import os
import re
import struct
import subprocess

import pytest
from conftest import BUILD

ELF = os.path.join(BUILD, "newel.elf")
IMG = os.path.join(BUILD, "newel.img")
EARLY = ["start", "el2", "el3"]  # folders that run with the MMU off


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


def test_no_segment_is_writable_and_executable():
    flags = [s[0] for s in segments()]
    assert "RE" in flags and "R" in flags and "RW" in flags
    assert not [f for f in flags if "W" in f and "E" in f]


def objects(folder):
    where = os.path.join(BUILD, folder)
    return [os.path.join(where, name) for name in sorted(os.listdir(where)) if name.endswith(".o")]


@pytest.mark.parametrize("folder", EARLY)
def test_no_linked_address_is_read_before_the_mmu_is_on(folder):
    """Pointers that the linker writes are virtual.  Allowed: the header's size, and debug information."""
    found = []
    for obj in objects(folder):
        section = ""
        for line in readelf("-r", obj).splitlines():
            if line.startswith("Relocation section"):
                section = line.split("'")[1]
            elif "R_AARCH64_ABS" in line and not section.startswith(".rela.debug"):
                found.append((os.path.basename(obj), section, line.split()[4]))
    assert [f for f in found if f[2] != "__image_size"] == []


@pytest.mark.parametrize("folder", ["el2", "el3"])
def test_resident_code_stands_alone(folder):
    """What stays at EL2 and EL3 runs nothing that EL1 could overwrite: only machine.c, once, reads the device tree."""
    names = symbols()
    defined, needed = set(), set()
    for obj in objects(folder):
        for row in (line.split() for line in readelf("-s", obj).splitlines()):
            if len(row) == 8 and row[4] in ("GLOBAL", "WEAK"):
                if row[6] != "UND":
                    defined.add(row[7])
                elif not obj.endswith("machine.c.o"):
                    needed.add(row[7])
    outside = {n for n in needed - defined if not n.startswith("__resident_")}
    assert not outside
    for name in defined:
        assert names["__resident_start"] <= names[name] < names["__resident_end"], name
