"""Memory in several banks, as a Raspberry Pi 4 of up to 8 GiB has it, on virt: a tree of our own in place of QEMU's."""

import os
import shutil
import struct
import subprocess

import initrd
import pytest
from conftest import BUILD

MIB = 1 << 20
GIB = 1 << 30
RAM = GIB  # where virt's begins
IMAGE_AT = RAM + 16 * MIB
INITRD_AT = RAM + 96 * MIB
DTB_AT = RAM + 112 * MIB  # QEMU's own is 16 MiB above
PROMPT = r"/ # "


def cells(n):
    return f"{n >> 32:#x} {n & 0xFFFFFFFF:#x}"


def node(name, start, size, words=""):
    return f"{name}@{start:x} {{ reg = <{cells(start)} {cells(size)}>; {words} }};"


def qemus_tree(folder):
    """virt's own tree, as source."""
    subprocess.run(["qemu-system-aarch64", "-M", f"virt,gic-version=2,dumpdtb={folder}/virt.dtb", "-cpu", "cortex-a72",
                    "-smp", "4", "-m", "1G", "-nic", "none", "-display", "none"], check=True, capture_output=True)
    return subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", f"{folder}/virt.dtb"], check=True,
                          capture_output=True).stdout.decode()


def edited(text, banks, kept, no_map, memreserve, words, archive):
    """That tree, compiled, with memory and /chosen of our own; each range is a start and a size."""
    head = "/dts-v1/;\n" + "".join(f"/memreserve/ {start:#x} {size:#x};\n" for start, size in memreserve)
    changes = ["/delete-node/ memory@40000000;"]
    changes += [node("memory", *bank, 'device_type = "memory";') for bank in banks]
    changes += ["reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;"]
    changes += [node("kept", *r) for r in kept] + [node("unmapped", *r, "no-map;") for r in no_map] + ["};"]
    changes += [f'chosen {{ bootargs = "{words}"; linux,initrd-start = <{cells(INITRD_AT)}>; '
                f"linux,initrd-end = <{cells(INITRD_AT + len(archive))}>; }};"]
    text = text.replace("/dts-v1/;", head, 1) + "/ { " + "\n".join(changes) + " };\n"
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=text.encode(), check=True,
                          capture_output=True).stdout


# ldr x0, the tree; ldr x1, the kernel; br x1: a boot loader that hands over another tree than QEMU's.
HAND_OVER = struct.pack("<4I2Q", 0x58000080, 0x580000A1, 0xD61F0020, 0xD503201F, DTB_AT, IMAGE_AT)


@pytest.fixture
def boot_banks(boot, tmp_path):
    if not shutil.which("dtc"):
        pytest.skip("needs dtc, install it by: tools/setup test")

    def start(archive, mem, banks, kept=(), no_map=(), memreserve=(), words=""):
        contents = {IMAGE_AT: os.path.join(BUILD, "newel.img"), INITRD_AT: tmp_path / "archive", DTB_AT: tmp_path / "dtb"}
        (tmp_path / "archive").write_bytes(archive)
        (tmp_path / "dtb").write_bytes(edited(qemus_tree(tmp_path), banks, kept, no_map, memreserve, words, archive))
        (tmp_path / "loader").write_bytes(HAND_OVER)
        extra = [word for at, name in contents.items()
                 for word in ("-device", f"loader,file={name},addr={at:#x},force-raw=on")]
        return boot(el=1, mem=mem, kernel=str(tmp_path / "loader"), extra=extra)

    return start


def mib_free(run):
    return int(run.expect(r"memory: (\d+) MiB of RAM free").group(1))


def test_eight_gib(boot_banks, program):
    """The banks of a Raspberry Pi with 8 GiB, a GiB further up, and a hole where its VideoCore and peripherals are."""
    banks = [(RAM, 948 * MIB), (2 * GIB, 3008 * MIB), (5 * GIB, 2 * GIB), (7 * GIB, 2 * GIB)]
    kept, no_map, memreserve = (6 * GIB, 64 * MIB), (2 * GIB + 5 * MIB, 64 * MIB), (7 * GIB - 8 * MIB, 64 * MIB)
    run = boot_banks(initrd.archive(initrd.file("init", program("hello"))), 8192, banks, [kept], [no_map], [memreserve],
                     "panic=-1")
    total = sum(size for _, size in banks) // MIB
    # Besides what is kept out: a struct page of 32 bytes for each page, the kernel, the initrd.
    expected = total - 3 * 64 - total // 128
    assert expected - 16 < mib_free(run) <= expected
    run.expect(r"smp: 4 cores$")
    run.expect(r"hello syscall v8$")
    assert run.finish() == 0


@pytest.mark.needs("busybox")
def test_kept_out(boot_banks):
    """Where the tree says that memory is kept out there is none in this machine: whoever touched it would be told.

    All that is left is used up, and given back.
    """
    with open(os.path.join(BUILD, "busybox.cpio"), "rb") as f:
        archive = f.read()
    end = RAM + 256 * MIB  # of what there is
    banks = [(RAM, 64 * MIB), (RAM + 80 * MIB, 304 * MIB), (4 * GIB, 64 * MIB)]
    run = boot_banks(archive, 256, banks, [(end, 64 * MIB), (4 * GIB, 32 * MIB)],
                     [(end + 64 * MIB, 32 * MIB)], [(end + 96 * MIB, 32 * MIB), (4 * GIB + 32 * MIB, 32 * MIB)])
    assert 220 < mib_free(run) <= 240
    run.expect(PROMPT)
    run.send("mkdir /all; mount -t tmpfs -o size=1g all /all; cat /dev/zero > /all/file")
    run.expect(r"out of memory: process \d+ is killed|No space left|Cannot allocate")
    run.expect(PROMPT)
    run.send("rm /all/file; free -m | awk '/Mem/ { print ($4 > 200) }'")
    run.expect(r"^1$")
    run.expect(PROMPT)
    run.send("poweroff")
    run.expect(r"reboot: Power down$")
    assert run.finish() == 0
