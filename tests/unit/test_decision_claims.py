"""Some of what is claimed of the decision, on few worlds: `make decision` asks all of it, of many."""

from __future__ import annotations

import pytest

from tests.decision.cells import DAY, INCIDENT, OURS, SUCCESS, Cell, measured

SEEDS = range(2)


def _fired(what: str, kind: str, level: int, seeds: range = SEEDS) -> list[int | None]:
    return [measured(Cell(what, kind, level), seed).fired[OURS] for seed in seeds]


@pytest.mark.parametrize("level", [5, 60, 1200])
@pytest.mark.parametrize("kind", ["background 0.2 %", "background 0.5 %"])
def test_a_healthy_day_is_not_rolled_back(kind: str, level: int) -> None:
    assert _fired(DAY, kind, level) == [None] * len(SEEDS)


@pytest.mark.parametrize("level", [20, 300, 6000])
def test_a_total_outage_is_rolled_back_after_five_minutes(level: int) -> None:
    assert all(at is not None and 300 <= at <= 330 for at in _fired(INCIDENT, "100 % fail", level))


@pytest.mark.parametrize("level", [300])
@pytest.mark.parametrize("kind", ["100 %, traffic to a twentieth", "5 % fail"])
def test_a_plain_incident_is_found(kind: str, level: int) -> None:
    assert all(at is not None and 300 <= at <= 900 for at in _fired(INCIDENT, kind, level))


def test_an_outage_that_ended_in_time_is_left_alone() -> None:
    assert _fired(INCIDENT, "100 % for 270 s", 300, range(1)) == [None]


@pytest.mark.parametrize("seed", [1])
def test_at_much_traffic_five_minutes_are_five_minutes(seed: int) -> None:
    short, long = (measured(Cell(INCIDENT, f"5 % for {s} s", 6000), seed) for s in (285, 315))
    assert short.fired[OURS] is None
    assert (long.fired[OURS] or 0) >= 300


def test_a_streak_that_fired_is_over_two_blocks_after_its_incident() -> None:
    cleared = measured(Cell(INCIDENT, "100 % for 20 min", 300), 1).cleared
    assert cleared is not None
    assert cleared <= 135


@pytest.mark.slow
@pytest.mark.parametrize("level", [20, 60, 300, 1200])
@pytest.mark.parametrize("kind", ["retry storms", "four blips of 30-120 s", "3 % for 4 min every 2 h"])
def test_a_disturbed_day_is_not_rolled_back(kind: str, level: int) -> None:
    assert _fired(DAY, kind, level, range(2)) == [None, None]


@pytest.mark.slow
@pytest.mark.parametrize("level", [20, 300, 6000])
@pytest.mark.parametrize("kind", ["background 0.05 %", "four blips of 30-120 s"])
def test_a_day_that_is_normal_as_documented_succeeds(kind: str, level: int) -> None:
    assert measured(Cell(SUCCESS, kind, level), 1).succeeded


@pytest.mark.slow
@pytest.mark.parametrize("level", [60, 300, 1200])
@pytest.mark.parametrize("kind", ["0.5 % always, +5 %", "1 % always, +5 %", "2 % always, +5 %"])
def test_what_a_migration_adds_to_a_service_that_always_fails_is_found(kind: str, level: int) -> None:
    assert all(at is not None and at >= 0 for at in _fired(INCIDENT, kind, level))
