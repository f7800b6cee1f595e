#!/usr/bin/python3
"""uboot.py - the files that U-Boot boots, in all the forms in which it takes a kernel and an initrd.

    tools/uboot.py --image build/newel.img --initrd FILE --out FOLDER [--append WORDS]

`make uboot` calls it; the boot tests import it; docs/uboot.md shows what is typed for each.

    Image, Image.gz     booti, from a disk, by tftp or by ymodem; .gz needs kernel_comp_addr_r and kernel_comp_size
    initrd, initrd.gz   beside it: U-Boot hands on the bytes as they are, the kernel unpacks them
    uImage-BOARD        bootm: a header of 64 bytes that says where on this board the kernel goes; gzip inside
    uImage-plain        the same for virt, not compressed
    uInitrd             an initrd for it
    newel.itb           bootm FILE#BOARD: a FIT, kernel and initrd in one file, with a hash of each
    boot.scr            `source`, or nothing typed: the same commands for every board
    extlinux.img        a disk with all of these, that boots with nothing typed: by /extlinux/extlinux.conf
    script.img          a disk that boots with nothing typed: by /boot.scr

Invariant: what is made depends on what it is made from, and on the words, alone: two builds, one hash.
Needs mkimage (u-boot-tools), dtc and mtools; no root.
"""

import argparse
import gzip
import os
import shutil
import subprocess
import sys

import sdcard

# Where bootm puts the kernel: 2 MiB into the RAM of each board, as all other ways do.  A boot Image may lie anywhere, but
# mkimage's "kernel_noload" would lead to the very start of RAM: on a Raspberry Pi the other cores wait there.
LOAD = {"virt": 0x40200000, "raspi4b": 0x00200000}

FIT_HEAD = """/dts-v1/;
/ {{
	description = "Newel, an AArch64 kernel";
	#address-cells = <1>;
	images {{{kernels}
		initrd {{
			description = "initrd";
			data = /incbin/("initrd.gz");
			type = "ramdisk";
			arch = "arm64";
			os = "linux";
			compression = "none";	/* U-Boot hands it on as it is */
			hash-1 {{ algo = "crc32"; }};
		}};
	}};
	configurations {{
		default = "virt";{configurations}
	}};
}};
"""

FIT_KERNEL = """
		kernel-{board} {{
			description = "kernel for {board}";
			data = /incbin/("Image.gz");
			type = "kernel";
			arch = "arm64";
			os = "linux";
			compression = "gzip";
			load = <{load:#x}>;
			entry = <{load:#x}>;
			hash-1 {{ algo = "crc32"; }};
		}};"""

FIT_CONFIGURATION = """
		{board} {{
			kernel = "kernel-{board}";
			ramdisk = "initrd";
		}};"""


def run(*args, **more):
    """Run a tool quietly; what it said is shown if it failed."""
    try:
        done = subprocess.run(args, capture_output=True, text=True, check=False, **more)
    except FileNotFoundError as e:
        raise sdcard.Refused(f"{args[0]} was not found, install it by: tools/setup uboot") from e
    if done.returncode:
        raise sdcard.Refused(f"{' '.join(args)}:\n{done.stdout}{done.stderr}")


def environment():
    """mkimage writes a time into what it makes."""
    return {**os.environ, "SOURCE_DATE_EPOCH": sdcard.EPOCH, "TZ": "UTC"}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def zipped(data):
    return gzip.compress(data, 9, mtime=0)


# ---- headers ----


def uimage(out, kind, source, load=0, compression="gzip"):
    run("mkimage", "-A", "arm64", "-O", "linux", "-T", kind, "-C", compression, "-a", f"{load:#x}", "-e", f"{load:#x}",
        "-n", "Newel" + (" initrd" if kind == "ramdisk" else ""), "-d", source, out, env=environment())


def fit(folder):
    kernels = "".join(FIT_KERNEL.format(board=board, load=load) for board, load in LOAD.items())
    configurations = "".join(FIT_CONFIGURATION.format(board=board) for board in LOAD)
    with open(os.path.join(folder, "newel.its"), "w", encoding="ascii") as f:
        f.write(FIT_HEAD.format(kernels=kernels, configurations=configurations))
    run("mkimage", "-f", "newel.its", "newel.itb", cwd=folder, env=environment())


# ---- disks ----


def disks(folder, append):
    files = {name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}
    sdcard.write_image(os.path.join(folder, "script.img"), {name: files[name] for name in ("boot.scr", "Image", "initrd.gz")})
    # U-Boot looks for extlinux.conf before it looks for boot.scr.
    files["extlinux/extlinux.conf"] = sdcard.extlinux_conf(append, "Image", "initrd.gz").encode()
    sdcard.write_image(os.path.join(folder, "extlinux.img"), files)


# ---- all of it ----


def make(folder, image, initrd, append=""):
    """Fill @folder with every form of this kernel and this initrd, which is plain or gzip'd."""
    sdcard.check_words(append, "uboot")
    os.makedirs(folder, exist_ok=True)
    archive = read(initrd)
    if archive[:2] == b"\x1f\x8b":
        try:
            archive = gzip.decompress(archive)
        except (OSError, EOFError) as e:
            raise sdcard.Refused(f"{initrd} is neither one cpio archive nor one that was gzip'd: {e}") from e
    for name, data in (("Image", read(image)), ("initrd", archive)):
        write(os.path.join(folder, name), data)
        write(os.path.join(folder, name + ".gz"), zipped(data))

    def at(name):
        return os.path.join(folder, name)

    for board, load in LOAD.items():
        uimage(at("uImage-" + board), "kernel", at("Image.gz"), load)
    uimage(at("uImage-plain"), "kernel", at("Image"), LOAD["virt"], "none")
    uimage(at("uInitrd"), "ramdisk", at("initrd.gz"), compression="none")
    fit(folder)
    script = sdcard.boot_script(append, "Image", "initrd.gz")
    write(at("boot.cmd"), script.encode())
    write(at("boot.scr"), sdcard.script_image(script))
    disks(folder, append)


def main(argv):
    p = argparse.ArgumentParser(description="Make the files that U-Boot boots.")
    p.add_argument("--image", required=True)
    p.add_argument("--initrd", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--append", default="")
    a = p.parse_args(argv)
    # A half-made folder is never left where the whole one is looked for.
    new = a.out.rstrip("/") + ".new"
    shutil.rmtree(new, ignore_errors=True)
    try:
        make(new, a.image, a.initrd, a.append)
    except (sdcard.Refused, OSError) as e:
        sys.exit(f"uboot.py: {e}")
    shutil.rmtree(a.out, ignore_errors=True)
    os.rename(new, a.out)


if __name__ == "__main__":
    main(sys.argv[1:])
