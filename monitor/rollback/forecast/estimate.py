"""How long the copy and the scans will hold the lock, estimated from the catalogue's sizes. Pure code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.rollback.forecast.model import Destroyed, Forecast
from monitor.rollback.schema.sizes import Size

BYTES_PER_SECOND = 40e6
"""Of CREATE TABLE AS: an assumption for a small cloud volume, low on purpose."""

ROWS_PER_SECOND = 500e3
"""Narrow rows are bound by their number, not by their bytes: an assumption too."""

TRUST = 4.0
"""A measurement makes a copy at most so many times faster than assumed: it may have come from memory."""

KEEPING = 0.007
"""Seconds for each copy, however small: its definition, CREATE TABLE AS, the manifest, and the statement that
follows; of a column 3 to 7 ms were measured, of a table up to 11."""


PART = 0.0003
"""Seconds for each statement and partition: 0.03 to 0.29 ms were measured with 1,000 of them."""


def seconds(
    salvaged: Sequence[Destroyed],
    forecast: Forecast,
    sizes: Iterable[Size],
    measured: Mapping[str, float],
) -> float:
    """Of all copies and scans, one after another; an unanalysed table counts by its bytes, a copy by itself.

    `measured`: rows per second by the loss's name. Slower than assumed counts in full, faster up to TRUST.
    """
    by_label = {s.label: s for s in sizes}
    copies = [_copy(by_label[d.label], measured.get(d.name)) for d in salvaged if d.label in by_label]
    scans = [_assumed(by_label[label]) for _, label in forecast.scanned if label in by_label]
    parts = [n * by_label[label].parts for label, n in forecast.worked_on.items() if label in by_label]
    return KEEPING * len(salvaged) + sum(copies) + sum(scans) + PART * sum(parts)


def _copy(relation: Size, rate: float | None) -> float:
    assumed = _assumed(relation)
    return assumed if not rate or relation.rows <= 0 else max(relation.rows / rate, assumed / TRUST)


def _assumed(relation: Size) -> float:
    return max(relation.bytes / BYTES_PER_SECOND, relation.rows / ROWS_PER_SECOND)
