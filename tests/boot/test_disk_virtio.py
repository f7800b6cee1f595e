"""virtio on each of its transports: what is written to a disk is there, by several queues; read-only ones; one that grows;
one that stops answering for a while; what is no longer needed; the host's random numbers; a terminal, hvc0."""

import hashlib
import os
import socket
import time

import disk
import pytest

BUSES = ["mmio", "legacy", "pci"]
MIB = 1 << 20

pytestmark = pytest.mark.virt


@pytest.fixture
def image(tmp_path):
    return disk.empty(tmp_path / "a.img", 8)


@pytest.fixture
def machine(boot, image, tmp_path):
    """start(commands, bus): a machine with this disk, and QEMU's monitor, once it has said `waiting`."""
    monitors = []

    def start(commands, bus):
        run = boot(disk.system(commands), smp=2, el=1, append="quiet panic=-1 loglevel=5",
                   extra=[*disk.drives([image], bus), *disk.monitor_args(tmp_path / "qmp")])
        monitors.append(disk.Monitor(tmp_path / "qmp"))
        run.expect("^waiting")
        return run, monitors[-1]

    yield start
    for m in monitors:
        m.close()


@pytest.mark.parametrize("bus", BUSES)
def test_all_queues(boot, bus, image):
    """Four cores write and read their quarters of a disk with four queues at the same time; each byte is where it was put."""
    rng = "virtio-rng-pci,romfile=" if bus == "pci" else "virtio-rng-device"
    said = disk.script(boot, """
for i in 0 1 2 3; do dd if=/dev/urandom of=/tmp/$i bs=64k count=16 2>/dev/null; done
for i in 0 1 2 3; do taskset $((1 << i)) dd if=/tmp/$i of=/dev/vda bs=64k seek=$((i * 16)) conv=notrunc 2>/dev/null & done; wait
sync
for i in 0 1 2 3; do taskset $((1 << (3 - i))) sh -c "dd if=/dev/vda bs=64k skip=$((i * 16)) count=16 2>/dev/null | cmp - /tmp/$i && echo same" & done; wait
cat /tmp/[0-3] | sha256sum
cat /sys/block/vda/serial; echo; dmesg | grep -E 'vda: |random: seeded by v'""", [image], bus, smp=4, more=",num-queues=4",
                       append="panic=-1 loglevel=4", qemu_args=["-device", rng], quiet=False)
    with open(image, "rb") as f:
        digest = hashlib.sha256(f.read(4 * MIB)).hexdigest()
    assert said[:6] == ["same"] * 4 + [digest + "  -", "disk0"]
    assert "vda: 16384 sectors, 4 queues" in said[6] and "seeded by virtio's rng, 32 bytes" in said[7]


def test_read_only(boot, image):
    said = disk.script(boot, """
cat /sys/block/vda/ro; blockdev --getro /dev/vda
dd if=/dev/zero of=/dev/vda count=1 2>/dev/null || echo refused; dd if=/dev/vda count=1 2>/dev/null | wc -c""",
                       [f"file={image},format=raw,readonly=on"])
    assert said == ["1", "1", "refused", "512"]


@pytest.mark.parametrize("bus", BUSES)
def test_resize(machine, bus):
    """The disk becomes larger while the machine runs: what is behind its old end can be written and read."""
    run, monitor = machine("""
echo waiting
until grep -q '16384 vda$' /proc/partitions; do sleep 0.1; done
echo hello | dd of=/dev/vda bs=1M seek=15 conv=sync 2>/dev/null; sync
dd if=/dev/vda bs=1M skip=15 2>/dev/null | head -1
blockdev --getsize64 /dev/vda""", bus)
    monitor.ask("block_resize", device="d0", size=16 * MIB)
    assert disk.said(run) == ["waiting", "hello", str(16 * MIB)]


@pytest.mark.parametrize("bus", BUSES)
def test_no_answer(machine, bus, image):
    """A disk that does not answer for a second is reset, asked again, and gives what was asked for."""
    with open(image, "r+b") as f:
        f.write(b"there\n")
    run, monitor = machine("""
echo 1000 >/sys/block/vda/queue/io_timeout
echo waiting
read x </dev/console
dd if=/dev/vda bs=512 count=1 2>/dev/null | head -1
dd if=/dev/vda bs=4096 skip=1000 count=1 2>/dev/null | wc -c""", bus)
    limit = dict(device="d0", bps_rd=0, bps_wr=0, iops=0, iops_rd=0, iops_wr=0)
    monitor.ask("block_set_io_throttle", bps=1, **limit)
    run.send("go")
    run.expect("vda: no answer in 1000 ms: reset")
    monitor.ask("block_set_io_throttle", bps=0, **limit)
    assert disk.said(run)[-2:] == ["there", "4096"]


def test_discard(boot, image):
    """What is discarded is given back to the host, and nothing beside it."""
    with open(image, "wb") as f:
        f.write(b"x" * (8 * MIB))
    said = disk.script(boot, """
dd if=/dev/vda bs=1M skip=4 count=1 2>/dev/null | tr -d '\\0' | wc -c
blkdiscard -o 1048576 -l 4194304 /dev/vda
dd if=/dev/vda bs=1M skip=4 count=1 2>/dev/null | tr -d '\\0' | wc -c""", [f"file={image},format=raw,discard=unmap"])
    assert said == [str(MIB), "0"]
    with open(image, "rb") as f:
        data = f.read()
    assert [data[i * MIB:(i + 1) * MIB].count(b"x") // MIB for i in range(8)] == [1, 0, 0, 0, 0, 1, 1, 1]
    assert os.stat(image).st_blocks * 512 < 5 * MIB


@pytest.mark.parametrize("bus", BUSES)
def test_console(boot, bus, tmp_path):
    """A shell on hvc0: what it says arrives whole, what is typed is echoed, edited and read, also more than fits."""
    path = str(tmp_path / "hvc")
    old = [] if bus == "legacy" else ["-global", "virtio-mmio.force-legacy=false"]
    device = "virtio-serial-pci" if bus == "pci" else "virtio-serial-device"
    run = boot(disk.system("""
grep hvc /proc/devices; ls -l /dev/hvc0 | cut -d' ' -f 1
( stty -echo; echo ready; i=0; while read x; do i=$((i + ${#x})); [ "$x" ] || break; done; stty echo; echo $i; read x; echo "<$x>" ) </dev/hvc0 >/dev/hvc0
"""), smp=2, el=1, append="quiet panic=-1",
               extra=[*old, "-chardev", f"socket,id=h,path={path},server=on,wait=off", "-device", device, "-device", "virtconsole,chardev=h"])
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.05)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(path)
        heard = b""

        def expect(what):
            nonlocal heard
            while what not in heard:
                part = s.recv(4096)
                assert part, heard
                heard += part
            heard = heard.split(what, 1)[1]

        expect(b"ready\r\n")
        s.sendall(b"".join(b"y" * 999 + b"\r" for _ in range(40)) + b"\r")
        expect(b"39960\r\n")
        s.sendall(b"tyx\x7fpe\r")
        expect(b"tyx\b \bpe\r\n<type>")
        assert disk.said(run) == ["229 hvc", "crw-------"]
