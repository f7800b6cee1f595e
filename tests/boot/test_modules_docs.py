"""docs/modules.md: its module is built as the page says, and each session is typed as it stands there.

`$ make modules M=mine` and `$ make run MODULES=1 M=mine ...` are done as make does them, `/ # COMMAND` is typed at the
shell's prompt, and all other lines must come in this order: their numbers may differ, `...` stands for any lines.
"""

import os
import re
import shlex
import subprocess
import sys

import pytest
import session
from conftest import BUILD, ROOT

PAGE = os.path.join(ROOT, "docs", "modules.md")
with open(PAGE, encoding="utf-8") as f:
    TEXT = f.read()
SOURCE = re.search(r"^```c\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[1]
SESSIONS = [s.split("\n")[:-1] for s in re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]
BUILT = next(s for s in SESSIONS if s[0].startswith("$ make modules"))
RUNS = [s for s in SESSIONS if s[0].startswith("$ make run")]


def make(folder, *args):
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", "-C", ROOT, "--no-print-directory", f"M={folder}", *args], check=True, capture_output=True,
                          text=True, env=env).stdout


@pytest.fixture(scope="session")
def mine(tmp_path_factory):
    """(folder with the page's module, built; what make said)"""
    folder = tmp_path_factory.mktemp("docs") / "mine"
    folder.mkdir()
    (folder / "tally.c").write_text(SOURCE)
    # Not `modules`: beside other tests nobody changes what is in build/.
    return folder, make(folder, f"{folder}/tally.ko")


@pytest.fixture(scope="session")
def system(mine):
    """The archive of `make run MODULES=1 M=mine`."""
    folder, _ = mine
    out = folder.parent
    known = [f"kernel={BUILD}/modules/{f}" for f in sorted(os.listdir(os.path.join(BUILD, "modules"))) if f.endswith(".ko")]
    with open(out / "spec", "w", encoding="utf-8") as f:
        subprocess.run([sys.executable, os.path.join(ROOT, "tools", "depmod.py"), str(out / "lib"), os.path.join(ROOT, "log", "version.h"),
                        *known, f"extra={folder}/tally.ko"], check=True, stdout=f, cwd=ROOT)
    subprocess.run([sys.executable, os.path.join(ROOT, "tools", "mkcpio.py"), str(out / "cpio"), str(out / "spec")], check=True, cwd=ROOT)
    with open(os.path.join(BUILD, "busybox.cpio"), "rb") as f:
        first = f.read()
    return first + bytes(-len(first) % 512) + (out / "cpio").read_bytes()


def test_source():
    """Thirty lines of C, and some."""
    assert 25 <= len([line for line in SOURCE.split("\n") if line.strip()]) <= 32


def test_build(mine):
    folder, said = mine
    lines = [" ".join(line.split()) for line in said.replace(str(folder), "mine").split("\n")]
    assert BUILT[0] == "$ make modules M=mine"
    for line in BUILT[1:]:
        if line != "..." and not line.split()[0] == "CPIO":
            assert " ".join(line.split()) in lines


@pytest.mark.virt
@pytest.mark.needs("busybox")
@pytest.mark.parametrize("lines", RUNS, ids=[str(i) for i in range(len(RUNS))])
def test_session(boot, kernel_el, system, lines):
    session.tie_to_el1(lines, kernel_el)
    words = dict(w.split("=", 1) for w in shlex.split(lines[0])[3:])
    assert words.pop("MODULES") == "1" and words.pop("M", "mine") == "mine"
    append = words.pop("APPEND", "")
    assert not words
    run = boot(system, el=3, smp=4, append=f"panic=-1 {append}")
    reader = session.Reader(run)
    for line in lines[1:]:
        reader.step(line)
    assert run.finish() == 0
    reader.check()


def test_page_has_all():
    """What this page is for: built, loaded, traced, unloaded; sealed; and three ways to break a promise."""
    typed = "\n".join(line for s in RUNS for line in s)
    for word in ("modprobe tally", "lsmod", "rmmod tally", "finit_module", "how=null", "how=lock", "how=loop", "modprobe hello"):
        assert word in typed, word
