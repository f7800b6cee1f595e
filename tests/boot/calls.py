"""calls.py - system calls of the same programs as strace shows them under Linux, and newel-trace-decode --strace of
a trace by Newel.

`oracle.py strace` records what strace -f says (oracle/strace.txt); test_strace.py holds Newel's against it.  Both are put
through normal() first, the one place that says what may differ.
"""

import collections
import re

import initrd

# Name -> what is run, where there is a file d/e/f and no more.  A name of tests/el0/libc, with its library, runs alone.
PROGRAMS = {
    "ls": "/bin/busybox ls -lR d",
    "cat": "/bin/busybox cat /etc/motd /absent",
    "pipes": "/bin/busybox sh -c 'x=$(echo two); echo $x; (exit 3); echo $?; echo one >f; read y <f; (read z; echo $z) <<<text'",
    "cp": "/bin/busybox cp -a d copy",
    "mkdir": "/bin/busybox mkdir -p a/b/c d/e/f/x",
    "find": "/bin/busybox find d -name f -size 1",
    "stat": "/bin/busybox stat -L /etc/motd /dev/null /absent",
    "dd": "/bin/busybox dd if=/dev/zero of=file bs=1000 count=3 seek=1",
    "tar": "/bin/busybox tar -cf x.tar d",
    "ln": "/bin/busybox ln -s there here",
    "mknod": "/bin/busybox mknod pipe p",
    "sleep": "/bin/busybox sleep 0.01",
    "touch": "/bin/busybox touch -d '2020-01-01 00:00' file",
    "kill": "/bin/busybox sh -c 'trap \"echo caught\" USR1; kill -USR1 $$; trap \"\" HUP; kill -HUP $$; umask 77; ulimit -n; exit 3'",
    "chmod": "/bin/busybox chmod 4711 /tmp",
    "env": "/bin/busybox env -i A=b /bin/busybox printenv A",
    "uname": "/bin/busybox uname -m",
    "time": "/bin/busybox time -f said /bin/busybox true",
    "nice": "/bin/busybox nice -n 5 /bin/busybox true",
    "chrt": "/bin/busybox chrt -f 3 /bin/busybox true",
    "flock": "/bin/busybox flock d /bin/busybox true",
    "truncate": "/bin/busybox truncate -s 5000 d/e/f",
    "mount": "/bin/busybox mount -t tmpfs -o ro,nosuid,size=1m some d",
    "mv": "/bin/busybox mv -f d/e/f d/g",
    "tty": "/bin/busybox stty -F /dev/console",
    "hostname": "/bin/busybox hostname stairs",
    "setpriv": "/bin/busybox setpriv --dump",
    "id": "/bin/busybox id",
    "su": "/bin/busybox setuidgid daemon /bin/busybox id",
    "shell": "/bin/busybox sh -c 'ulimit -c 0; cd d; pwd; test -x e && rmdir e; echo *'",
    "logger": "/bin/busybox logger -t me hello",
    "musl_adjtime": "",
    "musl_openat": "",
    "musl_process_limits": "",
}

FILES = "mkdir -p d/e; echo text >d/e/f; chmod 640 d/e/f"
BEGIN, END = "=== begin %s ===", "=== end %s ==="


def command(name):
    return PROGRAMS[name] or "/t/" + name


def archive(script, busybox, program, extra=()):
    """A system whose /init is this script, with the programs of tests/el0/libc under /t."""
    import oracle  # which imports this file

    files = [initrd.file("t/" + name, program(name)) for name, run in PROGRAMS.items() if not run]
    return oracle.system("#!/bin/busybox sh\n" + script, busybox, extra=[*extra, initrd.directory("t"), *files])


# What a call's answer is a process's or thread's number in, or an argument.
OF_TASKS = set(
    "clone clone3 getpid gettid getppid wait4 waitid kill tkill tgkill set_tid_address setpgid getpgid getsid setsid pidfd_open "
    "rt_sigqueueinfo rt_tgsigqueueinfo sched_getaffinity ioctl fcntl getsockopt sendmsg recvmsg futex rt_sigtimedwait".split()
)
# Whose answer is the time, how much of it is left, or a number that nobody knows.
OF_TIME = set("clock_gettime gettimeofday getrusage times getitimer timer_gettime timerfd_gettime sysinfo utimensat adjtimex clock_adjtime setitimer wait4".split())


def normal(line, tasks):
    """A call as it is compared; None: it is not.  @tasks: number of a thread -> how many came before it."""
    m = re.match(r"(\w+)\((.*)\) += (.*)$", line)
    if not m:
        return None  # what happened to the process: signals, its end
    name, arguments, answer = m.groups()
    # Newel does not serve it, nor need it: glibc asks at the start of each thread.
    if name in ("rseq", "syscall_293"):
        return None
    # It has no arguments: strace reads the frame; and when a child's end interrupts its parent is chance.
    if name == "rt_sigreturn":
        return None
    arguments = arguments.replace(" <unfinished ...>", "")
    # An error's text; a number that is told in words too; how much of a timeout is left.
    answer = re.sub(r", left \{.*\}\)$", ")", answer)
    answer = re.sub(r" \((?!\[\{fd=).*\)$", "", answer)
    # How much of a struct is beyond what the kernel knows.
    if name == "openat2" and not arguments.endswith(", 24"):
        arguments = re.sub(r"(0x[0-9a-f]+|\{.*\}), (?=\d+$)", "STRUCT, ", arguments)
    # The kernel's own code for a call that a signal has cut short, which its program does not see.
    answer = re.sub(r"^\? ERESTART\w+$", "-1 EINTR", answer)
    # Who started it all, here and there.
    if name == "getppid" and int(answer) not in tasks:
        answer = "STARTER"
    # The date that strace writes behind a file's time.
    arguments = re.sub(r" /\* [-\d]+T[\d:.]+[-+]\d+ \*/", "", arguments)
    line = f"{name}({arguments}) = {answer}"
    # Addresses are the kernel's choice: those that are none of a small number.
    line = re.sub(r"0x[0-9a-f]{5,}(?![0-9a-f])", "ADDRESS", line)
    if name in OF_TASKS:
        line = re.sub(r"(?<![\w.])-?\d+(?![\w.])", lambda n: f"TASK{tasks[int(n[0])]}" if int(n[0]) in tasks else n[0], line)
    if name in OF_TIME:
        line = re.sub(r"(tv_sec|tv_n?u?sec|tms_\w+|uptime|totalram|freeram)=\d+( /\* [\d.]+ s \*/)?", r"\1=N", line)
    if name == "times":
        line = re.sub("= .*", "= N", line)
    if name in ("sysinfo", "statfs"):  # how large and how busy the machine is
        line = re.sub(r"(?<=[=\[ ])\d+(?=[],}])", "N", line)
    if name == "prlimit64":
        line = re.sub(r"\((\d+)", lambda n: f"(TASK{tasks[int(n[1])]}" if int(n[1]) in tasks else n[0], line)
    if name == "getrandom":
        line = re.sub(r'"(\\.|[^"\\])*"(\.\.\.)?', "BYTES", line)
    return line


def processes(of_thread, parent, first):
    """The threads in the order in which their parents made them, each with its lines normalised."""
    order, children = [first], collections.defaultdict(list)
    for child, by in parent.items():
        children[by].append(child)
    for thread in order:
        order += children[thread]
    tasks = {thread: i for i, thread in enumerate(order)}
    out = []
    for thread in order:
        out.append(f"thread {tasks[thread]}")
        out += [line for line in (normal(line, tasks) for line in of_thread[thread]) if line]
    return "\n".join(out) + "\n"


def family(of_thread, program):
    """The program's threads as text, from each thread's lines: it is the one that became the program first."""
    became = f'execve("{"/bin/busybox" if PROGRAMS[program] else command(program)}"'
    first = next(t for t, lines in of_thread.items() if any(line.startswith(became) for line in lines))
    start = next(i for i, line in enumerate(of_thread[first]) if line.startswith(became))
    of_thread[first] = of_thread[first][start:]
    parent, waiting = {}, [first]
    for thread in waiting:
        for line in of_thread.get(thread, ()):
            m = re.match(r"clone3?\(.*\) += (\d+)$", line)
            if m and int(m[1]) not in parent:
                parent[int(m[1])] = thread
                of_thread.setdefault(int(m[1]), [])
                waiting.append(int(m[1]))
    return processes(of_thread, parent, first)


def sections(text):
    """program -> what stands between its marks."""
    return {m[1]: m[2] for m in re.finditer(r"^=== begin (\w+) ===\n(.*?)^=== end \1 ===$", text, re.DOTALL | re.MULTILINE)}


def join(of_program):
    """The texts of all programs as one, which sections() takes apart again."""
    return "".join(f"{BEGIN % name}\n{text}{END % name}\n" for name, text in of_program.items())


# ---- under Linux ----


def linux_script():
    script = "mount -t proc proc /proc\nmount -t tmpfs tmpfs /tmp\n"
    for name in PROGRAMS:
        script += (
            f"mkdir /tmp/w /tmp/o; cd /tmp/w; {FILES}; echo '{BEGIN % name}'; timeout 30 strace -ff -o /tmp/o/s {command(name)} >/dev/null 2>&1 </dev/null\n"
            f"for f in /tmp/o/s.*; do echo \"@ $f\"; cat $f; done; echo '{END % name}'; cd /; rm -rf /tmp/w /tmp/o\n"
        )
    return script + "echo all of them\npoweroff -f\n"


def of_strace(text, program):
    """What strace -ff wrote, a file a thread, as text to compare."""
    of_thread = {}
    for m in re.finditer(r"^@ /tmp/o/s\.(\d+)\n(.*?)(?=^@ |\Z)", text, re.DOTALL | re.MULTILINE):
        lines = m[2].strip().split("\n")
        # A call whose own signal ends the process: its answer goes nowhere, and Newel has no return of it.
        if lines[-1].startswith(("+++ killed by SIGXFSZ", "+++ killed by SIGPIPE")):
            last = max(i for i, line in enumerate(lines) if re.match(r"\w+\(", line))
            lines[last] = re.sub(r"\) += .*$", ") = ?", lines[last])
        of_thread[int(m[1])] = lines
    return family(of_thread, program)


# ---- under Newel ----


def newel_script():
    """Each program is traced into a stream of its own; an archive of them goes to the host."""
    trace = "/sys/kernel/newel/trace"
    script = "mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs tmpfs /tmp; mkdir /tmp/streams\n"
    for name in PROGRAMS:
        script += (
            f"mkdir /tmp/w; cd /tmp/w; {FILES}; echo 1 >{trace}/clear; {command(name)} >/dev/null 2>&1 </dev/null\n"
            f"cat /dev/trace >/tmp/streams/{name}; cd /; rm -rf /tmp/w\n"
        )
    return script + "echo none >/sys/kernel/newel/trace/kinds; tar -cf /dev/hostfile -C /tmp/streams .; poweroff -f\n"


def of_newel(lines, program):
    """What newel-trace-decode --strace says, as text to compare."""
    of_thread = collections.defaultdict(list)
    for line in lines.split("\n"):
        pid, _, call = line.partition(" ")
        if call:
            of_thread[int(pid)].append(call)
    return family(of_thread, program)
