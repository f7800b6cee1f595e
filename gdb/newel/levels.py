"""levels.py - the exception level, its registers by field, and syndromes: el, el-regs, esr."""

import contextlib
import os
import re

import gdb

from newel import target
from newel.command import ROOT, Command, Words, run
from newel.target import register

LEVELS = ["EL0 (the program)", "EL1 (the kernel)", "EL2 (the hypervisor)", "EL3 (the monitor)"]
GUEST_LEVELS = ["EL0 (a guest's program)", "EL1 (a guest's kernel)"]

# What matters at each level, and the table of arm/fields.def that has its fields.
REGISTERS = {
    1: {"SPSR_EL1": "spsr", "ELR_EL1": None, "ESR_EL1": "esr", "FAR_EL1": None, "SCTLR_EL1": "sctlr", "TCR_EL1": "tcr",
        "TTBR0_EL1": "ttbr", "TTBR1_EL1": "ttbr", "MAIR_EL1": "mair", "VBAR_EL1": None, "CPACR_EL1": "cpacr"},
    2: {"SPSR_EL2": "spsr", "ELR_EL2": None, "ESR_EL2": "esr", "FAR_EL2": None, "HCR_EL2": "hcr", "SCTLR_EL2": "sctlr_el2",
        "VBAR_EL2": None},
    3: {"SPSR_EL3": "spsr", "ELR_EL3": None, "ESR_EL3": "esr", "FAR_EL3": None, "SCR_EL3": "scr", "SCTLR_EL3": "sctlr_el2",
        "VBAR_EL3": None},
}
# Of EL2 where the kernel is there (newel.el2=vhe): the fields are those of EL1's.
KERNEL_AT_EL2 = {name.replace("CPACR_EL1", "CPTR_EL2").replace("EL1", "EL2"): table for name, table in REGISTERS[1].items()} | {"HCR_EL2": "hcr"}
TABLE_OF = {"PSTATE": "spsr"} | {name: table for some in (KERNEL_AT_EL2, *REGISTERS.values()) for name, table in some.items()}


def kernel_level():
    try:
        with target.kernel_view():
            return target.kernel_level()
    except (gdb.error, gdb.GdbError):
        return 1


def table_of(name):
    return KERNEL_AT_EL2[name] if name in KERNEL_AT_EL2 and kernel_level() == 2 else TABLE_OF[name]


def field_tables():
    """{table: [(name, high, low, {value: words})]} of arm/fields.def."""
    with open(os.path.join(ROOT, "arm", "fields.def"), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.DOTALL)
    tables = {}
    for name, body in re.findall(r"FIELDS_OF\((\w+)\)(.*?)FIELDS_END", text, re.DOTALL):
        fields = re.findall(r'FIELD\("(\w+)", (\d+), (\d+),\s*((?:"[^"]*"\s*)+|NULL)\)', body)
        tables[name] = [(n, int(high), int(low), dict(w.split("=", 1) for w in "".join(re.findall(r'"([^"]*)"', words)).split("|") if w))
                        for n, high, low, words in fields]
    return tables


FIELDS = field_tables()


def fields_of(name, value):
    """[(field, bits, its value, words or "")] of register @name."""
    for field, high, low, words in FIELDS.get(table_of(name), []):
        part = value >> low & (1 << high - low + 1) - 1
        if field == "BADDR":  # an address: where it stands is what it is worth
            part <<= low
        yield field, f"[{high}:{low}]" if high != low else f"[{low}]", part, words.get(str(part), "")


def short(name, value):
    """The fields that are not 0: a bit by its name, what is wider with its value and word."""
    said = []
    for field, bits, part, words in fields_of(name, value):
        if ":" in bits and (part or field == "M"):
            said.append(f"{field}={part:#x}" + (f" ({words})" if words and len(words) < 24 else ""))
        elif part:
            said.append(field)
    return " ".join(said)


# ---- where the target does not show a register ----


def frame_of_entry():
    """What the running task's last entry from EL0 saved, or None."""
    task = target.current()
    if bool(task["kernel"]) or not int(task["stack"]):
        return None
    return gdb.parse_and_eval(f"*((struct trapframe *)({int(task['stack']) & target.MASK:#x} - 16) - 1)")


SAVED = {"SPSR_EL1": "pstate", "ELR_EL1": "pc", "ESR_EL1": "esr", "FAR_EL1": "far"}


def found_elsewhere(name):
    """(value, where it is from), or (None, why not)."""
    if name in KERNEL_AT_EL2 and target.kernel_level() == 2:
        name = name.replace("EL2", "EL1")
    if name in SAVED:
        frame = frame_of_entry()
        if frame is None:
            return None, "the target does not show it, and the running task has no entry from EL0"
        return target.unsigned(frame[SAVED[name]]), "not shown by the target: as the last entry from EL0 saved it"
    if name == "TTBR1_EL1":
        return target.to_physical(target.symbol_address("kernel_root")), "not shown by the target: kernel_root"
    if name == "TTBR0_EL1":
        mm = target.current()["mm"]
        if not int(mm):
            return None, "the target does not show it, and the running task has no user memory"
        asid = target.unsigned(mm["asid"]) & 0xFFFF
        return asid << 48 | target.to_physical(target.unsigned(mm["pgd"])), "not shown by the target: current->mm"
    if name == "MAIR_EL1":
        return target.SYSREG["MAIR_VALUE"], "not shown by the target: what start/mmu.S writes"
    return None, "the target does not show it"


def value_of(name):
    value = register("cpsr" if name == "PSTATE" else name)
    if value is not None:
        return value, ""
    try:
        with target.kernel_view():
            return found_elsewhere(name)
    except (gdb.error, gdb.GdbError) as why:
        return None, f"the target does not show it; {why}"


SAID = set()  # what is missing, once told


def syndrome(value):
    """"0x96000045: its words"; without the program that knows them the number alone, and once what to make."""
    try:
        return run("esr", hex(value)).strip()
    except gdb.GdbError as why:
        if str(why) not in SAID:
            SAID.add(str(why))
            print(why)
        return hex(value)


def beside(name, value):
    """What a value without fields means, or a syndrome in words."""
    if name.startswith("ESR"):
        return syndrome(value).partition(": ")[2]
    if name.startswith(("ELR", "VBAR")):
        # What lies in the kernel's half is its own, whoever has come from there.
        return symbol_of(value, not value >> 63 and (name.endswith("EL3") or (name.endswith("EL2") and kernel_level() == 1)))
    return ""


def symbol_of(value, physical):
    """EL2 and EL3 run without an MMU: what of the image is at that physical address."""
    try:
        with target.kernel_view() if physical else contextlib.nullcontext():
            return target.symbol(target.level_address(value) if physical else value)
    except (gdb.error, gdb.GdbError):
        return target.symbol(value)


def masked(cpsr):
    return "".join(n for bit, n in ((9, "D"), (8, "A"), (7, "I"), (6, "F")) if cpsr >> bit & 1) or "nothing"


class El(Command):
    """el: the exception level of this core, by name."""

    kernel = False

    def call(self, args):
        now, cpsr = target.level(), register("cpsr")
        stack = "SP_EL0" if not cpsr & 1 else f"SP_EL{now}"
        name = GUEST_LEVELS[now] if target.in_guest() else LEVELS[now]
        if now == 2 and kernel_level() == 2:
            name = "EL2 (the kernel)"
        print(f"{name}, on {stack}, masked: {masked(cpsr)}")


class ElRegs(Words):
    """el-regs [LEVEL|REGISTER...]: the registers of an exception level that matter, decoded by field.

    LEVEL is EL1, EL2, EL3 (or 1, 2, 3); by default the level of this core, of EL0 that which serves it.  A line a
    register: its fields that are not 0.  With names of registers (PSTATE, SCTLR_EL1, HCR_EL2 ...) all their fields, in
    words.  What the target does not show is found in the kernel's memory where it can be, and the line says so."""

    kernel = False

    def words(self, before):
        return ["EL1", "EL2", "EL3", *TABLE_OF]

    def call(self, args):
        names = [a.upper() for a in args]
        levels = [re.fullmatch(r"(?:EL)?([0-3])", n) for n in names]
        if not args:
            self.level(target.level())
        for name, at in zip(names, levels):
            if at:
                self.level(int(at[1]))
            elif name in TABLE_OF:
                self.all_fields(name)
            else:
                raise gdb.GdbError(f"{name}: not one of EL1 EL2 EL3 {' '.join(TABLE_OF)}")

    def level(self, at):
        if at == target.level() or at == 0:
            self.line("PSTATE", register("cpsr"), "")
        of_kernel = kernel_level()
        at = at or of_kernel
        for name in KERNEL_AT_EL2 if at == of_kernel == 2 else REGISTERS[at]:
            self.line(name, *value_of(name))

    @staticmethod
    def line(name, value, where):
        if value is None:
            print(f"{name:<10} {where}")
            return
        words = "  ".join(w for w in (beside(name, value), "" if name.startswith("ESR") else short(name, value)) if w)
        print(f"{name:<10} {value:#018x}  {words}{f'  ({where})' if where else ''}".rstrip())

    @staticmethod
    def all_fields(name):
        value, where = value_of(name)
        if value is None:
            print(f"{name}: {where}")
            return
        print(f"{name} {value:#018x}  {beside(name, value)}{f'  ({where})' if where else ''}".rstrip())
        for field, bits, part, words in fields_of(name, value):
            print(f"  {field:<8} {bits:<8} {part:#x}  {words}".rstrip())


class Esr(Command):
    """esr [VALUE]: decode a syndrome, by default ESR of the level that this core is at."""

    kernel = False

    def call(self, args):
        name = f"ESR_EL{target.level() or kernel_level()}"
        value, where = (target.number(args[0]), "") if args else value_of(name)
        if value is None:
            raise gdb.GdbError(f"{name}: {where}")
        print(syndrome(value) + (f"  ({where})" if where else ""))


El("el", gdb.COMPLETE_NONE)
ElRegs("el-regs")
Esr("esr", gdb.COMPLETE_EXPRESSION)
