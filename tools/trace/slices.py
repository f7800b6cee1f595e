"""slices.py - the slices of a trace, made of its events: see model.py for what they are and what always holds.

Each task has the stack of what it is in (a system call, in it a fault, in that an interrupt); each core knows whose stack
stands on it.  A slice is written down when it ends; so those of a track, and of a lane, come by the time of their end.
"""

import layout
from layout import CALL, CALL_RETURN, FAULT, GUEST, GUEST_ENTERS, IRQ, KINDS, LEVEL, RETURN, SCHED, STREAM, SVC
from model import BASE, CONTINUED, CONTINUES, DEPTH_MAX, OFF, OPEN_END, OPEN_START, USER

ENTRIES = {SVC, FAULT, IRQ, CALL}
ENDED = STREAM["WHY_ENDED"]
LOST = STREAM["LEVEL_LOST"]
KERNEL = 1  # the level of the kernel


class Open:
    """An entry without its return as yet."""

    __slots__ = ("event", "kind", "ns", "lane", "track", "on_lane", "on_track", "level", "name", "until")

    def __init__(self, event, kind, ns, begin, flags, level, name, until=None):
        self.event, self.kind, self.ns, self.level, self.name, self.until = event, kind, ns, level, name, until
        self.on_lane = self.on_track = flags
        self.lane = self.track = begin  # since when it is on this core, and on this track


class Task:
    __slots__ = ("pid", "stack", "cpu", "on", "off", "why", "last")

    def __init__(self, pid, cpu):
        self.pid, self.cpu = pid, cpu
        self.stack = []
        self.on = False  # it stands on core cpu
        self.off = self.why = None  # since when it does not
        self.last = None  # when its last slice ended


class Core:
    __slots__ = ("task", "since", "user", "user_flags", "mark", "timed")

    def __init__(self):
        self.task = self.since = self.user = self.mark = None  # mark: the time of its last event
        self.user_flags = 0
        self.timed = 0  # entries on its task's stack that end by themselves


class Builder:
    def __init__(self, trace):
        self.trace, self.events = trace, trace.events
        self.cores, self.tasks, self.name_ids = {}, {}, {}
        self.calls, self.classes, self.functions = layout.syscalls(), layout.classes(), layout.functions()

    # ---- names ----

    def name(self, text):
        if text not in self.name_ids:
            self.name_ids[text] = len(self.trace.names)
            self.trace.names.append(text)
        return self.name_ids[text]

    def name_of(self, kind, nr, esr):
        if kind == SVC:
            return self.name(self.calls.get(nr, f"syscall_{nr}"))
        if kind == IRQ:
            return self.name(self.trace.irq_name(nr) if nr >= 0 else "irq")
        if kind == FAULT:
            return self.name(self.classes.get(esr >> 26 & 63, (f"exception class {esr >> 26 & 63:#x}",))[0])
        if kind == GUEST:
            return self.name(f"guest vm {nr}")
        if kind in (CALL, LEVEL, CALL_RETURN):
            return self.name(self.functions.get(nr, f"{nr:#x}") if nr or kind != LEVEL else self.name_of_trap(esr))
        return self.name(KINDS[kind].name if kind in KINDS else f"kind {kind}")

    def name_of_trap(self, esr):
        return self.classes.get(esr >> 26 & 63, ("trap",))[0]

    # ---- writing down ----

    def put_lane(self, task, k, end, ret, flags):
        e = task.stack[k]
        depth = sum(1 for below in task.stack[:k] if below.level == e.level)
        self.trace.lanes.add(e.lane, end, task.cpu, e.level, depth, task.pid, e.event, ret, e.name, e.on_lane | flags)

    def put_track(self, task, k, end, ret, flags):
        e = task.stack[k]
        self.trace.tracks.add(e.track, end, task.cpu, e.level, k, task.pid, e.event, ret, e.name, e.on_track | flags)

    def put_user(self, core, cpu, end, flags):
        """What ran at EL0 on this core since core.user."""
        if core.user is not None and core.task:
            name = self.name(self.trace.task_name(core.task.pid))
            self.trace.lanes.add(core.user, end, cpu, 0, 0, core.task.pid, -1, -1, name, core.user_flags | flags | USER)
        core.user = None

    # ---- the stack ----

    def push(self, task, core, event, kind, now, level, name, flags=0, until=None):
        if len(task.stack) < DEPTH_MAX:
            task.stack.append(Open(event, kind, now, now, flags, level, name, until))
            core.timed += until is not None

    def pop(self, task, core, end, ret=-1, flags=0):
        """The innermost entry ends; on its core if it stands there."""
        k = len(task.stack) - 1
        e = task.stack[k]
        if e.until is not None:
            core.timed -= 1
            end, flags = min(end, e.until), flags & ~OPEN_END
            end = max(end, e.lane, task.last or end)
        if task.on:
            self.put_lane(task, k, end, ret, flags)
        self.put_track(task, k, end, ret, flags)
        task.stack.pop()
        task.last = end

    def pop_to(self, task, core, depth, end, ret=-1):
        """All above @depth ended without a word; the one at it by event @ret."""
        while len(task.stack) > depth + 1:
            self.pop(task, core, end, flags=OPEN_END)
        self.pop(task, core, end, ret)

    def settle(self, task, core, now):
        """What ends by itself has ended before @now: all the entries above it, too."""
        k = 0
        while core.timed and k < len(task.stack):
            until = task.stack[k].until
            if until is not None and until <= now:
                end = max(until, task.last or until)
                while len(task.stack) > k:
                    self.pop(task, core, min(end, now), flags=OPEN_END)
            k += 1

    # ---- who is on a core ----

    def task(self, pid, cpu):
        key = pid or (1 << 32) + cpu  # the kernel itself is on each core
        if key not in self.tasks:
            self.tasks[key] = Task(pid, cpu)
        return self.tasks[key]

    def leave(self, cpu, now, why):
        """The core's task is on no core from now on."""
        core = self.cores[cpu]
        task = core.task
        if not task:
            return
        self.settle(task, core, now)
        self.put_user(core, cpu, now, CONTINUES)
        while why == ENDED and task.stack:
            self.pop(task, core, now)
        for k in range(len(task.stack)):
            self.put_lane(task, k, now, -1, CONTINUES)
        task.on, task.off, task.why = False, now, why
        for e in task.stack:  # its time at a level above does not outlive its time on the core
            e.until = None
        core.task, core.timed = None, 0

    def enter(self, task, cpu, now):
        """@task goes on on this core, which has none."""
        core = self.cores[cpu]
        if task.on:  # it left the other core unseen, when that core said something for the last time
            self.leave(task.cpu, self.cores[task.cpu].mark, None)
        if task.cpu != cpu:
            for k in reversed(range(len(task.stack))):
                self.put_track(task, k, task.off, -1, CONTINUES)
            self.put_off(task, now, 0)
            task.cpu = cpu
            for e in task.stack:
                e.track = now
                e.on_track |= CONTINUED
        else:
            self.put_off(task, now, len(task.stack))
        for e in task.stack:
            e.lane = now
            e.on_lane |= CONTINUED
        task.on, task.off = True, None
        core.task, core.since = task, now
        if not task.pid and not task.stack:
            self.push(task, core, -1, 0, now, KERNEL, self.name("kernel"), BASE)

    def put_off(self, task, now, depth):
        if task.off is not None and task.why != ENDED and task.pid and now > task.off:
            name = self.name(layout.WHY.get(task.why, "not on a core"))
            self.trace.tracks.add(task.off, now, task.cpu, KERNEL, depth, task.pid, -1, -1, name, OFF)
            task.last = now

    def switch(self, task, cpu, now, why=None):
        if self.cores[cpu].task is not task:
            self.leave(cpu, now, why)
            self.enter(task, cpu, now)

    # ---- events ----

    def entry(self, i, task, core, cpu, now, kind, levels):
        e = self.events
        if levels & 3 == 0:
            while task.stack:
                self.pop(task, core, now, flags=OPEN_END)
            if core.user is None and core.mark is not None:
                core.user, core.user_flags = max(core.mark, core.since), OPEN_START
            self.put_user(core, cpu, now, 0)
        self.push(task, core, i, kind, now, levels >> 4 & 3, self.name_of(kind, e.nr[i], e.esr[i]))

    def find(self, stack, kind, since):
        """Where on the stack the entry stands that a return ends: by its time, else the innermost of its kind; -1: nowhere."""
        for k in range(len(stack) - 1, -1, -1):
            if since >= 0 and stack[k].ns == since and (not kind or stack[k].kind == kind):
                return k
        for k in range(len(stack) - 1, -1, -1):
            if since < 0 and stack[k].event >= 0 and (stack[k].kind == kind or not kind):
                return k
        return -1

    def leaves(self, i, task, core, now, kind, levels):
        """A return: of an exception, or of a call to a level above (then @kind is CALL)."""
        e, stack = self.events, task.stack
        since = e.since[i]
        k = self.find(stack, kind, since)
        if k >= 0:
            self.pop_to(task, core, k, now, i)
        else:
            self.unseen(i, task, core, now, kind, levels, since)
        if levels >> 4 & 3 == 0:
            while stack:
                self.pop(task, core, now, flags=OPEN_END)
            core.user, core.user_flags = now, 0

    def unseen(self, i, task, core, now, kind, levels, since):
        """The return's entry is not in the trace.  Nothing may reach into what has been written down already."""
        e = self.events
        if levels >> 4 & 3 == 0:
            while task.stack:
                self.pop(task, core, now if since < 0 else max(min(now, since), self.free(task, core)), flags=OPEN_END)
        if len(task.stack) < DEPTH_MAX:
            begin = min(now, max(since, self.free(task, core)))
            name = self.name_of(kind or RETURN, e.nr[i], e.esr[i])
            self.push(task, core, -1, kind, begin, levels & 3, name, OPEN_START)
            self.pop(task, core, now, i)

    def free(self, task, core):
        """From when on nothing of the task has been written down, on this core."""
        top = task.stack[-1].lane if task.stack else core.since
        return max(top, core.since, task.last if task.last is not None else core.since)

    def time_of_switch(self, task, core, now):
        """@task is seen on @core without a SCHED before: since the core's last event at the earliest, and not before it left."""
        if core.mark is None:
            return now
        left = self.cores[task.cpu].mark if task.on else task.off
        return core.mark if left is None else max(core.mark, left)

    def event(self, i, cpu, pid, now, kind, levels):
        if cpu not in self.cores:
            self.cores[cpu] = Core()
        core = self.cores[cpu]
        task = core.task
        if not task or task.pid != pid:
            other = self.task(pid, cpu)
            self.switch(other, cpu, self.time_of_switch(other, core, now))
            task = other
        if core.timed:
            self.settle(task, core, now)
        if kind in ENTRIES:
            self.entry(i, task, core, cpu, now, kind, levels)
        elif kind == RETURN:
            self.leaves(i, task, core, now, self.events.extra[i], levels)
        elif kind == CALL_RETURN:
            self.leaves(i, task, core, now, CALL, levels | 0x10)
        elif kind == GUEST:  # in it from the entry to the exit; then the core is the host's again
            if self.events.extra[i] == GUEST_ENTERS:
                self.push(task, core, i, kind, now, levels >> 4 & 3, self.name_of(kind, self.events.nr[i], 0))
            else:
                self.leaves(i, task, core, now, GUEST, levels)
        elif kind == LEVEL and self.events.extra[i] & 15 != LOST:
            e = self.events
            self.push(task, core, i, kind, now, levels >> 4 & 3, self.name_of(kind, e.nr[i], e.esr[i]), until=max(now, e.since[i]))
        elif kind == SCHED:
            why = self.events.extra[i]
            self.switch(self.task(self.events.nr[i], cpu), cpu, now, why)
        core.mark = now

    def run(self):
        e = self.events
        event = self.event
        for i, (cpu, pid, now, kind, levels) in enumerate(zip(e.cpu, e.pid, e.ns, e.kind, e.levels)):
            event(i, cpu, pid, now, kind, levels)
        end = e.ns[-1] if len(e) else 0
        for cpu, core in self.cores.items():
            self.put_user(core, cpu, end, OPEN_END)
            if core.task:
                self.settle(core.task, core, end)
        for task in self.tasks.values():
            if not task.on:
                self.put_off(task, end, len(task.stack))
            while task.stack:
                self.pop(task, self.cores[task.cpu], end, flags=OPEN_END)


def build(trace):
    Builder(trace).run()
