#!/usr/bin/python3
"""oracle.py - what Linux answers, recorded: the scripts of tests/boot/scripts under Debian's arm64 kernel.

    tests/boot/oracle.py [--record] [NAME...]

Runs every script as /init under Linux in the QEMU that Newel is tested in, and holds the output against
tests/boot/oracle/NAME.txt; with --record writes it there.  test_busybox.py holds Newel against the same.
"""

import difflib
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tools")]

import console  # noqa: E402
import initrd  # noqa: E402
import qemu  # noqa: E402

PARTS = os.path.join(ROOT, "build", "parts")
APPLETS = "cat echo false ls md5sum poweroff seq sh test true uname wc".split()
MOTD = "The stair turns around the newel.\n"
BEGIN, END = "=== begin ===", "=== end ==="


def scripts():
    return sorted(f[:-3] for f in os.listdir(os.path.join(HERE, "scripts")))


def busybox_initrd(init, busybox):
    """A small busybox system with this script as its /init."""
    dirs = [initrd.directory(d) for d in "bin dev etc etc/empty proc root sys tmp".split()]
    links = [initrd.symlink("bin/" + a, "busybox") for a in APPLETS]
    return initrd.archive(
        *dirs,
        initrd.device("dev/console", 5, 1),
        initrd.device("dev/null", 1, 3, 0o666),
        initrd.file("bin/busybox", busybox),
        *links,
        initrd.file("etc/motd", MOTD, 0o644),
        initrd.file("init", init),
    )


def script_initrd(name, busybox):
    """The same, whose /init is the script of this name between two marks, and then powers off."""
    with open(os.path.join(HERE, "scripts", name + ".sh"), encoding="utf-8") as f:
        first, rest = f.read().split("\n", 1)
    return busybox_initrd(f"{first}\necho '{BEGIN}'\n{rest}\necho '{END}'\npoweroff -f\n", busybox)


def between_marks(log):
    """What the script printed.  Kernel messages are not its output: with `quiet` there are none."""
    m = re.search(f"^{BEGIN}\n(.*)^{END}$", log, re.DOTALL | re.MULTILINE)
    return m.group(1) if m else None


def recorded(name):
    with open(os.path.join(HERE, "oracle", name + ".txt"), encoding="utf-8") as f:
        return f.read()


def linux_says(name):
    with open(os.path.join(PARTS, "busybox"), "rb") as f:
        image = script_initrd(name, f.read())
    path = os.path.join(ROOT, "build", "tests", f"oracle-{name}.cpio")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(image)
    machine = qemu.Machine(el=1, smp=1, kernel=os.path.join(PARTS, "vmlinuz"), initrd=path,
                           append="console=ttyAMA0 quiet loglevel=0 panic=-1")
    run = console.qemu_console(machine.args())
    try:
        run.expect(END + "$", timeout=180)
        run.finish()
    finally:
        run.close()
    return between_marks(run.log)


def main(argv):
    record = "--record" in argv
    differ = 0
    for name in [a for a in argv if not a.startswith("-")] or scripts():
        said = linux_says(name)
        path = os.path.join(HERE, "oracle", name + ".txt")
        if record:
            with open(path, "w", encoding="utf-8") as f:
                f.write(said)
        diff = list(difflib.unified_diff(recorded(name).splitlines(), said.splitlines(),
                                         "recorded", "Linux", lineterm=""))
        differ += bool(diff)
        print(f"  LINUX   {name}: " + ("\n" + "\n".join(diff) if diff else "as recorded"))
    sys.exit(bool(differ))


if __name__ == "__main__":
    main(sys.argv[1:])
