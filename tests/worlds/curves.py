"""A day's traffic: how many requests a second are to be expected, on average one.

Families of services that look different, each drawn anew: offices, an evening audience, machines, commuters,
the slope of a week, and a service that nobody uses at night. On top of each lie slow noise, steps (a
customer comes, a route moves) and spikes. The spread of all of it was set beside the rate curves of public
web services, where the hour with most traffic has 1.3 to 2.3 times the mean and the quietest 0.2 to 0.7
times, and one minute differs from the next by 6 % (half of the days) or by 50 % (the wildest twentieth).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from tests.worlds.values import DAY, HISTORY, Seconds

MINUTES = (HISTORY + DAY) // 60
DAY_MINUTES = DAY // 60

LEAST = 0.01
"""Of the mean: somebody always comes."""

WILD = 0.07
"""Share of services where a minute says nothing of the next."""


def curve(g: Generator) -> Seconds:
    """Requests a second for HISTORY and a day; the mean of the day is 1. It begins at any time of the day."""
    hours = (np.arange(MINUTES) / 60 + g.uniform(0, 24)) % 24
    family = FAMILIES[g.integers(len(FAMILIES))]
    rate = np.maximum(family(g, hours) * _noise(g) * _steps(g) * _spikes(g), LEAST)
    rate /= rate[-DAY_MINUTES:].mean()
    return np.interp(np.arange(HISTORY + DAY) / 60, np.arange(MINUTES) + 0.5, rate)


def _hill(hours: Seconds, at: float, width: float) -> Seconds:
    """1 at an hour of the day, less around it; midnight is no edge."""
    away = np.abs((hours - at + 12) % 24 - 12)
    hill: Seconds = np.exp(-0.5 * (away / width) ** 2)
    return hill


def _open(hours: Seconds, begins: float, lasts: float) -> Seconds:
    """1 in the middle of opening hours, 0 outside, with an hour to go up and down."""
    since = (hours - begins) % 24
    until_closed: Seconds = 1 / (1 + np.exp(-4 * since)) / (1 + np.exp(4 * (since - lasts)))
    return until_closed + np.exp(-4 * (24 - since))


def _offices(g: Generator, hours: Seconds) -> Seconds:
    lunch = 1 - g.uniform(0, 0.3) * _hill(hours, 12.5, 0.7)
    return g.uniform(0.12, 0.4) + _open(hours, 8, g.uniform(9, 11)) * lunch


def _evenings(g: Generator, hours: Seconds) -> Seconds:
    return g.uniform(0.3, 0.7) + _hill(hours, g.uniform(19, 22), g.uniform(3, 5)) + 0.4 * _hill(hours, 13, 3)


def _machines(g: Generator, hours: Seconds) -> Seconds:
    return 1 + g.uniform(0, 0.15) * np.sin(hours * np.pi / 12)


def _commuters(g: Generator, hours: Seconds) -> Seconds:
    return g.uniform(0.25, 0.5) + _hill(hours, 8, g.uniform(1, 2)) + _hill(hours, 18, g.uniform(1.2, 2.5))


def _weekends(g: Generator, hours: Seconds) -> Seconds:
    """From a working day into a weekend, or out of it."""
    return _evenings(g, hours) * np.exp(g.uniform(-0.8, 0.8) * np.linspace(-1, 1, len(hours)))


def _dead_nights(g: Generator, hours: Seconds) -> Seconds:
    return g.uniform(0.02, 0.1) + _open(hours, g.uniform(6, 9), g.uniform(14, 17))


FAMILIES: tuple[Callable[[Generator, Seconds], Seconds], ...] = (
    _offices,
    _evenings,
    _machines,
    _commuters,
    _weekends,
    _dead_nights,
)


def _noise(g: Generator) -> Seconds:
    """A minute is like the one before it, to a degree that differs between services."""
    keeps, spread = g.uniform(0.3, 0.95), min(0.4, 0.07 * np.exp(0.6 * g.standard_normal()))
    if g.random() < WILD:
        keeps, spread = 0.0, g.uniform(0.2, 0.5)
    fresh = g.standard_normal(MINUTES) * np.sqrt(1 - keeps**2)
    slow = np.empty(MINUTES)
    last = g.standard_normal()
    for minute in range(MINUTES):
        slow[minute] = last = keeps * last + fresh[minute]
    noise: Seconds = np.exp(spread * slow)
    return noise


def _steps(g: Generator) -> Seconds:
    """From some moments on there is more, or less, for good."""
    found = np.zeros(MINUTES)
    for _ in range(g.poisson(0.7)):
        found[g.integers(MINUTES) :] += np.clip(0.3 * g.standard_normal(), -0.7, 0.7)
    return np.exp(found)


def _spikes(g: Generator) -> Seconds:
    """A campaign, a crawler: some minutes with a multiple."""
    found = np.ones(MINUTES)
    for _ in range(g.poisson(2)):
        begins = g.integers(MINUTES)
        found[begins : begins + g.integers(1, 16)] *= g.uniform(1.3, 4)
    return found
