"""The image of an SD card: what is on it, and that each loader on it comes to the shell of the initrd on it.

The kernel, the device tree, the command line and the initrd are those on the card, and the card is in the machine's slot.
QEMU has no VideoCore: what the board's own firmware does with them is done by card.py and by QEMU itself.
"""

import hashlib
import os
import re
import shutil
import struct
import subprocess

import pytest
import sdcard
from card import Card
from conftest import BUILD, ROOT, part
from sdcard import MIB

LONG = os.environ.get("CARD") == "long"  # make test-card: with Debian's busybox, too, and the firmware's files on the card
WORDS = "loglevel=8 panic=-1"
PROMPT = r"^[/\w]* ?[#$] "
# What the board's firmware puts around cmdline.txt; none of it is init's.
FIRMWARE_WORDS = ("coherent_pool=1M 8250.nr_uarts=1 snd_bcm2835.enable_hdmi=1 video=HDMI-A-1:1920x1080M@60 "
                  "smsc95xx.macaddr=DC:A6:32:01:02:03 vc_mem.mem_base=0x3ec00000 vc_mem.mem_size=0x40000000 ")


@pytest.fixture(params=["el0/initrd.cpio", *(["busybox.cpio"] if LONG else [])])
def system(request):
    """The path of the initrd: our own system; in the long form with Debian's busybox, too."""
    return os.path.join(BUILD, request.param)


@pytest.fixture
def make_card(tmp_path, own_initrd):
    """make_card(loader, *options): a Card of this build, without the board's firmware unless `firmware`."""

    def make(loader="firmware", name="card.img", firmware=LONG, initrd=own_initrd, append=WORDS):
        image = tmp_path / name
        args = [os.path.join(ROOT, "tools", "sdcard.py"), str(image), "--loader", loader, "--initrd", str(initrd),
                "--kernel", os.path.join(BUILD, "newel.img"), "--append", append,
                "--stub", os.path.join(BUILD, "armstub8-newel.bin")]
        subprocess.run(args if firmware else [*args, "--without-firmware"], check=True)
        return Card(image)

    return make


@pytest.fixture
def card_boot(boot, tmp_path):
    """card_boot(card, **Machine's fields): a Raspberry Pi 4 with this card in its slot."""

    def start(card, extra=(), **fields):
        return boot(board="raspi4b", el=2, extra=[*card.drive, *extra], **fields)

    return start


def reaches_the_shell(run, path, image=sdcard.KERNEL_AT, psci="none"):
    """The way down is said, the cores come, and the shell of the initrd answers."""
    run.expect(rf"boot: entered at EL2, path {path}, CurrentEL 0x4, image {image:#x}, dtb 0x[0-9a-f]+, psci {psci}$")
    run.expect(r"smp: 4 cores$")
    run.expect(PROMPT)
    run.send("levels")
    run.expect(r"EL1 +CurrentEL 0x4, read by the kernel")
    run.expect(PROMPT)


# ---- the boots ----


@pytest.mark.needs("dtb")
def test_firmware(make_card, system, card_boot, tmp_path):
    """QEMU stands in for the firmware and its stub."""
    card = make_card(initrd=system)
    s = card.settings()
    run = card_boot(card, kernel=card.out(s["kernel"], tmp_path), dtb=card.out(s["device_tree"], tmp_path),
                    initrd=card.out(s["initramfs"][0], tmp_path), append=FIRMWARE_WORDS + card.read(s["cmdline"]).decode().strip())
    reaches_the_shell(run, "EL2 -> EL1")
    assert "Unknown kernel command line" not in run.log


@pytest.mark.needs("dtb", "uboot")
@pytest.mark.parametrize("by", ["extlinux/extlinux.conf", "boot.scr"])
def test_uboot(make_card, system, card_boot, tmp_path, by):
    """Nothing is typed: U-Boot finds the card, and on it what to start."""
    card = make_card("uboot", initrd=system)
    if by == "boot.scr":
        card.remove("extlinux/extlinux.conf")
    s = card.settings()
    mini = tmp_path / "mini"  # once it has read the device tree, U-Boot speaks on the mini UART
    run = card_boot(card, kernel=card.out(s["kernel"], tmp_path), dtb=card.out(s["device_tree"], tmp_path),
                    extra=["-serial", f"file:{mini}"])
    run.expect(r"U-Boot 20")
    reaches_the_shell(run, "EL2 -> EL1")
    assert re.search(rf"^Found .*/{by}\r?$", mini.read_text(errors="replace"), re.MULTILINE)
    run.send("cat /proc/cmdline")
    run.expect(WORDS)


@pytest.mark.needs("dtb", "tfa")
def test_trusted_firmware(make_card, system, card_boot, tmp_path):
    card = make_card("tfa", initrd=system)
    run = card_boot(card, bare=True, extra=card.as_firmware(str(tmp_path)))
    run.expect(r"BL31: Preparing for EL3 exit to normal world")
    reaches_the_shell(run, "EL2 -> EL1", psci="smc")


@pytest.mark.needs("dtb")
def test_own_el3(make_card, card_boot, tmp_path, system):
    """Our own EL3 comes from the card, too: all four levels answer."""
    card = make_card("newel", initrd=system)
    run = card_boot(card, bare=True, extra=card.as_firmware(str(tmp_path)))
    reaches_the_shell(run, "EL2 -> EL1", psci="smc")
    for level in (r"EL3 +CurrentEL 0xc, its own answer to smc", r"EL2 +CurrentEL 0x8, its own answer to hvc"):
        assert re.search(level, run.log)


# ---- what is on it ----


@pytest.mark.needs("firmware", "dtb", "uboot", "tfa")
@pytest.mark.parametrize("loader", sdcard.LOADERS)
def test_settings(make_card, loader):
    """What config.txt names is on the card, is known to the firmware, and says why it is there."""
    card = make_card(loader, firmware=True)
    s, names = card.settings(), card.names()
    assert {"start4.elf", "fixup4.dat", "licences/firmware.txt", "licences/device-tree.txt"} <= names
    licence = {"uboot": {"licences/u-boot.txt"}, "tfa": {"licences/trusted-firmware-a.txt"}}
    assert licence.get(loader, set()) <= names
    assert all(b"Copyright" in card.read(name) for name in names if name.startswith("licences/"))
    files = [s["kernel"], s["device_tree"], s["cmdline"], *([s["armstub"]] if "armstub" in s else [])]
    files += [s["initramfs"][0]] if loader != "uboot" else []
    assert set(files) <= names
    known = card.read("start4.elf")
    for name in set(s) - {"uart_2ndstage"}:  # which is for the boot loader in the EEPROM
        assert name.encode() in known, f"{name}: nothing that this firmware knows"
    lines = card.read("config.txt").decode().split("\n")
    for before, line in zip(lines, lines[1:]):
        assert not line or line.startswith("# ") or before.startswith("# "), f"{line}: no comment above it"
        assert len(line) <= sdcard.CONFIG_LINE_MOST


@pytest.mark.needs("dtb", "uboot")
def test_words(make_card):
    """No card without a command line: the firmware would have a console of its own choice in its place."""
    for loader in ("firmware", "uboot"):
        assert make_card(loader, append="  ").read("cmdline.txt") == b"earlycon loglevel=7\n"


@pytest.mark.needs("dtb", "uboot")
def test_reproducible(make_card, tmp_path):
    """Made twice, in other places, one of them where there was something before."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "other-name.img").write_bytes(os.urandom(1000))
    made = [make_card("uboot"), make_card("uboot", name="b/other-name.img")]
    with open(made[0].image, "rb") as a, open(made[1].image, "rb") as b:
        assert hashlib.file_digest(a, "sha256").digest() == hashlib.file_digest(b, "sha256").digest()
    assert not (tmp_path / "card.img.new").exists()


@pytest.mark.parametrize("mib", [64, 128])
def test_file_system(tmp_path, monkeypatch, mib):
    """A FAT32 without a fault, in the one partition of a disk whose size is a power of two."""
    files = {"text": b"a" * 511, "folder/nothing": b"", "folder/longer-than-8.3": os.urandom(MIB), "initrd": b"z" * 1025}
    monkeypatch.setattr(sdcard, "size_for", lambda files: mib * MIB)
    sdcard.write_image(str(tmp_path / "card.img"), files)
    card = Card(tmp_path / "card.img")
    with open(card.image, "rb") as f:
        record = f.read(512)
        size = f.seek(0, os.SEEK_END)
    active, kind, start, count = record[446], record[450], *struct.unpack("<II", record[454:462])
    assert (active, kind, start * 512, (start + count) * 512) == (0x80, 0x0C, sdcard.START, mib * MIB)
    assert (size, record[510:]) == (mib * MIB, b"\x55\xaa")
    assert {name: card.read(name) for name in card.names()} == files
    if not (fsck := shutil.which("fsck.vfat", path=os.environ["PATH"] + ":/sbin:/usr/sbin")):
        pytest.skip("needs fsck.vfat, install it by: tools/setup test")
    done = subprocess.run([fsck, "-n", "-v", card.partition(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "32 bit entries" in done.stdout, done.stdout


def test_size():
    """The next power of two, and no cluster too few for FAT32."""
    assert [sdcard.size_for({"initrd": range(mib * MIB)}) // MIB for mib in (0, 1, 58, 62, 120, 125, 500, 1000)] == \
        [64, 64, 64, 128, 128, 256, 512, 1024]
    assert (sdcard.LEAST - sdcard.START) // sdcard.SECTOR > 65525


# ---- what is refused ----


def refuses(match, do, *args):
    with pytest.raises(sdcard.Refused, match=match):
        do(*args)


def image_of(size):
    return struct.pack("<2I2Q", 0, 0, 0, size) + bytes(32) + b"ARM\x64" + bytes(4)


def test_refused_files(tmp_path):
    refuses("no arm64 Image", sdcard.kernel_end, b"\x7fELF" + bytes(60))
    refuses("no arm64 Image", sdcard.kernel_end, b"")
    refuses("over what firmware puts at 0x8000000", sdcard.check_places, image_of(0x8000000), b"", "firmware")
    refuses("over what uboot puts at 0x2400000", sdcard.check_places, image_of(0x2400000), b"", "uboot")
    sdcard.check_places(image_of(0x2400000), b"", "firmware")
    refuses("no newc cpio archive", sdcard.check_initrd, b"# a text", "README.md")
    sdcard.check_initrd(b"\x1f\x8b\x08", "initrd.gz")
    refuses("0x5afe570b", sdcard.check_stub, bytes(0x200), "stub")
    refuses("get it by: tools/debian-parts dtb", sdcard.read, tmp_path / "none", "the device tree", "tools/debian-parts dtb")


def test_refused_out(tmp_path):
    """It would be replaced by a file."""
    for path in ("/dev/null", str(tmp_path)):
        done = subprocess.run([os.path.join(ROOT, "tools", "sdcard.py"), path], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"no regular file; to write a card: DEV={path}" in done.stderr


def test_refused_words():
    refuses("one line", sdcard.check_words, "quiet\nkernel=other", "firmware")
    refuses("U-Boot's shell", sdcard.check_words, "init=/bin/sh -- -c 'ls'", "uboot")
    refuses("U-Boot's shell", sdcard.check_words, "a=${b}", "uboot")
    refuses("longer", sdcard.check_words, "a" * 1001, "uboot")
    sdcard.check_words("init=/bin/sh -- -c 'ls $HOME'", "firmware")


@pytest.mark.needs("dtb")
def test_refused_without_firmware(own_initrd, tmp_path):
    """Nothing is left behind, and it is said how to get what is missing."""
    for name in (part("dtb"), part("dtb") + ".copyright"):
        shutil.copy(name, tmp_path)
    args = [os.path.join(ROOT, "tools", "sdcard.py"), str(tmp_path / "card.img"), "--parts", str(tmp_path),
            "--kernel", os.path.join(BUILD, "newel.img"), "--initrd", own_initrd]
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "tools/debian-parts firmware" in done.stderr
    assert sorted(os.listdir(tmp_path)) == [sdcard.DTB, sdcard.DTB + ".copyright"]
