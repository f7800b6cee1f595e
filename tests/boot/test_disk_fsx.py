"""Random reads, writes, mappings and truncates against a model (programs/fsx.c), on each file system: 20,000 operations
there are; with FSX_OPERATIONS (`make test-disks`: a million) so many.  Behind each run the image is checked by its own
tools, and by fsx's second pass nothing of it was in memory: the file system was mounted anew."""

import os

import disk
import initrd
import pytest

OPERATIONS = int(os.environ.get("FSX_OPERATIONS", "20000"))
FILES = 4

# file system -> how it is made on the disk, and what fsx must not ask of it
KINDS = {
    "tmpfs": (None, ""),
    "ext2": (lambda path: disk.ext2(path, mib=48), ""),
    "ext2-1k": (lambda path: disk.ext2(path, mib=48, options=["-b", "1024"]), ""),
    "vfat": (lambda path: disk.vfat(path, mib=48), "nohole"),
}
CHECKS = {"ext2": disk.check_ext2, "ext2-1k": disk.check_ext2, "vfat": disk.check_vfat}


def fsx():
    with open(os.path.join(disk.oracle.ROOT, "build", "tests", "fsx"), "rb") as f:
        return [initrd.file("bin/fsx", f.read())]


@pytest.mark.parametrize("smp", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_fsx(kind, smp, boot, tmp_path):
    make, words = KINDS[kind]
    images = [make(tmp_path / "a.img")] if make else []
    seed, each = 10 * smp + len(kind), OPERATIONS // FILES
    mount = f"mount -t {kind.partition('-')[0]} {'/dev/vda' if make else 'tmpfs'} /mnt"
    said = disk.script(boot, f"{mount} && fsx /mnt {seed} {each} {FILES} {words} && md5sum /mnt/fsx* && umount /mnt\n"
                       + (f"{mount} && md5sum /mnt/fsx* && umount /mnt" if make else ""), images, extra=fsx(), smp=smp,
                       limit=120 + OPERATIONS // 50)
    assert f"fsx: {each} operations, {FILES} files: well" in said, "\n".join(said)
    sums = [line for line in said if "/mnt/fsx" in line]
    assert len(sums) == FILES * (2 if make else 1)
    assert not make or sums[:FILES] == sums[FILES:]
    if make:
        CHECKS[kind](images[0])
