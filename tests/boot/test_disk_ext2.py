"""ext2 on a disk: what Newel writes Linux reads, and the other way round; e2fsck has nothing to say afterwards; and images that
are none, or contradict themselves, end in an error.  EXT2_MUTANTS=500 is the long form of test_mutants (`make test-disks`)."""

import os
import re

import disk
import disk_mutants
import initrd
import pytest

MUTANTS = int(os.environ.get("EXT2_MUTANTS", "60"))

pytestmark = pytest.mark.needs("busybox")

# Names, sizes, blocks and errors: the same words from Newel and from Linux.
COMMANDS = r"""
t() { echo "# $*"; "$@" 2>&1; echo "= $?"; }
t mount -t ext2 /dev/vda /mnt
cd /mnt
t stat -c '%n %F %s %b %B %h %a %u %g %o' . hello link lost+found
t stat -f -c '%T %s %b %f %a %c %d %l %t' .
mkdir d1 d1/d2; echo one > d1/f1; ln d1/f1 d1/d2/h; ln -s f1 d1/l1; mkfifo d1/p; mknod d1/c c 5 1; mknod d1/b b 300 70000
t stat -c '%n %F %s %b %h %a %t %T %i' d1 d1/f1 d1/d2 d1/l1 d1/p d1/c d1/b
t rmdir d1; t rmdir d1/d2; t mv d1 d1/d2/x; t mv d1/f1 d1/d2/; t cat d1/d2/f1
dd if=/dev/zero of=sparse bs=1 count=1 seek=3000000 2>/dev/null; t stat -c '%n %s %b' sparse
dd if=/dev/zero of=big bs=1000 count=2000 2>/dev/null; t stat -c '%n %s' big
for s in 100000 12345678 20000000000; do t truncate -s $s big; t stat -c '%n %s %b' big; done
t fallocate -l 10000 fa
L=$(printf 'x%.0s' $(seq 255)); touch $L; t stat -c %s $L >/dev/null; t touch ${L}y
ln -s $L$L longlink; t stat -c '%s %b' longlink; readlink longlink | wc -c; ln -s $L$L$L$L$L toolong; echo $?
t chmod 2755 d1; mkdir d1/sg; t stat -c '%a %g' d1/sg
i=0; while [ $i -lt 400 ]; do : > d1/name$i; i=$((i+1)); done; ls d1 | wc -l; t stat -c '%s %b %h' d1
i=0; while [ $i -lt 400 ]; do rm d1/name$i; i=$((i+1)); done; ls d1 | wc -l; t stat -c '%s %b' d1
touch -d '1901-12-14 00:00:00' t1; touch -d '2038-02-01 00:00:00' t2; touch -d '2440-01-01 00:00:00' t3; stat -c '%Y' t1 t2 t3
dd if=/dev/zero of=fill bs=64k 2>/dev/null; stat -f -c '%f %a' . ; rm fill
exec 5> gone; echo text >&5; rm gone; stat -f -c '%d' .; exec 5>&-; stat -f -c '%d' .
cd /
t mount -o remount,ro /mnt; t touch /mnt/x; t mount -o remount,rw,errors=remount-ro /mnt; grep ' /mnt ' /proc/mounts | cut -d' ' -f2-
t umount /mnt
t mount -t ext2 -o bogus /dev/vda /mnt; t mount -t ext3 -o ro /dev/vda /mnt
"""

# A tree in which each kind of block is read, and its sum.
SUM = "(cd /mnt; ls -R; find . -type f | sort | xargs md5sum; find . -type l | sort | while read l; do readlink $l; done) | md5sum"
WRITE = """mkdir -p /mnt/w/a; for i in $(seq 200); do echo $i > /mnt/w/some_longer_name_$i; done
cp /bin/busybox /mnt/w; dd if=/mnt/w/busybox of=/mnt/w/hole bs=1k seek=3000 count=100 2>/dev/null
for i in $(seq 1 3 200); do rm /mnt/w/some_longer_name_$i; done; ln -s /a/rather/long/target/that/does/not/fit/into/the/inode/itself /mnt/w/l"""


@pytest.fixture
def tree(tmp_path):
    path = tmp_path / "tree"
    path.mkdir()
    (path / "hello").write_text("hello\n")
    (path / "link").symlink_to("hello")
    return path


@pytest.mark.needs("linux")
@pytest.mark.parametrize("block", [1024, 4096] if MUTANTS > 100 else [1024])
def test_says_what_linux_says(block, boot, tree, tmp_path):
    images = [disk.ext2(tmp_path / name, 16, tree, options=["-b", block]) for name in ("newel", "linux")]
    ours, theirs = disk.script(boot, COMMANDS, images[:1], smp=1), disk.linux(COMMANDS, images[1:])
    assert [re.sub(r"^/init: line \d+", "/init: line", line) for line in ours] == \
        [re.sub(r"^/init: line \d+", "/init: line", line) for line in theirs]
    disk.check_ext2(images[0])


@pytest.mark.needs("linux")
def test_linux_reads_and_writes_the_same(boot, tmp_path):
    image = disk.ext2(tmp_path / "a.img", 24, options=["-b", "1024"])
    ours = disk.script(boot, f"mount -t ext2 /dev/vda /mnt; {WRITE}; {SUM}; umount /mnt; mount -t ext2 /dev/vda /mnt; {SUM}; umount /mnt",
                       [image], bus="pci")
    disk.check_ext2(image)
    theirs = disk.linux(f"mount -t ext2 /dev/vda /mnt; {SUM}; mv /mnt/w /mnt/v; {WRITE}; {SUM}; umount /mnt", [image])
    disk.check_ext2(image)
    again = disk.script(boot, f"mount -t ext2 /dev/vda /mnt; {SUM}; rm -r /mnt/w /mnt/v; umount /mnt", [image])
    disk.check_ext2(image)
    assert ours[0] == ours[1] == theirs[0] and theirs[1:] == again


# Type and options of mke2fs, and what the log says: that it is not written, or not mounted; or nothing.
KINDS = [
    ("ext4", [], "feature flex_bg: it can be mounted read-only"),
    ("ext4", ["-b", "1024", "-O", "metadata_csum_seed,^has_journal,mmp"], "it can be mounted read-only"),
    ("ext3", [], "feature has_journal: it can be mounted read-only"),
    ("ext4", ["-O", "inline_data"], "feature inline_data is not supported"),
    ("ext2", ["-r", "0", "-b", "1024"], ""),
    ("ext2", ["-b", "2048", "-I", "128", "-O", "^dir_index,^filetype,^sparse_super,^large_file,^resize_inode"], ""),
    ("ext2", ["-b", "1024", "-g", "1024", "-O", "meta_bg,^resize_inode"], ""),
]


def test_kinds(boot, tree, tmp_path):
    (tree / "big").write_bytes(bytes(range(256)) * 4000)
    images = [disk.ext2(tmp_path / f"{i}.img", 16, tree, kind, options) for i, (kind, options, _) in enumerate(KINDS)]
    said = disk.script(boot, """for d in a b c d e f g; do echo vd$d $(mount -t ext4 /dev/vd$d /mnt 2>&1 && { cat /mnt/hello; md5sum < /mnt/big
touch /mnt/new 2>&1; umount /mnt; }); done; dmesg | sed -n 's/.*ext4 (//p'""", images, bus="pci")
    answers = {line.split()[0]: line for line in said if line.startswith("vd")}
    for name, image, (_, _, why) in zip("abcdefg", images, KINDS):
        line = answers[f"vd{name}"]
        assert ("hello" in line) == ("not supported" not in why), line
        assert ("Read-only file system" in line) == ("read-only" in why), line
        assert not why or any(text.startswith(f"vd{name}): ") and why in text for text in said), said
        disk.check_ext2(image)


# Leaves of an index full of names, then with holes of the short ones' size, then with long ones between: they are split often.
CHURN = """n=$(printf 'n%.0s' $(seq 200)); cd /mnt; mkdir d; cd d; i=0; while [ $i -lt 3000 ]; do : > s$i; i=$((i+1)); done
i=0; while [ $i -lt 3000 ]; do rm s$i; i=$((i+2)); done; i=0; while [ $i -lt 600 ]; do : > $n$i; i=$((i+1)); done
i=1; while [ $i -lt 3000 ]; do [ -e s$i ] || echo no s$i; i=$((i+14)); done; ls | wc -l; ls | grep -c ^s; cd /; umount /mnt"""


def test_index_is_kept(boot, tmp_path):
    image = disk.ext2(tmp_path / "a.img", 16, options=["-b", "1024", "-N", "6000"])
    assert disk.script(boot, f"mount -t ext2 /dev/vda /mnt; {CHURN}", [image]) == ["2100", "1500"]
    disk.check_ext2(image)
    assert re.search(r"levels: 1|Indirect levels: 1", disk.debugfs(image, "htree_dump /d"))


def test_blocks_behind_the_end(boot, tree, tmp_path):
    """Blocks that a cut did not free, before a power cut say: a file that grows over them shows zeros."""
    for name in "ab":
        (tree / name).write_text("x" * 30000)
    image = disk.ext2(tmp_path / "a.img", 8, tree, options=["-b", "1024"])
    for name in "ab":
        disk.tool("debugfs", "-w", "-R", f"set_inode_field /{name} size 100", image)
    said = disk.script(boot, """mount -t ext2 /dev/vda /mnt; cd /mnt; truncate -s 30000 a; dd if=/dev/zero of=b bs=1 seek=29999 count=1 conv=notrunc 2>/dev/null
for f in a b; do wc -c < $f; tr -d '\\0' < $f | wc -c; done; cd /; umount /mnt""", [image])
    assert said == ["30000", "100"] * 2
    disk.check_ext2(image)


def test_error_makes_it_read_only(boot, tree, tmp_path):
    image = disk.ext2(tmp_path / "a.img", 8, tree, options=["-b", "1024", "-O", "^dir_index"])
    block = int(re.search(r"\(0\):(\d+)", disk.debugfs(image, "stat /")).group(1))
    with open(image, "r+b") as f:
        f.seek(block * 1024 + 16)  # rec_len of "..": 3
        f.write(b"\3\0")
    said = disk.script(boot, """mount -t ext2 -o errors=remount-ro /dev/vda /mnt; ls /mnt 2>&1; chmod 700 /mnt 2>&1; grep -o ' /mnt ext2 r.' /proc/mounts
i=0; while [ $i -lt 40 ]; do ls /mnt >/dev/null 2>&1; i=$((i + 1)); done; umount /mnt; dmesg | grep -c 'ext2 (vda): error: directory 2: block 0'""", [image])
    assert any("Read-only file system" in line for line in said) and " /mnt ext2 ro" in said and 0 < int(said[-1]) <= 20, said  # not 40
    assert "with errors" in disk.tool("dumpe2fs", "-h", image)


def test_mutants(boot, tree, tmp_path):
    for i in range(40):
        (tree / f"name{i}").write_text("text" * (i * i))
    os.makedirs(tree / "d" / "e")
    (tree / "d" / "long").symlink_to("x" * 80)
    with open(disk.ext2(tmp_path / "a.img", 1, tree, options=["-b", "1024", "-N", "64"]), "rb") as f:
        image = f.read()
    files = [initrd.directory("i"), initrd.file("i/base", image), *(
        initrd.file(f"i/{n}", disk_mutants.text(c)) for n, c in enumerate(disk_mutants.mutants(image, MUTANTS)))]
    said = disk.script(boot, f"""n=0; while [ $n -lt {MUTANTS} ]; do cp /i/base /tmp/i
while read -r at what; do printf "$what" | dd of=/tmp/i bs=1 seek=$at conv=notrunc 2>/dev/null; done < /i/$n
if mount -t ext2 -o loop,errors=continue /tmp/i /mnt 2>/dev/null; then (cd /mnt; find . | head -n 200 | xargs cat; ls -laR
echo new > new; mkdir nd; mv new nd; rm -r d name1* nd; echo more >> name2; truncate -s 3 name39; ln name3 l) >/dev/null 2>&1 </dev/null
umount /mnt || echo $n is busy; fi; n=$((n+1)); done; echo all $n""", extra=files, smp=2, limit=60 + 3 * MUTANTS)
    assert said == [f"all {MUTANTS}"]
