#!/usr/bin/python3
"""oracle.py - what Linux answers, in the QEMU that Newel is tested in, with Debian's arm64 kernel.

    tests/boot/oracle.py [--record] [NAME...]

A NAME is a theme; or modules: what init_module(2) says to the mutants (mutants.py) of a module of Debian's; or strace: the system calls of calls.py's programs; or el0, dynamic: the archives of tests/el0 and tests/boot/dynamic, whose programs must pass
(el0=PROGRAM,PROGRAM...: those alone); kvm, or kvm=PROGRAM...: those of tests/el0/kvm, on each machine that has another KVM; or interactive: test_interactive.py, which must too.

A theme is tests/boot/scripts/NAME.cases, run case by case by tests/boot/scripts/runner, with bash where the name
begins with it, with Debian's dynamic dash and coreutils where it is debian, else with busybox's shell; or NAME.sh,
one script that is /init itself.  Its answer is held against tests/boot/oracle/NAME.txt; with --record it is written
there.  test_busybox.py and test_dynamic.py hold Newel against the same.
"""

import difflib
import errno
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tools")]

import calls  # noqa: E402
import console  # noqa: E402
import initrd  # noqa: E402
import mutants  # noqa: E402
import qemu  # noqa: E402
import tap  # noqa: E402

SCRIPTS = os.path.join(HERE, "scripts")
PARTS = os.path.join(ROOT, "build", "parts")
MOTD = "The stair turns around the newel.\n"
BEGIN, END = "=== begin ===", "=== end ==="
USERS = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n"
GROUPS = "root:x:0:\ndaemon:x:1:\nbin:x:2:\nusers:x:100:daemon\n"

# What must differ between two kernels or two runs, and what it becomes; everything else is compared as it is.
NORMAL = [
    # Pids depend on how many tasks the kernel itself has: a shell tells a background job's when it starts and lists it.
    (re.compile(r"^(\[\d+\][-+]? ) *\d+", re.MULTILINE), r"\1PID"),
    # ... and names the process that a signal ended, in its own error messages.
    (re.compile(r"(?<=line \d: ) *\d+(?= [A-Z])|(?<=line \d\d: ) *\d+(?= [A-Z])", re.MULTILINE), "PID"),
]


def themes():
    """The names of tests/boot/scripts, without what follows the dot."""
    return sorted(f.rsplit(".", 1)[0] for f in os.listdir(SCRIPTS) if "." in f)


def read(name):
    with open(os.path.join(SCRIPTS, name), encoding="utf-8") as f:
        return f.read()


def left_out():
    """The applets that scripts/left-out gives a reason for."""
    lines = [line.split(": ", 1)[1] for line in read("left-out").split("\n") if ": " in line and line[0] != "#"]
    return set(" ".join(lines).split())


def tried():
    """The text of all cases and scripts, in which every applet should be named."""
    return "\n".join(read(name) for name in os.listdir(SCRIPTS) if "." in name)


def count_cases(output):
    """How many cases this output of the runner labels."""
    return len(re.findall("^## ", output, re.MULTILINE))


def shell_of(theme):
    return "/bin/bash" if theme.startswith("bash") else "/bin/dash" if theme == "debian" else "/bin/sh"


def applets(busybox):
    """The names of all applets that this busybox holds."""
    # Its table of names: NUL-terminated, sorted, and beginning with "[" and "[[".
    names = busybox[busybox.index(b"\0[\0[[\0") + 1:].split(b"\0\0", 1)[0].split(b"\0")
    return [n.decode() for n in names]


def tree(part):
    """Debian's dynamic programs of this part, and all that they load, as members of an archive."""
    for folder, dirs, files in os.walk(os.path.join(PARTS, part)):
        for path in (os.path.join(folder, name) for name in sorted(dirs + files)):
            name = os.path.relpath(path, os.path.join(PARTS, part))
            if os.path.islink(path):
                yield initrd.symlink(name, os.readlink(path))
            elif os.path.isdir(path):
                yield initrd.directory(name)
            else:
                with open(path, "rb") as f:
                    yield initrd.file(name, f.read(), os.stat(path).st_mode & 0o777)


def system(init, busybox, bash=b"", extra=(), links=None):
    """A busybox system with every applet or those in @links, bash if given, and with this script as its /init."""
    dirs = [initrd.directory(d) for d in "bin dev etc etc/empty proc root sys var var/run".split()]
    nodes = [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
             ("ptmx", 5, 2)]
    return initrd.archive(
        initrd.directory("."),
        *dirs,
        initrd.directory("tmp", 0o1777),
        initrd.device("dev/console", 5, 1),
        *[initrd.device("dev/" + name, major, minor, 0o666) for name, major, minor in nodes],
        initrd.symlink("dev/fd", "/proc/self/fd"),
        initrd.file("bin/busybox", busybox),
        *[initrd.symlink("bin/" + a, "busybox") for a in links or applets(busybox) if a != "busybox"],
        *([initrd.file("bin/bash", bash)] if bash else []),
        initrd.file("etc/motd", MOTD, 0o644),
        initrd.file("etc/passwd", USERS, 0o644),
        initrd.file("etc/group", GROUPS, 0o644),
        initrd.file("etc/shadow", "root:*:1::::::\n", 0o600),
        *extra,
        initrd.file("init", init),
    )


def theme_initrd(theme, busybox, bash=b"", has_clock=True):
    """The system whose /init is this theme between two marks, and then powers off.

    On a machine whose clock does not run while it is off, a date is set first.
    """
    if os.path.exists(os.path.join(SCRIPTS, theme + ".sh")):
        first, rest = read(theme + ".sh").split("\n", 1)
        extra = ()
    else:
        first = "#!/bin/busybox sh"
        rest = f"mount -t proc proc /proc\n/etc/runner {shell_of(theme)} /etc/cases\n"
        extra = [initrd.file("etc/runner", read("runner")), initrd.file("etc/cases", read(theme + ".cases"), 0o644)]
    links = None
    if theme == "debian":
        extra += tree("debian")
        links = ["mount", "poweroff"]
    date = "" if has_clock else "/bin/busybox date -s 2026-06-01 >/dev/null; "  # in one line with the next: a script's messages name lines
    return system(f"{first}\n{date}echo '{BEGIN}'\n{rest}\necho '{END}'\npoweroff -f\n", busybox, bash, extra, links)


def between_marks(log):
    """What was printed between the marks, normalised.  Kernel messages are not of it: with `quiet` there are none."""
    m = re.search(f"^{BEGIN}\n(.*)^{END}$", log, re.DOTALL | re.MULTILINE)
    if not m:
        return None
    said = m.group(1)
    for pattern, what in NORMAL:
        said = pattern.sub(what, said)
    return said


def recorded(theme):
    with open(os.path.join(HERE, "oracle", theme + ".txt"), encoding="utf-8") as f:
        return f.read()


def differences(old, new, old_name, new_name):
    """A unified diff whose context reaches back to the label of the case, or nothing."""
    return "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, n=6, lineterm=""))


def part(name):
    with open(os.path.join(PARTS, name), "rb") as f:
        return f.read()


# What Debian's kernel needs for its disks, in the order of loading; ext2 and virtio over PCI are built in.
MODULES = "virtio_blk virtio_mmio virtio-rng loop brd nls_cp437 nls_ascii nls_iso8859-1 nls_utf8 fat vfat msdos".split()
LOAD_MODULES = f"for m in {' '.join(MODULES)}; do busybox insmod /modules/$m.ko; done\n"


def modules():
    """Entries of an archive: /modules, for LOAD_MODULES in a script."""
    return [initrd.directory("modules"), *(initrd.file(f"modules/{m}.ko", part(f"linux-modules/{m}.ko"), 0o644) for m in MODULES)]


def boot_linux(path, limit, words="", el=1, **fields):
    # Addresses have 48 bits, as here, on processors that have 52 too.  Entered at EL2, this kernel has /dev/kvm.
    machine = qemu.Machine(el=el, kernel=os.path.join(PARTS, "vmlinuz"), initrd=path,
                           append="console=ttyAMA0,115200 quiet loglevel=0 panic=-1 arm64.nolva " + words, **fields)
    return console.qemu_console(machine.args(), limit)


def linux_says(theme):
    path = os.path.join(ROOT, "build", "tests", f"oracle-{theme}.cpio")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(theme_initrd(theme, part("busybox"), part("bash")))
    run = boot_linux(path, limit=600, smp=1)
    try:
        run.expect(END + "$", timeout=600)
        run.finish()
    finally:
        run.close()
    return between_marks(run.log)


def say(name, text):
    print(f"  LINUX   {name}: {text}", flush=True)


def theme_holds(theme, record):
    said = linux_says(theme)
    if record:
        with open(os.path.join(HERE, "oracle", theme + ".txt"), "w", encoding="utf-8") as f:
            f.write(said)
    diff = differences(recorded(theme), said, "recorded", "Linux")
    cases = count_cases(said)
    say(theme, (f"{cases} cases, " if cases else "") + ("\n" + diff if diff else "as recorded"))
    return not diff


def programs_hold(name, archive, programs, **machine):
    """Every program of this archive, or those named, each a stream of TAP."""
    run = boot_linux(os.path.join(ROOT, "build", "tests", archive + ".cpio"), limit=5400, words=f"TESTS={programs}" if programs else "", **machine)
    good = True
    try:
        while (m := run.expect(r"^TAP (\S+) end ?(\S*)$", timeout=900)).group(1) != "all":
            text = run.log.rsplit(f"TAP {m[1]} begin\n", 1)[1].split(f"TAP {m[1]} end", 1)[0]
            passed = m[2] == "0" and tap.Stream(text).passed()
            say(f"{name} {m[1]}", "passes" if passed else f"ends with {m[2]}\n{text}")
            good &= passed
        run.finish()
    finally:
        run.close()
    return good


def el0_holds(name, _record):
    """Every program of tests/el0 or of tests/boot/dynamic, as test_el0.py and test_dynamic.py run them on Newel."""
    name, _, programs = name.partition("=")
    return programs_hold(name, name, programs, smp=4, cpu="max")


# Linux's KVM is another with each: its own level, the processor's registers, the guest's interrupt controller.
KVM_MACHINES = {"a72-gic2": dict(cpu="cortex-a72", gic=2), "a72-gic3": dict(cpu="cortex-a72", gic=3), "max": dict(cpu="max", gic=3)}


def kvm_holds(name, _record):
    """Every program of tests/el0/kvm, as test_kvm.py runs them on Newel, and the one that is too long for it."""
    programs = name.partition("=")[2]
    return all([programs_hold(f"kvm {what}", "kvm", programs, el=2, smp=4, **machine) for what, machine in KVM_MACHINES.items()])


def interactive_holds(name, _record):
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", str(os.cpu_count() or 2), "-p", "no:cacheprovider",
                           os.path.join(HERE, "test_interactive.py")], env={**os.environ, "NEWEL_ORACLE": "1"}, check=False)
    say(name, "passes" if not done.returncode else "fails")
    return not done.returncode


def mutants_initrd(files, program):
    """A system whose process 1, programs/mutants.c, gives each of these files to init_module(2)."""
    return initrd.archive(*(initrd.directory(d) for d in ("mutants", "dev", "proc")), initrd.device("dev/console", 5, 1),
                          initrd.file("init", program), *(initrd.file(f"mutants/{i}", data, 0o644) for i, data in enumerate(files)))


def mutants_said(log):
    """File -> answer, of a run of programs/mutants.c.  After the last one the machine may be gone."""
    return {int(i): errno.errorcode[int(e)] if e not in ("", "0") else "taken" if e else "dies"
            for i, e in re.findall(r"^(\d+): (\d*)", log, re.MULTILINE)}


def modules_say():
    """What Linux says to each mutant.  It is asked again from the next one on when it has died of one."""
    ways = list(mutants.mutants(part("dummy.ko")))
    path = os.path.join(ROOT, "build", "tests", "oracle-modules.cpio")
    with open(path, "wb") as f, open(os.path.join(ROOT, "build", "tests", "mutants"), "rb") as program:
        f.write(mutants_initrd([data for _, data in ways], program.read()))
    said = {}
    while len(said) < len(ways):
        run = boot_linux(path, limit=600, words=f"oops=panic START={len(said)}", smp=1)
        try:
            run.expect("^all of them$|Rebooting in|Kernel panic", timeout=60)
        except AssertionError:
            pass  # nothing is heard any more: it has died too
        finally:
            run.close()
        said.update(mutants_said(run.log))
    return [f"{name}: {said[i]}" for i, (name, _) in enumerate(ways)]


def modules_hold(name, record):
    said = "\n".join(modules_say()) + "\n"
    if record:
        with open(os.path.join(HERE, "oracle", name + ".txt"), "w", encoding="utf-8") as f:
            f.write(said)
    diff = differences(recorded(name), said, "recorded", "Linux")
    say(name, f"{said.count(chr(10))} mutants, " + ("\n" + diff if diff else "as recorded"))
    return not diff


def calls_say():
    """What strace says of the programs of calls.py."""
    path = os.path.join(ROOT, "build", "tests", "oracle-strace.cpio")

    def program(name):
        with open(os.path.join(ROOT, "build", "tests", "el0", name), "rb") as f:
            return f.read()

    with open(path, "wb") as f:
        f.write(calls.archive(calls.linux_script(), part("busybox"), program, tree("strace")))
    run = boot_linux(path, limit=600, smp=1)
    try:
        run.expect("^all of them$", timeout=600)
        run.finish()
    finally:
        run.close()
    return calls.join({name: calls.of_strace(text, name) for name, text in calls.sections(run.log).items()})


def calls_hold(name, record):
    said = calls_say()
    if record:
        with open(os.path.join(HERE, "oracle", name + ".txt"), "w", encoding="utf-8") as f:
            f.write(said)
    diff = differences(recorded(name), said, "recorded", "Linux")
    say(name, f"{len(calls.PROGRAMS)} programs, " + ("\n" + diff if diff else "as recorded"))
    return not diff


def disks_hold(name, record):
    """Debian's programs for disks, as test_disk_nodes.py runs them on Newel."""
    import disk_programs  # which needs this file

    path = os.path.join(ROOT, "build", "tests", "oracle-disks.img")
    said = disk_programs.linux_says(path)
    os.unlink(path)
    if record:
        with open(os.path.join(HERE, "oracle", name + ".txt"), "w", encoding="utf-8") as f:
            f.write(said)
    diff = differences(recorded(name), said, "recorded", "Linux")
    say(name, "\n" + diff if diff else "as recorded")
    return not diff


def cases_hold(name, record):
    """The cases of files.cases on a disk, as test_disk_cases.py runs them on Newel."""
    import disk_cases  # which needs this file

    with tempfile.TemporaryDirectory() as folder:
        said = disk_cases.linux_says(name.removeprefix("files-on-"), os.path.join(folder, "disk"))
    if record:
        with open(os.path.join(HERE, "oracle", name + ".txt"), "w", encoding="utf-8") as f:
            f.write(said)
    diff = differences(recorded(name), said, "recorded", "Linux")
    say(name, f"{count_cases(said)} cases, " + ("\n" + diff if diff else "as recorded"))
    return not diff


def root_holds(name, record):
    """What is said of root= with these words, as test_disk_root.py asks Newel."""
    import disk_root  # which needs this file

    with tempfile.TemporaryDirectory() as folder:
        said = disk_root.linux_says(folder)
    if record:
        with open(os.path.join(HERE, "oracle", name + ".txt"), "w", encoding="utf-8") as f:
            f.write(said)
    diff = differences(recorded(name), said, "recorded", "Linux")
    say(name, f"{count_cases(said)} cases, " + ("\n" + diff if diff else "as recorded"))
    return not diff


ON_DISKS = {f"files-on-{kind}": cases_hold for kind in ("ext2", "vfat")}
OTHERS = {**ON_DISKS, "disks": disks_hold, "root": root_holds, "modules": modules_hold, "strace": calls_hold, "el0": el0_holds, "kvm": kvm_holds, "dynamic": el0_holds, "interactive": interactive_holds}


def main(argv):
    names = [a for a in argv if not a.startswith("-")] or [*themes(), *OTHERS]
    held = [OTHERS.get(name.partition("=")[0], theme_holds)(name, "--record" in argv) for name in names]
    sys.exit(not all(held))


if __name__ == "__main__":
    main(sys.argv[1:])
