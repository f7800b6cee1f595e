"""conftest.py - what every boot test is given: `boot`, which starts a machine and sees to its end.

    /usr/bin/python3 -m pytest tests/boot -n 2		under QEMU
    /usr/bin/python3 -m pytest tests/boot -n 2 --board=raspi4b	those that are not tied to virt (boards.py)
    /usr/bin/python3 -m pytest tests/boot --serial=/dev/ttyUSB0	those that a real board can run (realboard.py)

Invariants: no machine outlives its test; the whole console log of a run is attached to the test that
failed; where a Debian part is missing the test says how to get it, and under CI that is a failure.
"""

import itertools
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tools")]

import boards  # noqa: E402
import console  # noqa: E402
import qemu  # noqa: E402
import realboard  # noqa: E402
import speed  # noqa: E402
import verdict  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("NEWEL_BUILD", "build"))
PARTS = {"busybox": "busybox", "bash": "bash", "linux": "vmlinuz", "dtb": "bcm2711-rpi-4-b.dtb",
         "tfa": "bl31-rpi4.bin", "musl": "musl/lib/libc.a", "debian": "debian/bin/dash", "kmod": "kmod/bin/kmod", "disks": "disks/sbin/mke2fs",
         "firmware": "firmware/start4.elf", "uboot": "uboot/u-boot.bin", "qemu": "qemu/usr/bin/qemu-system-aarch64"}


def pytest_addoption(parser):
    parser.addoption("--board", choices=boards.CHOICES, default="virt", help="where tests run that do not name a board")
    parser.addoption("--serial", help="drive a real board on this serial device (realboard.py)")
    parser.addoption("--baud", type=int, default=115200)
    parser.addoption("--power", help="with --serial: the command that switches the board, given `on` or `off`")
    parser.addoption("--silence", type=int, default=60, help="with --serial: seconds until a board that says nothing is given up")
    parser.addoption("--card", choices=["uboot", "system"], default="uboot", help="with --serial: what the board's card starts")
    parser.addoption("--results", help="write what came of each test there (verdict.py)")
    parser.addoption("--consoles", action="store_true", help="attach the console logs of tests that passed, too")


def pytest_configure(config):
    config.addinivalue_line("markers", "card: runs on the system that a real board's card boots by itself, whatever that is")
    config.addinivalue_line("markers", "virt: tied to that board by more than what it asks of the machine")
    config.addinivalue_line("markers", "both_boards: runs on raspi4b too whenever it runs on virt")
    config.addinivalue_line("markers", "needs(part, ...): Debian parts without which it is skipped")
    if config.getoption("--serial") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--serial is one board: leave out -n")
    if config.getoption("--results") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(verdict.Recorder(config.getoption("--results")))


# The files whose tests take longest.
LONG = {"test_el0.py", "test_fail.py", "test_fuzz_el0.py", "test_demos.py", "test_soak.py", "test_stretches.py",
        "test_uboot.py", "test_guests.py"}


def _spread(items):
    """Long tests first and among short ones: each worker of xdist begins with its share of them, none ends alone."""
    long = [i for i in items if i.path.name in LONG]
    short = [i for i in items if i.path.name not in LONG]
    items[:] = [i for pair in itertools.zip_longest(long, short) for i in pair if i]


def pytest_generate_tests(metafunc):
    boards.both(metafunc, metafunc.config)


def pytest_report_header(config):
    return f"board {config.getoption('--serial') or config.getoption('--board')}, image sha256 {boards.image_hash(BUILD)}"


def pytest_report_teststatus(report):
    if boards.is_tied(report):
        return "tied", "t", ("TIED", {"yellow": True})
    return None


def pytest_collection_modifyitems(config, items):
    _spread(items)
    items[:], others = boards.keep(items, config)
    if others:
        config.hook.pytest_deselected(items=others)


def part(name):
    """The path of a Debian part; skips the test that asks where it is missing."""
    path = os.path.join(ROOT, "build", "parts", PARTS[name])
    if not os.path.exists(path):
        tool = os.path.join(ROOT, "tools", "debian-parts")
        said = subprocess.run([tool, "--need", name], capture_output=True, text=True, check=False)
        pytest.skip(said.stdout.strip())
    return path


@pytest.fixture(scope="session", autouse=True)
def _measured_speed(pytestconfig):
    """Once for each worker, while the others begin too: the limits are those of this machine as it is."""
    if not pytestconfig.getoption("--serial"):
        console.SLOW = speed.measure()


@pytest.fixture(autouse=True)
def _needed_parts(request):
    for mark in request.node.iter_markers("needs"):
        for name in mark.args:
            part(name)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    boards.note_tied(report)
    if report.skipped and not boards.is_tied(report) and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"a skip counts as a failure here: {report.longrepr[-1]}"
    if report.failed or (report.when == "call" and item.config.getoption("--consoles")):
        for number, run in enumerate(getattr(item, "runs", []), 1):
            report.sections.append((f"console {number}: {run.command}", run.log))


@pytest.fixture
def board(request):
    """Where this test runs."""
    return boards.of(request.config)


@pytest.fixture
def kernel_el(board):
    """The exception level of the kernel."""
    return 2 if board == "vhe" else 1


@pytest.fixture
def real_board(request, pytestconfig):
    """real_board(initrd, append, limit): a run of the board at --serial; None without that option."""
    device = pytestconfig.getoption("--serial")
    if not device:
        yield None
        return
    log = os.path.join(BUILD, "tests", "serial.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    options = {name: pytestconfig.getoption("--" + name) for name in ("baud", "power", "card", "silence")}
    it = realboard.Board(device, image=os.path.join(BUILD, "newel.img"), **options)
    started = []

    def start(initrd, append, limit):
        try:
            run = it.boot(initrd, append, limit, started)
        except realboard.NoBoard as e:
            raise pytest.fail.Exception(str(e), pytrace=False) from None
        run.command = device
        return run

    yield start
    for run in started:
        realboard.keep(log, run, request.node.nodeid)


@pytest.fixture
def boot(request, board, real_board, tmp_path):
    """boot(initrd=bytes or path, limit=seconds, **Machine's fields) starts a machine; its Console."""
    request.node.runs = []

    def start(initrd=None, limit=console.RUN_LIMIT, **fields):
        if board == "raspi4b" and not real_board:
            part("dtb")
            fields = boards.on_raspi4b(fields, BUILD)
        if board == "vhe":
            fields = boards.on_vhe(fields, BUILD)
        if board == "guest":
            import guests  # pylint: disable=import-outside-toplevel; it wants what stands here

            append = fields.get("append", "")
            fields, options = boards.on_guest(fields, BUILD)
            initrd = guests.newel_archive(initrd, append, options)
        if isinstance(initrd, bytes):
            path = tmp_path / f"initrd{len(request.node.runs)}"
            path.write_bytes(initrd)
            initrd = str(path)
        if real_board:
            fields = boards.on_real_board(fields)
            run = real_board(initrd, fields.get("append", ""), limit)
        else:
            machine = qemu.Machine(build=BUILD, initrd=initrd or "", **fields)
            run = console.qemu_console(machine.args(), limit)
            run.command = " ".join(machine.args())
        request.node.runs.append(run)
        return run

    yield start
    for run in request.node.runs:
        run.close()


@pytest.fixture
def parts():
    """parts(name): the bytes of a Debian part; the test is skipped where it is missing."""

    def read(name):
        with open(part(name), "rb") as f:
            return f.read()

    return read


@pytest.fixture
def own_initrd():
    """The path of our own system: init, shell, levels, demonstrations."""
    return os.path.join(BUILD, "el0", "initrd.cpio")


@pytest.fixture(scope="session")
def el0_tests():
    """The path of the archive of tests/el0, whose init runs them all."""
    return os.path.join(BUILD, "tests", "el0.cpio")


@pytest.fixture(scope="session")
def program():
    """program(name): the bytes of a small program of tests/boot/programs, as the build made it."""

    def read(name):
        path = os.path.join(ROOT, "build", "tests", name)
        if not os.path.exists(path):
            pytest.fail(f"no {path}: make boot-programs", pytrace=False)
        with open(path, "rb") as f:
            return f.read()

    return read
