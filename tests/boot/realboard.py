"""realboard.py - a real board on a serial port, in the place of QEMU: how it is switched on, told what to boot, and heard.

    pytest tests/boot --serial=/dev/ttyUSB0 --power='uhubctl -l 1-1 -p 2 -a'
    pytest tests/boot --serial=/dev/ttyUSB0 --card=system

--power    a command that is run with `off` or `on` behind it; without one the person at the terminal is asked to do it.
--card     what the card in the board does.  uboot (by default): it starts U-Boot, which is told by its prompt what to
           boot: the card's kernel, which must be this build's, the card's initrd where that is the test's, and any other
           over the serial line.  All tests run that are not tied to QEMU.  system: it boots a system with a shell by itself;
           the tests marked `card` run.

Invariants: nothing is sent before the board has asked; flow control is off, and the modem lines are not touched but for
what opening the port does; all that was heard is kept in build/tests/serial.log.
"""

import errno
import fcntl
import gzip
import os
import re
import stat
import subprocess
import termios
import time
import zlib

import boards
import console
import pexpect
import pexpect.fdpexpect
import verdict
import ymodem

PROMPT = r"^(?:=>|U-Boot>) "
LINE_MOST = 500  # characters of a line that U-Boot takes, whatever the board (CONFIG_SYS_CBSIZE is 512 or more)
LAST_WORDS = r"reboot: (?:Power down|Restarting system|System halted)|^U-Boot 20\d\d"  # the kernel's, or who comes after it
QUIET = 15  # seconds of silence until it is asked whether there is still somebody: under `quiet` there are no last words
KERNEL, INITRD = "kernel8.img", "initrd"  # on the card that `make sdcard LOADER=uboot` writes


class NoBoard(Exception):
    """The board cannot be driven: the message says why, and what to look at."""


# ---- the port ----


def _who_has(device):
    """The processes that have this device open, this one apart, in words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as f:
                name = f.read().strip()
        except OSError:
            continue
        if os.path.realpath(device) in links and int(pid) != os.getpid():
            found.append(f"{name} (process {pid})")
    return ", ".join(found)


WHY = {
    errno.ENOENT: "there is no such device: is the adapter plugged in?  ls /dev/ttyUSB* /dev/ttyACM*",
    errno.EACCES: "you may not open it: add yourself to its group (sudo adduser $USER dialout), and log in again",
    errno.EBUSY: "it is busy: another program has it for itself",
    errno.ENXIO: "there is no device behind it any more",
    errno.EIO: "there is no device behind it any more",
}


def open_port(device, baud):
    """The port, raw, 8N1, without flow control; it is ours alone until it is closed."""
    rate = getattr(termios, f"B{baud}", None)
    if rate is None:
        raise NoBoard(f"{device}: no such speed: {baud} baud")
    if who := _who_has(device):
        raise NoBoard(f"{device}: it is busy: {who} has it open")
    try:
        # Without O_NONBLOCK the open itself would wait for a carrier.
        fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as e:
        raise NoBoard(f"{device}: {WHY.get(e.errno, e.strerror)}") from e
    try:
        if not stat.S_ISCHR(os.fstat(fd).st_mode) or not os.isatty(fd):
            raise NoBoard(f"{device}: this is no serial port")
        fcntl.ioctl(fd, termios.TIOCEXCL)
        # CLOCAL: no modem line is looked at; no HUPCL: none is changed when the port is closed.
        mode = [0, 0, termios.CS8 | termios.CREAD | termios.CLOCAL, 0, rate, rate, [0] * 32]
        mode[6][termios.VMIN] = 1
        termios.tcsetattr(fd, termios.TCSANOW, mode)
        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_NONBLOCK)
    except BaseException:
        os.close(fd)
        raise
    return fd


# ---- power ----


class Power:
    """Switches the board by the command @hook, or by the person at the terminal."""

    def __init__(self, hook):
        self.hook = hook

    def __call__(self, what):
        if self.hook:
            done = subprocess.run(f"{self.hook} {what}", shell=True, capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=120)
            if done.returncode:
                raise NoBoard(f"--power: `{self.hook} {what}` ended with {done.returncode}: {done.stdout}{done.stderr}")
        elif what == "on":
            self._ask("Switch the board off and on, or press its reset button; then press Enter here: ")

    @staticmethod
    def _ask(question):
        try:
            with open("/dev/tty", "r+b", buffering=0) as tty:
                tty.write(b"\r\n" + question.encode())
                tty.readline()
        except OSError as e:
            raise NoBoard("there is no terminal to ask at, and no --power='COMMAND' that switches the board") from e


# ---- a run ----


class Run(console.Console):
    """The serial line of one run of the board."""

    def __init__(self, fd, power, limit):
        super().__init__(pexpect.fdpexpect.fdspawn(fd, encoding="utf-8", codec_errors="replace"), limit)
        self.fd, self.power = fd, power

    def _is_there(self):
        """Does the terminal still answer?  A kernel that has switched the board off does not, nor one that hangs for good."""
        self.child.send("\r")
        return self.child.expect([r"[\r\n]", pexpect.EOF, pexpect.TIMEOUT], timeout=QUIET * self.slow) == 0

    def finish(self, silence=None):
        """Wait for the end: last words, or silence in which nobody echoes a key; 0, as from QEMU that was switched off.

        What the run said until then is the test's to judge.
        """
        words = [re.compile(LAST_WORDS, re.MULTILINE), "\n", pexpect.EOF, pexpect.TIMEOUT]
        end = self.start + self.limit * self.slow
        while (found := self.child.expect(words, timeout=QUIET * self.slow)) in (1, 3):
            if found == 3 and not self._is_there():
                break
            if time.monotonic() > end:
                raise AssertionError(f"the run did not end\n{self.tail()}")
        if found == 2:
            raise AssertionError(f"the line ended: was the adapter pulled?\n{self.tail()}")
        if not self.panics and re.search(verdict.PANIC, self.log):
            raise AssertionError(f"the run ended with a panic\n{self.tail()}")
        return 0

    def close(self):
        """Switch the board off, and give the port back."""
        try:
            self.power("off")
        finally:
            if self.fd >= 0:
                os.close(self.fd)
            self.fd = -1


class Board:
    """The board at this port, which is to run the kernel in the file @image."""

    def __init__(self, device, image, baud, power, card, silence):
        self.device, self.image, self.baud, self.power, self.card = device, image, baud, Power(power), card
        self.silence = silence  # seconds from switching on to the first byte: a board's firmware needs less than 10

    def _start(self, limit):
        """Switch it on; its Run."""
        fd = open_port(self.device, self.baud)
        try:
            self.power("off")
            termios.tcflush(fd, termios.TCIOFLUSH)  # what is left of an earlier run
            run = Run(fd, self.power, limit)
            self.power("on")
        except BaseException:
            os.close(fd)
            raise
        return run

    def _speaks(self, run):
        limit = self.silence * run.slow
        found = run.child.expect([".", pexpect.EOF, pexpect.TIMEOUT], timeout=limit)
        if found:
            raise NoBoard(f"{self.device}: " + ("the line ended" if found == 1 else f"not a byte in {limit:.0f} s after it was switched on") +
                          f": are its wires right, its card in, the speed {self.baud} baud?  docs/serial.md goes through the reasons")

    def boot(self, initrd, append, limit, started):
        """Start it with this initrd, the path of one, and this command line; its Run, which is put into @started too."""
        run = self._start(limit)
        started.append(run)
        try:
            self._speaks(run)
            if self.card == "uboot":
                UBoot(run, self.image).boot(initrd, append)
        except BaseException:
            run.close()
            raise
        return run


def keep(log, run, name):
    """Write what @run heard behind what is in the file @log."""
    with open(log, "a", encoding="utf-8") as f:
        f.write(f"\n=== {time.strftime('%F %T')} {name}\n{run.log}\n")


def read(path):
    with open(path, "rb") as f:
        return f.read()


class UBoot:
    """U-Boot's prompt on the line of @run."""

    def __init__(self, run, image):
        self.run, self.image = run, image

    def _type(self, line):
        """Type a line at the prompt that is there; what is typed is awaited before it is entered: the line may lose a byte."""
        if len(line) > LINE_MOST:
            boards.tied("its command line is longer than U-Boot takes")
        self.run.child.send(line)
        self.run.expect(re.escape(line))
        self.run.child.send("\r")

    def _do(self, line):
        """Type a line, and wait for its end; what it said."""
        self._type(line)
        before = len(self.run.log)
        self.run.expect(PROMPT)
        return self.run.log[before:]

    def _loaded(self, name, to, wanted):
        """Load this file of the card to the address in the variable @to; is it @wanted?  Its checksum, in words."""
        said = self._do(f"load mmc 0:1 ${{{to}}} {name}")
        if not re.search(r"^\d+ bytes read", said, re.MULTILINE):
            return False, "no such file"
        said = self._do(f"crc32 ${{{to}}} ${{filesize}}")
        m = re.search(r"==> ([0-9a-f]{8})", said)
        if not m:
            raise NoBoard(f"U-Boot has no crc32: {said}")
        return int(m[1], 16) == zlib.crc32(wanted), "crc32 " + m[1]

    def _kernel(self):
        wanted = read(self.image)
        same, what = self._loaded(KERNEL, "kernel_addr_r", wanted)
        if not same:
            raise NoBoard(f"the card's {KERNEL} is not {self.image} (the card: {what}, wanted: crc32 {zlib.crc32(wanted):08x}): "
                          "make sdcard LOADER=uboot DEV=...")

    def _initrd(self, path):
        """The words for booti; the archive of our own system is in the kernel too."""
        if not path:
            return "-"
        wanted = read(path)
        if not self._loaded(INITRD, "ramdisk_addr_r", wanted)[0]:
            zipped = wanted if wanted[:2] == b"\x1f\x8b" else gzip.compress(wanted, 9, mtime=0)
            self._type("loady ${ramdisk_addr_r}")
            self.run.expect("Ready for binary .*$")
            ymodem.send(self.run, "initrd.gz", zipped)
            self.run.expect(PROMPT)
        return "${ramdisk_addr_r}:${filesize}"

    def boot(self, initrd, append):
        quoted = append.replace("'", "'\\''")
        self.run.expect("Hit any key to stop autoboot")
        self.run.child.send("\r")
        self.run.expect(PROMPT)
        self._kernel()
        words = self._initrd(initrd)
        self._do(f"setenv bootargs '{quoted}'")
        self._type(f"booti ${{kernel_addr_r}} {words} ${{fdt_addr}}")
        self.run.expect("Starting kernel")
