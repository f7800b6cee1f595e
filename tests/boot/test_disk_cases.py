"""The file commands of scripts/files.cases on ext2, FAT and 9p: the same lines as under Linux (oracle/files-on-*.txt)."""

import disk
import disk_cases
import oracle
import pytest

pytestmark = pytest.mark.virt


@pytest.mark.needs("busybox")
@pytest.mark.parametrize("kind", disk_cases.KINDS)
def test_as_linux(boot, tmp_path, kind):
    path = tmp_path / "disk"
    said = disk.script(boot, disk_cases.commands(kind), bus="pci", extra=disk_cases.members(), **disk_cases.machine(kind, path))
    wanted, got = (disk_cases.comparable(kind, text) for text in (disk_cases.wanted(kind), disk_cases.normal(said)))
    different = oracle.differences(wanted, got, "Linux", "Newel")
    assert not different, different
    if kind == "ext2":
        disk.check_ext2(path)
    elif kind == "vfat":
        disk.check_vfat(path)
