"""How long the copy and the scans will hold the lock, estimated from the catalogue's sizes. Pure code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.rollback.catalogue import Resolved
from monitor.rollback.forecast import Destroyed

BYTES_PER_SECOND = 40e6
"""Of CREATE TABLE AS: an assumption for a small cloud volume, low on purpose. Nothing was measured here."""

ROWS_PER_SECOND = 500e3
"""Narrow rows are bound by their number, not by their bytes: an assumption too."""


def seconds(salvaged: Sequence[Destroyed], scanned: Iterable[str], sizes: Iterable[Resolved]) -> float:
    """Of all copies and scans, one after another; an unanalysed table counts by its bytes."""
    by_label = {s.label: s for s in sizes}
    touched = [d.label for d in salvaged] + list(scanned)
    return sum(_one(by_label[label]) for label in touched if label in by_label)


def _one(relation: Resolved) -> float:
    return max(relation.bytes / BYTES_PER_SECOND, max(relation.rows, 0) / ROWS_PER_SECOND)
