"""disk_programs.py - Debian's programs for disks (the part `disks`) in one script, and what they say of it, made comparable.

test_disk_nodes.py holds Newel against oracle/disks.txt, which oracle.py records under Linux.
"""

import os
import re

import disk
import initrd
import oracle

# Each a function of the script: busybox's shell would take its own programs of these names.
OWN = """lsblk blkid findfs fdisk sfdisk losetup blockdev mkswap wipefs blkdiscard partx addpart delpart resizepart
mount umount findmnt mkfs.ext2 mkfs.vfat fsck.vfat e2fsck""".split()

SCRIPT = r"""
rmmod brd 2>/dev/null
lsblk
lsblk -b -o NAME,MAJ:MIN,RM,SIZE,RO,TYPE,PHY-SEC,LOG-SEC,ROTA,SCHED,RA,ALIGNMENT,MIN-IO,OPT-IO,DISC-GRAN,PKNAME,PATH,ZONED,SERIAL /dev/vda
cat /proc/partitions; grep -A9 Block /proc/devices
blkid /dev/vda1 /dev/vda2; blkid -p /dev/vda1; blkid -p /dev/vda
fdisk -l /dev/vda; sfdisk -d /dev/vda; blockdev --report
for o in --getro --getss --getpbsz --getiomin --getioopt --getalignoff --getmaxsect --getbsz --getsize64 --getsz --getra --getdiscardzeroes; do
	echo "$o: $(blockdev $o /dev/vda 2>&1) $(blockdev $o /dev/vda1 2>&1)"
done
echo "== file systems"
mkfs.ext2 -q -F -U 6e657765-6c00-4000-8000-000000000000 -E hash_seed=6e657765-6c00-4000-8000-000000000001 /dev/vda1
blkid -p /dev/vda1; e2fsck -fn /dev/vda1
mkfs.vfat -i 12345678 /dev/vda2 2>&1 | grep -v onversion; blkid /dev/vda2; fsck.vfat -n /dev/vda2 2>&1 | grep -v onversion
wipefs /dev/vda2
echo "== partitions"
printf 'n\np\n3\n65536\n+4M\nw\n' | fdisk /dev/vda; lsblk /dev/vda
delpart /dev/vda 3; lsblk -n /dev/vda; addpart /dev/vda 3 65536 2048; resizepart /dev/vda 3 4096; lsblk -nb -o NAME,SIZE /dev/vda
partx -d --nr 3 /dev/vda; partx -a /dev/vda; partx -s /dev/vda; ls -l /dev/vda? | cut -c1-10
exec 5</dev/vda2; blockdev --rereadpt /dev/vda; exec 5<&-; blockdev --rereadpt /dev/vda; echo $?
echo "== bytes"
dd if=/dev/zero of=/dev/vda3 bs=1M seek=3 count=2 conv=fsync; dd if=/dev/vda of=/dev/null bs=64k count=4 iflag=direct
echo text | dd of=/dev/vda3 conv=sync,fsync bs=512 2>/dev/null; dd if=/dev/vda skip=65536 count=1 2>/dev/null | head -c 5
blkdiscard -z -o 0 -l 4096 /dev/vda3; head -c 5 /dev/vda3 | od -c | head -1
blockdev --setro /dev/vda3; dd if=/dev/zero of=/dev/vda3 count=1; blockdev --getro /dev/vda3; blockdev --setrw /dev/vda3
blockdev --setra 64 /dev/vda; cat /sys/block/vda/queue/read_ahead_kb; blockdev --flushbufs /dev/vda
mkswap -U 6e657765-6c00-4000-8000-000000000003 /dev/vda3; blkid /dev/vda3; findfs UUID=6e657765-6c00-4000-8000-000000000003
echo "== loop devices"
truncate -s 8M /tmp/img; losetup -f --show /tmp/img; losetup -l -O NAME,SIZELIMIT,OFFSET,AUTOCLEAR,RO,BACK-FILE,DIO,LOG-SEC,PARTSCAN
losetup -f --show -r -o 4096 --sizelimit 1048576 /tmp/img; losetup -a | sort
printf 'label: gpt\nlabel-id: 6e657765-6c00-4000-8000-000000000004\nsize=2048\nsize=4096,name=two\n' | sfdisk -q /dev/loop0; fdisk -l /dev/loop0
losetup -d /dev/loop0; losetup -d /dev/loop1; losetup -a; cat /sys/block/loop0/size /sys/block/loop0/loop/offset
losetup -P -f --show /tmp/img; ls /dev/loop0*; lsblk /dev/loop0; grep loop /proc/partitions; cat /sys/class/block/loop0p2/uevent | grep -v SEQ
mkfs.ext2 -q -F /dev/loop0p2; blkid -o value -s TYPE /dev/loop0p2; blkid -o value -s PART_ENTRY_NAME -p /dev/loop0p2
losetup -c /dev/loop0; losetup -d /dev/loop0; ls /dev/loop0*; losetup /dev/loop0 /nothing; losetup -d /dev/loop0
echo "== mounted"
dd if=/dev/zero of=/tmp/img bs=1M count=16 2>/dev/null; mkfs.ext2 -q -F /tmp/img
mount -t ext2 -o loop /tmp/img /mnt; losetup -a; grep loop /proc/mounts; cat /sys/block/loop0/loop/autoclear; lsblk /dev/loop0; echo hi > /mnt/f
umount /mnt; losetup -a; cat /sys/block/loop0/size; e2fsck -fn /tmp/img
mount /tmp/img /mnt; cat /mnt/f; grep mnt /proc/self/mountinfo | sed 's/.* - //'; findmnt /mnt
mkfs.ext2 -q -F /dev/loop0; losetup -d /dev/loop0; losetup -a; umount /mnt; losetup -a; cat /sys/block/loop0/size
busybox mount -o loop /tmp/img /mnt; cat /mnt/f; busybox umount /mnt; losetup -a
printf 'label: dos\nstart=2048,size=16384\n' | sfdisk -q /tmp/img; losetup -P -f /tmp/img; mkfs.ext2 -q -F /dev/loop0p1
mount /dev/loop0p1 /mnt; ls /mnt; lsblk /dev/loop0; blockdev --rereadpt /dev/loop0; mkfs.ext2 -q -F /dev/loop0; mount /dev/loop0 /mnt2
losetup -d /dev/loop0; losetup -a; umount /mnt; losetup -a; ls /dev/loop0*
mount -o ro,loop,offset=1048576 /tmp/img /mnt; ls /mnt; touch /mnt/x; blockdev --getro /dev/loop0; umount /mnt
"""


def members():
    """Of the archive: the programs, and all libraries that they have."""
    for folder, dirs, files in os.walk(os.path.join(oracle.PARTS, "disks")):
        for path in (os.path.join(folder, name) for name in sorted(dirs + files)):
            name = os.path.relpath(path, os.path.join(oracle.PARTS, "disks"))
            if os.path.isdir(path) and not os.path.islink(path):
                yield initrd.directory(name)
            elif os.path.basename(name) in {*OWN, "mke2fs", "mkfs.fat", "fsck.fat"} or not re.match(r"(usr/)?s?bin/", name):
                yield member(name, path)


def member(name, path):
    if os.path.islink(path):
        return initrd.symlink(name, os.readlink(path))
    with open(path, "rb") as f:
        return initrd.file(name, f.read(), os.stat(path).st_mode & 0o777)


def commands():
    return "".join(f'{name}() {{ {where(name)} "$@"; }}\n' for name in OWN if "." not in name) + SCRIPT.replace(
        "mkfs.", "/sbin/mkfs.").replace("fsck.", "/sbin/fsck.")


def where(name):
    for folder in ("sbin", "bin", "usr/sbin", "usr/bin"):
        if os.path.exists(os.path.join(oracle.PARTS, "disks", folder, name)):
            return f"/{folder}/{name}"
    raise FileNotFoundError(name)


def image(path):
    """A disk with two partitions."""
    return disk.partition(path, ["start=2048, size=8192, type=83", "start=16384, size=32768"], mib=64)


def normal(lines):
    """Without what must differ: the tmpfs's number, an inode's, how long dd took."""
    text = "\n".join(lines) + "\n"
    text = re.sub(r"\[[0-9a-f]{4}\]:\d+", "[DEV]:INO", text)
    return re.sub(r"copied, .*|\(\d.* copied.*", "copied", text)


def linux_says(path):
    return normal(disk.linux(commands(), [image(path)], extra=list(members())))
