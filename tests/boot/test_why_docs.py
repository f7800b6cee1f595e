"""docs/why.md: each session is typed as it stands there.

`$ make run ...` and what is typed at the shell's prompt; `$ make debug ...` and what stands behind (gdb); the log of the
session before it goes into `$ tools/newel-decode < log`.  All other lines must come, in this order: their numbers may
differ, `...` stands for any lines.
"""

import os
import re
import shlex
import subprocess

import pytest
import session
import test_decode
import test_gdb
from conftest import BUILD, ROOT

PAGE = os.path.join(ROOT, "docs", "why.md")
with open(PAGE, encoding="utf-8") as f:
    TEXT = f.read()
SESSIONS = [s.split("\n")[:-1] for s in re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]
LOGS = {i: s for i, s in enumerate(SESSIONS) if s[0].startswith("$ make run ")}
DECODED = {i: s for i, s in enumerate(SESSIONS) if s[0] == "$ tools/newel-decode < log"}
GDB, = (s for s in SESSIONS if s[0].startswith("$ make debug "))


def words_of(line):
    return dict(w.split("=", 1) for w in shlex.split(line)[3:])


def system(modules):
    with open(os.path.join(BUILD, "busybox.cpio"), "rb") as f:
        archive = f.read()
    if modules:
        with open(os.path.join(BUILD, "modules.cpio"), "rb") as f:
            archive += bytes(-len(archive) % 512) + f.read()
    return archive


def decoded(log, lines):
    """What newel-decode adds must be there with its file and function; a log's own line as far as its words go."""
    said = test_decode.decode(log)[0].split("\n")
    for line in lines[1:]:
        if line == "...":
            continue
        added = re.fullmatch(r" +(\S+:)\d+(  .*)", line)
        wanted = re.compile(rf" +{re.escape(added[1])}\d+{re.escape(added[2])}") if added else session.shape(line)
        at = next((i for i, text in enumerate(said) if wanted.fullmatch(text)), None)
        assert at is not None, f"not said, or not in this order: {line}"
        said = said[at + 1:]


@pytest.mark.virt
@pytest.mark.needs("busybox")
@pytest.mark.parametrize("number", LOGS)
def test_session(boot, kernel_el, number):
    """A session at the shell, and what newel-decode makes of its log where the page shows that."""
    lines = LOGS[number]
    session.tie_to_el1(lines, kernel_el)
    words = words_of(lines[0])
    archive = system(words.pop("MODULES", None))
    run = boot(archive, el=3, smp=4, append=f"panic=-1 {words.pop('APPEND')}")
    assert not words
    reader = session.Reader(run)
    for line in lines[1:]:
        reader.step(line)
    assert run.finish() == 0
    reader.check()
    if number + 1 in DECODED:
        decoded(run.log, DECODED[number + 1])


@pytest.mark.virt
@pytest.mark.needs("busybox")
def test_gdb_session(tmp_path):
    words = words_of(GDB[0])
    (tmp_path / "initrd").write_bytes(system(None))
    commands = [line[len("(gdb) "):] for line in GDB if line.startswith("(gdb) ")]
    said = test_gdb.run_gdb(*commands, el=3, smp=4, initrd=str(tmp_path / "initrd"), append=words.pop("APPEND")).split("\n")
    assert not words
    for line in GDB[1:]:
        if line == "..." or line.startswith("(gdb) "):
            continue
        at = next((i for i, text in enumerate(said) if session.shape(line).fullmatch(text)), None)
        assert at is not None, f"not said, or not in this order: {line}\n" + "\n".join(said)
        said = said[at + 1:]


def test_page_has_all():
    assert len(LOGS) == 4 and len(DECODED) == 2, "the log, the trace, the dump, /proc; two that are decoded"
    assert re.findall(r"^## (\d)\.", TEXT, re.MULTILINE) == ["1", "2", "3", "4"]
