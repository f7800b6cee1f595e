"""The short form of storm.py: ten hostile users, each with no more tasks than a careful administrator allows, and root is answered."""

import os

import conftest
import pytest
import storm


@pytest.mark.needs("busybox")
def test_storm_short(boot, parts, program):
    if not os.path.exists(os.path.join(conftest.ROOT, "build", "tests", "storm")):
        pytest.skip("needs the cross compiler's static C library")
    storm.storm(boot, parts, program, seconds=10, tasks=64)
