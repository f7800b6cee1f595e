"""Debian's busybox, unmodified, under scripts of its own shell: the same bytes as under Linux."""

import oracle
import pytest


@pytest.mark.needs("busybox")
@pytest.mark.parametrize("name", oracle.scripts())
@pytest.mark.parametrize("way", [dict(el=3), dict(el=1, smp=1, cpu="cortex-a53")], ids=["el3", "el1"])
def test_as_linux(boot, parts, name, way):
    run = boot(oracle.script_initrd(name, parts("busybox")), append="quiet panic=-1", **way)
    run.expect(oracle.END + "$")
    assert run.finish() == 0
    assert oracle.between_marks(run.log) == oracle.recorded(name)


@pytest.mark.needs("busybox")
def test_uname_is_ours(boot, parts):
    """The one answer that must differ from Debian's: release and version."""
    script = "#!/bin/busybox sh\nuname -a\npoweroff -f\n"
    run = boot(oracle.busybox_initrd(script, parts("busybox")), append="quiet panic=-1")
    run.expect(r"^Linux \(none\) 6\.12\.0-newel .*[Nn]ewel.* aarch64 GNU/Linux$")
    assert run.finish() == 0
