"""tables.py - the translation tables: pt, maps.  They are found by the kernel's own variables, read by its linear map.

EL2's (its own, the host's stage 2, the guests') lie where EL1 cannot look: they are found by el2/'s variables, and read as EL2
sees them.  Where the kernel itself is at EL2 (newel.el2=vhe) there are the guests' alone, and it sees them.
"""

import contextlib
import re

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


def entries(table, read=target.physical):
    """The 512 descriptors of the table at physical @table, or None: it cannot be read."""
    data = read(table, 4096)
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
    value = target.register(f"MAIR_EL{target.kernel_level()}")
    return target.SYSREG["MAIR_VALUE"] if value is None else value


# ---- EL2's ----

class El2View:
    """What of the kernel's has to be known before its memory is out of sight; read(physical address, size)."""

    def __init__(self):
        self.within = bool(gdb.parse_and_eval("boot_info.stays_at_el2"))  # the kernel is at EL2
        self.read = target.physical if self.within else target.read
        self.image = target.image()[0]
        levels = gdb.parse_and_eval("boot_info.levels")
        if 2 not in [int(levels[i]) >> 2 for i in range(int(gdb.parse_and_eval("boot_info.nr_levels")))]:
            raise gdb.GdbError("no EL2 on the way down: it has no tables")
        # A VMID is given to another VM when it is wanted: what the kernel's files and records call a VM stays its own.
        vms = tasks.list_entries(gdb.parse_and_eval("'kvm/seen.c'::vms"), "struct kvm_vm", "all")
        self.numbers = {int(vm["el2"]): int(vm["number"]) for vm in vms}

    def variable(self, name):
        """The physical address of el2/'s @name; guests' are the kernel's own where that is at EL2."""
        found = re.findall(rf"(0x[0-9a-f]+) {name}\s", gdb.execute("maint print msymbols", to_string=True))
        start, end = target.symbol_address("__resident_el2_data"), target.symbol_address("__resident_el2_pages_end")
        for va in sorted({int(address, 16) for address in found}):
            if (start <= va < end) != self.within:
                return va - target.KERNEL_VA + self.image
        raise gdb.GdbError(f"{name} is not there: no tables of EL2's")


@contextlib.contextmanager
def el2_view():
    """EL2's memory can be read meanwhile, by the El2View that it gives."""
    view = El2View()
    with contextlib.nullcontext() if view.within else target.pstate(target.register("cpsr") & ~0x1F | target.EL2H):
        yield view


def member(kind, name, data):
    """Field @name ("table.root") of a struct @kind in these bytes."""
    at, of = 0, gdb.lookup_type("struct " + kind)
    for part in name.split("."):
        field = next(f for f in of.strip_typedefs().fields() if f.name == part)
        at, of = at + field.bitpos // 8, field.type
    return int.from_bytes(data[at:at + of.sizeof], "little")


def guests(view):
    """(its number, bytes of its struct el2_vm) of each VM that the kernel has in its list."""
    size, chunk = gdb.lookup_type("struct el2_vm").sizeof, gdb.lookup_type("struct el2_chunk").sizeof
    vm, nr_pages, nr_chunks = (int(gdb.parse_and_eval(what)) for what in ("(int)EL2_VM", "sizeof(el2_page_holds)", f"sizeof(el2_chunks) / {chunk}"))
    chunks, holds = view.read(view.variable("el2_chunks"), nr_chunks * chunk) or b"", view.read(view.variable("el2_page_holds"), nr_pages) or b""
    for page in (page for page, what in enumerate(holds) if what == vm):
        at, within = divmod(page, nr_pages // nr_chunks)
        pa = member("el2_chunk", "pa", chunks[at * chunk:])
        data = view.read(pa + 4096 * within, size) if pa else None
        number = data and view.numbers.get(member("el2_vm", "handle", data))
        if number:
            yield number, data


class Walk:
    """A table of EL2's: where its root is, how many bits of address it translates, from which level on."""

    def __init__(self, regime, name, root, bits, start):
        self.regime, self.name, self.root, self.bits, self.start = regime, name, root, bits, start

    @classmethod
    def of(cls, what, view):
        if what == "el2" or what == "host":
            if view.within:
                raise gdb.GdbError("the kernel is at EL2: pt ADDR; there is no stage 2 but the guests'")
            data = view.read(view.variable("own" if what == "el2" else "host"), gdb.lookup_type("struct el2_table").sizeof)
            field = lambda name: member("el2_table", name, data)  # noqa: E731
            if what == "el2":
                return cls("--el2", "TTBR0_EL2", field("root"), field("input_bits"), field("start"))
            return cls("--stage2", "the host's stage 2", field("root"), field("input_bits"), field("start"))
        there = dict(guests(view))
        if int(what) not in there:
            raise gdb.GdbError(f"no VM {what}: there {'is' if len(there) == 1 else 'are'} {', '.join(map(str, sorted(there))) or 'none'}")
        field = lambda name: member("el2_vm", "table." + name, there[int(what)])  # noqa: E731
        return cls("--stage2", f"stage 2 of VM {what}", field("root"), field("input_bits"), field("start"))

    def steps(self, address, read):
        """As Pt.walk: the root may be several pages that follow one another."""
        found, table, index = [], self.root, address >> shift(self.start)
        for at in range(self.start, 4):
            there = read(table + 8 * index, 8)
            if not there:
                return found, f"  level {at}: the table at {table:#x} cannot be read"
            entry = int.from_bytes(there, "little")
            found.append((at, table + 8 * index, entry))
            if is_leaf(entry, at):
                return found, f"  = physical {(entry & ADDRESS & -(1 << shift(at))) + (address & (1 << shift(at)) - 1):#x}"
            if not is_table(entry, at):
                return found, "  = nothing is mapped there"
            table, index = entry & ADDRESS, address >> shift(at + 1) & 511
        return found, ""


def show(steps, words):
    for (at, where, entry), line in zip(steps, words):
        print(f"  level {at}  [{where >> 3 & 511:3}] at {where:#x}: {entry:#018x} {line}")


class Pt(Command):
    """pt ADDR [TID]: walk the translation tables (TTBR0 or TTBR1, as the address says), each descriptor in words.

    With TID the user's half is that task's, else the running task's.

    pt el2 ADDR walks EL2's own, pt host ADDR the host's stage 2, pt vm N ADDR the stage 2 of that guest, whose physical
    address ADDR is; pt vm names the guests there are."""

    def el2(self, what, args):
        if not args:
            raise gdb.GdbError(f"pt {'vm N' if what == 'vm' else what} ADDR")
        which = what if what != "vm" else args.pop(0)
        address = target.number(" ".join(args) or "0")
        with el2_view() as view:
            walk = Walk.of(which, view)
            steps, end = walk.steps(address, view.read) if address >> walk.bits == 0 else ([], f"  = more than its {walk.bits} bits of address")
        print(f"{address:#018x} by {walk.name}")
        said = run("pte", walk.regime, hex(target.SYSREG["MAIR_VALUE"]), *(w for at, _, entry in steps for w in (str(at), hex(entry)))).splitlines()
        show(steps, said)
        print(end)

    def call(self, args):
        if args and args[0] in ("el2", "host", "vm"):
            if args == ["vm"]:
                with el2_view() as view:
                    print("\n".join(f"VM {number}" for number, _ in sorted(guests(view))) or "no guests")
                return
            self.el2(args[0], args[1:])
            return
        if not args:
            raise gdb.GdbError("pt ADDR [TID]")
        va = target.number(args[0])
        if va >> 48 not in (0, 0xFFFF):
            print(f"{va:#x} is in neither half: no table translates it")
            return
        table, what = root_of(va, tasks.find(args[1]) if len(args) > 1 else None)
        at = target.kernel_level()
        print(f"{va:#018x} by TTBR{va >> 63}_EL{at} ({what})")
        steps, end = self.walk(va, table)
        words = run("pte", f"--kernel-el{at}", hex(mair()), *(w for at, _, entry in steps for w in (str(at), hex(entry)))).splitlines()
        show(steps, words)
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
    """What a leaf entry lets the kernel and EL0 do, as "rw-|r-x"."""
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
