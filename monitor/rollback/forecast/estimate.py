"""How long the copy and the scans will hold the lock, estimated from the catalogue's sizes. Pure code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.rollback.forecast.model import Destroyed
from monitor.rollback.schema.catalogue import Resolved

BYTES_PER_SECOND = 40e6
"""Of CREATE TABLE AS: an assumption for a small cloud volume, low on purpose."""

ROWS_PER_SECOND = 500e3
"""Narrow rows are bound by their number, not by their bytes: an assumption too."""

TRUST = 4.0
"""A measurement makes a copy at most so many times faster than assumed: it may have come from memory."""

KEEPING = 0.007
"""Seconds for each copy, however small: its definition, CREATE TABLE AS, the manifest, and the statement that
follows; of a column 3 to 7 ms were measured, of a table up to 11."""


def seconds(
    salvaged: Sequence[Destroyed],
    scanned: Iterable[str],
    sizes: Iterable[Resolved],
    measured: Mapping[str, float],
) -> float:
    """Of all copies and scans, one after another; an unanalysed table counts by its bytes, a copy by itself.

    `measured`: rows per second by the loss's name. Slower than assumed counts in full, faster up to TRUST.
    """
    by_label = {s.label: s for s in sizes}
    copies = [_copy(by_label[d.label], measured.get(d.name)) for d in salvaged if d.label in by_label]
    return (
        KEEPING * len(salvaged)
        + sum(copies)
        + sum(_assumed(by_label[label]) for label in scanned if label in by_label)
    )


def _copy(relation: Resolved, rate: float | None) -> float:
    assumed = _assumed(relation)
    return assumed if not rate or relation.rows <= 0 else max(relation.rows / rate, assumed / TRUST)


def _assumed(relation: Resolved) -> float:
    return max(relation.bytes / BYTES_PER_SECOND, max(relation.rows, 0) / ROWS_PER_SECOND)
