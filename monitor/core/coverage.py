"""How much of the watch was not seen, or abnormal: what "normal for 24 hours" is measured by.

A usable or quiet sample covers the time until the metric's next one, at most `max_gap`; time not
covered is unobserved. Sums are of unions over the metrics, inside the last `success_after`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from monitor.core.samples import Micros

Span = tuple[Micros, Micros]

CHUNK = 64
"""Spans are kept in chunks of this many, so that adding one copies two short tuples, not thousands."""

TOLERANCE: Micros = 1
"""Sums of time are compared with one microsecond to spare."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Disjoint spans of time in ascending order."""

    full: tuple[tuple[Span, ...], ...] = ()
    tail: tuple[Span, ...] = ()
    total: Micros = 0

    def __iter__(self) -> Iterator[Span]:
        for chunk in self.full:
            yield from chunk
        yield from self.tail

    def add(self, start: Micros, end: Micros) -> Spans:
        """With [start, end) added; what it touches is merged.

        Mostly at the end; a counted streak is known to have ended only after others, which began later.
        """
        full, tail, total = self.full, self.tail, self.total
        later: list[Span] = []
        while full or tail:
            if not tail:
                full, tail = full[:-1], full[-1]
            first, last = tail[-1]
            if last < start:
                break
            if first > end:
                later.append((first, last))
            else:
                start, end = min(start, first), max(end, last)
            tail, total = tail[:-1], total - (last - first)
        for span in ((start, end), *reversed(later)):
            if len(tail) >= CHUNK:
                full, tail = (*full, tail), ()
            tail, total = (*tail, span), total + span[1] - span[0]
        return Spans(full, tail, total)

    def since(self, moment: Micros) -> Spans:
        """Without whole spans that ended before `moment`."""
        full, tail, total = self.full, self.tail, self.total
        while full and full[0][-1][1] <= moment:
            total -= sum(end - start for start, end in full[0])
            full = full[1:]
        if full and full[0][0][1] <= moment:
            kept = tuple(span for span in full[0] if span[1] > moment)
            total -= sum(end - start for start, end in full[0][: len(full[0]) - len(kept)])
            full = (kept, *full[1:])
        elif not full and tail and tail[0][1] <= moment:
            kept = tuple(span for span in tail if span[1] > moment)
            total -= sum(end - start for start, end in tail[: len(tail) - len(kept)])
            tail = kept
        return Spans(full, tail, total)

    def within(self, moment: Micros) -> Micros:
        """The time since `moment`."""
        kept = self.since(moment)
        first = next(iter(kept), None)
        return kept.total - (max(0, moment - first[0]) if first else 0)


def spans_from(spans: Iterable[Span]) -> Spans:
    """Spans stored in ascending order, as they were."""
    result = Spans()
    for start, end in spans:
        result = result.add(start, end)
    return result


@dataclass(frozen=True, slots=True)
class Coverage:
    """The two unions over all metrics."""

    unobserved: Spans = field(default_factory=Spans)
    abnormal: Spans = field(default_factory=Spans)
