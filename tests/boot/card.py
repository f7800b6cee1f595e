"""card.py - the image of an SD card as the Raspberry Pi 4's firmware sees it, and what that would do with it.

QEMU runs no firmware.  A Card reads the files back out of the image with mtools; `as_firmware` puts them into memory as
config.txt says, for a stub at EL3 that is not QEMU's own (raspi.py).
"""

import os
import shutil
import subprocess

import raspi
import sdcard

DTB_AT = 0x2EFF0000  # where the board's own firmware puts it, about


class Card:
    def __init__(self, image):
        self.image = str(image)
        self.drive = ["-drive", f"if=sd,format=raw,file={self.image},snapshot=on"]

    def _mtools(self, tool, *args):
        env = {**os.environ, "MTOOLSRC": "/dev/null", "LC_ALL": "C"}
        return subprocess.run([tool, "-i", f"{self.image}@@{sdcard.START}", *args], env=env, check=True,
                              stdout=subprocess.PIPE).stdout

    def names(self):
        """Every file on it, by its path."""
        lines = self._mtools("mdir", "-b", "-/", "::").decode().split("\n")
        return {line.removeprefix("::/") for line in lines if line and not line.endswith("/")}

    def read(self, name):
        return self._mtools("mcopy", f"::/{name}", "-")

    def out(self, name, folder):
        """Copy a file out; its path."""
        path = os.path.join(folder, os.path.basename(name))
        with open(path, "wb") as f:
            f.write(self.read(name))
        return path

    def remove(self, name):
        self._mtools("mdel", f"::/{name}")

    def settings(self):
        """config.txt as the firmware reads it: {name: value}; `initramfs` is (file, address)."""
        found = {}
        for line in self.read("config.txt").decode().split("\n"):
            line = line[:sdcard.CONFIG_LINE_MOST]
            if line.startswith("initramfs "):
                _, name, address = line.split()
                found["initramfs"] = (name, int(address, 0))
            elif line and not line.startswith("#"):
                name, value = line.split("=", maxsplit=1)
                found[name] = value
        return found

    def partition(self, folder):
        """The file system alone, in a file of its own."""
        path = os.path.join(folder, "partition")
        with open(self.image, "rb") as whole, open(path, "wb") as f:
            whole.seek(sdcard.START)
            shutil.copyfileobj(whole, f)
        return path

    def as_firmware(self, folder):
        """QEMU's arguments that have in memory what the firmware would load, with the stub at 0: for `bare`."""
        s = self.settings()
        name, initrd_at = s["initramfs"]
        initrd = self.out(name, folder)
        dtb = self._completed_dtb(s, initrd_at, initrd_at + os.path.getsize(initrd), folder)
        return raspi.in_memory({0: raspi.told_stub(folder, self.read(s["armstub"]), DTB_AT), DTB_AT: dtb, initrd_at: initrd,
                                raspi.KERNEL_AT: self.out(s["kernel"], folder)})

    def _completed_dtb(self, s, initrd_start, initrd_end, folder):
        path = self.out(s["device_tree"], folder)
        raspi.run_fdtput(path, "-t", "x", "/memory@0", "reg", "0", "0", f"{raspi.MEMORY:x}")
        raspi.run_fdtput(path, "-t", "s", "/chosen", "bootargs", self.read(s["cmdline"]).decode().strip())
        raspi.run_fdtput(path, "-t", "x", "/chosen", "linux,initrd-start", f"{initrd_start:x}")
        raspi.run_fdtput(path, "-t", "x", "/chosen", "linux,initrd-end", f"{initrd_end:x}")
        raspi.disable_absent(path)
        return path
