#!/usr/bin/python3
"""sdcard.py - write the image of an SD card that a Raspberry Pi 4 boots Newel from.  No root, no mounts; byte-reproducible.

    tools/sdcard.py OUT [--loader firmware|uboot|tfa|newel] [--kernel F] [--initrd F] [--append WORDS] [--stub F]
                    [--parts DIR] [--without-firmware]

`make sdcard` calls it; tools/sdcard_write.py puts the image on a card.  What is on it, by the loader:

    firmware  the Raspberry Pi's own firmware starts the kernel at EL2
    uboot     the firmware starts U-Boot, which finds extlinux/extlinux.conf (or, without that, boot.scr)
    tfa       the firmware starts Trusted Firmware-A at EL3, which stays there and starts the kernel at EL2
    newel     the firmware starts our own EL3, which does the same

Invariants: one FAT32 partition, 1 MiB into an image whose size is a power of two (QEMU takes no other for an SD card); the
same files give the same bytes, whenever and wherever.  The settings in config.txt are those of Raspberry Pi's
documentation, "config.txt" and "Legacy config.txt options" (www.raspberrypi.com/documentation/computers/).
"""

import argparse
import os
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOADERS = ("firmware", "uboot", "tfa", "newel")

KIB, MIB = 1 << 10, 1 << 20
SECTOR = 512
START = 1 * MIB  # of the partition
LEAST = 64 * MIB  # FAT32 is what has 65525 clusters or more: below this it would not be FAT32
CLUSTERS = LEAST // SECTOR  # at most, at each size, whose clusters grow with it: so the tables never do

SERIAL = 0x4E45574C  # the volume's serial number and the disk's signature: "NEWL"
EPOCH = "315532800"  # 1980-01-01, the first day of FAT: every file's time

KERNEL_AT = 0x200000  # where the firmware and U-Boot put an Image whose text_offset is 0
INITRD_AT = 0x8000000  # where config.txt puts the initrd: above any kernel of ours and its .bss
INITRD_TOP = 0x28000000  # it must end here: the firmware keeps its own and the device tree's place near the end of 1 GiB
UBOOT_AT = 0x80000  # what Debian's U-Boot for this board is linked for
UBOOT_SCRIPT_AT = 0x2400000  # the lowest of its addresses above the kernel: its environment's scriptaddr
UBOOT_WORDS_MOST = 1000  # bytes of a command line: its own buffer (CONFIG_SYS_CBSIZE) has 1024
# Without APPEND=: a board that nobody has seen start yet says each step; and a command line should not be empty.
DEFAULT_WORDS = "earlycon loglevel=7"
CONFIG_LINE_MOST = 98  # bytes of a line in config.txt; the firmware ignores the rest

DTB = "bcm2711-rpi-4-b.dtb"
STUBS = {"tfa": "bl31.bin", "newel": "armstub8-newel.bin"}  # the file that armstub= names


class Refused(Exception):
    """A card that would not boot: the message says why, and what to do."""


# ---- what the files say ----


def config_pairs(loader):
    """config.txt: (why, the setting); a setting that begins with # is one that the user may want."""
    yield "The cores start in AArch64.", "arm_64bit=1"
    if loader == "uboot":
        yield "What is started: U-Boot. It has no header that says where it wants to lie,", "kernel=u-boot.bin"
        yield "and it is linked for this address.", f"kernel_address={UBOOT_AT:#x}"
    else:
        yield "What is started: an arm64 Image, whose header makes the firmware put it at 0x200000.", "kernel=kernel8.img"
    if loader in STUBS:
        yield ("What starts it, at EL3, and stays there (the firmware's own stub leaves nothing behind).",
               f"armstub={STUBS[loader]}")
    yield "What it is handed in x0. The firmware adds memory, command line and initrd to it.", f"device_tree={DTB}"
    if loader == "uboot":
        yield "Without one the firmware has its own. U-Boot takes that of extlinux.conf instead.", "cmdline=cmdline.txt"
    else:
        yield "The command line; the firmware puts words of its own around it.", "cmdline=cmdline.txt"
        yield ("The initrd's place, above the kernel and its .bss. This one setting is written without `=`.",
               f"initramfs initrd {INITRD_AT:#010x}")
    yield "Interrupts go through the GIC-400, which is what the device tree describes.", "enable_gic=1"
    yield "A UART on GPIO 14 and 15: the mini UART; and its clock, the core's, stays as it is.", "enable_uart=1"
    yield "What is loaded is said there, too: the wires are right if anything comes.", "uart_2ndstage=1"
    yield "Uncomment for a JTAG probe on GPIO 22 to 27.", "#enable_jtag_gpio=1"
    yield "Uncomment to be told the SHA-256 of each file as it was loaded (some seconds).", "#sha256=1"


def config_txt(loader):
    lines = [f"# config.txt - read by the Raspberry Pi 4's firmware. Made by: make sdcard LOADER={loader}", ""]
    for why, setting in config_pairs(loader):
        lines += [f"# {why}", setting]
    for line in lines:
        assert len(line) <= CONFIG_LINE_MOST, line
    return "\n".join(lines) + "\n"


def extlinux_conf(append, kernel, initrd):
    """U-Boot's doc/README.pxe, the first thing that its distro_bootcmd looks for; no FDT: the one that it has stays."""
    lines = ["# U-Boot starts this with nothing typed.", "DEFAULT newel", "PROMPT 0", "TIMEOUT 0", "LABEL newel",
             f"\tKERNEL /{kernel}", f"\tINITRD /{initrd}", f"\tAPPEND {append}"]
    return "\n".join(lines) + "\n"


def boot_script(append, kernel, initrd):
    """The same by hand, where there is no extlinux.conf: U-Boot's distro_bootcmd sources boot.scr next, and has said where
    that is; its own device tree is the firmware's, on every board."""
    where = "${devtype} ${devnum}:${distro_bootpart}"
    lines = [f"echo Newel: kernel and initrd from {where}", f"setenv bootargs '{append}'",
             f"load {where} ${{kernel_addr_r}} ${{prefix}}{kernel}", f"load {where} ${{ramdisk_addr_r}} ${{prefix}}{initrd}",
             "booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}"]
    return "\n".join(lines) + "\n"


def script_image(text):
    """@text as U-Boot's `source` takes it: a legacy image (include/image.h) of type script, its length before it."""
    data = struct.pack(">II", len(text), 0) + text.encode()
    kinds = (5, 22, 6, 0)  # IH_OS_LINUX, IH_ARCH_ARM64, IH_TYPE_SCRIPT, IH_COMP_NONE

    def header(crc):
        return struct.pack(">7I4B32s", 0x27051956, crc, int(EPOCH), len(data), 0, 0, zlib.crc32(data), *kinds, b"newel")

    return header(zlib.crc32(header(0))) + data


# ---- what goes on it ----


def read(path, what, get):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        raise Refused(f"{what}: {path}: {e.strerror}; get it by: {get}") from e


def kernel_end(image):
    """Where an arm64 Image and its .bss end in memory (Linux, Documentation/arch/arm64/booting.rst)."""
    if len(image) < 64 or image[56:60] != b"ARM\x64":
        raise Refused("the kernel is no arm64 Image: give build/newel.img, not the .elf")
    return KERNEL_AT + struct.unpack("<Q", image[16:24])[0]


def check_initrd(initrd, name):
    """As fs/ unpacks it: one newc archive or more, each gzip'd or not."""
    if initrd[:6] not in (b"070701", b"070702") and initrd[:2] != b"\x1f\x8b":
        raise Refused(f"{name} is no newc cpio archive, nor a gzip'd one: give INITRD= one that has /init")


def check_stub(stub, name):
    """The firmware writes the addresses of device tree and kernel into a stub that has this magic (armstub8.S)."""
    if stub[0xF0:0xF4] != struct.pack("<I", 0x5AFE570B):
        raise Refused(f"{name} has no 0x5afe570b at 0xf0: the firmware would not tell it where the kernel is")


def check_words(append, loader):
    """The command line, as it is, is what the kernel gets.  tools/uboot.py asks as well."""
    if "\n" in append or not append.isascii():
        raise Refused("APPEND is one line of ASCII: the firmware reads no more of it")
    if loader != "uboot":
        return
    if set(append) & set("'\\$"):
        raise Refused("APPEND has one of ' \\ $, which U-Boot's shell would read: write it without")
    if len(append) > UBOOT_WORDS_MOST:
        raise Refused(f"APPEND is longer than U-Boot takes: {len(append)} bytes of {UBOOT_WORDS_MOST}")


def check_places(kernel, initrd, loader):
    """Nothing lies over another."""
    end, limit = kernel_end(kernel), UBOOT_SCRIPT_AT if loader == "uboot" else INITRD_AT
    if end > limit:
        raise Refused(f"the kernel would end at {end:#x}, over what {loader} puts at {limit:#x}")
    if INITRD_AT + len(initrd) > INITRD_TOP:
        raise Refused(f"the initrd is larger than the {(INITRD_TOP - INITRD_AT) // MIB} MiB that it has room for")


def check_out(out):
    """@out is replaced as a whole: a device's node by a file, too, if that were let through."""
    if os.path.lexists(out) and not os.path.isfile(out):
        raise Refused(f"OUT={out} is there and is no regular file; to write a card: DEV={out}")


def files_of(a):
    """What is on the card: {name: bytes}, in the order in which it is written."""
    make = "make all initrds"
    kernel, initrd = read(a.kernel, "the kernel", make), read(a.initrd, "the initrd", make)
    words = a.append.strip() or DEFAULT_WORDS
    check_words(words, a.loader)
    check_initrd(initrd, a.initrd)
    check_places(kernel, initrd, a.loader)
    part = {p: os.path.join(a.parts, p) for p in ("firmware", "uboot", "bl31-rpi4.bin", DTB)}
    files = {}
    if a.firmware:
        for name in ("start4.elf", "fixup4.dat"):
            files[name] = read(os.path.join(part["firmware"], name), "the firmware", "tools/debian-parts firmware")
        files["licences/firmware.txt"] = read(os.path.join(part["firmware"], "copyright"), "its licence",
                                              "tools/debian-parts firmware")
    files["licences/device-tree.txt"] = read(part[DTB] + ".copyright", "its licence", "tools/debian-parts dtb")
    files["config.txt"] = config_txt(a.loader).encode()
    if a.loader == "uboot":
        get = "tools/debian-parts uboot"
        files["u-boot.bin"] = read(os.path.join(part["uboot"], "u-boot.bin"), "U-Boot", get)
        files["licences/u-boot.txt"] = read(os.path.join(part["uboot"], "copyright"), "its licence", get)
        files["extlinux/extlinux.conf"] = extlinux_conf(words, "kernel8.img", "initrd").encode()
        files["boot.scr"] = script_image(boot_script(words, "kernel8.img", "initrd"))
    files["cmdline.txt"] = words.encode() + b"\n"
    if a.loader in STUBS:
        stub, get = (part["bl31-rpi4.bin"], "tools/debian-parts tfa") if a.loader == "tfa" else (a.stub, "make")
        files[STUBS[a.loader]] = read(stub, "the EL3 firmware", get)
        check_stub(files[STUBS[a.loader]], stub)
    if a.loader == "tfa":
        files["licences/trusted-firmware-a.txt"] = read(part["bl31-rpi4.bin"] + ".copyright", "its licence",
                                                        "tools/debian-parts tfa")
    files[DTB] = read(part[DTB], "the device tree", "tools/debian-parts dtb")
    files["kernel8.img"] = kernel
    files["initrd"] = initrd
    return files


# ---- the disk ----


def size_for(files):
    """The smallest power of two, 64 MiB at least, that holds these files, the tables, and 2 MiB more."""
    size = LEAST
    while True:
        cluster = size // CLUSTERS
        held = sum(-(-len(data) // cluster) * cluster for data in files.values())
        tables = 2 * 4 * CLUSTERS
        if START + tables + 2 * MIB + held <= size:
            return size
        size *= 2


def boot_record(size):
    """The MBR: one active partition of type 0x0c (FAT32, by sector number), up to the end."""
    nowhere = b"\xfe\xff\xff"  # cylinder, head and sector of what is found by its number alone
    entry = struct.pack("<B3sB3sII", 0x80, nowhere, 0x0C, nowhere, START // SECTOR, (size - START) // SECTOR)
    return bytes(440) + struct.pack("<IH", SERIAL, 0) + entry + bytes(48) + b"\x55\xaa"


def mtools(tool, image, *args):
    """Run one of mtools on the image's partition, with none of the user's settings."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC", "HOME": "/nonexistent",
           "MTOOLSRC": "/dev/null", "SOURCE_DATE_EPOCH": EPOCH}
    try:
        done = subprocess.run([tool, "-i", f"{image}@@{START}", *args], env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
    except FileNotFoundError as e:
        raise Refused(f"{tool} was not found, install it by: tools/setup sdcard") from e
    if done.returncode:
        raise Refused(f"{tool} {' '.join(args)}: {(done.stderr or done.stdout).strip()}")


def format_partition(image, size):
    sectors = (size - START) // SECTOR
    mtools("mformat", image, "-F", "-v", "NEWEL", "-N", f"{SERIAL:08x}", "-c", str(size // LEAST),
           "-T", str(sectors), "-h", "255", "-s", "63", "-H", str(START // SECTOR), "::")


def copy_files(image, files, staged):
    """@staged: an empty directory.  mcopy takes a file's name and time from there."""
    folders = {}
    for name, data in files.items():
        path = os.path.join(staged, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (int(EPOCH), int(EPOCH)))
        folders.setdefault(os.path.dirname(name), []).append(path)
    for folder, paths in folders.items():
        if folder:
            mtools("mmd", image, f"::{folder}")
        mtools("mcopy", image, "-m", *paths, f"::{folder}/")


def write_image(out, files):
    """Make @out of these files: complete, or not at all."""
    size = size_for(files)
    new = out + ".new"
    try:
        with open(new, "wb") as f:
            f.write(boot_record(size))
            f.truncate(size)
        format_partition(new, size)
        with tempfile.TemporaryDirectory() as staged:
            copy_files(new, files, staged)
        os.replace(new, out)
    finally:
        if os.path.exists(new):
            os.remove(new)
    return size


def options():
    build = os.path.join(ROOT, "build")
    p = argparse.ArgumentParser(description="Write the image of an SD card for the Raspberry Pi 4.")
    p.add_argument("out")
    p.add_argument("--loader", default="firmware", choices=LOADERS)
    p.add_argument("--kernel", default=os.path.join(build, "newel.img"))
    p.add_argument("--initrd", default=os.path.join(build, "el0", "initrd.cpio"))
    p.add_argument("--append", default="")
    p.add_argument("--stub", default=os.path.join(build, STUBS["newel"]))
    p.add_argument("--parts", default=os.path.join(build, "parts"))
    p.add_argument("--without-firmware", dest="firmware", action="store_false",
                   help="for QEMU, which runs none; no board starts such a card")
    return p


def main(argv):
    a = options().parse_args(argv)
    try:
        check_out(a.out)
        files = files_of(a)
        size = write_image(a.out, files)
    except (Refused, OSError) as e:
        sys.exit(f"sdcard.py: {e}")
    used = sum(map(len, files.values()))
    print(f"  CARD    {a.out}: {size // MIB} MiB, {used / MIB:.1f} of them used, LOADER={a.loader}")
    if not a.firmware:
        print("  CARD    without the board's firmware: for QEMU alone")


if __name__ == "__main__":
    main(sys.argv[1:])
