"""FAT on a disk, as vfat and msdos: the same names, short and long, modes, times, sizes and errors as Linux's; what Newel writes
Linux, mtools and fsck.vfat read; and images that are none, or contradict themselves, end in an error.  FAT_MUTANTS=500 is the long
form of test_mutants (`make test-disks`)."""

import os
import re
import sys

import disk
import disk_mutants
import initrd
import pytest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit"))

import mkdata  # noqa: E402

MUTANTS = int(os.environ.get("FAT_MUTANTS", "60"))

pytestmark = pytest.mark.needs("busybox")

NAMES = ["a", "A.txt", "aB.tXt", "lower.txt", "UPPER.TXT", "Mixed.Txt", "a b", "a.b.c", "longer than eight.text", "longer than nine.text",
         "longfilename1.txt", "longfilename2.txt", "LONGFI~1.TXT", ".hidden", "..two", "...three", "trail.", "trail2..", "space ", " lead",
         "q?", "st*r", "c:d", "b\\s", "pl+us", "com,ma.x;y", "eq=al[1]", "é", "Éa", "ä.ö", "日本語.txt", "name.toolongext", "exactly8.thr",
         "EXACTLY8.THR", "nine99999", "x.", "x", "ÿ", "~1", "a~1", "e5å", "σ", "emoji😀.x", "con", "aux.txt"]
SAY = r"""t() { echo "# $*"; "$@" 2>&1; echo "= $?"; }
put() { (echo "$1" > "$1") 2>/tmp/e; echo "[$1] $? $(sed 's/.*: //' /tmp/e)"; }
"""
COMMANDS = SAY + r"""
t mount -t vfat /dev/vda /mnt; grep ' /mnt ' /proc/mounts; cd /mnt
for n in NAMES; do put "$n"; done; for i in 1 2 3 4 5 6 7 8; do put "many of the same start $i"; done
ls -a | sort; for n in LOWER.TXT MIXED~1.TXT mixed.txt "LONGER THAN EIGHT.TEXT" longer~1.tex x..; do t cat "$n"; done
t mkdir Dir dir; t mkdir "Long Directory Name"; echo in > "long directory name/in"; t ls LONGDI~1; t rmdir LONGDI~1; t mv LONGDI~1 other
t mv a.txt b.txt; t ls b.txt a.txt; t mv b.txt B.TXT; t mv "a b" lower.txt; t cat lower.txt; t mv Dir/ Dir2; t mv other Dir2/; t ls Dir2
t mv Dir2 Dir2/other; t rmdir Dir2; ls | sort
for m in 444 555 755 777 4755 000; do t chmod $m b.txt; stat -c %a b.txt; done; t chmod 000 Dir2; t chown 1 b.txt; t chown 0 b.txt
t stat -c '%a %n' Dir2 .; t ln b.txt c; t ln -s a b2; t mknod p p
t stat -c '%n %s %b %B %o %h' b.txt Dir2 . 'longer than eight.text'; t stat -f -c '%t %s %b %f %a %l' /mnt
for d in '1975-01-01 00:00:00' '2020-02-29 12:13:15' '2107-12-31 23:59:59' '2200-01-01 00:00:00'; do touch -d "$d" b.txt; stat -c '%x %y %z' b.txt; done
t stat -c '%x %y' .; t truncate -s 5000000000 b.txt; t truncate -s 100000 b.txt; t stat -c '%s %b' b.txt; t fallocate -l 200000 b.txt
t stat -c '%s %b' b.txt; t truncate -s 3 b.txt
dd if=/dev/zero of=full bs=64k 2>/dev/null; stat -c %s full; df . | tail -1; t touch y2; rm full; df . | tail -1
(ulimit -f 8; dd if=/dev/zero of=lim bs=1 seek=1000000 count=1 conv=notrunc 2>/dev/null) 2>/dev/null; echo $? $(stat -c %s lim); rm lim
n=$(printf '%0250d' 0); t touch ${n}12345; t touch ${n}123456; u=$(printf '%0254d' 0 | sed 's/0/é/g'); put "$u"; t cat "$u"; t rm "$u"; put "${u}éé"
cd /; t umount /mnt; t mount -t vfat -o ro,shortname=winnt,uid=5,gid=6,umask=027,quiet,time_offset=60 /dev/vda /mnt; grep ' /mnt ' /proc/mounts
ls -ln /mnt | sed 's/ [A-Z][a-z][a-z] .*:.. / /'; t touch /mnt/x; t mount -o remount,rw /mnt; t touch /mnt/x; t mount -o remount,ro /mnt; t umount /mnt
t mount -t vfat -o nosuchoption /dev/vda /mnt; t mount -t vfat -o iocharset=koi8 /dev/vda /mnt
t mount -t vfat -o utf8=0,nonumtail,fmask=0111,dmask=0,errors=continue,flush,check=s,showexec,usefree,discard,tz=UTC,codepage=437 /dev/vda /mnt
grep ' /mnt ' /proc/mounts; ls -l /mnt | cut -c1-10,57- | sort; put "/mnt/another long name.txt"; put /mnt/é; t umount /mnt
t mount -t msdos /dev/vda /mnt; grep ' /mnt ' /proc/mounts; cd /mnt; ls -a | sort
for n in new.txt NEW2.TXT toolongname.text .dot a.b.c 'sp ace' trail. a+b q?; do put "$n"; done; ls | sort; t cat TOOLONGN.TEX; t cat toolongname.tex
t mkdir D1; t mv new.txt d1; t ls d1; t stat -f -c %l .; t chmod 555 d1; t stat -c '%a %n' d1; cd /; t umount /mnt
""".replace("NAMES", " ".join(f"'{n}'" for n in NAMES))

SUM = "(cd /mnt; find . | sort; find . -type f -print0 | sort -z | xargs -0 md5sum) | md5sum"
WRITE = """mkdir -p /mnt/w/a; for i in $(seq 150); do echo $i > "/mnt/w/some longer name $i"; done
cp /bin/busybox /mnt/w; dd if=/mnt/w/busybox of=/mnt/w/gap bs=1k seek=3000 count=100 2>/dev/null
for i in $(seq 1 3 150); do rm "/mnt/w/some longer name $i"; done; mv /mnt/w/a "/mnt/a moved directory"; cp /bin/busybox "/mnt/a moved directory/b"
dd if=/bin/busybox of=/mnt/w/busybox bs=999 seek=500 count=20 conv=notrunc 2>/dev/null; truncate -s 1000001 /mnt/w/gap"""


@pytest.fixture
def tree(tmp_path):
    path = tmp_path / "tree"
    os.makedirs(path / "a directory")
    (path / "hello.txt").write_text("hello\n")
    (path / "a directory" / "A name that is long.text").write_bytes(bytes(range(256)) * 100)
    return path


@pytest.mark.needs("linux")
def test_says_what_linux_says(boot, tmp_path):
    images = [disk.vfat(tmp_path / name, 8, options=["-s", "2"]) for name in ("newel", "linux")]
    ours, theirs = disk.script(boot, COMMANDS, images[:1], smp=1), disk.linux(COMMANDS, images[1:])
    for said in (ours, theirs):
        said[:] = [re.sub(r"^/init: line \d+", "/init: line", line) for line in said]
    assert ours == theirs
    for image in images:
        disk.check_vfat(image)
    listed = [re.sub(r"20\d\d-\d\d-\d\d +\d+:\d\d", "", disk.tool("mdir", "-a", "-/", "-i", image, "::")) for image in images]
    assert listed[0] == listed[1]


@pytest.mark.needs("linux")
@pytest.mark.parametrize("bits,mib,options", [(12, 12, ["-s", "8"]), (16, 24, ["-f", "1"]), (32, 40, ["-s", "1"])])
def test_linux_reads_and_writes_the_same(bits, mib, options, boot, tmp_path):
    image = disk.vfat(tmp_path / "a.img", mib, bits=bits, options=options)
    ours = disk.script(boot, f"mount -t vfat /dev/vda /mnt; {WRITE}; {SUM}; umount /mnt; mount -t vfat /dev/vda /mnt; {SUM}; umount /mnt",
                       [image], bus="pci", smp=4)
    disk.check_vfat(image)
    theirs = disk.linux(f"mount -t vfat /dev/vda /mnt; {SUM}; rm -r /mnt/*; {WRITE}; {SUM}; umount /mnt", [image])
    again = disk.script(boot, f"mount -t vfat /dev/vda /mnt; {SUM}; rm -r /mnt/*; df /mnt | tail -1; umount /mnt", [image])
    disk.check_vfat(image)
    assert ours[0] == ours[1] == theirs[0] == theirs[1] == again[0]


def test_error_makes_it_read_only(boot, tree, tmp_path):
    image = disk.vfat(tmp_path / "a.img", 4, bits=12, tree=tree)
    with open(image, "r+b") as f:
        head = f.read(512)
        f.seek(int.from_bytes(head[14:16], "little") * 512 + 3)
        f.write(b"\xff" * 200)  # each chain has one cluster: the long file is too short
    said = disk.script(boot, """mount -t vfat /dev/vda /mnt; cat '/mnt/a directory/A name that is long.text' 2>&1 > /dev/null; touch /mnt/x 2>&1
grep -o ' /mnt vfat r.' /proc/mounts; umount /mnt; dmesg | grep -c 'vfat (vda): error: the chain of cluster'""", [image])
    assert "I/O error" in said[0] or "Input/output error" in said[0], said
    assert any("Read-only file system" in line for line in said) and " /mnt vfat ro" in said and said[-1] != "0", said


def bases(tree, tmp_path):
    """A FAT12 and a FAT16 with files, and a FAT32 that is too small for mtools."""
    for kib, bits, sectors in ((256, 12, 1), (2300, 16, 1)):
        path = disk.vfat(tmp_path / "a.img", kib / 1024, bits=bits, tree=tree, options=["-s", sectors, "-a", "-r", 512])
        with open(path, "rb") as f:
            yield f.read()
    yield mkdata.fat_image(32, 2).ljust(1 << 18, b"\0")


def test_mutants(boot, tree, tmp_path):
    for i in range(20):
        (tree / f"name {i} of a file").write_text("text" * (i * i))
    files, n = [initrd.directory("i")], 0
    for k, image in enumerate(bases(tree, tmp_path)):
        files.append(initrd.file(f"i/base{k}", image))
        for changes in disk_mutants.mutants(image[:65536], MUTANTS // 3 + 1, seed=k + 1):
            files += [initrd.file(f"i/{n}", f"/i/base{k}\n" + disk_mutants.text(changes))]
            n += 1
    said = disk.script(boot, f"""n=0; while [ $n -lt {n} ]; do exec 4< /i/$n; read -u 4 base; cp $base /tmp/i
while read -u 4 at what; do printf "$what" | dd of=/tmp/i bs=1 seek=$at conv=notrunc 2>/dev/null; done
kind=vfat; [ $((n % 5)) = 4 ] && kind=msdos
if mount -t $kind -o loop,errors=continue /tmp/i /mnt 2>/dev/null; then (cd /mnt; find . | head -n 200 | while read f; do cat "$f"; done; ls -laR
echo new > new; mkdir nd; mv new nd; rm -rf adirec~1 "a directory" name1* nd; echo more >> "name 2 of a file"; truncate -s 9000 name19~1
truncate -s 3 "name 19 of a file"; mv hello.txt "another long name.txt"; df .) >/dev/null 2>&1 </dev/null
umount /mnt || echo $n is busy; fi; n=$((n+1)); done; echo all $n""", extra=files, smp=2, limit=60 + 3 * MUTANTS)
    assert said == [f"all {n}"]
