#!/usr/bin/python3
"""thin.py - a system call in sys/ takes no lock and asks no table of operations: what it calls does.

So in no file of sys/ stands a spinlock, a mutex, a mask of interrupts, or ->ops.  A line a finding,
and exit status 1 if there is one.  thin.py FOLDER...: in others' files.
"""

import re
import sys

import csource

LOCKS = re.compile(
    r"\b(?:(?:spin|mutex|rw|read|write|seq|vm)_(?:\w+_)?(?:try|un)?lock(?:_\w+)?(?=\s*\()"
    r"|irq_(?:save|restore|disable|enable)(?=\s*\()"
    r"|struct\s+(?:spinlock|mutex)\b|(?:SPINLOCK|MUTEX)_INIT\b)"
)
OPS = re.compile(r"(?:->|\.)\s*(?:\w+_)?ops\b\s*(?=->|\.|\[|;|\)|&&|\|\||[!=]=)")
OBJECT = re.compile(r"^extern\s+struct\s+(?:spinlock|mutex)\b")


def global_locks(sources):
    """The locks that headers declare."""
    declared = [d for s in sources for d in s.declarations if OBJECT.match(d.head)]
    return {name for d in declared for name in d.variables()}


def thick(source, locks):
    for number, line in enumerate(source.words.split("\n"), 1):
        for m in [*LOCKS.finditer(line), *OPS.finditer(line)]:
            yield number, " ".join(m.group().split())
        for name in csource.WORD.findall(line):
            if name in locks:
                yield number, name


def selftest():
    text = "extern struct spinlock a_lock, b_lock;\nint c_lock(void);\n"
    locks = global_locks([csource.Source("a.h", text)])
    assert locks == {"a_lock", "b_lock"}
    for text, found in (
        ("x = spin_lock_irqsave(&b);", ["spin_lock_irqsave"]),
        ("if (mutex_trylock(&m->lock))", ["mutex_trylock"]),
        ("mutex_lock_killable(&a_lock);", ["mutex_lock_killable", "a_lock"]),
        ("write_unlock(&x);", ["write_unlock"]),
        ("static struct mutex m = MUTEX_INIT(m);", ["struct mutex", "MUTEX_INIT"]),
        ("flags = irq_save();", ["irq_save"]),
        ("return f->ops->ioctl(f);", ["->ops"]),
        ("if (f->ops && f->dir_ops->a)", ["->ops", "->dir_ops"]),
        ("struct x *ops = i->ops;", ["->ops"]),
        ("c_lock(); /* spin_lock(&a_lock), ->ops->x */", []),
        ("fcntl_lock(f); mm_lock(mm, a, n); f->stops = 1; f->shops->a();", []),
    ):
        assert [what for _, what in thick(csource.Source("b.c", text), locks)] == found, text


def main():
    selftest()
    csource.to_root()
    folders = sys.argv[1:] or ["sys/"]
    locks = global_locks(csource.Source(h) for h in csource.tracked("*.h"))
    wrong = [
        f"{path}:{number}: {what}"
        for folder in folders
        for path in csource.tracked(folder)
        if path.endswith((".c", ".h", ".S"))
        for number, what in thick(csource.Source(path), locks)
    ]
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
