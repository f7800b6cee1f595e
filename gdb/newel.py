"""newel.py - what gdb has to know of Newel: levels, syndromes, translation tables, frames, tasks, modules.

Loaded by gdb/newel.gdb (`make debug`).  Read-only but for one thing: to read a table it asks QEMU for
physical memory and puts the mode back, so that nothing depends on the tables it is looking at.
"""

import os
import subprocess

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEVELS = ["EL0 (the program)", "EL1 (the kernel)", "EL2 (the hypervisor)", "EL3 (the monitor)"]


def register(name):
    """A register's value as an unsigned integer, or None where QEMU does not show it."""
    value = gdb.parse_and_eval("$" + name)
    if value.type.code == gdb.TYPE_CODE_VOID:
        return None
    return int(value) & (1 << 64) - 1


def number(text):
    return int(gdb.parse_and_eval(text)) & (1 << 64) - 1


class Command(gdb.Command):
    """A gdb command: the docstring is its help, call(arguments) its work."""

    def __init__(self, name):
        super().__init__(name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        self.call(gdb.string_to_argv(argument))


# ---- level and syndrome ----


def level():
    """CurrentEL, which gdb has no name for, out of PSTATE."""
    return register("cpsr") >> 2 & 3


class El(Command):
    """el: the exception level of this core, by name."""

    def call(self, args):
        now, stack = level(), "SP_EL0" if not register("cpsr") & 1 else f"SP_EL{level()}"
        masked = "".join(n for bit, n in ((9, "D"), (8, "A"), (7, "I"), (6, "F")) if register("cpsr") >> bit & 1)
        print(f"{LEVELS[now]}, on {stack}, masked: {masked or 'nothing'}")


class Esr(Command):
    """esr [VALUE]: decode a syndrome, by default ESR of the level that this core is at."""

    def call(self, args):
        value = number(args[0]) if args else register(f"ESR_EL{max(1, level())}")
        # The kernel's own decoder (trace/esr.c), built for this machine: one decoder, not two.
        tool = os.path.join(ROOT, "build", "host", "esr")
        if not os.path.exists(tool):
            raise gdb.GdbError("build/host/esr is not there: make build/host/esr")
        print(subprocess.run([tool, hex(value)], capture_output=True, text=True, check=True).stdout, end="")


# ---- translation tables ----

VALID, TABLE, USER, READONLY, PXN, UXN = 1, 2, 1 << 6, 1 << 7, 1 << 53, 1 << 54
ADDRESS = 0x0000FFFFFFFFF000


def read_physical(address, size):
    """Physical memory, as QEMU's gdb stub gives it in its physical mode."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def entry_of(table, index):
    return int.from_bytes(read_physical(table + 8 * index, 8), "little")


def root_of(va):
    """The table that translates @va, and the level (0..3) that it stands at."""
    high = va >> 63
    ttbr = register(f"TTBR{high}_EL1")
    size = register("TCR_EL1") >> (16 if high else 0) & 63
    return ttbr & ADDRESS, 4 - -(-(64 - size - 12) // 9)


def rights(entry):
    """What a leaf entry lets EL1 and EL0 do, as "rw-|r-x"."""
    write = not entry & READONLY
    kernel = "r" + ("w" if write else "-") + ("-" if entry & PXN else "x")
    user = ("r" + ("w" if write else "-") if entry & USER else "--") + ("-" if entry & UXN else "x")
    return f"{kernel}|{user}"


def describe(entry, at):
    return (f"-> {entry & ADDRESS & -(1 << shift(at)):#x} ({1 << shift(at) - 10} KiB), EL1|EL0 {rights(entry)}, "
            f"attr {entry >> 2 & 7}{', nG' if entry >> 11 & 1 else ', global'}"
            f"{'' if entry >> 10 & 1 else ', not accessed'}")


def shift(at):
    return 39 - 9 * at


def is_table(entry, at):
    return at < 3 and entry & 3 == 3


class Pt(Command):
    """pt ADDR: walk the translation tables (TTBR0 or TTBR1, as the address says) and show each step."""

    def call(self, args):
        if not args:
            raise gdb.GdbError("pt ADDR")
        va = number(args[0])
        if va >> 48 not in (0, 0xFFFF):
            print(f"{va:#x} is in neither half: no table translates it")
            return
        table, at = root_of(va)
        print(f"{va:#018x} by TTBR{va >> 63}_EL1")
        while True:
            index = va >> shift(at) & 511
            entry = entry_of(table, index)
            where = f"  level {at}  [{index:3}] at {table + 8 * index:#x}: {entry:#018x}"
            if not entry & VALID or (at == 3 and not entry & TABLE):
                print(where, "not valid")
                return
            if not is_table(entry, at):
                print(where, describe(entry, at))
                print(f"  = physical {(entry & ADDRESS & -(1 << shift(at))) + (va & (1 << shift(at)) - 1):#x}")
                return
            print(where, "-> table")
            table, at = entry & ADDRESS, at + 1


def leaves(table, at, va):
    """All leaf entries below @table: (va, level, entry)."""
    data = read_physical(table, 4096)
    for index in range(512):
        entry = int.from_bytes(data[8 * index : 8 * index + 8], "little")
        here = va + (index << shift(at))
        if is_table(entry, at):
            yield from leaves(entry & ADDRESS, at + 1, here)
        elif entry & VALID and (at < 3 or entry & TABLE):
            yield here, at, entry


class Maps(Command):
    """maps [0|1]: every range that TTBR0 or TTBR1 (the default) maps, and what may be done there.

    A range that may be both written and executed is marked W+X, and counted in the last line."""

    def call(self, args):
        high = args[:1] != ["0"]
        table, at = root_of(0xFFFF << 48 if high else 0)
        bad, current = 0, None
        for va, level_, entry in leaves(table, at, (0xFFFF << 48) if high else 0):
            size, can = 1 << shift(level_), rights(entry)
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
        wx = any("w" in half and "x" in half for half in can.split("|")) or (
            # What EL0 may write, EL1 must not execute, and the other way round.
            "w" in can and "x" in can
        )
        print(f"  {start:#018x}-{end:#018x} {(end - start) >> 10:9} KiB  {can}{'  W+X' if wx else ''}")
        return int(wx)


# ---- frames and tasks ----


class FrameDump(Command):
    """frame-dump [ADDR]: the trap frame at ADDR, by default that of the running task's last entry from EL0."""

    def call(self, args):
        if args:
            frame = gdb.parse_and_eval(f"*(struct trapframe *)({args[0]})")
        else:
            top = int(gdb.parse_and_eval("((struct task *)$x18)->stack"))
            frame = gdb.parse_and_eval(f"*((struct trapframe *)({top} - 16) - 1)")
        value = lambda field: int(frame[field]) & (1 << 64) - 1  # noqa: E731
        print(f"pc  {value('pc'):016x}  sp  {value('sp'):016x}  pstate {value('pstate'):08x}")
        print(f"esr {value('esr'):016x}  far {value('far'):016x}  syscall {int(frame['syscall'])}")
        for i in range(0, 31, 4):
            print("  ".join(f"x{j:<2} {int(frame['x'][j]) & (1 << 64) - 1:016x}" for j in range(i, min(i + 4, 31))))


def list_entries(head, kind, member):
    """The structs of a lib/list.h list: @head is its struct list_node, @member the name of the link."""
    offset = int(gdb.parse_and_eval(f"(unsigned long)&(({kind} *)0)->{member}"))
    kind = gdb.lookup_type(kind)
    node = head["next"]
    while node != head.address:
        yield (node.cast(gdb.lookup_type("char").pointer()) - offset).cast(kind.pointer()).dereference()
        node = node.dereference()["next"]


class Ps(Command):
    """ps: every process and thread, its state, and where it stands in the kernel."""

    def call(self, args):
        table = gdb.parse_and_eval("init_process")
        if table.type.code != gdb.TYPE_CODE_PTR or not int(table):
            raise gdb.GdbError("no process yet")
        print("  PID   TID  STATE          CPU  COMMAND           KERNEL PC")
        self.show(table.dereference())

    def show(self, process):
        for task in list_entries(process["threads"], "struct task", "thread"):
            pc = int(task["context"]["pc"]) & (1 << 64) - 1
            state = str(task["state"].cast(gdb.lookup_type("enum task_state")))
            print(f"{int(process['pid']):5} {int(task['tid']):5}  {state:<14} {int(task['cpu']):3}  "
                  f"{task['comm'].string():<16}  {self.symbol(pc)}")
        for child in list_entries(process["family"]["children"], "struct process", "family.sibling"):
            self.show(child)

    @staticmethod
    def symbol(pc):
        return gdb.execute(f"info symbol {pc:#x}", to_string=True).split(" in section")[0].strip()


# ---- modules ----


class Halves:
    """What the kernel has of each module: {name: {section: address}}, of both its halves (log/ksym.h)."""

    def __init__(self, without=0, beside=None):
        self.sections = {}
        node = gdb.parse_and_eval("'ksym.c'::modules")
        while int(node):
            if int(node) != without:
                self.add(node.dereference())
            node = node["next"]
        if beside is not None:
            self.add(beside.dereference())

    def add(self, half):
        found = self.sections.setdefault(half["name"].string(), {})
        for i in range(int(half["nr_sections"])):
            section = half["sections"][i]
            found[section["name"].string()] = int(section["va"]) & (1 << 64) - 1


class Follow(gdb.Breakpoint):
    """Where a half of a module comes or goes: symbols are read or dropped, and the core goes on."""

    def __init__(self, function, comes, symbols):
        # Hardware's: the kernel's text is not there yet when a machine begins.
        super().__init__(function, type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self.comes, self.symbols = comes, symbols
        self.silent = True

    def stop(self):
        half = gdb.parse_and_eval("m")
        self.symbols.update(Halves(beside=half) if self.comes else Halves(without=int(half)))
        return False


class NewelSymbols(gdb.Command):
    """newel-symbols [FOLDER...]: read the symbols of the kernel's modules, now and whenever one is loaded or unloaded.

    NAME.ko.debug (or NAME.ko) is looked for in each FOLDER and in the build's modules/."""

    def __init__(self):
        super().__init__("newel-symbols", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)
        self.folders, self.loaded, self.breakpoints = [], {}, []

    def invoke(self, argument, from_tty):
        kernel = gdb.current_progspace().filename or os.path.join(ROOT, "build", "newel.elf")
        self.folders = [os.path.abspath(f) for f in gdb.string_to_argv(argument)]
        self.folders.append(os.path.join(os.path.dirname(os.path.abspath(kernel)), "modules"))
        if not self.breakpoints:
            self.breakpoints = [Follow("ksym_add_module", True, self), Follow("ksym_remove_module", False, self)]
        try:
            there = Halves()
        except gdb.MemoryError:
            print("no module can be seen yet: the MMU is off; they are followed from here on")
            return
        self.update(there)
        if not there.sections:
            print("no modules; they are followed from here on")

    def file_of(self, name):
        for folder in self.folders:
            for ending in (".ko.debug", ".ko"):
                for spelling in (name, name.replace("_", "-")):
                    path = os.path.join(folder, spelling + ending)
                    if os.path.exists(path):
                        return path
        return None

    def update(self, halves):
        """What gdb has read is made what the kernel has."""
        for name in [n for n, (_, at) in self.loaded.items() if halves.sections.get(n) != at]:
            path, at = self.loaded.pop(name)
            if name not in halves.sections:
                print(f"{name}: gone")
            gdb.execute(f"remove-symbol-file {path}", to_string=True)
        for name, sections in halves.sections.items():
            path = self.file_of(name)
            if name in self.loaded or not sections:
                continue
            if not path:
                print(f"{name}: no {name}.ko in {', '.join(self.folders)}")
                continue
            places = " ".join(f"-s {s} {at:#x}" for s, at in sections.items())
            gdb.execute(f"add-symbol-file {path} {places}", to_string=True)
            self.loaded[name] = (path, sections)
            print(f"{name}: {os.path.relpath(path)}, " + ", ".join(f"{s} {a:#x}" for s, a in sections.items()))


El("el")
Esr("esr")
Pt("pt")
Maps("maps")
FrameDump("frame-dump")
Ps("ps")
NewelSymbols()
