"""The worlds that the decision is measured on are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worlds import DAY, HEALTHY, HISTORY, INCIDENTS, LEVELS, healthy, incident
from tests.worlds.chance import arrivals, background
from tests.worlds.curves import curve
from tests.worlds.made import World, stretches
from tests.worlds.values import Seconds

SEEDS = range(12)


def _growing(counted: Seconds) -> bool:
    return bool(counted[0] == 0 and (np.diff(counted) >= 0).all() and (counted == np.floor(counted)).all())


def _sound(world: World) -> bool:
    fails = np.diff(world.errors) <= np.diff(world.requests)
    return _growing(world.requests) and _growing(world.errors) and bool(fails.all())


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_world_is_a_day_of_counters_after_its_history(kind: str) -> None:
    world = healthy(kind, 60, 1)
    assert world.seconds == HISTORY + DAY
    assert (world.begins, world.ends) == (None, None)
    assert _sound(world)


@pytest.mark.parametrize("kind", INCIDENTS)
def test_an_incident_begins_when_it_says(kind: str) -> None:
    found, world = INCIDENTS[kind], incident(kind, 6000, 1)
    assert world.begins == HISTORY + found.watched
    assert world.seconds == world.begins + found.lasts
    assert _sound(world)
    errors, requests = world.brought()
    before = world.errors[world.begins] / world.requests[world.begins]
    assert errors / requests > max(0.01, 1.5 * before)


def test_the_same_seed_makes_the_same_world_and_another_another() -> None:
    first, again, other = (healthy("retry storms", 300, seed) for seed in (5, 5, 6))
    assert (first.requests == again.requests).all()
    assert (first.errors == again.errors).all()
    assert (first.requests != other.requests).any()


def test_these_numbers_are_made_on_every_machine() -> None:
    """Written down once: another platform or version that makes other worlds makes other tables."""
    day, broken = healthy("background 0.5 %", 60, 7), incident("5 % fail", 60, 7)
    assert (day.requests[-1], day.errors[-1]) == (90150, 396)
    assert (broken.requests[-1], broken.errors[-1]) == (9955, 209)


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_is_the_mean_of_the_day(level: float) -> None:
    found = [healthy("background 0.2 %", level, seed) for seed in SEEDS]
    per_minute = [(w.requests[-1] - w.requests[w.watch]) / (DAY / 60) for w in found]
    assert np.mean(per_minute) == pytest.approx(level, rel=0.03)


def test_days_have_busy_and_quiet_hours() -> None:
    days = [curve(np.random.default_rng(seed))[HISTORY:].reshape(24, -1).mean(axis=1) for seed in range(60)]
    assert all(day.mean() == pytest.approx(1, rel=0.01) for day in days)
    assert 1.3 < np.median([day.max() for day in days]) < 2.3
    assert 0.2 < np.median([day.min() for day in days]) < 0.7


def test_requests_come_in_bursts() -> None:
    """Variance over mean of half minutes: 1 for requests that come alone, 3 to 5 here."""
    g = np.random.default_rng(1)
    counts = np.concatenate([arrivals(g, np.full(DAY, 2.0)).reshape(-1, 30).sum(axis=1) for _ in range(10)])
    assert 3 < counts.var() / counts.mean() < 5


@pytest.mark.parametrize(("clustered", "least", "most"), [(True, 2.7, 3.6), (False, 0.9, 1.1)])
def test_background_errors_come_in_clusters_and_in_the_share_that_was_asked(
    clustered: bool, least: float, most: float
) -> None:
    g = np.random.default_rng(2)
    rate = np.full(40 * DAY, 5.0)
    errors = background(g, rate, 0.005, clustered).reshape(-1, 300).sum(axis=1)
    assert errors.sum() / rate.sum() == pytest.approx(0.005, rel=0.02)
    assert least < errors.var() / errors.mean() < most


@pytest.mark.parametrize("kind", ["background 0.8 %", "background 0.8 %, each alone"])
def test_a_healthy_kind_fails_its_share(kind: str) -> None:
    share = np.mean([w.errors[-1] / w.requests[-1] for w in (healthy(kind, 300, s) for s in SEEDS)])
    assert share == pytest.approx(HEALTHY[kind].background, rel=0.05)


@pytest.mark.parametrize("kind", [k for k in HEALTHY if not k.startswith("background")])
def test_no_disturbance_of_a_healthy_day_stays_above_the_limit_for_five_minutes(kind: str) -> None:
    """Of what is planned, before chance: what is above 1 % is over before 5 minutes."""
    for seed in SEEDS:
        g = np.random.default_rng(seed)
        plan = HEALTHY[kind].disturbed(g, np.ones(HISTORY + DAY))
        above = np.concatenate([[False], plan.share > 0.01, [False]])
        starts, ends = np.nonzero(above[1:] & ~above[:-1])[0], np.nonzero(~above[1:] & above[:-1])[0]
        assert len(starts) >= 1
        assert (ends - starts < 300).all()


@pytest.mark.parametrize(
    ("errors", "blip"), [((), False), ((280,), False), ((10,), True), ((100, 110, 120, 130), True)]
)
def test_a_blip_before_an_incident_is_seen(errors: tuple[int, ...], blip: bool) -> None:
    """At 60/min: one error in the last 15 or 60 s, or four in the last 300, are more than 1 %."""
    at = 1000
    requests = np.arange(2001, dtype=np.float64)
    failed = np.zeros(2001)
    failed[[at - before for before in errors]] = 1
    world = World("blip", 60, 1, requests, np.cumsum(failed), watch=500, begins=at)
    assert world.blip_before() is blip


def test_stretches_add_up_to_the_watch() -> None:
    world = healthy("hourly cron", 60, 3)
    errors, requests = stretches(world, 300)
    assert len(errors) == DAY // 300
    assert errors.sum() == world.errors[-1] - world.errors[world.watch]
    assert requests.sum() == world.requests[-1] - world.requests[world.watch]
