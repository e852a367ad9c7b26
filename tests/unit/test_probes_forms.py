"""Whether what is asked for could ever be written so: asked of every page at every read."""

from __future__ import annotations

from time import process_time

from monitor.sources.forms import impossible
from monitor.sources.selectors import selector

READS = 500

MOST_SECONDS = 0.5
"""Of CPU, for so many reads of one page; trying all statuses at each of them took over two."""


def test_asking_again_at_every_read_costs_next_to_nothing() -> None:
    """The selectors and the forms never change, so neither does the answer."""
    errors = [selector('http_requests_total{status=~"5.."}')]
    requests = [("http_requests_total", {"status": status}) for status in ("200", "404", "503")]
    began = process_time()
    for _ in range(READS):
        assert impossible(errors, requests) == ""
    assert process_time() - began < MOST_SECONDS
