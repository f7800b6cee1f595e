"""symbols.py - symbols of what is loaded behind gdb's back: the kernel's modules, and the programs at EL0."""

import os
import struct

import gdb

from newel import target, tasks
from newel.command import COMMANDS, ROOT, Words
from newel.target import unsigned

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
            found[section["name"].string()] = int(section["va"]) & target.MASK


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
        COMMANDS.append(("newel-symbols", self.__doc__))
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


# ---- programs ----

PT_LOAD, PF_X, EM_AARCH64 = 1, 1, 183
PAGE = 4096


class Elf:
    """What of a file on this machine says where it lies in memory."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:6] != b"\x7fELF\x02\x01" or len(self.data) < 64:
            raise ValueError("no ELF64 file")
        _, machine = struct.unpack_from("<HH", self.data, 16)
        phoff, = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        if machine != EM_AARCH64:
            raise ValueError("not for AArch64")
        headers = [struct.unpack_from("<IIQQQQQQ", self.data, phoff + i * size) for i in range(count)]
        self.loads = [h for h in headers if h[0] == PT_LOAD]  # type flags offset vaddr paddr filesz memsz align

    def bias(self, start, offset):
        """How far from its own addresses it lies, if its code's page at @offset is mapped at @start; None: no such segment."""
        for _, flags, at, va, _, filesz, _, _ in self.loads:
            # A page of the file may be in two segments: the one that is executed.
            if flags & PF_X and at & -PAGE <= offset < at + filesz:
                return start - ((va & -PAGE) + offset - (at & -PAGE))
        return None


def held_file(held):
    """The struct file of which @held is the head of what a mapping holds."""
    offset = int(gdb.parse_and_eval("(unsigned long)&((struct file *)0)->held"))
    return (held.cast(gdb.lookup_type("char").pointer()) - offset).cast(gdb.lookup_type("struct file").pointer())


def name_of(dentry):
    length = int(dentry["name"]["len"])
    return dentry["name"]["s"].string(encoding="utf-8", errors="replace", length=min(length, 255))


def path_of(file):
    """The path of an open file from the root of all, over the mounts on the way."""
    dentry, mount, parts = file["path"]["dentry"], file["path"]["mnt"], []
    for _ in range(256):
        if not int(dentry) or not int(mount):
            return None
        if int(dentry) == int(mount["root"]):
            if int(mount["parent"]) == int(mount) or not int(mount["on"]):
                break
            dentry, mount = mount["on"], mount["parent"]
            continue
        parts.append(name_of(dentry))
        dentry = dentry["parent"]
    return "/" + "/".join(reversed(parts))


VM_EXEC = 4


def code_of(task):
    """[(path, first address, offset in the file)] of the mapped files that @task executes, the lowest first."""
    mm, found = task["mm"], []
    if not int(mm):
        raise gdb.GdbError(f"task {int(task['tid'])} has no user memory")
    for vma in tasks.list_entries(mm.dereference()["vma_list"], "struct vma", "link"):
        if int(vma["flags"]) & VM_EXEC and int(vma["file"]):
            path = path_of(held_file(vma["file"]).dereference())
            found.append((path, unsigned(vma["start"]), unsigned(vma["offset"])))
        elif int(vma["flags"]) & VM_EXEC and int(vma["object"]) and int(vma["object"]) == int(mm["exe"]) and int(mm["exe_file"]):
            found.append((path_of(held_file(mm["exe_file"]).dereference()), unsigned(vma["start"]), unsigned(vma["offset"])))
    return found


# Where the build leaves what it puts into an initrd; the loader and C library come from the compiler for Linux.
FOLDERS = ["el0", "tests/el0", "tests", "tests/dynamic", "parts"]
SYSROOTS = ["/usr/aarch64-linux-gnu/lib"]


def host_file(path, folders):
    """The file on this machine that @path in the machine is, with symbols where there is one beside it."""
    name = os.path.basename(path)
    for folder in folders:
        for place in (os.path.join(folder, path.lstrip("/")), os.path.join(folder, name)):
            for ending in (".debug", ""):
                if os.path.isfile(place + ending):
                    return place + ending
    return None


class ElAddUserSyms(Words):
    """el-add-user-syms PID [FOLDER...]: symbols of the program that PID runs, and of its libraries.

    Reads the task's mappings out of the kernel, looks for each file that is executed (NAME.debug, NAME) in each FOLDER,
    by its path and by its name, and in the build's folders, and loads its symbols where it is mapped; those of an
    earlier call are dropped.  Then `hbreak FUNCTION` stops in the program: a hardware breakpoint, since the page may
    not be there yet, and where it is may be shared.  It stops in every process with code at that address."""

    loaded = []

    def words(self, before):
        return tasks.ids() if not before else []

    def call(self, args):
        if not args:
            raise gdb.GdbError("el-add-user-syms PID [FOLDER...]")
        task = tasks.find(args[0])
        kernel = os.path.dirname(os.path.abspath(gdb.current_progspace().filename or os.path.join(ROOT, "build", "newel.elf")))
        builds = [kernel, os.path.join(ROOT, "build")]
        folders = [os.path.abspath(f) for f in args[1:]] + [os.path.join(b, f) for b in builds for f in FOLDERS] + SYSROOTS
        self.drop()
        for path, start, offset in code_of(task):
            self.load(path, start, offset, folders)

    def drop(self):
        for path in self.loaded:
            try:
                gdb.execute(f"remove-symbol-file {path}", to_string=True)
            except gdb.error:
                print(f"{path}: its symbols were gone already")
        self.loaded.clear()

    def load(self, path, start, offset, folders):
        host = host_file(path, folders)
        if not host:
            print(f"{path} at {start:#x}: no file of that name in {', '.join(dict.fromkeys(folders))}")
            return
        try:
            elf = Elf(host)
            bias = elf.bias(start, offset)
        except (ValueError, struct.error) as why:
            print(f"{path}: {host}: {why}")
            return
        if bias is None:
            print(f"{path}: {host} has nothing at {offset:#x}: another file")
            return
        if self.differs(elf, start, offset):
            print(f"{path}: what is mapped at {start:#x} is not {host}: another build")
            return
        gdb.execute(f"add-symbol-file {host} -o {bias:#x}", to_string=True)
        self.loaded.append(host)
        print(f"{path}: {os.path.relpath(host)}, at {start:#x}")

    @staticmethod
    def differs(elf, start, offset):
        """Whether the first page, as far as it is in memory, has other bytes than the file."""
        there = target.read(start, 64)
        name = elf.path[:-6] if elf.path.endswith(".debug") else elf.path
        if there is None or not os.path.isfile(name):
            return False
        with open(name, "rb") as f:
            f.seek(offset)
            # A library's first bytes are its header, in which what strips a file changes section offsets.
            here = f.read(64)
        return there[:32] != here[:32]


class ElPhysSyms(Words):
    """el-phys-syms [ADDR|off]: the kernel's symbols where its image lies in physical memory: for the way down, EL2 and EL3.

    These run without an MMU.  ADDR is where the image is; by default what the kernel says of it and, before it runs,
    where newel.elf asks to be loaded.  A function then is at two places, and `hbreak` takes a breakpoint for each; off
    drops the second."""

    kernel = False
    loaded = []

    def words(self, before):
        return ["off"]

    def call(self, args):
        path = gdb.current_progspace().filename or os.path.join(ROOT, "build", "newel.elf")
        while self.loaded:
            gdb.execute(f"remove-symbol-file -a {self.loaded.pop():#x}", to_string=True)
        if args == ["off"]:
            return
        if args:
            at, why = target.number(args[0]), ""
        else:
            at, why = self.image()
        self.load(path, at)
        print(f"{os.path.relpath(path)} at {at:#x}{why}")
        moved = 0 if why else self.moved()
        if moved:
            self.load(path, at + moved & target.MASK)
            start = target.symbol_address("__resident_start") - target.KERNEL_VA
            print(f"EL3 is in secure memory at {at + moved + start & target.MASK:#x}")

    def load(self, path, at):
        gdb.execute(f"add-symbol-file {path} -o {at - target.KERNEL_VA & target.MASK:#x}", to_string=True)
        self.loaded.append(self.text(path, at))

    @staticmethod
    def moved():
        try:
            with target.kernel_view():
                return target.number("boot_info.el3_moved")
        except (gdb.error, gdb.GdbError):
            return 0

    @staticmethod
    def image():
        try:
            with target.kernel_view():
                return target.image()[0], ""
        except (gdb.error, gdb.GdbError):
            return target.LAYOUT["ELF_LOAD_PA"], ", where it asks to be loaded: the kernel does not run yet"

    @staticmethod
    def text(path, at):
        """An address in what was loaded, by which it can be named again."""
        return at + Elf(path).loads[0][3] - target.KERNEL_VA


NewelSymbols()
ElPhysSyms("el-phys-syms", kind=gdb.COMMAND_FILES)
ElAddUserSyms("el-add-user-syms", kind=gdb.COMMAND_FILES)
