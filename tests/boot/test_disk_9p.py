"""A folder of the host by 9P2000.L: what is done there is done here, and the other way round; both ways of the page cache; a
task that is killed while the server works for it; what mount(2) refuses."""

import os

import disk
import initrd
import pytest

MOUNT = "mount -t 9p -o trans=virtio,version=9p2000.L"
OPERATIONS = int(os.environ.get("FSX_OPERATIONS", "4000"))


def folder(tmp_path):
    path = tmp_path / "share"
    (path / "sub").mkdir(parents=True)
    (path / "foo").write_text("hello\n")
    (path / "lnk").symlink_to("foo")
    (path / "big").write_bytes(bytes(range(256)) * 1200)
    return path


@pytest.mark.parametrize("bus, gic, smp, cache", [("mmio", 2, 1, "none"), ("pci", 2, 4, "mmap"), ("pci", 3, 4, "none")])
def test_files(bus, gic, smp, cache, boot, tmp_path):
    path = folder(tmp_path)
    said = disk.script(boot, f"""{MOUNT},cache={cache} host /mnt; grep -c '^host /mnt 9p rw,relatime' /proc/mounts
ls -1 /mnt; cat /mnt/foo /mnt/lnk; stat -c '%s %F' /mnt/big
echo new > /mnt/made; echo more >> /mnt/made; cat /mnt/made
mkdir -p /mnt/d/e; mv /mnt/made /mnt/d/e/moved; ls /mnt/d/e; rmdir /mnt/d
ln -s target /mnt/sl; readlink /mnt/sl; ln /mnt/foo /mnt/hard; stat -c %h /mnt/foo; rm /mnt/hard
cp /mnt/big /mnt/d/copy; cmp /mnt/big /mnt/d/copy; truncate -s 100 /mnt/d/copy; stat -c %s /mnt/d/copy
chmod 640 /mnt/d/e/moved; mkfifo /mnt/ff; cat /mnt/nothere; cp /bin/busybox /mnt/busybox; /mnt/busybox echo runs
exec 3> /mnt/gone; rm /mnt/gone; echo kept >&3; exec 3>&-
(ulimit -f 1; head -c 5000 /dev/zero > /mnt/limited) 2> /dev/null; echo $?; stat -c %s /mnt/limited
df /mnt | grep -c '^host'; umount /mnt; echo $?
{MOUNT} host /mnt && {MOUNT} host /mnt2; umount /mnt; {MOUNT} other /mnt; {MOUNT},cache=x host /mnt""",
                       qemu_args=disk.share(path, bus=bus), smp=smp, gic=gic)
    assert said == ["1", "big", "foo", "lnk", "sub", "hello", "hello", "307200 regular file", "new", "more", "moved",
                    "rmdir: '/mnt/d': Directory not empty", "target", "2", "100",
                    "cat: can't open '/mnt/nothere': No such file or directory", "runs", "File size limit exceeded", "153", "512", "1", "0",
                    "mount: mounting host on /mnt2 failed: Device or resource busy",
                    "mount: mounting other on /mnt failed: No such file or directory",
                    "mount: mounting host on /mnt failed: Invalid argument"]
    assert (path / "d/e/moved").read_text() == "new\nmore\n"
    assert (path / "d/e/moved").stat().st_mode & 0o7777 == 0o640
    assert (path / "d/copy").read_bytes() == bytes(range(100))
    assert os.readlink(path / "sl") == "target" and not (path / "hard").exists() and not (path / "gone").exists()


@pytest.mark.parametrize("cache, words", [("none", "nohole noshared"), ("mmap", "nohole")])
def test_fsx(cache, words, boot, tmp_path):
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "fsx"), "rb") as f:
        program = initrd.file("bin/fsx", f.read())
    path = folder(tmp_path)
    said = disk.script(boot, f"{MOUNT},cache={cache} host /mnt && fsx /mnt 5 {OPERATIONS // 4} 4 {words} && umount /mnt && echo gone",
                       qemu_args=disk.share(path), extra=[program], smp=4, limit=120 + OPERATIONS // 50)
    assert f"fsx: {OPERATIONS // 4} operations, 4 files: well" in said and said[-1] == "gone", "\n".join(said)


def test_slow_server_holds_up_no_other(boot, tmp_path):
    """Two mounts, each written back by its own task: what is dirty on the fast one is there while the other server still works."""
    args = []
    for name, words in ("slow", ",throttling.bps-total=20000"), ("fast", ""):
        (tmp_path / name).mkdir()
        args += ["-fsdev", f"local,id={name},path={tmp_path / name},security_model=none{words}",
                 "-device", f"virtio-9p-device,fsdev={name},mount_tag={name}"]
    args += ["-fsdev", f"local,id=view,path={tmp_path / 'fast'},security_model=none", "-device", "virtio-9p-device,fsdev=view,mount_tag=view"]
    said = disk.script(boot, f"""echo 100 > /proc/sys/vm/dirty_expire_centisecs; echo 50 > /proc/sys/vm/dirty_writeback_centisecs
mkdir /view; {MOUNT},cache=mmap slow /mnt; {MOUNT},cache=mmap fast /mnt2; {MOUNT} view /view
exec 3> /mnt/big; dd if=/dev/zero bs=64k count=6 >&3 2> /dev/null; sleep 3; exec 4> /mnt2/small; echo small >&4; sleep 4; cat /view/small
exec 3>&- 4>&-; umount /mnt && umount /mnt2 && echo gone""", qemu_args=args, smp=2)
    assert said == ["small", "gone"]
    assert (tmp_path / "slow/big").stat().st_size == 6 << 16


def test_killed_while_the_server_works(boot, tmp_path):
    slow = [a.replace("local,", "local,throttling.bps-total=20000,") for a in disk.share(folder(tmp_path))]
    said = disk.script(boot, f"""{MOUNT} host /mnt; dd if=/mnt/big of=/dev/null bs=64k & sleep 1; kill -9 $!; wait $!; echo $?
ls -1 /mnt; umount /mnt; echo $?; {MOUNT} host /mnt; cat /mnt/lnk; umount /mnt; echo $?""", qemu_args=slow, smp=2)
    assert [line for line in said if "Killed" not in line] == ["137", "big", "foo", "lnk", "sub", "0", "hello", "0"]
