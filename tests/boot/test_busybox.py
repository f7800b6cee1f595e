"""Debian's busybox and bash, unmodified, case by case: the same lines as under Linux."""

import re

import oracle
import pytest

WAYS = {"el3-4": dict(el=3, smp=4), "el1-1": dict(el=1, smp=1, cpu="cortex-a53")}


@pytest.mark.needs("busybox", "bash")
@pytest.mark.parametrize("theme", [t for t in oracle.themes() if t != "debian"])
@pytest.mark.parametrize("way", WAYS)
def test_as_linux(boot, board, parts, theme, way):
    run = boot(oracle.theme_initrd(theme, parts("busybox"), parts("bash"), has_clock=board != "raspi4b"), append="quiet panic=-1", limit=300,
               **WAYS[way])
    run.expect(oracle.END + "$", timeout=300)
    assert run.finish() == 0
    wanted = oracle.recorded(theme)
    if board == "raspi4b":  # its console is ttyS1
        wanted = wanted.replace("204 ttyAMA\n", "")
    assert not oracle.differences(wanted, oracle.between_marks(run.log), "Linux", "Newel")


def test_there_are_enough():
    """What the tree promises: 300 commands of busybox, 100 of bash."""
    count = {t: oracle.count_cases(oracle.recorded(t)) for t in oracle.themes() if t != "debian"}
    bash = sum(n for t, n in count.items() if t.startswith("bash"))
    assert bash >= 100
    assert sum(count.values()) - bash >= 300


@pytest.mark.needs("busybox")
def test_every_applet_is_considered(parts):
    """An applet of busybox is in a case, or in scripts/left-out with the reason."""
    text, out = oracle.tried(), oracle.left_out()
    for applet in oracle.applets(parts("busybox")):
        used = re.search(rf"(?<![\w./-]){re.escape(applet)}(?![\w.-])", text)
        assert used or applet in out, f"{applet}: neither tried nor left out"


@pytest.mark.needs("busybox")
def test_uname_is_ours(boot, parts):
    """The one answer that must differ from Debian's: release and version."""
    script = "#!/bin/busybox sh\nuname -a\npoweroff -f\n"
    run = boot(oracle.system(script, parts("busybox")), append="quiet panic=-1")
    run.expect(r"^Linux \(none\) 6\.12\.0-newel .*[Nn]ewel.* aarch64 GNU/Linux$")
    assert run.finish() == 0
