"""The reads of a counted metric: errors and requests, and what a stretch of them up to now says.

A read without requests says nothing but its moment, so it is kept only as the beginning of the next one
that has some. Old reads are kept in growing lumps: a stretch that reaches so far back may be a tenth longer
than asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from monitor.core.samples import Micros

Read = tuple[Micros, Micros, float, float]
"""First moment at which nothing but this had been counted, moment, and all errors and requests before it."""

FEW = 20
"""Requests below which a stretch says nothing about a ratio near 1 %; old ones are lumped to so many."""

LUMP = 0.1
"""Share of what came after it that a lump of old reads may hold."""

TIDY = 64
"""So many more reads, and the old ones are lumped again."""


def share(errors: float, requests: float) -> float:
    """Errors of requests, 0 to 1. Of differences of long sums: a little off, and 0 of 0 at the worst."""
    return max(0.0, min(1.0, errors / requests)) if requests > 0 else 0.0


class Reads(NamedTuple):
    """All errors and requests so far, and the latest reads that had any, oldest first.

    `idle`: moment of the first read since the last of them; None where there is none.
    """

    errors: float = 0.0
    requests: float = 0.0
    log: tuple[Read, ...] = ()
    idle: Micros | None = None

    def with_read(self, at: Micros, errors: float, requests: float) -> Reads:
        if not requests:
            return self if self.idle is not None else Reads(self.errors, self.requests, self.log, at)
        read = (at if self.idle is None else self.idle, at, self.errors, self.requests)
        return Reads(self.errors + errors, self.requests + requests, (*self.log, read))

    @property
    def latest_errors(self) -> float:
        """Of the latest read."""
        return self.errors - self.log[-1][2] if self.log and self.idle is None else 0.0

    @property
    def untidy(self) -> bool:
        """Whether it is time to lump old reads; said by what is stored, so that a restart changes nothing."""
        return len(self.log) > TIDY and len(self.log) % TIDY == 0

    def tidied(self, whole_from: Micros, enough: float) -> Reads:
        """With reads before `whole_from` in lumps, and without those that lie `enough` requests back."""
        kept: list[Read] = []
        newer = lump_end = self.requests
        for first, at, errors, requests in reversed(self.log):
            old = at < whole_from
            if old and self.requests - newer >= enough:
                break
            room = max(FEW, LUMP * (self.requests - lump_end))
            if old and kept and kept[-1][1] < whole_from and lump_end - requests <= room:
                kept[-1] = (first, kept[-1][1], errors, requests)
            else:
                kept.append((first, at, errors, requests))
                lump_end = newer
            newer = requests
        return Reads(self.errors, self.requests, tuple(reversed(kept)), self.idle)

    def since(self, errors: float, requests: float) -> tuple[float, float]:
        """What was counted after those totals."""
        return self.errors - errors, self.requests - requests

    def back(self) -> Iterator[tuple[Micros, Micros, float, float]]:
        """From the latest on back: first moment, moment, errors and requests from this read on up to now."""
        for first, at, errors, requests in reversed(self.log):
            yield first, at, self.errors - errors, self.requests - requests
