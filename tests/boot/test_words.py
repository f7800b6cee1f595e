"""The kernel's command line: which words init gets, and what mem=, maxcpus=, nr_cpus= and nosmp do."""

import os
import re

import pytest

# A boot loader's line as Raspberry Pi OS installs it, but for the serial console's name.
PI = "console=ttyAMA0,115200 console=tty1 root=PARTUUID=4e639091-02 rootfstype=ext4 fsck.repair=yes rootwait"

# Each form of word; what Debian's Linux 6.12 makes of this line was asked in the same QEMU.
FORMS = (
    "rootwait ro rw nosmp noapic mitigations=off foo=bar foo=baz TERM=vt100 word root ro=1 debug2 a=\"b c\" \"d e\" vt.x=1 "
    "net.ifnames=0 earlyprintk rcu-nocbs=1 consoleblank=0 8250.nr_uarts=0 smsc95xx.macaddr=0:1 dwc_otg.lpm_enable=0 "
    "coherent_pool=1M cma=64M splash isolcpus=1 nohz=off rootdelay=5 elevator=noop -- more b=1 quiet"
)

SCRIPT = """#!/bin/busybox sh
mount -t proc p /proc
echo "args: $*"
echo "env: $HOME, $TERM, $foo, $a, $ro"
echo "cores: $(nproc)"
echo "total: $(sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo)"
echo "line: $(cat /proc/cmdline)"
dmesg | sed -n 's/.*\\(Unknown kernel\\)/log: \\1/p'
poweroff -f
"""


def system(parts, init="/init"):
    import initrd
    import oracle

    extra = [] if init == "/init" else [initrd.file(init.lstrip("/"), SCRIPT)]
    return oracle.system(SCRIPT, parts("busybox"), extra=extra)


def test_forms(boot, parts):
    run = boot(system(parts), append=f"quiet panic=-1 {FORMS}")
    run.expect(r"^args: noapic word root debug2 d e earlyprintk splash more b=1 quiet$")
    run.expect(r"^env: /, vt100, baz, b c, 1$")
    run.expect("^line: .*" + re.escape(FORMS) + "$")
    run.expect(
        r'^log: Unknown kernel command line parameters "noapic word root debug2 d e earlyprintk splash '
        r'foo=baz ro=1 a=b c", will be passed to user space\.$'
    )
    assert run.finish() == 0


@pytest.mark.both_boards
def test_raspberry_pi(boot, parts):
    """Nothing of it is init's: a shell as init would take a word for its script."""
    run = boot(system(parts), append=f"quiet panic=-1 {PI}")
    run.expect(r"^args: $")
    run.expect(r"^line: ")
    assert run.finish() == 0
    assert "log: " not in run.log


@pytest.mark.both_boards
def test_before_init(boot, parts):
    """Words before init= are not that program's, those behind it are."""
    run = boot(system(parts, "/bin/mine"), append="quiet panic=-1 auto init=/bin/mine single")
    run.expect(r"^args: single$")
    assert run.finish() == 0


def total(run):
    return int(run.expect(r"^total: (\d+)$").group(1))


@pytest.mark.parametrize(
    "words, cores",
    [("maxcpus=2", 2), ("maxcpus=0", 1), ("nosmp", 1), ("nr_cpus=3", 3), ("nr_cpus=0", 4), ("maxcpus=9 nr_cpus=2", 2)],
)
@pytest.mark.parametrize("el", [1, 3])
def test_cores(boot, parts, words, cores, el):
    run = boot(system(parts), smp=4, el=el, append=f"quiet panic=-1 {words}")
    run.expect(f"^cores: {cores}$")
    assert run.finish() == 0


@pytest.mark.virt
@pytest.mark.parametrize("words, mib", [("mem=200M", 200), ("mem=0x6000000", 96), ("mem=4G", 512), ("mem=x", 512)])
def test_memory(boot, parts, words, mib):
    """The kernel's own image and the initrd are there whatever the limit is: QEMU puts the latter at 128 MiB."""
    archive = system(parts)
    size = os.path.getsize(archive) if isinstance(archive, str) else len(archive)
    run = boot(archive, mem=512, append=f"quiet panic=-1 {words}")
    kib = total(run)
    assert mib * 1024 - 16384 < kib <= mib * 1024 + size // 1024 + 4096
    assert run.finish() == 0


def ours():
    """The names that lib/words.c says are the kernel's own, each with a value if it needs one."""
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "lib", "words.c"), encoding="utf-8") as f:
        table = re.search(r"known\[\] = \{(.*?)\};", f.read(), re.DOTALL)[1]
    return re.findall(r'"(\w+[=!]?)"', table)


def test_each_of_ours(boot, parts):
    """They are looked for in halves: one that stands in the wrong place would be init's."""
    # what is obeyed would change the machine
    obeyed = {"console=", "earlycon", "init=", "rdinit=", "initrd", "loglevel", "debug", "ignore_loglevel", "mem", "maxcpus",
              "nr_cpus", "panic", "quiet", "trace"}
    words = [w.rstrip("!") + ("none" if w.endswith("=") else "") for w in ours() if w not in obeyed]
    assert len(words) > 200
    half = len(words) // 2
    for some in (words[:half], words[half:]):
        run = boot(system(parts), append=" ".join(["quiet panic=-1", *some, "last"]))
        run.expect(r"^args: last$")
        run.expect(r'^log: .* "last", will be passed to user space')
        assert run.finish() == 0
