"""The Raspberry Pi 4's own devices: what its firmware tells by the mailbox, and its watchdog, by which it resets."""

import os
import shutil
import subprocess

import initrd
import pytest
from conftest import BUILD, part

BOARD = (r"board: Raspberry Pi 4 Model B, revision b03115 \(4 Model B 1\.5, 2 GiB, BCM2711, Sony UK\)$",
         r"board: ARM 700 MHz, .*UART 3 MHz, 25\.0 C of 99\.0, 960 MiB of the first GiB are the ARM's, 64 MiB at 0x3c000000 the VideoCore's, firmware of")
# Another device: to QEMU it always reads as 0, which in a mailbox is a word, and another one for ever.
NOWHERE = "7e600000"
PROMPT = r"/ # "


@pytest.fixture
def edited_dtb(tmp_path):
    """edited_dtb((fdtput's words)...): the board's tree with changes; its path."""
    if not shutil.which("fdtput"):
        pytest.skip("needs fdtput, install it by: tools/setup test")

    def edit(*changes):
        path = str(tmp_path / "pi.dtb")
        shutil.copy(part("dtb"), path)
        for words in changes:
            at = next((i for i, w in enumerate(words) if w.startswith("/")), 0)
            subprocess.run(["fdtput", *words[:at], path, *words[at:]], check=True)
        return path

    return edit


@pytest.mark.needs("dtb", "busybox")
@pytest.mark.parametrize("way_out, said", [("poweroff", "Power down"), ("halt", "System halted")])
def test_board_and_reboot(boot, way_out, said):
    """The shell's reboot goes by the watchdog, while the other cores are busy: the machine comes back."""
    run = boot(os.path.join(BUILD, "busybox.cpio"), board="raspi4b", el=2, append="console=ttyAMA0",
               extra=["-action", "reboot=reset"])
    for line in BOARD:
        run.expect(line)
    run.expect(r"smp: 4 cores$")
    run.expect(PROMPT)
    run.send("cat /proc/cpuinfo")
    run.expect(r"processor\t: 3$")
    run.expect(r"CPU revision\t: \d+$")
    run.expect(r"Revision\t: b03115$")
    run.expect(r"Model\t\t: Raspberry Pi 4 Model B$")
    run.expect(PROMPT)
    for _ in range(3):
        run.send("while :; do :; done &")
        run.expect(PROMPT)
    run.send("reboot")
    run.expect(r"reboot: Restarting system$")
    run.expect(r"watchdog: the chip is reset$")
    run.expect(r"newel \d")
    run.expect(BOARD[0])
    run.expect(r"smp: 4 cores$")
    run.expect(PROMPT)
    run.send(way_out)
    run.expect(f"reboot: {said}$")
    run.expect("watchdog: the chip is reset, to halt in its boot loader$")
    assert run.finish() == 0


NO_MAILBOX = {
    "silent": (("-t", "x", "/soc/mailbox@7e00b880", "reg", NOWHERE, "40"),),
    "no-firmware": (("-r", "/soc/firmware"),),
    "no-registers": (("-d", "/soc/mailbox@7e00b880", "reg"),),
}


@pytest.mark.needs("dtb")
@pytest.mark.parametrize("way", NO_MAILBOX)
def test_no_mailbox(boot, program, edited_dtb, way):
    """A firmware that is silent or is not there costs at most its second: the board starts, and says nothing of itself."""
    archive = initrd.archive(initrd.file("init", program("hello")))
    run = boot(archive, board="raspi4b", el=2, append="panic=-1", dtb=edited_dtb(*NO_MAILBOX[way]))
    if way != "no-firmware":
        run.expect({"silent": r"mailbox: no answer to tag 0x[0-9a-f]+: the firmware is not asked again$",
                    "no-registers": r"mailbox: mailbox@7e00b880 has no registers$"}[way])
    run.expect(r"smp: 4 cores$")
    run.expect(r"hello syscall v8$")
    assert run.finish() == 0
    assert "board:" not in run.log
    assert run.log.count("mailbox:") == (way != "no-firmware")
