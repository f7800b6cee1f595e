#!/usr/bin/python3
"""arrows.py - a folder uses only what a table lets it use, so that folders make no circle.

A use is an #include, and a symbol that an object of one folder takes from an object of another (a
function that is called by a hook is none).  A line a wrong arrow, and exit status 1 if there is
one; also for an exception that nothing needs any more.
"""

import sys

import csource
import objects

# What stands on a line may use what is named after it, and all that those may.  Highest first.  A
# folder in another counts as that one for whoever is outside.  "fs/*": inside fs/ each folder in it
# may use this, and fs/ itself uses none of them; but for files that have a line of their own.
MAY_USE = {
    "el1": ["selftest", "sys", "kvm", "kmod", "net", "fs", "task", "trace", "mm", "drivers", "log"],
    "selftest": ["kvm", "task", "mm", "log"],  # deliberate faults, before the first task
    "sys": ["kvm", "kmod", "net", "fs", "task", "mm"],
    "kvm": ["fs"],
    "kmod": ["fs"],
    "net": ["fs"],
    "fs/init.c": ["fs/9p", "fs/anon", "fs/blockdev", "fs/ext2", "fs/proc", "fs/sysfs", "fs/tty", "fs/fat"],  # the one list of what there is
    "fs/blockdev": ["fs", "fs/proc", "fs/sysfs"],  # what disks show
    "fs/proc": ["fs", "fs/anon", "fs/tty"],  # /proc shows what all others have
    "fs/*": ["fs"],
    "fs": ["block", "task", "mm", "drivers", "log"],
    "block": ["trace", "mm", "log"],
    "task/*": ["task"],
    "task": ["trace", "mm", "log"],
    "trace": ["log"],
    "mm": ["log"],
    "drivers": ["block", "mm", "log"],
    "armstub": ["start", "el3"],  # an image of its own, out of these
    "start": ["arm", "lib"],
    "el3": ["arm", "lib"],
    "el2": ["arm", "lib"],
    "log": ["arm", "lib"],
    "arm": ["abi"],
    "lib": ["abi"],
    "abi": [],
    "el0": ["abi"],
    "vdso": ["abi", "arm"],
}

# Single headers that hold a contract between two folders: plain numbers, structs, prototypes, and
# what is defined for these.
EVERYWHERE = {"mm/layout.h", "lib/util.h", "lib/export.h", "abi/errno.h"}
CONTRACTS = {
    "start/boot_info.h": ["el1", "selftest", "kvm", "el2", "el3"],  # what the way down learned
    "start/secondary.h": ["el1"],  # how the other cores get in: start/ calls secondary_main()
    "drivers/irq.h": ["task"],  # a core tells another that there is something to run
    "drivers/timer/timer.h": ["task"],  # the clock, and one deadline a core
    "vdso/data.h": ["task"],  # what the kernel tells the code that it maps into programs
    "task/wait.h": ["block", "mm"],  # an address space is locked by a mutex; a request is waited for
    "task/oncores.h": ["mm"],  # code of a module was written: every core is told
    "task/time/timer.h": ["task"],  # each process has one; sleep ends by one, and a core's slice
    "task/time/clock.h": ["task"],  # deadlines
    "task/time/adjust.h": ["task"],  # what the vDSO shows
    "task/time/posix_timer.h": ["task"],  # a process's; they end with the program
    "task/time/itimer.h": ["task"],  # a process's; they go on when their signal is taken
    "task/time/cpu_alarm.h": ["task"],  # the tick looks who has had enough CPU time
}

# Single symbols that a folder takes from one that it may not use: where control goes up for good.
SYMBOLS = {
    "el3_start": ["start"],  # head.S comes through each level that there is, on that level's stack
    "el3_stack": ["start"],
    "el3_bystander": ["start"],  # a core that nobody has called waits at EL3
    "el2_start": ["start"],
    "el2_start_kernel": ["start"],
    "el2_stack": ["start"],
    "el2_leave": ["start"],
    "el2_bystander": ["start"],
    "kmain": ["start"],  # start/ ends where the kernel begins: its main, its first task
    "secondary_main": ["start"],
    "boot_task": ["start"],
    "ret_to_user": ["task"],  # a new task goes to EL0 by the one way out
}


class Table:
    def __init__(self, may_use, contracts, symbols):
        self.may_use, self.contracts, self.symbols = may_use, contracts, symbols
        self.needed = set()  # exceptions that something needs

    def folder(self, path):
        """The line of the table that @path comes under; None: there is none."""
        top, *rest = path.split("/")
        if path in self.may_use:
            return path
        if len(rest) > 1 and top + "/*" in self.may_use:
            return f"{top}/{rest[0]}"
        return top if top in self.may_use else None

    def reach(self, folder):
        """All that @folder may use."""
        seen, todo = {folder}, [folder]
        while todo:
            at = todo.pop()
            for below in self.may_use.get(at) or self.may_use.get(at.split("/")[0] + "/*", ()):
                if below not in seen:
                    seen.add(below)
                    todo.append(below)
        return seen

    def allows(self, user, used):
        """May the file @user use the file @used?"""
        a, b = self.folder(user), self.folder(used)
        if a is None or b is None:
            return False
        inside = a.split("/")[0] == b.split("/")[0]
        return (b if inside else b.split("/")[0]) in self.reach(a)

    def excepted(self, user, exceptions, name):
        folder = user.split("/")[0]
        if folder not in exceptions.get(name, ()):
            return False
        self.needed.add((name, folder))
        return True

    def wrong_include(self, user, header):
        if header in EVERYWHERE or self.allows(user, header):
            return None
        if self.excepted(user, self.contracts, header):
            return None
        return f"{self.folder(user)}/ may not include {header}"

    def wrong_symbols(self, found, declared):
        """By @found, an objects.Objects; @declared: header -> symbols, of all contracts."""
        for user in sorted(found.used):
            if self.folder(user) is None:
                yield f"{user}: its folder is not in the table of tools/arrows.py"
            for symbol in sorted(found.used[user] & found.defined.keys()):
                files = found.defined[symbol]
                if any(self.allows(user, f) for f in files):
                    continue
                headers = [h for h in self.contracts if symbol in declared.get(h, ())]
                if any(self.excepted(user, self.contracts, h) for h in headers):
                    continue
                if self.excepted(user, self.symbols, symbol):
                    continue
                of = " or ".join(sorted(files))
                yield f"{user}: {self.folder(user)}/ may not use {symbol} of {of}"

    def unneeded(self):
        for exceptions in (self.contracts, self.symbols):
            for name, folders in exceptions.items():
                for folder in folders:
                    if (name, folder) not in self.needed:
                        yield f"tools/arrows.py: {folder}/ needs no exception for {name}"


def wrong_includes(table, path):
    source = csource.Source(path)
    for offset, header in source.includes:
        wrong = table.wrong_include(path, header)
        if wrong:
            yield f"{path}:{source.line(offset)}: {wrong}"


def selftest():
    may_use = {"fs/init.c": ["fs/9p", "fs/anon"], "fs/*": ["fs"], "fs": ["mm"], "mm": []}
    table = Table(may_use, {"fs/wait.h": ["mm"]}, {"up": ["mm"]})
    for user, used, allowed in (
        ("fs/a.c", "mm/b.h", True),
        ("mm/b.c", "fs/a.h", False),
        ("fs/anon/a.c", "fs/b.h", True),
        ("fs/anon/a.c", "mm/b.h", True),
        ("fs/anon/a.c", "fs/anon/b.h", True),
        ("fs/anon/a.c", "fs/tty/b.h", False),
        ("fs/b.c", "fs/anon/a.h", False),
        ("fs/init.c", "fs/anon/a.h", True),
        ("fs/init.c", "mm/b.h", True),
        ("mm/b.c", "fs/wait.h", True),
        ("new/b.c", "mm/b.h", False),
    ):
        assert (table.wrong_include(user, used) is None) == allowed, (user, used)
    table.needed.clear()
    found = objects.Objects()
    for file, symbol, kind in (
        ("mm/b.c", "mm_b", "T"),
        ("fs/a.c", "fs_a", "T"),
        ("fs/wait.c", "fs_wait", "T"),
        ("fs/a.c", "up", "D"),
        ("fs/a.c", "mm_b", "U"),
        ("mm/b.c", "__image_end", "U"),
        ("mm/b.c", "fs_a", "U"),
        ("mm/b.c", "fs_wait", "U"),
    ):
        found.add(file, symbol, kind)
    wrong = list(table.wrong_symbols(found, {"fs/wait.h": {"fs_wait"}}))
    assert wrong == ["mm/b.c: mm/ may not use fs_a of fs/a.c"]
    assert list(table.unneeded()) == ["tools/arrows.py: mm/ needs no exception for up"]
    found.add("mm/b.c", "up", "U")
    assert len(list(table.wrong_symbols(found, {}))) == 2  # fs_wait: no header says so any more
    assert not list(table.unneeded())


def main():
    selftest()
    csource.to_root()
    table = Table(MAY_USE, CONTRACTS, SYMBOLS)
    files = [f for f in csource.tracked("*.c", "*.h", "*.S") if table.folder(f)]
    wrong = [line for path in files for line in wrong_includes(table, path)]
    headers = [h for h in CONTRACTS if h in files]
    found = objects.from_build()
    wrong += table.wrong_symbols(found, objects.headers(found, headers))
    wrong += table.unneeded()
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
