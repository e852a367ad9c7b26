"""Series over a range of time from a Prometheus server, in chunks that it can bear.

Every question has a deadline and a limit of size; what the server finds too heavy is asked again in halves,
and what failed for a moment is asked again. Raises SourceError. This file does not know what the series mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from monitor.core.samples import SECOND, Micros
from monitor.errors import SourceError
from monitor.net import Net, Whole
from monitor.sources.promql import query_address
from monitor.sources.strict import document

MOST_POINTS = 11_000
"""Of one series in one answer: Prometheus refuses more."""

FIRST_POINTS = 1440
"""Six hours at 15 s: an answer of ten series is a third of a megabyte."""

LEAST_POINTS = 20

MAX_BODY = 32 << 20
"""Bytes of one answer."""

DEADLINE = 60.0
"""Seconds for one answer; Prometheus itself gives up after two minutes."""

TRIES = 4
"""Of one question that failed for a moment."""

HEAVY = frozenset({"too_heavy", "too_large", "timeout", "partial"})
"""Reasons that half of the time may not have."""

PASSING = frozenset({"too_heavy", "timeout", "dropped", "refused", "unreachable", "connect_timeout", "busy"})
"""Reasons that may be gone a moment later."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series on a grid of moments: None where it had no value, NaN as it is."""

    labels: Mapping[str, str]
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Grid:
    """`points` moments, `step` apart."""

    begin: Micros
    step: Micros
    points: int

    @property
    def end(self) -> Micros:
        return self.begin + (self.points - 1) * self.step

    def moments(self) -> range:
        return range(self.begin, self.end + 1, self.step)


@dataclass(frozen=True, slots=True)
class Server:
    """A Prometheus server, or what answers like one. `params` are further ones of its query API."""

    url: str
    net: Net
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.5

    async def series(self, query: str, grid: Grid) -> list[Series]:
        """One answer, asked again where it failed for a moment. Raises SourceError."""
        for waited in range(TRIES):
            try:
                return await self._series(query, grid)
            except SourceError as e:
                if waited + 1 == TRIES or e.reason not in PASSING:
                    raise
                if e.reason in HEAVY and grid.points > LEAST_POINTS:
                    raise  # half of it is asked next
                await asyncio.sleep(self.pause * 2**waited)
        raise AssertionError("unreachable: the last round returns or raises")

    async def _series(self, query: str, grid: Grid) -> list[Series]:
        address = _range_address(self.url, {**self.params, "query": query, **_times(grid)})
        response = await self.net.get(
            address, deadline=DEADLINE, headers=self.headers, into=lambda: Whole(MAX_BODY)
        )
        _refuse(response.status)
        return _parsed(document(response.ok().body), grid)


def _refuse(status: int) -> None:
    """Raises SourceError for what a status says of the question."""
    if status == 400:
        raise SourceError("bad_query", "the server refuses the query: try it in its own page")
    if status == 404:
        raise SourceError(
            "no_api", "the server has no query API there: name its address without /api or /graph"
        )
    if status == 422:
        raise SourceError("too_heavy", "the server can't execute the query, or finds it too heavy")
    if status in {429, 502, 503, 504}:
        heavy = status in {503, 504}
        raise SourceError(
            "too_heavy" if heavy else "busy", f"the server answers with status {status}: it is busy"
        )


def _parsed(found: Any, grid: Grid) -> list[Series]:
    try:
        if found["data"]["resultType"] != "matrix":
            raise SourceError("wrong_shape", "the answer is not that of a Prometheus range query")
        read = [
            Series({str(k): str(v) for k, v in row["metric"].items()}, _placed(row["values"], grid))
            for row in found["data"]["result"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as e:
        raise SourceError("wrong_shape", "the answer is not that of a Prometheus range query") from e
    if found.get("warnings") or found.get("isPartial"):
        raise SourceError("partial", "the server warns that its answer is incomplete")
    return read


def _placed(values: Sequence[Any], grid: Grid) -> list[float | None]:
    """Each value at its moment of the grid."""
    found: list[float | None] = [None] * grid.points
    begin, step = grid.begin / SECOND, grid.step / SECOND
    for at, value in values:
        number = float(value)
        n = round((at - begin) / step)
        if 0 <= n < grid.points:
            found[n] = number
    return found


def there(found: Sequence[Series]) -> list[Series]:
    """Those that have a value at all."""
    return [s for s in found if any(v is not None and not isnan(v) for v in s.values)]


def _times(grid: Grid) -> dict[str, str]:
    return {"start": _seconds(grid.begin), "end": _seconds(grid.end), "step": _seconds(grid.step)}


def _seconds(micros: Micros) -> str:
    return f"{micros / SECOND:.3f}"


def _range_address(url: str, params: Mapping[str, str]) -> str:
    parts = urlsplit(query_address(url, params))
    return urlunsplit((parts.scheme, parts.netloc, f"{parts.path}_range", parts.query, ""))
