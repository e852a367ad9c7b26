"""Healthy days: something always fails, and it never stays above 1 % for five minutes.

A rollback on one of these is false, however much is wrong for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from numpy.random import Generator

from tests.worlds.values import DAY, HISTORY, HOUR, Plan, Seconds, none_of

USUAL = 0.0005
"""Share that always fails in a service that is normal as documented."""


@dataclass(frozen=True, slots=True)
class Healthy:
    """`background`: the share that always fails. `disturbed`: what else happens."""

    background: float
    clustered: bool = True
    disturbed: Callable[[Generator, Seconds], Plan] = lambda _, rate: Plan(rate, none_of(rate))


def _blips(g: Generator, rate: Seconds) -> Plan:
    """Four short outages at any time, of 30 to 120 s: more often short ones."""
    share = none_of(rate)
    for _ in range(4):
        begins, lasts = g.integers(HISTORY, len(rate) - 300), round(30 * 4 ** g.random())
        share[begins : begins + lasts] = g.uniform(0.2, 1)
    return Plan(rate, share)


def _storms(g: Generator, rate: Seconds) -> Plan:
    """Four times clients try again and again for a minute and a half; then it ebbs away.

    Once in each quarter of the day: two that follow each other are no longer healthy.
    """
    rate, share = rate.copy(), none_of(rate)
    for quarter in range(4):
        begins = HISTORY + quarter * DAY // 4 + g.integers(DAY // 4 - 600)
        ends = begins + g.integers(80, 101)
        rate[begins:ends] *= 3
        share[begins:ends] = g.uniform(0.4, 0.6)
        rate[ends : ends + 60] *= 1.5
        share[ends : ends + 60] = 0.05
    return Plan(rate, share)


def _repeated(every: int, lasts: int, fails: float, more: float = 1) -> Callable[[Generator, Seconds], Plan]:
    """Again and again, from any moment on: for `lasts` seconds `fails` of `more` times the requests fail."""

    def disturbed(g: Generator, rate: Seconds) -> Plan:
        rate, share = rate.copy(), none_of(rate)
        for begins in range(HISTORY + int(g.integers(every)), len(rate) - lasts, every):
            rate[begins : begins + lasts] *= more
            share[begins : begins + lasts] = fails
        return Plan(rate, share)

    return disturbed


HEALTHY: Mapping[str, Healthy] = {
    "background 0.05 %": Healthy(0.0005),
    "background 0.2 %": Healthy(0.002),
    "background 0.5 %": Healthy(0.005),
    "background 0.8 %": Healthy(0.008),
    "background 1 %": Healthy(0.01),
    "background 2 %": Healthy(0.02),
    "background 0.05 %, each alone": Healthy(0.0005, clustered=False),
    "background 0.2 %, each alone": Healthy(0.002, clustered=False),
    "background 0.5 %, each alone": Healthy(0.005, clustered=False),
    "background 0.8 %, each alone": Healthy(0.008, clustered=False),
    "four blips of 30-120 s": Healthy(USUAL, disturbed=_blips),
    "retry storms": Healthy(2 * USUAL, disturbed=_storms),
    "hourly cron": Healthy(2 * USUAL, disturbed=_repeated(HOUR, 60, 0.05, more=3)),
    "3 % for 4 min every 2 h": Healthy(USUAL, disturbed=_repeated(2 * HOUR, 240, 0.03)),
    "5 % for 1 min every 10 min": Healthy(USUAL, disturbed=_repeated(600, 60, 0.05)),
    "1.5 % for 50 of every 120 s": Healthy(0, disturbed=_repeated(120, 50, 0.015)),
}
