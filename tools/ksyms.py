#!/usr/bin/python3
"""ksyms.py - make the kernel's own symbol table (log/ksym.c) from what nm says of a linked kernel.

    nm newel.elf | ksyms.py > ksyms.S	a table of its functions
    ksyms.py --empty > ksyms.S		the table of the first link, which has no kernel to look at

The table's size follows from the names alone and its offsets from the link, so the kernel is linked
three times: without a table, with one of the right size, with the right one.
"""

import sys


def functions(nm_lines):
    """Sorted [(address, name)] of the kernel's functions, one name an address."""
    by_address = {}
    base = end = None
    for line in nm_lines:
        fields = line.split()
        if len(fields) != 3:
            continue
        address, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == "__image_start":
            base = address
        elif name == "__text_end":
            end = address
        if kind not in "tTwW" or name.startswith(("$", ".", "__")):
            continue
        # Of several names for one place the longest-lived choice is the alphabet's: nm's order is not stable.
        by_address[address] = min(name, by_address.get(address, name))
    if base is None or end is None:
        sys.exit("ksyms: the kernel has no __image_start or no __text_end")
    table = sorted((a - base, n) for a, n in by_address.items() if base <= a < end)
    return table, end - base


def emit(table, end):
    print("/* Made by tools/ksyms.py. */")
    print('\t.section .ksyms, "a"')
    print("\t.balign 8")
    print("\t.global ksym_table, ksym_count, ksym_names")
    print("ksym_table:")
    at = 0
    for offset, name in table:
        print(f"\t.long {offset:#x}, {at}")
        at += len(name) + 1
    print(f"\t.long {end:#x}, {at}")
    print("ksym_count:")
    print(f"\t.long {len(table)}")
    print("ksym_names:")
    for _, name in table:
        print(f'\t.asciz "{name}"')
    print('\t.asciz ""')


if sys.argv[1:] == ["--empty"]:
    emit([], 0)
else:
    emit(*functions(sys.stdin))
