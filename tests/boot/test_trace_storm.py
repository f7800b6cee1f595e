"""Four cores record at full speed while root reads, filters, resizes and clears: no record torn, none lost that is not counted.

`make test-trace` does it for ten minutes (TRACE_SECONDS).
"""

import os

import conftest
import initrd
import pytest

SECONDS = int(os.environ.get("TRACE_SECONDS", "12"))


@pytest.mark.virt
def test_trace_storm(boot, program):
    if not os.path.exists(os.path.join(conftest.BUILD, "tests", "tracestorm")):
        pytest.skip("needs the cross compiler's static C library")
    with open(os.path.join(conftest.BUILD, "modules", "counters.ko"), "rb") as f:
        archive = initrd.archive(initrd.file("init", program("tracestorm")), initrd.file("counters.ko", f.read()))
    limit = SECONDS * 3 + 300
    run = boot(archive, smp=4, cpu="max", append=f"quiet loglevel=7 panic=-1 STORM={SECONDS}", limit=limit)
    assert run.finish(silence=limit) == 0
    print("\n".join(line for line in run.log.splitlines() if line.startswith("storm: ")))
    assert "storm: all is well" in run.log and "storm: FAILED" not in run.log
