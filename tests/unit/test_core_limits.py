"""Every documented limit, in value: just under, exactly, just over."""

from __future__ import annotations

from math import nextafter

import pytest

from monitor.core.thresholds import Policy
from tests.reference_values import Line
from tests.replays import Replay, both, every, fired, merged, named, policy, told, verdict

ALL = Policy()
NORMAL = {"error_rate": 0.0005, "response_time": 150.0, "connections": 20.0, "query_latency": 50.0}
HUGE = 10**400


def bad_for_a_while(metric: str, value: object, seconds: float = 305) -> list[Line]:
    """One metric at one value, the others normal."""
    others = [every(5, 0, seconds, m, v) for m, v in NORMAL.items() if m != metric]
    return merged(every(5, 0, seconds, metric, value), *others)


LIMITS = [
    ("error_rate.warn", 0.001, True),
    ("error_rate.rollback", 0.01, False),
    ("response_time.warn", 200.0, True),
    ("response_time.investigate", 500.0, False),
    ("connections.warn", 60.0, True),
    ("query_latency.warn", 100.0, True),
]
HOLDS = {"rollback": 300.0, "investigate": 300.0, "warn": 60.0}


@both
@pytest.mark.parametrize(("rule", "limit", "at_limit"), LIMITS)
def test_a_value_just_under_its_limit_is_no_breach(
    replay: Replay, rule: str, limit: float, at_limit: bool
) -> None:
    """The greatest number below the limit starts no streak of that rule."""
    metric = rule.partition(".")[0]
    events = told(replay, ALL, bad_for_a_while(metric, nextafter(limit, 0)))
    assert named(events, "pending", rule) == []


@both
@pytest.mark.parametrize(("rule", "limit", "at_limit"), LIMITS)
def test_only_a_warn_rule_is_breached_exactly_at_its_limit(
    replay: Replay, rule: str, limit: float, at_limit: bool
) -> None:
    """Exactly 1 % is no breach; exactly 0.1 % is not normal."""
    metric = rule.partition(".")[0]
    events = told(replay, ALL, bad_for_a_while(metric, limit))
    assert bool(named(events, "pending", rule)) is at_limit


@both
@pytest.mark.parametrize(("rule", "limit", "at_limit"), LIMITS)
def test_a_value_just_over_its_limit_fires_when_its_hold_is_reached(
    replay: Replay, rule: str, limit: float, at_limit: bool
) -> None:
    """The least number above the limit breaches, and fires exactly when the hold is over."""
    metric, _, action = rule.partition(".")
    events = told(replay, ALL, bad_for_a_while(metric, nextafter(limit, float("inf"))))
    assert fired(events, rule) == [HOLDS[action]]
    assert named(events, "firing", rule)[0]["since"] == 0


@both
def test_only_the_error_rate_rolls_back(replay: Replay) -> None:
    """However bad the other three metrics are, for however long, the watch only alerts."""
    lines = merged(
        every(5, 0, 900, "error_rate", 0.0),
        *(every(5, 0, 900, m, 1e9) for m in ("response_time", "connections", "query_latency")),
    )
    assert verdict(told(replay, ALL, lines)) == ("watching", 900)


@both
@pytest.mark.parametrize(
    "value", [None, float("nan"), float("inf"), -0.5, -1, True, "0.5", [1], HUGE, 1.5, 2]
)
def test_an_unusable_value_is_neither_a_breach_nor_data(replay: Replay, value: object) -> None:
    """Not finite, negative, not a number, or a rate above 1: NoData, and so the metric goes blind."""
    events = told(replay, policy(), every(5, 0, 300, "error_rate", value))
    assert [e["event"] for e in events[:-1]] == ["blind"]
    assert verdict(events) == ("watching", 300)


@both
@pytest.mark.parametrize("value", [0.5, 1, 1.0])
def test_every_rate_up_to_1_is_usable(replay: Replay, value: object) -> None:
    """An error rate of exactly 1 counts, as a float or as an integer."""
    assert verdict(told(replay, policy(), every(5, 0, 300, "error_rate", value))) == ("rollback", 300)


@both
@pytest.mark.parametrize(
    "counts",
    [
        {"errors": 2, "requests": 1},
        {"errors": -1, "requests": 10},
        {"errors": float("nan"), "requests": 10},
        {"errors": 1, "requests": float("inf")},
        {"errors": 1},
        {"requests": 10},
        {"errors": "1", "requests": 10},
    ],
)
def test_invalid_counts_are_no_counts(replay: Replay, counts: dict[str, object]) -> None:
    """A sample with counts that can't be true has none, so that the value alone decides."""
    lines = every(5, 0, 300, "error_rate", 0.5, **counts)
    assert verdict(told(replay, policy(), lines)) == ("rollback", 300)
