"""U-Boot's booti: a boot loader that leaves caches on, at another base, with its own device tree."""

import os
import shutil

import initrd
import pytest
from conftest import BUILD

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"


@pytest.mark.parametrize("el", [1, 2])
def test_booti(boot, program, tmp_path, el):
    if not os.path.exists(UBOOT):
        pytest.skip("needs u-boot-qemu, install it by: tools/setup test")
    disk = tmp_path / "disk"
    disk.mkdir()
    shutil.copy(os.path.join(BUILD, "newel.img"), disk / "Image")
    (disk / "initrd").write_bytes(initrd.archive(initrd.file("init", program("hello"))))
    drive = ["-drive", f"if=none,id=disk,format=raw,readonly=on,file=fat:{disk}",
             "-device", "virtio-blk-device,drive=disk"]
    run = boot(el=el, smp=1, bios=UBOOT, extra=drive)
    run.expect(r"Hit any key to stop autoboot")
    run.send("")
    for line in ("virtio scan", "load virtio 0:1 ${kernel_addr_r} Image",
                 "load virtio 0:1 ${ramdisk_addr_r} initrd", "setenv bootargs panic=-1"):
        run.expect("=> ")
        run.send(line)
    run.expect("=> ")
    run.send("booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}")
    run.expect(rf"boot: entered at EL{el}, ")
    run.expect(r"hello syscall v8$")
    run.expect(r"newel: panic: ")
    assert run.finish() == 0
