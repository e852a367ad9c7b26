"""A recording (as `replay` reads it) as a history: lines of one moment are a round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise
from statistics import median_low

from monitor.backtest.history import Round
from monitor.core.beginning import Line
from monitor.core.samples import SECOND, Micros, Reading

LOOKED_AT = 2000
"""First lines that say which metrics there are, and how far apart the reads."""


class Recorded:
    """`metrics`: those that its first lines have; `step`: between two reads of one. `late`: out of order."""

    def __init__(self, lines: Iterable[Line]) -> None:
        rest = iter(lines)
        first = list(islice(rest, LOOKED_AT))
        self._lines = chain(first, rest)
        self.metrics = {reading.metric for _, reading in first}
        self.step = max((_apart(first, metric) for metric in self.metrics), default=SECOND)
        self.late = 0

    def rounds(self) -> Iterator[Round]:
        """Lines that are earlier than one before them are left out, and counted."""
        now: Micros | None = None
        found: list[Reading] = []
        for at, reading in self._lines:
            if now is not None and at < now:
                self.late += 1
                continue
            if now is not None and at > now:
                yield now, tuple(found)
                found = []
            now = at
            found.append(reading)
        if now is not None:
            yield now, tuple(found)


def _apart(lines: Iterable[Line], metric: str) -> Micros:
    moments = [at for at, reading in lines if reading.metric == metric]
    gaps = [b - a for a, b in pairwise(moments) if b > a]
    return median_low(gaps) if gaps else SECOND
