#!/usr/bin/python3
"""selfhost.py - this tree is built by Debian's gcc on Newel, from a disk, and the same under Debian's Linux (`make selfhost`).

    tests/boot/selfhost.py [newel|linux]...

Two copies of the image of debian_tools.py get the files that git knows of, as they stand here, and `make` builds them in the
same place of each.  The files that came out have the same hashes, and e2fsck finds nothing to mend on either disk.  Newel then
starts from the file that it built.
"""

import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))

import console  # noqa: E402
import debian_tools  # noqa: E402
import disk  # noqa: E402
import qemu  # noqa: E402

TREE = "/tree/newel"  # on the disk: debian_tools/runner and debian_tools/selfhost put it there
BUILT = "newel.elf", "newel.img", "armstub8-newel.bin"
HOURS = 3 * 3600
STEP = 1800  # seconds that a step may take: a link is three, and the symbols of each
TELL = 60  # seconds between two words of how far it is


def say(name, text):
    print(f"  {name.upper():7} {text}", flush=True)


def pack_tree(archive):
    """The files of this tree as an archive: the same bytes from the same files."""
    names = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-C", ROOT, "--sort=name", "--mtime=@1750000000", "--owner=0", "--group=0", "--numeric-owner",
                    "--mode=u+w,go-w", "--transform=s,^,newel/,S", "-cf", archive, "--null", "-T", "-"], input=names, check=True)


def watch(name, run):
    """See the build to its end, and say now and then how far it is."""
    steps, start = 0, time.monotonic()
    told = start
    while (m := run.expect(rf"^(  [A-Z]+ +\S+.*|{disk.oracle.END})$", timeout=STEP)).group(1) != disk.oracle.END:
        steps += 1
        if time.monotonic() > told + TELL:
            told = time.monotonic()
            say(name, f"{(told - start) / 60:.0f} min, step {steps}: {m[1].strip()}")
    run.finish(silence=600)
    say(name, f"{(time.monotonic() - start) / 60:.1f} min, {steps} steps")


def hashes(log):
    """File -> hash, of what the commands said; each of them ended with 0."""
    said = disk.oracle.between_marks(log)
    ends = re.findall(r"^= (\d+)$", said, re.MULTILINE)
    assert ends == ["0"] * 3, f"a command ended with another status than 0: {ends}\n{said[-3000:]}"
    return {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (\S+)$", said, re.MULTILINE)}


def build(name, image, archive):
    """Build what is in the archive on a fresh disk under this kernel; the hashes of what came out.  The disk is clean afterwards."""
    debian_tools.prepare(image, "selfhost")
    disk.tool("debugfs", "-w", "-R", f"write {archive} /etc/newel.tar", image)
    start = {"newel": debian_tools.newel, "linux": debian_tools.linux}[name]
    run = start(image, f"EACH={HOURS}", limit=HOURS, mem=2048)
    say(name, f"starts from {os.path.relpath(image, ROOT)}, which has this tree on it")
    try:
        watch(name, run)
    finally:
        run.close()
        with open(image + ".log", "w", encoding="utf-8") as f:
            f.write(run.log)
    disk.check_ext2(image)
    say(name, "e2fsck finds nothing")
    found = hashes(run.log)
    for file in BUILT:
        say(name, f"{found[file]}  build/{file}")
    return found


def starts(image):
    """The kernel that was built on this disk comes up to a shell, from the level where all begins."""
    kernel = image + ".elf"
    with open(kernel, "wb") as f:
        f.write(disk.ext2_file(image, f"{TREE}/build/newel.elf"))
    machine = qemu.Machine(kernel=kernel, initrd=os.path.join(ROOT, "build", "el0", "initrd.cpio"), smp=2)
    run = console.qemu_console(machine.args())
    try:
        run.expect(r"newel\$ ")
        run.send("poweroff")
        run.finish()
    finally:
        run.close()


def main(names):
    work = os.path.join(ROOT, "build", "selfhost")
    os.makedirs(work, exist_ok=True)
    images = {name: os.path.join(work, name + ".img") for name in names or ("newel", "linux")}
    archive = os.path.join(work, "newel.tar")  # one for all: the tree may change meanwhile
    pack_tree(archive)
    found = {name: build(name, image, archive) for name, image in images.items()}
    if "newel" in images:
        starts(images["newel"])
        say("newel", "starts from what it built")
    if len({str(h) for h in found.values()}) > 1:
        sys.exit("selfhost.py: not the same files")
    if len(found) > 1:
        say("same", "the files that were built, under " + " and ".join(found))
    for path in archive, *images.values():
        os.unlink(path)


if __name__ == "__main__":
    main(sys.argv[1:])
