#!/usr/bin/python3
"""qemu.py - the one place that knows how each board is started under QEMU.

    tools/qemu.py [--board virt|raspi4b] [--el 1|2|3] [--smp N] [--cpu C] [--gic 2|3] [--initrd F]
                  [--append WORDS] [--gdb PORT] [--print] [-- MORE QEMU ARGUMENTS]
                  [--disk FILE] [--share FOLDER]
    tools/qemu.py --uboot [--disk FILE] [--tftp FOLDER] ...

`make run` and `make debug` call it; the boot tests import it.  Two ways lead in:

    img   build/newel.img by -kernel, as boot loaders do it: EL1, or EL2 where the board has it
    elf   build/newel.elf by -kernel: the only way to enter at EL3.  QEMU ignores -initrd for an ELF,
          so the initrd is put into RAM by -device loader and told by `initrd=ADDR,SIZE`.

With --uboot Debian's U-Boot comes first, at EL1 or EL2, and the kernel from where it is told: docs/uboot.md.
"""

import argparse
import os
import shlex
import sys
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MIB = 1 << 20
UBOOT = {"virt": "/usr/lib/u-boot/qemu_arm64/u-boot.bin", "raspi4b": os.path.join(ROOT, "build", "parts", "uboot", "u-boot.bin")}
GET_UBOOT = {"virt": "tools/setup uboot", "raspi4b": "tools/debian-parts uboot"}


class Impossible(Exception):
    """A machine that cannot be had: the message says why."""


@dataclass
class Machine:
    """One way to start one board.  Defaults are those of `make run`."""

    board: str = "virt"
    el: int = 3  # the level at which the kernel is entered
    has_el2: bool = True  # virt only: an EL3 machine may lack EL2
    smp: int = 4
    cpu: str = "cortex-a72"
    gic: int = 2
    mem: int = 1024  # MiB; raspi4b has what it has
    build: str = os.path.join(ROOT, "build")
    kernel: str = ""  # another file than this build's; img or elf as `way` says
    way: str = ""  # img or elf; by default elf at EL3, img elsewhere
    bios: str = ""  # a boot loader, which gets the kernel from `disk` or `tftp`, or with an initrd from QEMU itself
    disk: str = ""  # a file that is a disk: with a boot loader its own, on raspi4b in the slot for an SD card; else the kernel's, to keep
    share: str = ""  # virt: a folder of this machine, as 9p's `host`
    tftp: str = ""  # virt: a folder whose files a boot loader gets from a network that is QEMU's own
    bare: bool = False  # neither kernel nor boot loader: `extra` puts into memory what runs
    initrd: str = ""
    append: str = ""
    dtb: str = ""  # in place of QEMU's own, or of Debian's on raspi4b
    initrd_at: int = 0  # elf way: where the initrd goes; 0: chosen here
    gdb: int = 0  # a TCP port: wait there for gdb
    semihosting: bool = False  # the guest may end QEMU with a status: newel.semihosting
    interactive: bool = False  # the terminal's ^C goes to the guest, ^A x ends QEMU
    serial: str = "stdio,signal=off"  # a QEMU chardev
    extra: list = field(default_factory=list)

    def __post_init__(self):
        self.way = self.way or ("elf" if self.el == 3 else "img")
        self.kernel = self.kernel or os.path.join(self.build, "newel." + self.way)
        if self.board == "raspi4b":
            self.cpu = "cortex-a72"
            self.smp = max(4, self.smp)
            self.dtb = self.dtb or os.path.join(ROOT, "build", "parts", "bcm2711-rpi-4-b.dtb")
            if self.el == 1:
                raise Impossible("raspi4b enters at EL2 (img) or EL3 (elf), never at EL1")
            if not os.path.exists(self.dtb):
                raise Impossible("raspi4b needs its device tree, get it by: tools/debian-parts dtb")
        elif self.board != "virt":
            raise Impossible(f"no such board: {self.board} (virt, raspi4b)")
        if (self.el == 3) != (self.way == "elf" and self.el == 3) or self.el not in (1, 2, 3):
            raise Impossible(f"EL{self.el} cannot be entered by an {self.way}: QEMU enters a raw image at EL1 or EL2")
        self._check_boot_loader()
        if self.board == "virt" and self.gic == 2 and self.smp > 8:
            raise Impossible("a GICv2 serves at most 8 cores: SMP=8 or GIC=3")

    def _check_boot_loader(self):
        if self.tftp and not self.bios:
            raise Impossible("a network (--tftp) is for a boot loader: --uboot")
        if (self.disk or self.share) and not self.bios and self.board == "raspi4b":
            raise Impossible("raspi4b has no disk that the kernel knows")
        for what, there in (self.disk, os.path.isfile), (self.share, os.path.isdir):
            if what and not there(what):
                raise Impossible(f"{what} is not there, or not what it should be")
        if self.tftp and self.board == "raspi4b":
            raise Impossible("raspi4b has no network that QEMU knows: --disk in place of --tftp, or --board virt")
        if not self.bios or self.bios != UBOOT[self.board]:
            return
        if self.el == 3:
            raise Impossible("U-Boot is started at EL1 or EL2, not at EL3: --el 2")
        if not os.path.exists(self.bios):
            raise Impossible(f"needs U-Boot for {self.board}, get it by: {GET_UBOOT[self.board]}")

    # ---- where things lie ----

    def ram(self):
        """First address and size, bytes, of the RAM that the initrd may use."""
        if self.board == "raspi4b":
            return 0, 960 * MIB  # what the device tree shows of QEMU's 2 GiB
        return 0x40000000, self.mem * MIB

    def initrd_address(self):
        if self.initrd_at:
            return self.initrd_at
        base, size = self.ram()
        wanted = 128 * MIB
        last = size - os.path.getsize(self.initrd)
        # The kernel starts 2 MiB into RAM: in a small machine the initrd goes to the top.
        return base + (wanted if wanted <= last else max(4 * MIB, last) & ~0xFFF)

    def command_line(self):
        words = [self.append]
        if self.way == "elf" and self.initrd:
            words.insert(0, f"initrd={self.initrd_address():#x},{os.path.getsize(self.initrd)}")
        if self.disk and not self.bios and not self.initrd and not any(w.startswith("root=") for w in self.append.split()):
            words.insert(0, f"root={root_of(self.disk)} rw")
        if self.share:
            words.append("SHARE=host")
        return " ".join(w for w in words if w)

    # ---- QEMU's arguments ----

    def _loader_devices(self):
        """What a boot loader gets the kernel from.  Neither device has a ROM of its own that QEMU would look for."""
        if self.board == "raspi4b":
            return ["-drive", f"if=sd,format=raw,snapshot=on,file={self.disk}"] if self.disk else []
        args = []
        if self.disk:
            args += ["-drive", f"if=none,id=disk,format=raw,snapshot=on,file={self.disk}", "-device", "virtio-blk-device,drive=disk"]
        if self.tftp:  # restrict=on: nothing leads out of it
            args += ["-netdev", f"user,id=net,restrict=on,tftp={self.tftp}", "-device", "virtio-net-device,netdev=net"]
        return args

    def _kernel_devices(self):
        """What the kernel itself finds: a disk that keeps what is written, and a folder."""
        args = []
        if self.disk:
            kind = "qcow2" if open(self.disk, "rb").read(4) == b"QFI\xfb" else "raw"
            args += ["-drive", f"if=none,id=disk,format={kind},file={comma(self.disk)}", "-device", "virtio-blk-pci,drive=disk,romfile="]
        if self.share:
            args += ["-fsdev", f"local,id=share,security_model=none,path={comma(self.share)}"]
            args += ["-device", "virtio-9p-pci,fsdev=share,mount_tag=host,romfile="]
        return args

    def _machine(self):
        if self.board == "raspi4b":
            return ["-M", "raspi4b"] + ([] if self.bare else ["-dtb", self.dtb])
        m = f"virt,gic-version={self.gic}"
        if self.el == 3:
            m += ",secure=on"
        if self.el == 2 or (self.el == 3 and self.has_el2):
            m += ",virtualization=on"
        args = ["-M", m, "-cpu", self.cpu, "-m", f"{self.mem}M"]
        return args + (["-dtb", self.dtb] if self.dtb else [])

    def _initrd(self):
        if not self.initrd:
            return []
        if self.way == "img":
            return ["-initrd", self.initrd]
        return ["-device", f"loader,file={self.initrd},addr={self.initrd_address():#x},force-raw=on"]

    def _console(self):
        # U-Boot speaks on the Raspberry Pi's mini UART, as the device tree says: QEMU's second.
        other = ["-serial", "null"] if self.bios and self.board == "raspi4b" else []
        if self.interactive:
            return [*other, "-serial", "mon:stdio"]
        return ["-chardev", f"{self.serial},id=console" if "id=" not in self.serial else self.serial,
                *other, "-serial", "chardev:console", "-monitor", "none"]

    def _loader(self):
        """The boot loader: on virt in its flash, on a Raspberry Pi as the kernel that the firmware starts."""
        return ["-kernel" if self.board == "raspi4b" else "-bios", self.bios, *self._loader_devices()]

    def args(self):
        """QEMU's whole command line, a list."""
        args = ["qemu-system-aarch64", *self._machine(), "-smp", str(self.smp)]
        # No network card: its boot ROM is not in every installation.  -no-reboot: a reset ends QEMU.
        args += ["-nic", "none", "-display", "none", "-no-reboot", *self._console()]
        args += self._loader() if self.bios else self._kernel_devices()
        if self.initrd if self.bios else not self.bare:
            args += ["-kernel", self.kernel, *self._initrd()]
        if self.command_line():
            args += ["-append", self.command_line()]
        if self.semihosting:
            args += ["-semihosting-config", "enable=on,target=native"]
        if self.gdb:
            args += ["-S", "-gdb", f"tcp:127.0.0.1:{self.gdb}"]
        return args + list(self.extra)


def comma(path):
    """A file's name inside one of QEMU's options, where a comma ends a value."""
    return str(path).replace(",", ",,")


def root_of(disk):
    """Where the root file system lies on this image: an ext2 all over it, or its first partition."""
    with open(disk, "rb") as f:
        start = f.read(2048)
    whole = start[1080:1082] == b"\x53\xef" or start[510:512] != b"\x55\xaa"
    return "/dev/vda" if whole else "/dev/vda1"


def options():
    """What the command line takes: the fields of a Machine by other names."""
    p = argparse.ArgumentParser(description="Start Newel under QEMU.")
    p.add_argument("--board", default="virt")
    p.add_argument("--el", type=int, default=0, help="3 by default, with --uboot 2")
    p.add_argument("--no-el2", action="store_true", help="with --el 3: a machine without EL2")
    p.add_argument("--way", default="", choices=["", "img", "elf"])
    p.add_argument("--smp", type=int, default=4)
    p.add_argument("--cpu", default="cortex-a72")
    p.add_argument("--gic", type=int, default=2, choices=[2, 3])
    p.add_argument("--mem", type=int, default=1024, metavar="MIB")
    p.add_argument("--build", default=os.path.join(ROOT, "build"))
    p.add_argument("--kernel", default="")
    p.add_argument("--initrd", default="")
    p.add_argument("--uboot", action="store_true", help="Debian's U-Boot before the kernel")
    p.add_argument("--disk", default="", metavar="FILE", help="a disk: U-Boot's, or the kernel's, which keeps what is written there")
    p.add_argument("--share", default="", metavar="FOLDER", help="a folder that the kernel mounts by 9p")
    p.add_argument("--tftp", default="", metavar="FOLDER", help="with --uboot: a network that serves the files of this folder")
    p.add_argument("--append", default="")
    p.add_argument("--dtb", default="")
    p.add_argument("--gdb", type=int, default=0, metavar="PORT")
    p.add_argument("--print", action="store_true", help="print the command and stop")
    p.add_argument("extra", nargs="*")
    return p


def machine_of(a, **more):
    """The Machine that these parsed options ask for; ends the program where it cannot be had."""
    names = "board el way smp cpu gic mem build kernel initrd append disk share tftp dtb gdb extra".split()
    more.setdefault("el", a.el or (2 if a.uboot else 3))
    if a.uboot:
        more["bios"] = UBOOT.get(a.board, "")
    try:
        return Machine(has_el2=not a.no_el2, **{**{n: getattr(a, n) for n in names}, **more})
    except Impossible as e:
        sys.exit(f"qemu.py: {e}")


def main(argv):
    a = options().parse_args(argv)
    args = machine_of(a, interactive=True).args()
    if a.print:
        print(shlex.join(args))
        return
    try:
        os.execvp(args[0], args)
    except FileNotFoundError:
        sys.exit("qemu.py: qemu-system-aarch64 was not found, install it by: tools/setup run")


if __name__ == "__main__":
    main(sys.argv[1:])
