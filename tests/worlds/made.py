"""Makes a world of a kind, a level of traffic and a seed: cumulative requests and errors of each second."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from tests.worlds.chance import arrivals, background
from tests.worlds.curves import curve
from tests.worlds.healthy import HEALTHY
from tests.worlds.incidents import INCIDENTS
from tests.worlds.values import DAY, HISTORY, Plan, Seconds

__all__ = ["DAY", "HISTORY", "LEVELS", "PROOF", "World", "healthy", "incident"]

LEVELS = (5, 20, 60, 300, 1200, 6000)
"""Requests a minute, on average over the day."""

BEFORE = (15, 60, 300)
"""Seconds before an incident in which more than LIMIT of the requests are a blip."""

LIMIT = 0.01

TINY = 1e-6
"""For sums of fractions that make a whole."""

PROOF = 1_000_000
"""The first seed that is for proving only."""


@dataclass(frozen=True, slots=True)
class World:
    """`requests[t]`, `errors[t]`: counted up to second t, from 0 on. The watch begins at second `watch`.

    `begins`, `ends`: of the incident; None where there is none, or where it stays.
    """

    kind: str
    level: float
    seed: int
    requests: Seconds
    errors: Seconds
    watch: int = HISTORY
    begins: int | None = None
    ends: int | None = None

    @property
    def seconds(self) -> int:
        """The last second of it."""
        return len(self.requests) - 1

    def blip_before(self) -> bool:
        """Whether the limit was exceeded shortly before the incident: then nobody can tell when it began."""
        at = self.begins or self.watch
        spans = [slice(at - span, at + 1, span) for span in BEFORE]
        return any(np.diff(self.errors[s])[0] > LIMIT * np.diff(self.requests[s])[0] for s in spans)

    def brought(self) -> tuple[float, float]:
        """Errors and requests from the incident's begin to its end."""
        a, b = self.begins or self.watch, self.ends or self.seconds
        return float(self.errors[b] - self.errors[a]), float(self.requests[b] - self.requests[a])


def healthy(kind: str, level: float, seed: int) -> World:
    """A day of watch, after HISTORY."""
    g, found = _chance("healthy", kind, level, seed), HEALTHY[kind]
    plan = found.disturbed(g, curve(g) * (level / 60))
    requests, errors = _happened(g, plan, found.background, found.clustered)
    return World(kind, level, seed, requests, errors)


def incident(kind: str, level: float, seed: int) -> World:
    """HISTORY, a calm watch for a while, and what then breaks; at any time of the day."""
    g, found = _chance("incident", kind, level, seed), INCIDENTS[kind]
    begins = HISTORY + found.watched
    rate = _some_hours(g, begins + found.lasts, found.flat) * (level / 60)
    plan = found.broken(rate, begins)
    happened = _evenly(plan) if found.even else _happened(g, plan, found.background, clustered=True)
    return World(kind, level, seed, *happened, HISTORY, plan.begins, plan.ends)


def _some_hours(g: Generator, seconds: int, flat: bool) -> Seconds:
    if flat:
        return np.ones(seconds)
    day = curve(g)[-DAY:]
    some: Seconds = day[(np.arange(seconds) + g.integers(DAY)) % DAY]
    return some


def _happened(g: Generator, plan: Plan, share: float, clustered: bool) -> tuple[Seconds, Seconds]:
    """Cumulative requests and errors, as chance brings them."""
    requests = arrivals(g, plan.rate)
    errors = np.zeros(len(requests))
    some = np.nonzero((plan.share > 0) & (requests > 0))[0]
    errors[some] = g.binomial(requests[some].astype(np.int64), plan.share[some])
    always = background(g, plan.rate, share, clustered)
    return _counted(requests + always), _counted(errors + always)


def _evenly(plan: Plan) -> tuple[Seconds, Seconds]:
    """The same without chance."""
    return np.floor(_counted(plan.rate) + TINY), np.floor(_counted(plan.rate * plan.share) + TINY)


def _counted(each: Seconds) -> Seconds:
    return np.concatenate([[0.0], np.cumsum(each)])


def _chance(what: str, kind: str, level: float, seed: int) -> Generator:
    """Its own stream of chance for every world; the same on every machine."""
    named = crc32(f"{what}: {kind}".encode())
    return Generator(PCG64(SeedSequence([named, round(level * 1000), seed])))


def stretches(world: World, every: int) -> tuple[Seconds, Seconds]:
    """Errors and requests in each stretch of so many seconds since the watch began."""
    at = np.arange(world.watch, world.seconds + 1, every)
    return np.diff(world.errors[at]), np.diff(world.requests[at])
