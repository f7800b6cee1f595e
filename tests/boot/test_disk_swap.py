"""Swap: programs that have more memory than there is RAM, on a partition and on a file; swapoff while it is in use; disks that
fail; headers of any kind; and what swapon(2), swapoff(2) and /proc say, beside Debian's Linux (`tests/boot/test_disk_swap.py`
prints that)."""

import os

import disk
import initrd
import pytest

RAM = 128  # MiB
SMALL = int(os.environ.get("SWAP_RAM", "64"))  # of test_more_than_there_is: `make test-disks` gives it more
ON = "mkswap /dev/vda >/dev/null; swapon /dev/vda || exit\n"


def program():
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "paging"), "rb") as f:
        return [initrd.file("bin/paging", f.read())]


def swap_disk(path, mib=512):
    return disk.empty(path, mib)


def run(boot, commands, images, **machine):
    return disk.script(boot, commands, images, extra=program(), **dict(mem=RAM) | machine)


# Kinds of pages: what the machine must say, word for word.
PROGRAMS = {
    "fill": (f"paging fill {2 * SMALL} 1", ["fill: ok"]),
    "moved": (f"paging moved {3 * SMALL // 2}", ["mprotect: ok", "mprotect: ok", "mprotect: ok", "moved: ok"]),
    "locked": (f"ulimit -l unlimited; paging locked {SMALL // 8} {3 * SMALL // 2}", ["mlock: ok", "in memory: all", "locked: ok"]),
    "many": (f"paging fill {2 * SMALL} 8", ["fill: ok"]),
    "fork": (f"paging fork {5 * SMALL // 4}", ["fork: ok"]),
}


@pytest.mark.parametrize("smp, names", ((1, PROGRAMS), (4, ("many", "fork"))))
def test_more_than_there_is(boot, tmp_path, smp, names):
    """Each program has up to twice the RAM, and no task is killed."""
    lines = [line for name in names for line in PROGRAMS[name][1]]
    script = ON + "\n".join(PROGRAMS[name][0] for name in names) + """
grep -q '^pswpout [1-9]' /proc/vmstat && grep -q '^pswpin [1-9]' /proc/vmstat && echo moved
dmesg | grep -c 'out of memory'"""
    assert run(boot, script, [swap_disk(tmp_path / "a.img", 8 * SMALL)], smp=smp, mem=SMALL, limit=600) == [*lines, "moved", "0"]


def test_under_a_guest(boot, tmp_path):
    """A guest with about as much memory as the machine: its pages go and come back under it."""
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "el0", "kvm_swapped"), "rb") as f:
        extra = [initrd.file("bin/swapped", f.read())]
    script = ON + """SWAPPED=56 swapped
grep -q '^pswpout [1-9]' /proc/vmstat && grep -q '^pswpin [1-9]' /proc/vmstat && echo moved
dmesg | grep -c 'out of memory'"""
    said = disk.script(boot, script, [swap_disk(tmp_path / "a.img")], extra=extra, el=2, smp=2, mem=64, limit=600)
    assert [line for line in said if line[:2] != "# "] == [
        "ok 1 - KVM_RUN, madvise: memory that goes to swap, by pages", "ok 2 - KVM_RUN, madvise: memory that goes to swap, by blocks",
        "1..2", "moved", "0"]


# MiB of a file and of RAM: `make test-disks` asks for 2048 and 256
FILE_MIB, FILE_RAM = (int(n) for n in os.environ.get("BIG_FILE", "192 64").split())


@pytest.mark.parametrize("smp", (1, 4))
def test_file_larger_than_ram(boot, tmp_path, smp):
    """Without swap: what was written goes to the disk, what was read goes, and no task does."""
    image = disk.ext2(tmp_path / "a.img", mib=FILE_MIB + FILE_MIB // 8, options=["-b", "4096"])
    script = f"""mount -t ext2 /dev/vda /mnt; sleep 1000 & paging file /mnt/f {FILE_MIB}; stat -c %s /mnt/f
dd if=/mnt/f of=/mnt/f bs=1M conv=notrunc 2>/dev/null; kill -0 $! && echo lives; umount /mnt; dmesg | grep -c 'out of memory'"""
    said = run(boot, script, [image], smp=smp, mem=FILE_RAM, limit=900)
    assert said == ["file: ok", str(FILE_MIB << 20), "lives", "0"]
    disk.check_ext2(image)


def test_off_while_in_use(boot, tmp_path):
    """All that is out comes back when there is room for it, and else nothing changes."""
    script = ON + """paging hold 190 /tmp/full & while ! [ -e /tmp/full ]; do sleep 1; done
paging off /dev/vda; grep -c vda /proc/swaps; rm /tmp/full; wait
paging hold 60 /tmp/full & while ! [ -e /tmp/full ]; do sleep 1; done
paging fill 110 1; grep '^VmSwap' /proc/$!/status | grep -vc ' 0 kB'
paging off /dev/vda; grep -c vda /proc/swaps; grep VmSwap /proc/$!/status; rm /tmp/full; wait"""
    said = run(boot, script, [swap_disk(tmp_path / "a.img")], smp=2)
    assert said == ["swapoff: ENOMEM", "1", "hold: ok", "fill: ok", "1", "swapoff: ok", "0", "VmSwap:\t       0 kB", "hold: ok"]


def test_file(boot, tmp_path):
    """A file on ext2, which nobody writes, cuts or removes meanwhile."""
    image = disk.ext2(tmp_path / "a.img", mib=150, options=["-b", "4096"])
    script = """mount -t ext2 /dev/vda /mnt; dd if=/dev/zero of=/mnt/swap bs=1M count=128 2>/dev/null; chmod 600 /mnt/swap
mkswap /mnt/swap >/dev/null; paging on /mnt/swap 0; paging on /mnt/swap 0; paging fill 128 2
echo x 2>&1 >>/mnt/swap | sed 's/.*: //'; rm /mnt/swap 2>&1 | sed 's/.*: //'; mv /mnt/swap /mnt/b 2>&1 | sed 's/.*: //'
truncate -s 0 /mnt/swap 2>&1 | sed 's/.*: //'; umount /mnt 2>&1 | sed 's/.*: //'
paging off /mnt/swap; paging mapped /mnt/swap; rm /mnt/swap; truncate -s 1M /mnt/holes; mkswap /mnt/holes >/dev/null; paging on /mnt/holes 0; umount /mnt && echo unmounted"""
    said = run(boot, script, [image], smp=2, mem=64)
    assert said == FILE
    disk.check_ext2(image)


FILE = ["swapon: ok", "swapon: EBUSY", "fill: ok", "Text file busy", "Operation not permitted", "Operation not permitted", "Text file busy",
        "Device or resource busy", "swapoff: ok", "swapon: ok", "swapoff: ok", "mapped: ok", "swapon: EINVAL", "unmounted"]


def test_errors(boot, tmp_path):
    """A page that cannot be read is SIGBUS to who uses it, or EFAULT in a call, and to nobody else."""
    image = swap_disk(tmp_path / "a.img", 256)
    words = f"driver=blkdebug,image.driver=file,image.filename={image}"
    for i, page in enumerate((2000, 2001, 5000)):
        words += f",inject-error.{i}.event=none,inject-error.{i}.iotype=read,inject-error.{i}.errno=5,inject-error.{i}.once=off"
        words += f",inject-error.{i}.sector={page * 8}"
    script = ON + """paging lost 190 /tmp/full & while ! [ -e /tmp/full ]; do sleep 1; done; rm /tmp/full; wait; paging fill 20 1"""
    assert run(boot, script, [words], smp=2) == ["lost: some", "lost: ok", "fill: ok"]


CALLS = """mkswap /dev/vda >/dev/null; mkswap /dev/vdb >/dev/null; mkdir /tmp/d; mkswap /dev/vdc >/dev/null; dd if=/dev/zero of=/tmp/s bs=64k count=1 2>/dev/null
paging on /dev/vda 0x80000; paging on /dev/none 0; paging on /tmp/d 0; paging on /dev/null 0; paging on /tmp/s 0
paging on /dev/vda 0; paging on /dev/vda 0; paging on /dev/vdb 0x8005; paging on /dev/vdc 0; cat /proc/swaps
grep -E 'SwapTotal|SwapFree' /proc/meminfo; free -k | grep Swap; paging off /dev/vda; cat /proc/swaps; paging off /dev/vda; paging off /dev/none
paging off /dev/vdc; paging on /dev/vda 0; cat /proc/swaps; paging off /dev/vda; paging off /dev/vdb; cat /proc/swaps; grep Swap /proc/meminfo
paging headers /dev/vda; cat /proc/sys/vm/swappiness; echo 201 2>&1 >/proc/sys/vm/swappiness; echo 10 >/proc/sys/vm/swappiness; cat /proc/sys/vm/swappiness"""


def disks(folder):
    return [disk.empty(folder / "a.img", 4), disk.empty(folder / "b.img", 16), disk.empty(folder / "c.img", 1)]


LINUX = ["swapon: EINVAL",
         "swapon: ENOENT",
         "swapon: EISDIR",
         "swapon: EINVAL",
         "swapon: EINVAL",
         "swapon: ok",
         "swapon: EBUSY",
         "swapon: ok",
         "swapon: ok",
         "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority",
         "/dev/vda                                partition\t4092\t\t0\t\t-2",
         "/dev/vdb                                partition\t16380\t\t0\t\t5",
         "/dev/vdc                                partition\t1020\t\t0\t\t-3",
         "SwapTotal:         21492 kB",
         "SwapFree:          21492 kB",
         "Swap:         21492           0       21492",
         "swapoff: ok",
         "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority",
         "/dev/vdb                                partition\t16380\t\t0\t\t5",
         "/dev/vdc                                partition\t1020\t\t0\t\t-2",
         "swapoff: EINVAL",
         "swapoff: ENOENT",
         "swapoff: ok",
         "swapon: ok",
         "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority",
         "/dev/vda                                partition\t4092\t\t0\t\t-2",
         "/dev/vdb                                partition\t16380\t\t0\t\t5",
         "swapoff: ok",
         "swapoff: ok",
         "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority",
         "SwapCached:            0 kB",
         "SwapTotal:             0 kB",
         "SwapFree:              0 kB",
         "good: ok",
         "shorter: ok",
         "one page: ok",
         "no page: EINVAL",
         "longer: EINVAL",
         "the longest: EINVAL",
         "version 0: EINVAL",
         "version 2: EINVAL",
         "the other order: ok",
         "a bad page: ok",
         "bad page 0: EINVAL",
         "a bad page behind the end: EINVAL",
         "a bad page far away: EINVAL",
         "all pages bad: EINVAL",
         "637 bad pages: EINVAL",
         "638 bad pages: EINVAL",
         "very many bad pages: EINVAL",
         "the old magic: EINVAL",
         "ones: EINVAL",
         "zeros: EINVAL",
         "60",
         "sh: write error: Invalid argument",
         "10"]


def test_calls(boot, tmp_path):
    assert run(boot, CALLS, disks(tmp_path), smp=2) == LINUX


PAGEOUT = "mkswap /dev/vda >/dev/null; swapon /dev/vda; mount -t ext2 /dev/vdb /mnt; paging pageout /mnt/f; umount /mnt"
PUSHED = ["cold: ok, stays",
          "private: ok, goes",
          "half: ok, goes",
          "the other: ok, stays",
          "a child has it: ok, stays",
          "shared: ok, goes",
          "a file: ok, goes",
          "pageout: ok"]


def pushed_disks(folder):
    return [disk.empty(folder / "a.img", 32), disk.ext2(folder / "b.img", mib=16, options=["-b", "4096"])]


@pytest.mark.parametrize("smp", (1, 4))
def test_pageout(boot, tmp_path, smp):
    """madvise: what a program says it does not need goes out, and comes back; as under Linux, not what another process has too."""
    assert run(boot, PAGEOUT, pushed_disks(tmp_path), smp=smp) == PUSHED


def main():
    import pathlib
    import pprint
    import tempfile
    for commands, images in ((CALLS, disks), (PAGEOUT, pushed_disks)):
        with tempfile.TemporaryDirectory() as d:
            pprint.pprint(disk.linux(commands, images(pathlib.Path(d)), extra=program()), width=120)


if __name__ == "__main__":
    main()
