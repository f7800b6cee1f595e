"""boards.py - how a test that says nothing of a board is run on another one than virt.

    pytest --board=raspi4b		all tests that are not tied to virt, on QEMU's Raspberry Pi 4
    pytest --board=vhe		the same on virt, with a core that has VHE and the kernel at EL2 (newel.el2=vhe)
    pytest --board=guest	the same on virt, as a guest of Newel's, by vm
    pytest --serial=/dev/ttyUSB0	the same on a real one (realboard.py)

A test is tied to virt by what it asks of the machine (a level, a core or an interrupt controller that a Raspberry Pi does
not have, a device of virt), or by the marker `virt`.  It is then counted as tied: neither run nor skipped.
"""

import hashlib
import os

import pytest

TIED = "tied to virt: "
BOARDS = ["virt", "raspi4b"]
CHOICES = [*BOARDS, "vhe", "guest"]
VHE_CPU = "cortex-a76"
CORES = 4
# Fields of qemu.Machine that mean something on virt alone.
OF_VIRT = {"bios": "a boot loader for virt", "disk": "virtio", "tftp": "virtio", "bare": "its own memory map",
           "initrd_at": "its own memory map", "dtb": "its own device tree"}
DEVICES = ("-device", "-drive", "-netdev")


def tied(why):
    """Leave this test out, for it is tied to virt."""
    pytest.skip(TIED + why)


def _why_tied(fields, build):
    """What ties a machine with these fields to virt; "" if nothing does."""
    if fields.get("el") == 1:
        return "entered at EL1"
    if not fields.get("has_el2", True):
        return "no EL2"
    if fields.get("gic", 2) != 2:
        return "GICv3"
    if fields.get("cpu", "cortex-a72") != "cortex-a72":
        return fields["cpu"]
    if fields.get("smp", CORES) > CORES:
        return f"{fields['smp']} cores"
    if not fields.get("kernel", build).startswith(build):
        return "its own memory map"
    if set(DEVICES) & set(fields.get("extra", ())):
        return "a device of virt's"
    return next((why for name, why in OF_VIRT.items() if fields.get(name)), "")


def on_raspi4b(fields, build):
    """The fields of a Raspberry Pi 4 for a test that asked for a machine with @fields; tied() if there is none.

    It is entered by the image at EL2, as its firmware does it, unless the test asks for EL3.  Where a test wants fewer cores than
    four, or an amount of RAM, the kernel is told to use no more.
    """
    if fields.get("board", "virt") == "raspi4b":
        return fields
    if why := _why_tied(fields, build):
        tied(why)
    out = {**fields, "board": "raspi4b"}
    out.setdefault("el", 3 if fields.get("kernel", "").endswith(".elf") else 2)
    smp, mem = out.pop("smp", CORES), out.pop("mem", 0)
    words = ([f"maxcpus={smp}"] if smp < CORES else []) + ([f"mem={mem}M"] if mem else [])
    out["append"] = " ".join([*words, fields.get("append", "")])
    return out


def on_vhe(fields, build):
    """The fields of a machine whose kernel stays at EL2, for a test that asked for one with @fields; tied() if it cannot.

    Where one is entered at EL1 here it is at EL2; one that names no core has one with VHE.
    """
    for name, value, why in (("has_el2", False, "no EL2"), ("board", "raspi4b", "cores without VHE")):
        if fields.get(name) == value:
            tied(why)
    cpu = fields.get("cpu", VHE_CPU)
    if cpu.split(",")[0] not in (VHE_CPU, "max", "neoverse-n1"):
        tied(f"{cpu} has no VHE")
    if fields.get("bios"):
        tied("a boot loader's own command line")
    if not fields.get("kernel", build).startswith(build):
        tied("another kernel, or its own memory map")
    if fields.get("dtb") and fields.get("el") == 1:
        tied("the device tree of a machine entered at EL1")
    return {**fields, "el": max(2, fields.get("el", 3)), "cpu": cpu, "append": f"newel.el2=vhe {fields.get('append', '')}"}


def on_guest(fields, build):
    """(the host's fields, vm's options) for a test that asked for a machine with @fields; tied() if no guest is like that."""
    if fields.get("el", 1) != 1 or not fields.get("has_el2", True):
        tied("entered above EL1")
    if fields.get("board", "virt") != "virt":
        tied("another board")
    if fields.get("kernel", "newel.img").rsplit("/", 1)[-1] != "newel.img" or not fields.get("kernel", build).startswith(build):
        tied("another kernel")
    if fields.get("semihosting") or fields.get("gdb") or fields.get("share"):
        tied("QEMU's own devices")
    if set(fields.get("extra", ())) - {"-action", "reboot=reset"}:
        tied("QEMU's own arguments")
    if why := next((why for name, why in OF_VIRT.items() if fields.get(name)), ""):
        tied(why)
    smp = fields.get("smp", CORES)
    host = {name: fields[name] for name in ("cpu", "gic") if name in fields}
    return {**host, "smp": min(smp, 2), "el": 2, "append": "quiet panic=-1"}, ["-n", "-c", str(smp), "-m", str(min(512, fields.get("mem", 512)))]


def on_real_board(fields):
    """The same fields for a real board; tied() if it is QEMU that they ask something of."""
    fields = {**fields, "extra": [e for e in fields.get("extra", ()) if e not in ("-action", "reboot=reset")]}
    if fields["extra"] or any(fields.get(name) for name in ("semihosting", "kernel", "bare", "dtb")):
        tied("QEMU's own arguments, or another kernel")
    if fields.get("el") == 3:
        tied("entered at EL3")
    return on_raspi4b(fields, "")


def is_tied(report):
    return bool(getattr(report, "tied", ""))


def note_tied(report):
    """Called with each report as it is made: a test that is tied is no skip."""
    if report.skipped and isinstance(report.longrepr, tuple) and TIED in report.longrepr[-1]:
        report.tied = report.longrepr[-1].split(TIED, 1)[1]


def of(config):
    """The board that tests run on which name none."""
    return "raspi4b" if config.getoption("--serial") else config.getoption("--board")


def keep(items, config):
    """(those of @items that may run on the board that was asked for, the others): the others start no machine, or are marked."""
    system = config.getoption("--serial") and config.getoption("--card") == "system"

    def may(item):
        if system:
            return item.get_closest_marker("card")
        if of(config) == "virt":
            return True
        if of(config) == "vhe":
            return {"boot", "gdb"} & set(item.fixturenames)
        return "boot" in item.fixturenames and not item.get_closest_marker("virt")

    return [i for i in items if may(i)], [i for i in items if not may(i)]


def both(metafunc, config):
    """A test marked both_boards runs on each in every run on virt."""
    if of(config) == "virt" and "board" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_boards"):
        metafunc.parametrize("board", BOARDS)


def image_hash(build):
    """The sha256 of the image: the same for every board."""
    try:
        with open(os.path.join(build, "newel.img"), "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()
    except FileNotFoundError:
        return "of none: make"
