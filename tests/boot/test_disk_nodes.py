"""Block devices as programs see them: Debian's own say the same as under Linux (oracle/disks.txt)."""

import disk
import disk_programs
import initrd
import oracle
import pytest

pytestmark = pytest.mark.virt


@pytest.mark.needs("busybox", "disks")
def test_debians_programs(boot, tmp_path):
    image = disk_programs.image(tmp_path / "a.img")
    said = disk.script(boot, disk_programs.commands(), [image], bus="pci", extra=list(disk_programs.members()))
    different = oracle.differences(oracle.recorded("disks"), disk_programs.normal(said), "Linux", "Newel")
    assert not different, different
    disk.check_ext2(image, at=2048 * 512)


@pytest.mark.needs("busybox")
def test_storm(boot, program, tmp_path):
    """Anything is done to loop devices by four processes on four cores; then each of them can be freed, and nothing is left."""
    said = disk.script(boot, """
/bin/disk_storm 4 5000 1
for d in /dev/loop[0-9] /dev/loop[0-9][0-9]; do losetup -d $d 2>/dev/null; done; losetup -a; echo end
""", [disk.partition(tmp_path / "a.img", ["start=2048, size=8192, type=83"])], smp=4, extra=[initrd.file("bin/disk_storm", program("disk_storm"))])
    assert said == ["storm: done", "end"], "\n".join(said)
