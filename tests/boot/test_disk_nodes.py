"""Block devices as programs see them: Debian's own say the same as under Linux (oracle/disks.txt)."""

import disk
import disk_programs
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
