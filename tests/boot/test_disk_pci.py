"""Disks on PCI Express: on the root bus, behind root ports and a PCI bridge; interrupts by GICv2m, by the ITS, by the shared lines;
the levels at which the kernel is entered."""

import hashlib
import os
import re

import disk
import pytest

PORTS = ["-device", "pcie-root-port,id=rp1,chassis=1", "-device", "pcie-pci-bridge,id=br,bus=rp1",
         "-device", "pcie-root-port,id=rp2,chassis=2"]


def behind(image, bus, name, where=""):
    return ["-drive", f"if=none,id={name},format=raw,cache=unsafe,file={image}",
            "-device", f"virtio-blk-pci,drive={name},bus={bus},serial={name}{where}"]


# GIC, level, cores, what is said to QEMU -> the interrupt controller's word for what comes
@pytest.mark.parametrize("gic, el, smp, msi, kind", [(2, 1, 4, True, "Edge"), (3, 3, 4, True, "Edge"), (3, 1, 1, True, "Edge"),
                                                      (2, 2, 1, False, "Level"), (3, 2, 4, False, "Level")])
def test_disks_behind_bridges(gic, el, smp, msi, kind, boot, tmp_path):
    images = [disk.empty(tmp_path / f"{i}.img", 2) for i in range(3)]
    sums = []
    for image in images:
        data = os.urandom(2 * disk.MIB)
        with open(image, "wb") as f:
            f.write(data)
        sums.append(hashlib.md5(data).hexdigest())
    more = "" if msi else ",vectors=0"
    args = [*PORTS, *behind(images[0], "pcie.0", "root", more), *behind(images[1], "rp2", "port2", more),
            *behind(images[2], "br", "far", ",addr=3" + more)]
    said = disk.script(boot, """cd /sys/block; for d in vd?; do echo "$(cat $d/serial) $(md5sum < /dev/$d)"; done
dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=fsync; grep -E 'virtio|pci-intx' /proc/interrupts""",
                       qemu_args=args, gic=gic, el=el, smp=smp)
    assert sorted(line for line in said if line.endswith("  -")) == sorted(
        f"{name} {md5}  -" for name, md5 in zip(["root", "port2", "far"], sums)), "\n".join(said)
    lines = [line for line in said if "virtio" in line or "pci-intx" in line]
    # Messages from behind a bridge to conventional PCI cannot be told apart: a line serves.
    assert {("virtio" in line, kind in line) for line in lines} == ({(True, True), (False, False)} if msi else {(False, True)})
    assert sum(int(n) for line in lines for n in re.findall(r" (\d+)\b", line.split("GIC")[0])) >= 3
