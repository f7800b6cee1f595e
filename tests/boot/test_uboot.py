"""U-Boot, which leaves caches on, another base and its own device tree: each session of docs/uboot.md, as it stands there.

Of a session `=> COMMAND`, `U-Boot> COMMAND` and `newel$ COMMAND` are typed at these prompts, `[send FILE]` is sent by YMODEM, and all other
lines must come in this order: their numbers may differ, `...` stands for any lines.
"""

import hashlib
import os
import re
import shlex
import subprocess

import pytest
import qemu
import sdcard
import uboot
import ymodem
from conftest import BUILD, ROOT, part
from session import shape

PAGE = os.path.join(ROOT, "docs", "uboot.md")
FOLDER = "build/uboot"  # as the page names it
TYPED = re.compile(r"(=>|U-Boot>) ")


def sessions():
    """{heading: lines of the session below it}"""
    with open(PAGE, encoding="utf-8") as f:
        found = re.findall(r"^## ([^\n]*)\n(?:(?!## )[^\n]*\n)*?```console\n(.*?)^```$", f.read(), re.MULTILINE | re.DOTALL)
    return {heading: text.split("\n")[:-1] for heading, text in found}


SESSIONS = sessions()


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder that `make uboot` makes, of our own small system."""
    folder = str(tmp_path_factory.mktemp("uboot"))
    try:
        uboot.make(folder, os.path.join(BUILD, "newel.img"), os.path.join(BUILD, "el0", "initrd.cpio"), "panic=-1")
    except sdcard.Refused as e:
        pytest.skip(str(e))
    return folder


def machine(words, made):
    """The Machine's fields that this command of the page asks for."""
    a = qemu.options().parse_args(words)
    here = {name: getattr(a, name).replace(FOLDER, made) for name in ("disk", "tftp", "initrd")}
    return dict(board=a.board, el=a.el or 2, bios=qemu.UBOOT[a.board], append=a.append, **here)


class Reader:
    """Goes along a session and along the console's log at the same time."""

    def __init__(self, run, made):
        self.run, self.made, self.expected = run, made, []

    def step(self, line):
        if m := re.fullmatch(r"(=>|U-Boot>|newel\$) (.*)", line):
            self.run.expect(re.escape(m[1]) + " ")
            self.run.send(m[2])
        elif m := re.fullmatch(r"\[send (.*)\]", line):
            self.run.expect("Ready for binary .*$")
            with open(m[1].replace(FOLDER, self.made), "rb") as f:
                ymodem.send(self.run, os.path.basename(m[1]), f.read())
        elif line.strip():
            self.expected.append(line)

    def check(self):
        """All that should have come, in this order, and nothing between two of the kernel's lines but where `...` stands."""
        # Another version of U-Boot may word its own lines in another way; the kernel's are the kernel's.
        same_version = "U-Boot 2023.01" in self.run.log
        rest, follows = [said for said in self.run.lines if said.strip()], False
        for line in self.expected:
            is_kernels = line.startswith("[ ")
            if line == "..." or not (same_version or is_kernels):
                follows = False
                continue
            at = next((i for i, said in enumerate(rest) if shape(line).fullmatch(said)), None)
            assert at is not None, f"not said, or not in this order: {line}\n{self.run.tail(60)}"
            assert not (follows and is_kernels and at), f"left out, without `...`: {rest[:at]}"
            rest, follows = rest[at + 1:], is_kernels


@pytest.mark.parametrize("heading", SESSIONS)
def test_session(boot, made, heading):
    """Each ends with the shell that ends the machine."""
    command, *lines = SESSIONS[heading]
    assert command.startswith("$ tools/qemu.py --uboot")
    fields = machine(shlex.split(command)[2:], made)
    if fields["board"] == "raspi4b":
        part("dtb")
        part("uboot")
    try:
        run = boot(**fields)
    except qemu.Impossible as e:
        pytest.skip(str(e))
    if any(TYPED.match(line) for line in lines):
        run.expect(r"Hit any key to stop autoboot")
        run.send("")
    reader = Reader(run, made)
    for line in lines:
        reader.step(line)
    assert run.finish() == 0
    reader.check()
    assert run.log.count("boot: entered at EL") == 1


def test_page_has_every_way():
    """Ten on virt, of which three with nothing typed; three on raspi4b."""
    on_pi = [lines for lines in SESSIONS.values() if "raspi4b" in lines[0]]
    assert (len(SESSIONS), len(on_pi)) == (13, 3)
    assert sum(not any(TYPED.match(line) for line in lines) for lines in SESSIONS.values()) == 4


@pytest.mark.parametrize("options, why", [
    (["--board", "raspi4b", "--uboot", "--tftp", "/tmp"], "raspi4b has no network"),
    (["--disk", "card.img"], "card.img is not there"),
    (["--tftp", "/tmp"], "for a boot loader: --uboot"),
    (["--uboot", "--el", "3"], "EL1 or EL2, not at EL3"),
])
def test_impossible_machines(options, why):
    """What would be left out of QEMU's command line without a word is refused."""
    if "raspi4b" in options:
        part("dtb")
    with pytest.raises(SystemExit, match=why):
        qemu.main(["--print", *options])


@pytest.mark.parametrize("words", ["a='b'", "a=$b", "a=\\b", "a\nb"])
def test_refused_words(tmp_path, words):
    """U-Boot would not hand these on as they are: by extlinux.conf it would not even say so."""
    with pytest.raises(sdcard.Refused, match="APPEND"):
        uboot.make(str(tmp_path / "out"), os.path.join(BUILD, "newel.img"), os.path.join(BUILD, "el0", "initrd.cpio"), words)


@pytest.mark.parametrize("target", ["start-uboot", "start-sdcard", "start-run", "start-trace", "start-debug"])
def test_make_hands_words_on(tmp_path, target):
    """APPEND= and INITRD= come to the tool as they were written: neither make nor a shell reads them."""
    says = tmp_path / "says"
    says.write_text("#!/bin/sh\nprintf '<%s>\\n' \"$@\"\n")
    says.chmod(0o755)
    words, initrd = """a='b c' "d" `e` $f $(g) ${h} $(i \\j #k %l ;m""", "/my $(dir)/a b.cpio"
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name not in ("APPEND", "INITRD")}
    make = ["make", "-C", ROOT, "--no-print-directory", "-o", "all", "-o", "initrds", "-o", "build/host/esr", "-o", "build/host/pte",
            "-o", "build/host/newel-trace-decode", target,
            f"PYTHON={says}"]
    given = [f"APPEND={words}", f"INITRD={initrd}"]
    for way in (dict(args=[*make, *given], env=env), dict(args=make, env={**env, "APPEND": words, "INITRD": initrd})):
        said = subprocess.run(**way, check=True, capture_output=True, text=True).stdout
        assert re.search(rf"^<--append=(trace=all )?{re.escape(words)}>$", said, re.MULTILINE), said
        assert f"<{initrd}>" in said or f"<--initrd={initrd}>" in said


def hashes(folder):
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            out[name] = hashlib.sha256(f.read()).hexdigest()
    return out


def test_two_builds_one_hash(made, tmp_path):
    """Elsewhere, later, in another time zone, from a gzip'd archive: the same files."""
    initrd = tmp_path / "initrd.gz"
    with open(os.path.join(BUILD, "el0", "initrd.cpio"), "rb") as f:
        initrd.write_bytes(uboot.zipped(f.read()))
    out = tmp_path / "a" / "b"
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    try:
        uboot.main(["--image", os.path.join(BUILD, "newel.img"), "--initrd", str(initrd), "--out", str(out), "--append", "panic=-1"])
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
    assert hashes(out) == hashes(made)
