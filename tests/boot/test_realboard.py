"""--serial, --power and --card: tests run through a serial port, behind which QEMU stands in for a Raspberry Pi 4.

Its card is that of `make sdcard LOADER=uboot`, and what it starts is that card's U-Boot.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest
import qemu
import sdcard
from card import Card
from conftest import BUILD, HERE, ROOT
from wire import Wire

pytestmark = pytest.mark.virt


def pytest_by(tests, *options):
    """Run pytest with these tests of this folder and these options; (what it said, its status)."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(os.path.join(HERE, t) for t in tests), *options]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.stdout + done.stderr, done.returncode


@pytest.fixture(scope="session")
def pi(tmp_path_factory):
    """A Wire to a Raspberry Pi 4 with a card in it."""
    if not shutil.which("fdtput"):
        pytest.skip("needs fdtput, install it by: tools/setup test")
    folder = tmp_path_factory.mktemp("pi")
    image = folder / "card.img"
    initrd = os.path.join(BUILD, "el0", "initrd.cpio")
    sdcard.main([str(image), "--loader", "uboot", "--without-firmware", "--initrd", initrd, "--kernel", os.path.join(BUILD, "newel.img"),
                 "--append", "panic=-1"])
    card = Card(image)
    s = card.settings()
    dtb = card.out(s["device_tree"], folder)
    # U-Boot and the kernel on the UART that QEMU has first.
    subprocess.run(["fdtput", "-t", "s", dtb, "/chosen", "stdout-path", "serial0:115200n8"], check=True)
    machine = qemu.Machine(board="raspi4b", el=2, kernel=card.out(s["kernel"], folder), dtb=dtb, serial=f"socket,path={folder / 'wire'}",
                           extra=[*card.drive, "-action", "reboot=reset"])
    wire = Wire(folder, machine.args())
    yield wire
    wire.close()


@pytest.mark.needs("dtb", "uboot")
def test_through_uboot(pi):
    """What these boot, U-Boot is told: the card's initrd, and one over the line; a test that is tied to virt is not run."""
    tests = ["test_system.py::test_restart", "test_initrd.py::test_init_by_link", "test_initrd.py::test_gzip"]
    said, status = pytest_by(tests, f"--serial={pi.device}", f"--power={pi.power}")
    assert status == 0, said
    assert re.search(r"^2 passed, 2 tied in ", said, re.MULTILINE), said
    with open(os.path.join(BUILD, "tests", "serial.log"), encoding="utf-8") as f:
        log = f.read()
    assert "test_init_by_link" in log and "hello syscall v8" in log


@pytest.mark.needs("dtb", "uboot")
def test_system_of_the_card(pi):
    said, status = pytest_by(["test_system.py"], f"--serial={pi.device}", f"--power={pi.power}", "--card=system", "-k", "levels")
    assert status == 0, said
    assert re.search(r"^1 passed, ", said, re.MULTILINE), said


@pytest.fixture
def cable(tmp_path):
    """A Wire to nothing: a board that never says a word."""
    wire = Wire(tmp_path, ["true"])
    yield wire
    wire.close()


def refused(*options):
    """What pytest says of a test on a port that cannot be used."""
    said, status = pytest_by(["test_system.py"], "-k", "levels", *options)
    assert status == 1, said
    assert "During handling" not in said and "shell.expect" not in said, said
    return said


def test_no_such_port(tmp_path):
    assert "there is no such device: is the adapter plugged in?" in refused(f"--serial={tmp_path}/ttyUSB0", "--power=true")


def test_no_port(tmp_path):
    (tmp_path / "file").write_text("")
    assert "this is no serial port" in refused(f"--serial={tmp_path}/file", "--power=true")


def test_busy_port(cable):
    with open(cable.device, "rb"):
        said = refused(f"--serial={cable.device}", "--power=true")
    assert re.search(rf"{cable.device}: it is busy: \S+ \(process {os.getpid()}\) has it open", said), said


def test_silent_board(cable):
    said = refused(f"--serial={cable.device}", f"--power={cable.power}", "--silence=1")
    assert "not a byte in 1 s after it was switched on: are its wires right, its card in, the speed 115200 baud?" in said


def test_power_hook_fails(cable):
    said = refused(f"--serial={cable.device}", "--power=echo no such relay; false")
    assert "`echo no such relay; false off` ended with 1: no such relay" in said


def test_one_board_at_a_time(cable):
    said, status = pytest_by(["test_system.py"], f"--serial={cable.device}", "-n", "2")
    assert status == 4 and "--serial is one board: leave out -n" in said


def test_port_settings(cable):
    """Raw, without flow control, no modem line looked at or dropped, and nobody else may open it."""
    import termios

    import realboard

    fd = realboard.open_port(cable.device, 115200)
    iflag, oflag, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(fd)
    os.close(fd)
    assert (iflag & (termios.IXON | termios.IXOFF | termios.ICRNL), oflag & termios.OPOST, lflag & (termios.ECHO | termios.ICANON)) == (0, 0, 0)
    assert cflag & termios.CLOCAL and not cflag & (termios.CRTSCTS | termios.HUPCL)
    assert ispeed == ospeed == termios.B115200
