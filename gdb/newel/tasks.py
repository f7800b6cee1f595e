"""tasks.py - processes and threads: ps, bt-task, frame-dump."""

import gdb

from newel import target
from newel.command import Command, Words
from newel.target import unsigned


ENTRIES_MAX = 100000  # a crashed machine's list may lead anywhere


def list_entries(head, kind, member):
    """The structs of a lib/list.h list: @head is its struct list_node, @member the name of the link."""
    offset = int(gdb.parse_and_eval(f"(unsigned long)&(({kind} *)0)->{member}"))
    kind = gdb.lookup_type(kind)
    node = head["next"]
    for _ in range(ENTRIES_MAX):
        if node == head.address:
            return
        yield (node.cast(gdb.lookup_type("char").pointer()) - offset).cast(kind.pointer()).dereference()
        node = node.dereference()["next"]
    print("a list that does not end: not all of it is shown")


def processes():
    """All of them, each before its children."""
    first = gdb.parse_and_eval("init_process")
    if first.type.code != gdb.TYPE_CODE_PTR or not int(first):
        raise gdb.GdbError("no process yet")
    waiting = [first.dereference()]
    while waiting:
        process = waiting.pop()
        yield process
        waiting += reversed(list(list_entries(process["family"]["children"], "struct process", "family.sibling")))


def threads(process):
    return list_entries(process["threads"], "struct task", "thread")


def everyone():
    return [task for process in processes() for task in threads(process)]


def find(text):
    """The task whose id is @text: a thread's, or a process's that has one left."""
    if not text.isdigit():
        raise gdb.GdbError(f"{text}: no id of a task")
    for process in processes():
        for task in threads(process):
            if int(text) in (int(task["tid"]), int(process["pid"])):
                return task
    raise gdb.GdbError(f"no task {text}; ps lists them")


def ids():
    return [str(int(task["tid"])) for task in everyone()]


def comm(task):
    return task["comm"].string(errors="replace")


def state(task):
    return str(task["state"].cast(gdb.lookup_type("enum task_state")))


def runs_on(task):
    """The core that @task is running on now, or None."""
    cpu = int(task["cpu"])
    return cpu if int(target.per_cpu("run_queue", cpu)["curr"]) == int(task.address) else None


class Ps(Command):
    """ps: every process and thread, its state, and where it stands in the kernel."""

    def call(self, args):
        print("  PID   TID  STATE          CPU  COMMAND           KERNEL PC")
        for process in processes():
            for task in threads(process):
                on = runs_on(task)
                where = f"runs on core {on}" if on is not None else target.symbol(unsigned(task["context"]["pc"]))
                print(f"{int(process['pid']):5} {int(task['tid']):5}  {state(task):<14} {int(task['cpu']):3}  {comm(task):<16}  {where}")


# ---- frames ----


def show_frame(frame):
    def value(field):
        return unsigned(frame[field])

    print(f"pc  {value('pc'):016x}  sp  {value('sp'):016x}  pstate {value('pstate'):08x}")
    print(f"esr {value('esr'):016x}  far {value('far'):016x}  syscall {int(frame['syscall'])}")
    for i in range(0, 31, 4):
        print("  ".join(f"x{j:<2} {unsigned(frame['x'][j]):016x}" for j in range(i, min(i + 4, 31))))


def entry_frame(task):
    """The frame of @task's last entry from EL0."""
    top = unsigned(task["stack"])
    return gdb.parse_and_eval(f"*((struct trapframe *)({top:#x} - 16) - 1)")


class FrameDump(Command):
    """frame-dump [ADDR]: the trap frame at ADDR, by default that of the running task's last entry from EL0."""

    def call(self, args):
        show_frame(gdb.parse_and_eval(f"*(struct trapframe *)({args[0]})") if args else entry_frame(target.current()))


# ---- the backtrace of a task that does not run ----

STACK_SIZE = 1 << target.LAYOUT["STACK_SHIFT"]


def word(address):
    data = target.read(address, 8)
    return data and int.from_bytes(data, "little")


def interrupted(record):
    """(pc, x29) of the frame whose x29 lies at @record: an exception from EL1 saved it."""
    kind = gdb.lookup_type("struct trapframe")
    frame = gdb.parse_and_eval(f"*(struct trapframe *)({record:#x} - 29 * 8)") if kind else None
    return unsigned(frame["pc"]), unsigned(frame["x"][29])


def calls(task):
    """(address, is it a return address) from where @task left off: by its frame records, which lie ever higher."""
    top = unsigned(task["stack"])
    fp = unsigned(task["context"]["x29"])
    yield unsigned(task["context"]["pc"]), False
    while top - STACK_SIZE <= fp < top - 16:
        following, lr = word(fp), word(fp + 8)
        if following is None or not lr:
            return
        yield lr, True
        if target.symbol(lr - 4).startswith(("el1_sync", "el1_irq")) and following > fp:
            pc, following = interrupted(following)
            yield pc, False
        if following <= fp:
            return
        fp = following


class BtTask(Words):
    """bt-task PID|TID|all: where in the kernel a task that does not run stands, and what it was doing at EL0.

    Of a task that runs, which core's `bt` shows it."""

    def words(self, before):
        return ["all", *ids()]

    def call(self, args):
        if len(args) != 1:
            raise gdb.GdbError("bt-task PID|TID|all")
        if args[0] == "all":
            for task in everyone():
                self.show(task)
            return
        wanted = int(args[0]) if args[0].isdigit() else -1
        some = [t for t in everyone() if int(t["tid"]) == wanted]
        some = [t for p in processes() if int(p["pid"]) == wanted for t in threads(p)] or some
        if not some:
            raise gdb.GdbError(f"no task {args[0]}; ps lists them")
        for task in some:
            self.show(task)

    def show(self, task):
        on = runs_on(task)
        print(f"{int(task['tid'])} {comm(task)}: {state(task)}, core {int(task['cpu'])}")
        if on is not None:
            print(f"  runs: `thread {on + 1}`, then `bt`")
            return
        for i, (address, is_return) in enumerate(calls(task)):
            # A return address lies behind the call: the line is the call's.
            print(f"  #{i:<2} {address:#018x} {target.symbol(address)}{target.place(address - 4 if is_return else address)}")
        if not bool(task["kernel"]):
            self.show_el0(task)

    @staticmethod
    def show_el0(task):
        frame = entry_frame(task)
        if not unsigned(frame["pc"]):
            print("  ---- on its way to its first program ----")
            return
        number = int(frame["syscall"])
        why = f"system call {number}" if number >= 0 else "exception"
        print(f"  ---- from EL0: pc {unsigned(frame['pc']):#x} ({target.symbol(unsigned(frame['pc']))}) sp {unsigned(frame['sp']):#x} ({why}) ----")
        print("  " + "  ".join(f"x{i} {unsigned(frame['x'][i]):#x}" for i in (*range(6), 8, 29, 30)))


Ps("ps", gdb.COMPLETE_NONE)
FrameDump("frame-dump", gdb.COMPLETE_EXPRESSION)
BtTask("bt-task")
