"""target.py - registers and memory, by what every target shows.

A system register is asked for by the Arm ARM's name and, where QEMU spells it otherwise, by QEMU's; a target that
shows neither gives None, and the caller finds it another way or says so.  What OpenOCD shows of a core in AArch64 (its
armv8 target, the board file rpi4b): x0..x30, sp, pc, cpsr, v0..v31, fpsr, fpcr, and ELR, ESR, SPSR of EL1, EL2 and EL3.
Physical memory is read by the kernel's linear map, never by a packet of one target.
"""

import contextlib
import os
import re

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MASK = (1 << 64) - 1
QEMU_NAMES = {"SCTLR_EL1": "SCTLR", "CPACR_EL1": "CPACR", "VBAR_EL1": "VBAR"}


# ---- facts of the tree ----


def constants(path):
    """{name: number} of the #defines of a header that are plain numbers."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        found = re.findall(r"^#define\s+(\w+)\s+(?:UL\((\w+)\)|(0x[0-9a-fA-F]+|\d+))\s*(?:/\*.*)?$", f.read(), re.MULTILINE)
    return {name: int(a or b, 0) for name, a, b in found}


LAYOUT = constants("mm/layout.h")
SYSREG = constants("arm/sysreg.h")
LINEAR_BASE, KERNEL_VA = LAYOUT["LINEAR_BASE"], LAYOUT["KERNEL_VA"]


# ---- registers ----


def register(name):
    """A register's value as an unsigned integer, or None where the target does not show it."""
    for spelling in (name, QEMU_NAMES.get(name)):
        if not spelling:
            continue
        try:
            value = gdb.parse_and_eval("$" + spelling)
        except gdb.error:
            continue
        # A name that is no register is a variable of gdb's own, void.
        if value.type.code != gdb.TYPE_CODE_VOID and not value.is_optimized_out:
            with contextlib.suppress(gdb.error):
                return int(value) & MASK
    return None


def level():
    """CurrentEL, which gdb has no name for, out of PSTATE."""
    cpsr = register("cpsr")
    if cpsr is None:
        raise gdb.GdbError("there is no core to look at")
    return cpsr >> 2 & 3


def number(text):
    return int(gdb.parse_and_eval(text)) & MASK


def unsigned(value):
    return int(value) & MASK


# ---- memory ----


def read(va, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(va, size))
    except gdb.MemoryError:
        return None


def symbol_address(name):
    return number(f"(unsigned long)&{name}")


def sees_kernel():
    return read(symbol_address("boot_info"), 8) is not None


# ---- whose level it is ----

HCR_TGE, HCR_E2H = 1 << 27, 1 << 34
EL1H, EL2H = 5, 9  # PSTATE.M


def in_guest():
    """Is this core a guest's?  Then its tables at EL1, and what they map, are not the kernel's.  False where the target does not show it."""
    hcr, vttbr = register("HCR_EL2"), register("VTTBR_EL2")
    if hcr is None or vttbr is None or level() > 1:
        return False
    # VMID 0 is the host's; with VHE a host has no stage 2, and TGE is what a guest lacks.
    return vttbr >> 48 != 0 and not hcr & HCR_TGE


def kernel_modes():
    """What PSTATE.M the kernel's memory may be seen by: EL2 has the kernel's tables where it is there (newel.el2=vhe)."""
    hcr = register("HCR_EL2")
    if hcr is None:
        return [EL1H, EL2H]
    if not hcr & HCR_E2H:
        return [] if in_guest() else [EL1H]
    return [EL2H] if in_guest() else [EL2H, EL1H]


def kernel_level():
    """The kernel's exception level.  In kernel_view(), or 1 is what it is taken for."""
    with contextlib.suppress(gdb.error):
        return 2 if sees_kernel() and number("boot_info.stays_at_el2") else 1
    return 1


@contextlib.contextmanager
def pstate(value):
    """The core's PSTATE is @value meanwhile: what a target lets gdb read of memory depends on the level."""
    frame = gdb.selected_frame()
    old, newest = register("cpsr"), frame == gdb.newest_frame()
    if not newest:
        raise gdb.GdbError("select frame 0 first: this core has to be looked at as it stands")
    gdb.execute(f"set var $cpsr = {value:#x}", to_string=True)
    try:
        yield
    finally:
        gdb.newest_frame().select()
        gdb.execute(f"set var $cpsr = {old:#x}", to_string=True)


def sees_by(value):
    with pstate(value):
        return sees_kernel()


DEPTH = [0]


@contextlib.contextmanager
def kernel_view():
    """The kernel's memory can be read meanwhile, at whatever level the core has stopped."""
    if DEPTH[0] or (sees_kernel() and not in_guest()):
        yield
        return
    at, now = level(), register("cpsr")
    modes = kernel_modes()
    if not modes:
        raise gdb.GdbError("in a guest, whose EL1 this is: the kernel is out of sight until it comes up")
    if at == 1 and modes[0] == EL1H:
        raise gdb.GdbError("the MMU is off: neither the kernel's variables nor its tables are there yet (hbreak kmain, continue)")
    # As this core is when it is in the kernel: EL0 has no right to that memory, a level above has no map of it.
    with pstate(now & ~0x1f | next((m for m in modes if sees_by(now & ~0x1f | m)), modes[-1])):
        if not sees_kernel():
            raise gdb.GdbError(f"at EL{at}, and the kernel's memory cannot be seen: its MMU is off (hbreak kmain, continue)")
        DEPTH[0] += 1
        try:
            yield
        finally:
            DEPTH[0] -= 1


def image():
    """Where the image is in physical memory: its first address, and one behind its last."""
    start = number("boot_info.image")
    return start, start + symbol_address("__image_end") - symbol_address("__image_start")


def image_address(pa):
    """The image's address of what lies at physical @pa, if that is in it; else @pa."""
    start, end = image()
    return KERNEL_VA + pa - start if start <= pa < end else pa


def level_address(pa):
    """The same of what runs at EL2 or EL3, which may have moved out of the image (el3/move.c)."""
    at = image_address(pa)
    return image_address(pa - number("boot_info.el3_moved") & MASK) if at == pa else at


def virtual(pa):
    """By which address the kernel sees physical @pa: in the image, or in the linear map."""
    at = image_address(pa)
    return LINEAR_BASE + pa if at == pa else at


def physical(pa, size):
    """@size bytes of RAM, or None: the kernel has no map of it."""
    return read(virtual(pa), size) if pa < LINEAR_BASE ^ MASK else None


def to_physical(va):
    """Of an address in the image or in the linear map."""
    return va - KERNEL_VA + image()[0] if va >= KERNEL_VA else va - LINEAR_BASE


# ---- this core ----


def per_cpu(name, cpu):
    """The copy of a DEFINE_PERCPU variable that is core @cpu's."""
    offset = unsigned(gdb.parse_and_eval(f"percpu_offset[{cpu}]"))
    variable = gdb.parse_and_eval(name)
    return (variable.address.cast(gdb.lookup_type("unsigned long")) + offset).cast(variable.type.pointer()).dereference()


def this_cpu():
    """The kernel's number of this core: a target's threads are its cores, in their order."""
    thread = gdb.selected_thread()
    return thread.num - 1 if thread else 0


def current():
    """The running task of this core, a struct task *."""
    queue = per_cpu("run_queue", this_cpu())
    task = queue["curr"]
    if int(task):
        return task
    # Before the scheduler there is the task that the boot core stands on.
    return gdb.parse_and_eval("&boot_task")


def symbol(va):
    said = gdb.execute(f"info symbol {va:#x}", to_string=True).split(" in section")[0].strip()
    return f"{va:#x}" if said.startswith("No symbol") else said


def place(pc):
    """The source of code at @pc: " at FILE:LINE", or nothing."""
    found = gdb.find_pc_line(pc)
    return f" at {found.symtab.filename}:{found.line}" if found.symtab else ""
