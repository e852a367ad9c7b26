"""How often the sums of pg_stat_statements are read: by the quickest of the latest reads."""

from __future__ import annotations

import pytest

from monitor.core.samples import SECOND
from monitor.sources.statements import due_after


@pytest.mark.parametrize(
    ("took", "pause"),
    [
        ([0.0], 0),
        ([0.005], 0),
        ([0.0051], 30),
        ([2.3], 30),
        ([2.3, 0.001], 0),
        ([0.001, 2.3, 0.008], 0),
        ([0.008, 2.3, 0.009], 30),
    ],
)
def test_one_slow_read_does_not_make_the_entries_many(took: list[float], pause: int) -> None:
    """And many entries are read every 30 s, however long it takes: an older mean says nothing of now."""
    assert due_after(took) == pause * SECOND
