"""docs/disks.md: its session is typed as it stands there, on a disk made as the page says."""

import os
import re

import disk
import pytest
import session
from conftest import BUILD, ROOT

with open(os.path.join(ROOT, "docs", "disks.md"), encoding="utf-8") as f:
    SESSION, = re.findall(r"^```console\n(.*?)^```$", f.read(), re.MULTILINE | re.DOTALL)


@pytest.mark.virt
@pytest.mark.needs("busybox")
def test_session(boot, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "foo").write_text("hello\n")
    image = disk.ext2(tmp_path / "disk.img", mib=16, tree=tree)
    with open(os.path.join(BUILD, "busybox.cpio"), "rb") as f:
        run = boot(f.read(), el=1, smp=2, append="quiet panic=-1", extra=disk.drives([image]))
    reader = session.Reader(run)
    for line in SESSION.split("\n"):
        reader.step(line)
    assert run.finish() == 0
    reader.check()
    disk.check_ext2(image)
    assert disk.ext2_file(image, "/bar") == b"kept\n"
