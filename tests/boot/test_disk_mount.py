"""mount(2) and what is done in the tree of names on a disk, as under Linux."""

import disk

SCRIPT = r"""
mount -t ext2 /dev/vda /mnt; echo first $?
mount -t ext2 /dev/vda /mnt2; echo second $?
mount -t ext2 -o ro /dev/vda /tmp; echo read-only $?
grep vda /proc/mounts
umount /mnt; echo x >/mnt2/f; cat /mnt2/f
sh -c 'exec 3</mnt2/f; umount /mnt2; echo busy $?'
mount -o remount,ro /mnt2; echo ro $?
mount -o remount,rw /mnt2; echo rw $?
sh -c 'exec 3>/mnt2/g; mount -o remount,ro /mnt2; echo writer $?'
mount -o remount,noatime,sync /mnt2; grep vda /proc/mounts
umount -l /mnt2; mount -t ext2 /dev/vda /mnt; ls /mnt; umount /mnt; echo $?
for what in /dev/null /dev/nosuch /tmp ''; do mount -t ext2 "$what" /mnt; echo $?; done
mount -t ext2 /dev/vda /mnt; cd /mnt
mkdir -p a/b c; echo 1 >a/1; echo 2 >c/2; ln a/1 a/hard; ln -s 1 a/soft; stat -c '%h %s %F' a/1 a/soft a c
mv a/b c/b; mv c/2 a/1; cat a/hard a/1; rmdir c/b c; ls -R .
mkdir d; chmod 2775 d; mkdir d/e; touch -d '2001-02-03 04:05:06' d/e; stat -c '%a %n' d d/e; stat -c '%Y %n' d/e
chown 1:2 a/1; chmod 4755 a/1; stat -c '%u:%g %a' a/1; chown 3 a/1; stat -c '%u:%g %a' a/1
mknod d/null c 1 3; mkfifo d/fifo; echo gone >d/null; stat -c '%F %t %T' d/null d/fifo
i=0; while [ $i -lt 300 ]; do echo $i >d/file$i; i=$((i+1)); done; ls d | wc -l
cd /; umount /mnt; mount -t ext2 /dev/vda /mnt; ls /mnt/d | wc -l; cat /mnt/d/file299; stat -c '%Y %n' /mnt/d/e
echo 3 >/proc/sys/vm/drop_caches; ls /mnt/d | wc -l; cat /mnt/a/hard; rm -r /mnt/d; df -i /mnt | tail -1
umount /mnt; echo $?
"""

# What Debian's Linux says (tests/boot/disk.py --linux).
SAID = """first 0
second 0
mount: mounting /dev/vda on /tmp failed: Device or resource busy
read-only 255
/dev/vda /mnt ext2 rw,relatime 0 0
/dev/vda /mnt2 ext2 rw,relatime 0 0
x
umount: can't unmount /mnt2: Device or resource busy
busy 1
ro 0
rw 0
mount: mounting /dev/vda on /mnt2 failed: Device or resource busy
writer 255
/dev/vda /mnt2 ext2 rw,sync,noatime 0 0
f           g           lost+found
0
mount: mounting /dev/null on /mnt failed: Block device required
255
mount: mounting /dev/nosuch on /mnt failed: No such file or directory
255
mount: mounting /tmp on /mnt failed: Block device required
255
mount: mounting  on /mnt failed: Invalid argument
255
2 2 regular file
1 1 symbolic link
3 1024 directory
2 1024 directory
1
2
.:
a           f           g           lost+found
./a:
1     hard  soft
./lost+found:
2775 d
2755 d/e
981173106 d/e
1:2 4755
3:2 755
character special file 1 3
fifo 0 0
303
303
299
981173106 /mnt/d/e
303
1
/dev/vda                  4096        17      4079   0% /mnt
0"""


def test_mount(boot, tmp_path):
    image = disk.ext2(tmp_path / "a.img", mib=16)
    assert disk.script(boot, SCRIPT, [image], bus="pci") == SAID.split("\n")
    disk.check_ext2(image)


# Names and inodes are forgotten all the time while others make, move and remove some; and disks come and go.
FORGET = r"""
mount -t ext2 /dev/vda /mnt
work() {
	d=/mnt/$1; mkdir $d; i=0
	while [ $i -lt 30 ]; do
		mkdir $d/a$i; echo $i >$d/a$i/f; ln $d/a$i/f $d/l$i; mv $d/a$i $d/b$i; cat $d/b$i/f >/dev/null; [ -e $d/none$i ]
		[ $((i % 3)) = 0 ] && rm -r $d/b$i; [ $((i % 2)) = 0 ] && rm $d/l$i
		i=$((i + 1))
	done
	ls $d | wc -l
}
for j in 1 2 3; do work $j & done
(i=0; while [ $i -lt 60 ]; do echo 2 >/proc/sys/vm/drop_caches; echo 3 >/proc/sys/vm/drop_caches; i=$((i + 1)); done) &
(i=0; while [ $i -lt 20 ]; do mount -t ext2 /dev/vdb /mnt2; ls -lR /mnt2 >/dev/null; echo $i >>/mnt2/log; umount /mnt2 || echo busy; i=$((i + 1)); done) &
wait
mount -t ext2 /dev/vdb /mnt2; cat /mnt2/log | wc -l
find /mnt | wc -l; umount /mnt; mount -t ext2 /dev/vda /mnt; find /mnt | wc -l
umount /mnt; umount /mnt2; echo $?
"""


def test_forget(boot, tmp_path):
    images = [disk.ext2(tmp_path / f"{name}.img", mib=16) for name in "ab"]
    assert disk.script(boot, FORGET, images, bus="pci", smp=4) == ["35", "35", "35", "20", "170", "170", "0"]
    for image in images:
        disk.check_ext2(image)
