"""A page far over a megabyte: searched as it comes in, at little cost of memory and of the loop's time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MEASURE = "import json; from tests.bench.bench_page import measured; print(json.dumps(measured(60)))"


@pytest.mark.slow
def test_a_page_of_60_megabytes_is_read_without_holding_it() -> None:
    """Memory grows by the kept lines, and the loop goes on meanwhile."""
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    took, grown, pause, reason = json.loads(done.stdout)
    assert reason in {"", "insufficient_traffic"}, "nothing was read"
    assert took < 20
    assert grown < 20
    assert pause < 1
