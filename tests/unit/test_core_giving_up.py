"""When a watch ends as inconclusive: the time just under, exactly, just over, and what it waits for."""

from __future__ import annotations

import pytest

from monitor.core.thresholds import Policy, Threshold
from tests.reference_values import Line
from tests.replays import ERRORS, US, Replay, both, every, line, named, policy, rate, told, verdict

LITERAL = Threshold("connections", normal_below=60.0, warn_for=0)


def calm(first: float, last: float, metric: str = "connections", value: float = 1.0) -> list[Line]:
    return every(5, first, last, metric, value)


def short(**times: float) -> Policy:
    """Success after 1000 s, nothing forgiven."""
    return policy(LITERAL, success_after=1000, max_unobserved=0.0, **times)


@both
@pytest.mark.parametrize(
    ("last", "ends"), [(2000 - US, "watching"), (2000, "inconclusive"), (2000 + US, "inconclusive")]
)
def test_a_watch_without_success_gives_up_at_give_up_after(replay: Replay, last: float, ends: str) -> None:
    """Never seen any data, it can only end so."""
    events = told(
        replay, short(give_up_after=2000), [line(0, "connections", None), line(last, "connections", None)]
    )
    assert verdict(events) == (ends, last)
    assert named(events, "gave_up") == ([{"event": "gave_up", "at": last}] if ends == "inconclusive" else [])


@both
def test_success_goes_before_giving_up(replay: Replay) -> None:
    """With both due at the same event the watch succeeds."""
    lines = [*calm(0, 1000)]
    assert verdict(told(replay, short(give_up_after=1000), lines)) == ("succeeded", 1000)


@both
def test_giving_up_waits_for_a_rollback_streak_within_its_hold(replay: Replay) -> None:
    """A breach 100 s old may still become a rollback: first its answer, then the end."""
    patient = policy(ERRORS, success_after=1000, give_up_after=1000)
    bad = every(5, 900, 1200, "error_rate", 0.5)
    assert verdict(told(replay, patient, [*calm(0, 895, "error_rate", 0.0), *bad])) == ("rollback", 1200)
    saved = [*calm(0, 895, "error_rate", 0.0), *bad[:50], line(1150, "error_rate", 0.005)]
    assert verdict(told(replay, patient, saved)) == ("inconclusive", 1150)


@both
@pytest.mark.parametrize(
    ("age", "ends"), [(300 - US, "watching"), (300, "inconclusive"), (300 + US, "inconclusive")]
)
def test_giving_up_waits_no_longer_than_the_hold(replay: Replay, age: float, ends: str) -> None:
    """A streak without enough evidence defers the end until its hold is over."""
    patient = policy(ERRORS, success_after=1000, give_up_after=1000)
    few = every(20, 900, 1180, "error_rate", **rate(1, 1))
    lines = [*every(5, 0, 895, "error_rate", **rate(0, 0)), *few]
    assert verdict(told(replay, patient, [*lines, line(900 + age, "error_rate", **rate(1, 1))]))[0] == ends


@both
def test_giving_up_does_not_wait_for_rules_that_only_alert(replay: Replay) -> None:
    """A pending investigate or warn streak does not defer the end."""
    times = Threshold("response_time", 200.0, investigate_above=500.0)
    lines = [*every(5, 0, 895, "response_time", 1.0), *every(5, 900, 1000, "response_time", 900.0)]
    patient = policy(times, success_after=1000, give_up_after=1000)
    assert verdict(told(replay, patient, lines)) == ("inconclusive", 1000)


@both
def test_giving_up_does_not_wait_for_a_streak_that_a_gap_has_ended(replay: Replay) -> None:
    """What ended during silence is over, whenever that is noticed."""
    patient = policy(ERRORS, success_after=1000, give_up_after=1000)
    lines = [
        *calm(0, 895, "error_rate", 0.0),
        *every(5, 900, 960, "error_rate", 0.5),
        line(1000, "uptime", 1),
    ]
    assert verdict(told(replay, patient, lines)) == ("inconclusive", 1000)


@both
def test_a_rollback_decided_at_the_moment_of_giving_up_takes_effect(replay: Replay) -> None:
    """The verdict of the batch is the rollback; with keep_going it is the end that counts."""
    patient = policy(ERRORS, success_after=1000, give_up_after=1000)
    lines = [*calm(0, 695, "error_rate", 0.0), *every(5, 700, 1000, "error_rate", 0.5)]
    assert verdict(told(replay, patient, lines)) == ("rollback", 1000)
    assert told(replay, patient, lines, keep_going=True)[-2:] == [
        {"event": "gave_up", "at": 1000},
        {"verdict": "inconclusive", "at": 1000, "rollbacks": 1},
    ]
