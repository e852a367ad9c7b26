"""The rounds of a Prometheus server's history, chunk by chunk; and what of it the server has at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from monitor.backtest.history import Round
from monitor.backtest.ranges import (
    FIRST_POINTS,
    HEAVY,
    LEAST_POINTS,
    MOST_POINTS,
    Grid,
    Series,
    Server,
    there,
)  # fmt: skip
from monitor.backtest.readers import Reader
from monitor.core.samples import SECOND, Micros, Reading
from monitor.errors import OperatorError, SourceError

COARSE = 200
"""Points of a look at the whole history: is there anything?"""

Told = Callable[[float], object]
"""Hears which share of the history is there."""


@dataclass(slots=True)
class Fetched:
    """The way to a history. `incomplete`: metric -> chunks that the server would only answer in part."""

    server: Server
    readers: Sequence[Reader]
    begin: Micros
    end: Micros
    step: Micros
    points: int = FIRST_POINTS
    incomplete: Counter[str] = field(default_factory=Counter)

    async def rounds(self, told: Told) -> AsyncIterator[Round]:
        """In order of time. Raises OperatorError."""
        at = self.begin
        while at <= self.end:
            left = (self.end - at) // self.step + 1
            grid = Grid(at, self.step, min(self.points, MOST_POINTS, left))
            try:
                columns = [await self._column(reader, grid) for reader in self.readers]
            except SourceError as e:
                if e.reason not in HEAVY or grid.points <= LEAST_POINTS:
                    raise unanswered(e) from e
                self.points = max(LEAST_POINTS, grid.points // 2)
                continue
            for moment, *readings in zip(grid.moments(), *columns, strict=True):
                yield moment, tuple(readings)
            at = grid.end + self.step
            told((at - self.begin) / max(self.end - self.begin, 1))

    async def _column(self, reader: Reader, grid: Grid) -> Sequence[Reading]:
        """A metric's readings; of an answer that stays incomplete none."""
        found: list[tuple[str, Series]] = []
        for what, query in reader.queries:
            try:
                found += ((what, series) for series in await self.server.series(query, grid))
            except SourceError as e:
                if e.reason != "partial" or grid.points > LEAST_POINTS:
                    raise SourceError(e.reason, f"{reader.metric}: {e}") from e
                self.incomplete[reader.metric] += 1
                return [Reading(reader.metric, reason="partial")] * grid.points
        return list(reader.readings(found, grid))


async def look(server: Server, query: str, begin: Micros, end: Micros) -> list[Series]:
    """The series that a query has in the whole time, at some moments of it. Raises OperatorError."""
    step = max((end - begin) // COARSE // SECOND * SECOND, SECOND)
    grid = Grid(begin, step, (end - begin) // step + 1)
    while True:
        try:
            return there(await server.series(query, grid))
        except SourceError as e:
            if e.reason not in HEAVY or grid.points <= LEAST_POINTS:
                raise unanswered(e) from e
            step = grid.step * 2  # half as many moments: the whole time all the same
            grid = Grid(begin, step, (end - begin) // step + 1)


def unanswered(e: SourceError) -> OperatorError:
    """Says of a server that gives nothing: with the remedy, without its address, which may be secret."""
    more = {
        "refused": ": is it running, and is --prometheus its address?",
        "dns": ": is --prometheus its address?",
        "not_json": ": is --prometheus the address of a Prometheus server, not of a page before it?",
        "too_heavy": f" even in {LEAST_POINTS} reads at once: use a longer --step, or fewer series (--match)",
    }
    return OperatorError(f"the Prometheus server: {e}{more.get(e.reason, '')}")
