"""tables.py - the translation tables: pt, maps.  They are found by the kernel's own variables, read by its linear map."""

import gdb

from newel import target, tasks
from newel.command import Command, run

VALID, TABLE, USER, READONLY, PXN, UXN = 1, 2, 1 << 6, 1 << 7, 1 << 53, 1 << 54
ADDRESS = 0x0000FFFFFFFFF000


def shift(at):
    return 39 - 9 * at


def is_table(entry, at):
    return at < 3 and entry & 3 == 3


def is_leaf(entry, at):
    return entry & VALID and at > 0 and bool(entry & TABLE) == (at == 3)


def entries(table):
    """The 512 descriptors of the table at physical @table, or None: it cannot be read."""
    data = target.physical(table, 4096)
    return data and [int.from_bytes(data[i:i + 8], "little") for i in range(0, 4096, 8)]


def kernel_root():
    return target.to_physical(target.symbol_address("kernel_root")), "kernel_root"


def user_root(task):
    if not int(task["mm"]):
        raise gdb.GdbError(f"task {int(task['tid'])} has no user memory")
    return target.to_physical(target.unsigned(task["mm"]["pgd"])), f"pgd of task {int(task['tid'])}"


def root_of(va, task=None):
    """The table that translates @va, and what it is."""
    return kernel_root() if va >> 63 else user_root(task or target.current())


def mair():
    value = target.register("MAIR_EL1")
    return target.SYSREG["MAIR_VALUE"] if value is None else value


class Pt(Command):
    """pt ADDR [TID]: walk the translation tables (TTBR0 or TTBR1, as the address says), each descriptor in words.

    With TID the user's half is that task's, else the running task's."""

    def call(self, args):
        if not args:
            raise gdb.GdbError("pt ADDR [TID]")
        va = target.number(args[0])
        if va >> 48 not in (0, 0xFFFF):
            print(f"{va:#x} is in neither half: no table translates it")
            return
        table, what = root_of(va, tasks.find(args[1]) if len(args) > 1 else None)
        print(f"{va:#018x} by TTBR{va >> 63}_EL1 ({what})")
        steps, end = self.walk(va, table)
        words = run("pte", hex(mair()), *(w for at, _, entry in steps for w in (str(at), hex(entry)))).splitlines()
        for (at, where, entry), line in zip(steps, words):
            print(f"  level {at}  [{va >> shift(at) & 511:3}] at {where:#x}: {entry:#018x} {line}")
        print(end)

    @staticmethod
    def walk(va, table):
        """[(level, physical address of the descriptor, descriptor)], and what the walk ended with."""
        steps = []
        for at in range(4):
            there = entries(table)
            index = va >> shift(at) & 511
            if not there:
                return steps, f"  level {at}: the table at {table:#x} cannot be read"
            entry = there[index]
            steps.append((at, table + 8 * index, entry))
            if is_leaf(entry, at):
                return steps, f"  = physical {(entry & ADDRESS & -(1 << shift(at))) + (va & (1 << shift(at)) - 1):#x}"
            if not is_table(entry, at):
                return steps, "  = nothing is mapped there"
            table = entry & ADDRESS
        return steps, ""


def rights(entry):
    """What a leaf entry lets EL1 and EL0 do, as "rw-|r-x"."""
    write = not entry & READONLY
    kernel = "r" + ("w" if write else "-") + ("-" if entry & PXN else "x")
    user = ("r" + ("w" if write else "-") if entry & USER else "--") + ("-" if entry & UXN else "x")
    return f"{kernel}|{user}"


def leaves(table, at, va):
    """All leaf entries below @table: (va, level, entry)."""
    for index, entry in enumerate(entries(table) or []):
        here = va + (index << shift(at))
        if is_table(entry, at):
            yield from leaves(entry & ADDRESS, at + 1, here)
        elif is_leaf(entry, at):
            yield here, at, entry


class Maps(Command):
    """maps [0|1] [TID]: every range that TTBR0 or TTBR1 (the default) maps, and what may be done there.

    A range that may be both written and executed is marked W+X, and counted in the last line.  With 0 and TID it is
    that task's memory, else the running task's."""

    def call(self, args):
        high = args[:1] != ["0"]
        table, _ = root_of(0xFFFF << 48 if high else 0, tasks.find(args[1]) if len(args) > 1 else None)
        bad, current = 0, None
        for va, level, entry in leaves(table, 0, (0xFFFF << 48) if high else 0):
            size, can = 1 << shift(level), rights(entry)
            if current and current[1] == va and current[2] == can:
                current[1] += size
                continue
            bad += self.show(current)
            current = [va, va + size, can]
        bad += self.show(current)
        print(f"{bad} ranges are W+X")

    @staticmethod
    def show(current):
        if not current:
            return 0
        start, end, can = current
        # Of either half: what EL0 may write, EL1 must not execute, and the other way round.
        wx = "w" in can and "x" in can
        print(f"  {start:#018x}-{end:#018x} {(end - start) >> 10:9} KiB  {can}{'  W+X' if wx else ''}")
        return int(wx)


Pt("pt", gdb.COMPLETE_EXPRESSION)
Maps("maps", gdb.COMPLETE_NONE)
