"""tools/test.py runs what failed once more, alone: not what was grave, not more than twenty, and it counts each test once."""

import importlib.util
import os
import re
import textwrap

import pytest
from conftest import HERE, ROOT

CONFTEST = f"""
import sys
sys.path.insert(0, {HERE!r})
import verdict

def pytest_addoption(parser):
    parser.addoption("--results")
    parser.addoption("--consoles", action="store_true")

def pytest_configure(config):
    config.pluginmanager.register(verdict.Recorder(config.getoption("--results")))
"""


@pytest.fixture
def make_test(tmp_path, monkeypatch, capfd):
    """make_test(tests): what tools/test.py prints of these tests of its boot suite, and its exit status."""
    spec = importlib.util.spec_from_file_location("make_test", os.path.join(ROOT, "tools", "test.py"))
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    logs = tmp_path / "logs"
    monkeypatch.setattr(tool, "ROOT", str(tmp_path))
    monkeypatch.setattr(tool, "LOGS", str(logs))

    def start(tests, seconds=600):
        monkeypatch.setattr(tool, "SECOND_SECONDS", seconds)
        (tmp_path / "conftest.py").write_text(CONFTEST)
        (tmp_path / "test_it.py").write_text(textwrap.dedent(tests))
        monkeypatch.setattr(tool, "SUITES", {"boot": [*tool.ALONE, f"--results={logs}/boot.results", "test_it.py"]})
        with pytest.raises(SystemExit) as end:
            tool.main([])
        return capfd.readouterr().out, end.value.code

    return start


def test_slow_then_good(make_test, tmp_path):
    said, status = make_test("""
        import os
        def test_good(): pass
        def test_slow():
            if not os.path.exists("came"):
                open("came", "w").close()
                assert False, "too much else to do"
    """)
    assert status == 0
    assert re.search(r"^passed only on the second run: 1\n +test_it.py::test_slow\n", said, re.MULTILINE)
    assert said.endswith("\n2 passed, 0 failed\n")
    assert "too much else" in (tmp_path / "logs" / "boot.log").read_text()
    assert "1 passed" in (tmp_path / "logs" / "second" / "1.log").read_text()


@pytest.mark.parametrize("why, message", [
    ("a panic", "newel: panic: kfree: double free"),
    ("a hang", "the run went on without: $"),
    ("a hang", "the run did not end"),
    ("lost memory", "not ok 3 - memory is free again"),
    ("lost memory", "KiB free: {'start': 900, 'end': 100}"),
])
def test_grave(make_test, why, message):
    said, status = make_test(f"""
        import os
        def test_it():
            if not os.path.exists("came"):
                open("came", "w").close()
                raise AssertionError({message!r})
    """)
    assert status == 1
    assert f"not run again, for it was {why}: test_it.py::test_it" in said
    assert "second run" not in said
    assert said.endswith("\n0 passed, 1 failed\n")


def test_an_expected_end_is_not_grave(make_test):
    said, _ = make_test("""
        def test_it(): raise AssertionError("newel: panic: Attempted to kill init! exitcode=0x00000000")
    """)
    assert "once more, alone: test_it.py::test_it" in said
    assert said.endswith("\n0 passed, 1 failed\n")


def test_too_many(make_test):
    said, _ = make_test("""
        import pytest
        @pytest.mark.parametrize("n", range(21))
        def test_it(n): assert False
    """)
    assert "21 failed: too many to run them again" in said
    assert said.endswith("\n0 passed, 21 failed\n")


def test_no_time_left(make_test):
    """What still runs when the time is over is ended, and has failed."""
    said, _ = make_test("""
        def test_it():
            import os, time
            if os.path.exists("came"):
                time.sleep(3600)
            open("came", "w").close()
            assert False
    """, seconds=3)
    assert said.endswith("\n0 passed, 1 failed\n")
