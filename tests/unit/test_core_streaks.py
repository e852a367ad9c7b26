"""How a streak starts, goes on, fires and ends; every duration just under, exactly, just over."""

from __future__ import annotations

import pytest

from monitor.core.thresholds import Threshold
from tests.replays import (
    ERRORS,
    TIMES,
    US,
    Replay,
    both,
    every,
    fired,
    line,
    named,
    policy,
    told,
    verdict,
)

GAP = policy(max_gap=30)


@both
@pytest.mark.parametrize(
    ("last", "ends"), [(300 - US, "watching"), (300, "rollback"), (300 + US, "rollback")]
)
def test_a_streak_fires_at_a_breach_when_its_hold_is_reached(replay: Replay, last: float, ends: str) -> None:
    """A microsecond short of 5 minutes does nothing; exactly 5 minutes acts."""
    lines = [*every(5, 0, 295, "error_rate", 0.02), line(last, "error_rate", 0.02)]
    assert verdict(told(replay, policy(), lines)) == (ends, last)


@both
def test_a_rollback_ends_the_replay(replay: Replay) -> None:
    """The firing is printed, then the verdict, and nothing after it."""
    events = told(replay, policy(), every(5, 0, 900, "error_rate", 0.02))
    assert events[-2:] == [
        {"event": "firing", "at": 300, "rule": "error_rate.rollback", "since": 0},
        {"verdict": "rollback", "at": 300},
    ]


@both
def test_with_keep_going_a_rollback_is_counted_and_the_replay_goes_on(replay: Replay) -> None:
    """One firing for each streak, however long the streak lasts."""
    bad, good = every(5, 0, 900, "error_rate", 0.02), every(5, 905, 1000, "error_rate", 0.0)
    again = every(5, 1005, 1400, "error_rate", 0.02)
    events = told(replay, policy(), [*bad, *good, *again], keep_going=True)
    assert fired(events, "error_rate.rollback") == [300, 1305]
    assert events[-1] == {"verdict": "watching", "at": 1400, "rollbacks": 2}


@both
def test_without_a_rollback_keep_going_counts_none(replay: Replay) -> None:
    """The count is there also when it is 0."""
    events = told(replay, policy(), [line(0, "error_rate", 0.0)], keep_going=True)
    assert events == [{"verdict": "watching", "at": 0, "rollbacks": 0}]


@both
def test_one_sample_below_the_limit_ends_a_streak_without_counts(replay: Replay) -> None:
    """Values without counts are taken as they are: a single good one ends the streak."""
    lines = [
        *every(5, 0, 295, "error_rate", 0.02),
        line(300, "error_rate", 0.01),
        line(305, "error_rate", 0.02),
    ]
    events = told(replay, policy(), lines)
    assert named(events, "cleared", "error_rate.rollback") == [
        {
            "event": "cleared",
            "at": 300,
            "rule": "error_rate.rollback",
            "reason": "recovered",
            "was": "pending",
        }
    ]
    assert [e["at"] for e in named(events, "pending", "error_rate.rollback")] == [0, 305]
    assert verdict(events) == ("watching", 305)


@both
def test_a_firing_streak_says_so_when_it_is_cleared(replay: Replay) -> None:
    """`was` tells a firing streak from a pending one."""
    lines = [*every(5, 0, 60, "error_rate", 0.002), line(65, "error_rate", 0.0)]
    cleared = named(told(replay, policy(), lines), "cleared")
    assert [(e["rule"], e["was"]) for e in cleared] == [("error_rate.warn", "firing")]


@both
def test_failed_nodata_neither_extends_nor_ends_a_streak(replay: Replay) -> None:
    """Failed reads within max_gap change nothing: the streak goes on, and nothing fires on them."""
    lines = every(5, 0, 280, "error_rate", 0.02)
    lines += [line(at, "error_rate", None, errors=9, requests=9) for at in (285, 290, 295, 300, 305)]
    events = told(replay, policy(), [*lines, line(310, "error_rate", 0.02)])
    assert verdict(events) == ("rollback", 310)
    assert named(events, "firing", "error_rate.rollback")[0]["since"] == 0


@both
@pytest.mark.parametrize(("silence", "unbroken"), [(30 - US, True), (30, True), (30 + US, False)])
def test_a_streak_survives_a_gap_of_max_gap_and_not_more(
    replay: Replay, silence: float, unbroken: bool
) -> None:
    """Exactly max_gap is unbroken; a microsecond more ends the streak at max_gap after its last sample."""
    lines = [*every(5, 0, 100, "error_rate", 0.02), line(100 + silence, "error_rate", 0.02)]
    events = told(replay, GAP, lines)
    gaps = named(events, "cleared", "error_rate.rollback")
    assert [e["at"] for e in gaps] == ([] if unbroken else [130])
    assert {e["reason"] for e in gaps} <= {"gap"}


@both
@pytest.mark.parametrize(("silence", "unbroken"), [(30, True), (30 + US, False)])
def test_a_gap_is_the_same_beside_a_metric_that_was_never_seen(
    replay: Replay, silence: float, unbroken: bool
) -> None:
    """One source missing makes no other streak end early."""
    lines = [*every(5, 0, 100, "error_rate", 0.02), line(100 + silence, "error_rate", 0.02)]
    events = told(replay, policy(ERRORS, TIMES, max_gap=30), lines)
    assert (named(events, "cleared") == []) is unbroken


@both
def test_after_a_gap_the_hold_starts_again(replay: Replay) -> None:
    """Six minutes stopped in a bad period: five fresh minutes are needed."""
    lines = [*every(5, 0, 100, "error_rate", 0.02), *every(5, 460, 760, "error_rate", 0.02)]
    events = told(replay, GAP, lines)
    assert verdict(events) == ("rollback", 760)
    assert named(events, "firing", "error_rate.rollback")[0]["since"] == 460


@both
@pytest.mark.parametrize("passing", [line(131, "uptime", 1), line(131, "error_rate", None)])
def test_a_gap_is_noticed_by_any_event(replay: Replay, passing: object) -> None:
    """A failed read or another metric's line is enough to notice that a streak has ended before."""
    events = told(replay, GAP, [*every(5, 0, 100, "error_rate", 0.02), passing])  # type: ignore[list-item]  # a Line
    assert [(e["rule"], e["at"]) for e in named(events, "cleared")] == [
        ("error_rate.rollback", 130),
        ("error_rate.warn", 130),
    ]


@both
def test_quiet_samples_bridge_a_streak_and_never_fire(replay: Replay) -> None:
    """The source is alive with too few requests: the streak waits, and fires on the next breach."""
    lines = [*every(5, 0, 200, "error_rate", 0.02), *every(5, 205, 400, "error_rate", None, reason="quiet")]
    events = told(replay, GAP, [*lines, line(405, "error_rate", 0.02)])
    assert verdict(events) == ("rollback", 405)
    assert named(events, "cleared") == []


@both
def test_quiet_samples_start_no_streak(replay: Replay) -> None:
    """Only a breaching sample does; the hold counts from it."""
    lines = [*every(5, 0, 100, "error_rate", None, reason="quiet"), line(105, "error_rate", 0.02)]
    assert [e["at"] for e in told(replay, policy(), lines)[:-1]] == [105, 105]


@both
def test_a_rule_with_hold_0_is_pending_and_firing_at_once(replay: Replay) -> None:
    """`warn_for: 0s` makes "normal" literal."""
    strict = Threshold("connections", normal_below=60.0, warn_for=0)
    events = told(replay, policy(strict), [line(0, "connections", 60)])
    assert events == [
        {"event": "pending", "at": 0, "rule": "connections.warn", "since": 0},
        {"event": "firing", "at": 0, "rule": "connections.warn", "since": 0},
        {"verdict": "watching", "at": 0},
    ]


@both
def test_a_breach_that_ended_long_ago_never_fires(replay: Replay) -> None:
    """Good samples, silence or quiet after a short breach leave nothing behind."""
    lines = [*every(5, 0, 240, "error_rate", 0.5), *every(5, 245, 600, "error_rate", 0.0)]
    events = told(replay, policy(), [*lines, line(605, "error_rate", 0.5)])
    assert fired(events, "error_rate.rollback") == []


@both
@pytest.mark.parametrize(("warm_up", "since"), [(100 - US, 100), (100, 100), (100 + US, 105)])
def test_samples_before_the_end_of_warm_up_take_no_part_in_streaks(
    replay: Replay, warm_up: float, since: float
) -> None:
    """A sample exactly at the end of warm_up is the first that counts."""
    events = told(replay, policy(warm_up=warm_up), every(5, 0, 500, "error_rate", 0.02))
    assert named(events, "firing", "error_rate.rollback")[0]["since"] == since


@both
def test_rules_speak_gravest_first_and_metrics_in_the_order_of_the_policy(replay: Replay) -> None:
    """Several events of one moment have one order."""
    lines = [*[line(0, "error_rate", 0.5), line(0, "response_time", 900)], line(31, "uptime", 1)]
    events = told(replay, policy(ERRORS, TIMES, blind_after=30), lines)
    assert [(e["event"], e.get("rule", e.get("metric"))) for e in events[4:-1]] == [
        ("cleared", "error_rate.rollback"),
        ("cleared", "error_rate.warn"),
        ("cleared", "response_time.investigate"),
        ("cleared", "response_time.warn"),
        ("blind", "error_rate"),
        ("blind", "response_time"),
    ]
