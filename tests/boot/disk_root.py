"""disk_root.py - command lines with root= on disks that are made here, and what is said of the root then.

test_disk_root.py holds Newel against oracle/root.txt, which oracle.py records under Linux.
"""

import os
import pathlib
import re
import shutil

import console
import disk
import initrd
import oracle
import qemu

# The answers go to the console: what is mounted, and what the kernel's log has of it.
INIT = r"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "said: $(/bin/busybox cat /which) $0 $*"
/bin/busybox grep ' / ' /proc/mounts | /bin/busybox sed 's/^/said: /'
/bin/busybox grep ' /dev ' /proc/mounts
(echo new >/new); echo "said: write $?"
/bin/busybox mount -o remount,rw / 2>&1 | /bin/busybox sed 's/^/said: /'; (echo new >/new); echo "said: rw $?"
/bin/busybox mount -o remount,ro /
/bin/busybox poweroff -f
"""


def system(folder, which):
    """A root file system: a folder for mke2fs."""
    for name in "bin sbin dev proc sys tmp".split():
        (folder / name).mkdir(parents=True)
    (folder / "which").write_text(which + "\n")
    shutil.copyfile(os.path.join(oracle.PARTS, "busybox"), folder / "bin/busybox")
    for name in "sbin/init", "sbin/other":
        (folder / name).write_text(INIT)
    for name in "bin/busybox", "sbin/init", "sbin/other":
        (folder / name).chmod(0o755)
    return folder


# A disk with a GPT, one with an MBR, with two systems each, and a system on a whole disk.
def make_disks(folder):
    first, second = system(folder / "1", "first"), system(folder / "2", "second")
    names = [f"uuid={disk.UUID}{n + 5},name={name}" for n, name in enumerate(("one", "two"))]
    places = ["start=2048,size=10240,type=linux", "start=12288,size=10240,type=linux"]
    disk.partition(folder / "gpt", [f"{place},{name}" for place, name in zip(places, names)], label="gpt", mib=12)
    disk.partition(folder / "dos", places, mib=12)
    for kind in "gpt", "dos":
        disk.ext2(folder / kind, mib=5, tree=first, at=1 << 20)
        disk.ext2(folder / kind, mib=5, tree=second, at=6 << 20)
    disk.ext2(folder / "whole", mib=5, tree=first, options=["-L", "top"])
    return folder


GPT = f"PARTUUID={disk.UUID}"
# The disk, what the command line says, and what Debian's Linux says of it, of which oracle/root.txt has the answers.
CASES = {
    "offset": ("gpt", f"root={GPT.replace('e', 'E')}5/PARTNROFF=1 rw rootfstype=ext2"),
    "offset back": ("gpt", f"root={GPT}6/PARTNROFF=-1"),
    "beginning": ("dos", "root=PARTUUID=4E57 rootdelay=1"),
    "mbr": ("dos", "root=PARTUUID=4E57454C-02 rw ro -- one two"),
    "label": ("gpt", "root=PARTLABEL=two ro rw"),
    "number": ("gpt", "root=254:2 rootwait init=/sbin/other"),
    "old number": ("gpt", "root=0xfe02"),
    "partition": ("gpt", "root=/dev/none root=/dev/vda1 rootwait=5"),
    "order": ("whole", "root=/dev/vda rootfstype=,ext4,ext2 rootflags=resuid=5"),
    "read-only": ("whole,readonly=on", "root=/dev/vda rw"),
    "no such offset": ("gpt", f"root={GPT}6/PARTNROFF=5"),
    "no offset": ("gpt", f"root={GPT}6/PARTNROFF=x rootwait"),
    "no UUID": ("gpt", "root=PARTUUID= rootwait"),
    "no such UUID": ("dos", "root=PARTUUID=4e57454c-03"),
    "no number": ("gpt", "root=254:2x rootwait"),
    "nothing": ("gpt", "root=/dev/none rootwait=1"),
    "empty": ("gpt", "root=/dev/vda rw"),
    "other type": ("whole", "root=/dev/vda rootfstype=ext3 rw"),
    "no such type": ("whole", "root=/dev/vda rootfstype=foo,ext2"),
    "no such option": ("whole", "root=/dev/vda rootflags=noatime"),
}

SAID = re.compile(r"said: |VFS: .*root|VFS: PARTUUID|Waiting |Disabling |ignoring |Please append|List of|No filesystem|(  )?fe0|panic: |panic - ")


def comparable(log):
    """What was said of the root, by the kernel and by the system on it.  Linux lists file systems in lines, and drivers."""
    lines = [re.sub(r"^(newel: )?\[ *\d+\.\d+\] ", "", line).rstrip() for line in log.split("\n")]
    lines = [re.sub(r"^(newel: panic: |Kernel panic - not syncing: )", "panic: ", line) for line in lines]
    return [re.sub(r"(tried:|bdev filesystems:).*", r"\1", line) for line in lines if SAID.match(line)]


def drive(disks, name):
    name, _, more = name.partition(",")
    return disk.drives([f"file={disks}/{name},format=raw,snapshot=on" + (more and "," + more)], bus="pci")


SWITCH = r"""
mount -t ext2 /dev/vda1 /mnt; mount --move /dev /mnt/dev; umount /sys /tmp
exec switch_root /mnt /sbin/init one two
"""


def switch(commands):
    """An initrd whose process 1 says these commands: switch_root is for that one alone."""
    init = f"#!/bin/busybox sh\nmount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp\n{commands}"
    return oracle.system(init, oracle.part("busybox"), extra=[initrd.directory("mnt"), *oracle.modules()])


# Linux runs this program when it looks for some module at its start, from an initrd that has no /init: so it has the disk's driver.
MODPROBE = "#!/bin/busybox sh\n[ -e /done ] && exit 1\n>/done\n" + oracle.LOAD_MODULES.replace("busybox", "/bin/busybox")


def linux(path, data, words, extra):
    path.write_bytes(data)
    machine = qemu.Machine(el=1, smp=1, cpu="max", kernel=os.path.join(oracle.PARTS, "vmlinuz"), initrd=str(path), extra=extra,
                           append=f"console=ttyAMA0,115200 panic=-1 arm64.nolva {words}")
    run = console.qemu_console(machine.args(), 120)
    run.panics = True
    try:
        run.finish()
    finally:
        run.close()
    return comparable(run.log)


def linux_says(folder):
    """What Linux says in each of the cases, and after SWITCH."""
    disks, path = make_disks(pathlib.Path(folder)), pathlib.Path(folder) / "initrd"
    early = initrd.archive(*(initrd.directory(d) for d in "bin sbin dev proc root".split()), initrd.device("dev/console", 5, 1),
                           initrd.file("bin/busybox", oracle.part("busybox")), initrd.file("sbin/modprobe", MODPROBE), *oracle.modules())
    said = {case: linux(path, early, words, drive(disks, name)) for case, (name, words) in CASES.items()}
    said["switch_root"] = linux(path, switch(oracle.LOAD_MODULES + SWITCH), "quiet", drive(disks, "gpt"))
    return "".join(f"## {case}\n" + "".join(line + "\n" for line in lines) for case, lines in said.items())


def recorded():
    """Case -> lines."""
    sections = [text.splitlines() for text in oracle.recorded("root").split("## ")[1:]]
    return {lines[0]: lines[1:] for lines in sections}
