"""What an application has counted until a second: requests that went well, and requests that failed.

Drawn once per world, each aspect from a stream of its own, so that taking an incident or a fault out of a
world changes nothing of the rest. A rollback ends what it cures; everything after it is what it would have
been without the incident.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import cos, exp, pi
from random import Random
from typing import Protocol

from tests.simulation.world import Incident, World

DAY = 86_400


class Traffic(Protocol):
    """Counters of the whole application as a function of time; `cured_at`: when a rollback took effect."""

    def counted(self, second: float, cured_at: float | None) -> tuple[int, int]:
        """Requests that went well and requests that failed, from the beginning up to this second."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Counts at the end of each step of `width` seconds; between two of them they grow evenly."""

    width: int
    sums: Sequence[int]

    def at(self, second: float) -> int:
        place, rest = divmod(max(second, 0.0), self.width)
        step = min(int(place), len(self.sums) - 2)
        low, high = self.sums[step], self.sums[step + 1]
        return low + int((high - low) * min(rest / self.width, 1.0)) if place == step else high


@dataclass(frozen=True, slots=True)
class Counters:
    """Requests that went well, and those that failed."""

    good: Steps
    bad: Steps

    def at(self, second: float) -> tuple[int, int]:
        return self.good.at(second), self.bad.at(second)


class DrawnTraffic:
    """The traffic of a world."""

    def __init__(self, world: World) -> None:
        good, bad = _background(world)
        for incident in (i for i in world.incidents if not i.cured):
            _befall(world, incident, good, bad)
        self._well = _counters(world, good, bad)
        for incident in (i for i in world.incidents if i.cured):
            _befall(world, incident, good, bad)
        self._sick = _counters(world, good, bad)

    def counted(self, second: float, cured_at: float | None) -> tuple[int, int]:
        if cured_at is None or second <= cured_at:
            return self._sick.at(second)
        then, since, now = self._sick.at(cured_at), self._well.at(cured_at), self._well.at(second)
        return then[0] + now[0] - since[0], then[1] + now[1] - since[1]


def rate_at(world: World, second: float) -> float:
    """Requests per second on average at this second: lowest at night, four hours after the beginning."""
    return world.per_minute / 60 * (1 - world.swing * cos(2 * pi * (second - 4 * 3600) / DAY))


def width_of(world: World) -> int:
    """Seconds of one step: no read comes more often."""
    return world.fast


def _background(world: World) -> tuple[list[int], list[int]]:
    """Good and bad requests of each step: requests come in bursts, failures in clusters."""
    width, draw = width_of(world), Random(f"{world.seed}/requests")
    good, bad = [], []
    drift, waiting = 0.0, 0
    chance = world.background / world.cluster
    for second in range(0, world.lasts + width, width):
        drift = 0.9 * drift + draw.gauss(0.0, 0.08)
        requests = poisson(draw, rate_at(world, second) * width * exp(drift))
        for _ in range(poisson(draw, requests * chance)):
            waiting += 1 + int(draw.expovariate(1 / (world.cluster - 1))) if world.cluster > 1 else 1
        failed = min(requests, waiting)
        waiting -= failed
        good.append(requests - failed)
        bad.append(failed)
    return good, bad


def _befall(world: World, incident: Incident, good: list[int], bad: list[int]) -> None:
    """Turns good requests into failed ones, and into none, from the incident's beginning to its end."""
    width, draw = width_of(world), Random(f"{world.seed}/incident/{incident.at}")
    first, last = incident.at // width, (incident.at + incident.lasts) // width
    for step in range(first, min(last + 1, len(good))):
        if share := _bad_share(incident, step * width, width):
            come = binomial(draw, good[step], incident.traffic)
            failed = binomial(draw, come, incident.ratio * share)
            good[step], bad[step] = come - failed, bad[step] + failed


def _bad_share(incident: Incident, second: int, width: int) -> float:
    """The share of a step that is within the incident's bad seconds."""
    begun, over = max(second, incident.at), min(second + width, incident.at + incident.lasts)
    if over <= begun:
        return 0.0
    if not incident.off:
        return (over - begun) / width
    period = incident.on + incident.off
    bad = sum((s - incident.at) % period < incident.on for s in range(begun, over))
    return bad / width


def poisson(draw: Random, mean: float) -> int:
    """Exact for small means; a rounded normal for large ones."""
    if mean > 60:
        return max(0, round(draw.gauss(mean, mean**0.5)))
    found, product, floor = 0, draw.random(), exp(-mean)
    while product > floor:
        found += 1
        product *= draw.random()
    return found


def binomial(draw: Random, n: int, p: float) -> int:
    """Of n each with chance p; a rounded normal where both sides are many."""
    if p >= 1.0 or n == 0:
        return n
    if n * p > 60 and n * (1 - p) > 60:
        return min(n, max(0, round(draw.gauss(n * p, (n * p * (1 - p)) ** 0.5))))
    if n > 400:  # one side is rare
        rare = min(p, 1 - p)
        found = min(n, poisson(draw, n * rare))
        return found if p <= 0.5 else n - found
    return sum(draw.random() < p for _ in range(n))


def _counters(world: World, good: Sequence[int], bad: Sequence[int]) -> Counters:
    width = width_of(world)
    return Counters(Steps(width, [0, *accumulate(good)]), Steps(width, [0, *accumulate(bad)]))


def breaches(world: World, limit: float, cured_at: float | None = None) -> list[tuple[float, float]]:
    """From when to when the true share of failures is above the limit, one span for each incident."""
    found = []
    for incident in world.incidents:
        over: float = incident.at + incident.lasts
        if incident.cured and cured_at is not None:
            over = min(over, cured_at)
        if incident.mean + world.background > limit and over > incident.at:
            found.append((float(incident.at), over))
    return sorted(found)


def overlaps(spans: Sequence[tuple[float, float]], begun: float, over: float) -> bool:
    """Whether any of the spans, in order of time, has a moment in [begun, over]."""
    place = bisect_right([span[0] for span in spans], over)
    return any(end >= begun for _, end in spans[:place])
