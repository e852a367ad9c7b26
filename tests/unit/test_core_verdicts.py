"""Success and giving up: every limit in time and share, just under, exactly, just over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.thresholds import Policy, Threshold
from tests.reference_values import Line
from tests.replays import (
    ERRORS,
    LOAD,
    US,
    Replay,
    both,
    every,
    fired,
    line,
    merged,
    micros,
    named,
    policy,
    rate,
    told,
    verdict,
)

LITERAL = Threshold("connections", normal_below=60.0, warn_for=0)
"""Any sample at 60 or more is abnormal until the next one."""


def calm(first: float, last: float, metric: str = "connections", value: float = 1.0) -> list[Line]:
    return every(5, first, last, metric, value)


def asked(first: float, last: float, errors: float, requests: float) -> list[Line]:
    return every(5, first, last, "error_rate", **rate(errors, requests))


def short(**times: float) -> Policy:
    """Success after 1000 s, nothing forgiven unless said."""
    return policy(
        LITERAL, **{"success_after": 1000, "max_unobserved": 0.0, "success_tolerance": 0.0, **times}
    )


# ---------------------------------------------------------------- when


@both
@pytest.mark.parametrize(
    ("last", "ends"), [(1000 - US, "watching"), (1000, "succeeded"), (1000 + US, "succeeded")]
)
def test_a_watch_succeeds_when_success_after_is_reached(replay: Replay, last: float, ends: str) -> None:
    """A microsecond short it goes on; the first event at or after it ends it."""
    events = told(replay, short(), [*calm(0, 995), line(last, "connections", 1)])
    assert verdict(events) == (ends, last)
    assert named(events, "succeeded") == ([{"event": "succeeded", "at": last}] if ends == "succeeded" else [])


@both
def test_all_four_metrics_normal_for_24_hours_succeed(replay: Replay) -> None:
    """The documented success, once a minute is not enough and every 30 s is."""
    normal = {"error_rate": 0.0005, "response_time": 150.0, "connections": 20.0, "query_latency": 50.0}
    lines = merged(*(every(30, 0, 86_400, m, v) for m, v in normal.items()))
    assert told(replay, Policy(), lines) == [
        {"event": "succeeded", "at": 86_400},
        {"verdict": "succeeded", "at": 86_400},
    ]


@both
def test_success_is_asked_after_the_whole_batch(replay: Replay) -> None:
    """A bad sample of the same moment counts, wherever it stands among the lines."""
    both_of_them = policy(LITERAL, replace(ERRORS, warn_for=0), success_after=1000)
    lines = merged(calm(0, 1000), calm(0, 995, "error_rate", 0.0), [line(1000, "error_rate", 0.5)])
    assert verdict(told(replay, both_of_them, lines)) == ("watching", 1000)


@both
def test_nothing_follows_a_verdict(replay: Replay) -> None:
    """What comes after success is not read."""
    lines = [*calm(0, 1000), *every(5, 1005, 2000, "connections", 1e6)]
    assert told(replay, short(), lines)[-1] == {"verdict": "succeeded", "at": 1000}


# ---------------------------------------------------------------- seen now, and calm


@both
@pytest.mark.parametrize(("age", "ends"), [(30 - US, "succeeded"), (30, "succeeded"), (30 + US, "watching")])
def test_success_needs_every_metric_seen_within_max_gap(replay: Replay, age: float, ends: str) -> None:
    """A sample exactly max_gap old is fresh."""
    forgiving = short(success_after=970 + age, max_unobserved=0.5)
    lines = [*calm(0, 970), line(970 + age, "uptime", 1)]
    assert verdict(told(replay, forgiving, lines))[0] == ends


@both
@pytest.mark.parametrize(("value", "ends"), [(59.999, "succeeded"), (60, "watching"), (60.001, "watching")])
def test_a_warning_that_fires_holds_success_back(replay: Replay, value: float, ends: str) -> None:
    """Exactly 60 connections are not normal."""
    assert verdict(told(replay, short(), [*calm(0, 995), line(1000, "connections", value)]))[0] == ends


@both
def test_one_value_that_is_not_normal_does_not(replay: Replay) -> None:
    """It is not normal for as long as `warn_for` yet."""
    patient = policy(LOAD, success_after=1000)
    assert verdict(told(replay, patient, [*calm(0, 995), line(1000, "connections", 99)]))[0] == "succeeded"


@both
def test_a_quiet_end_is_fresh(replay: Replay) -> None:
    """The source answered."""
    patient = policy(LOAD, success_after=1000)
    lines = [*calm(0, 995), line(1000, "connections", None, reason="quiet")]
    assert verdict(told(replay, patient, lines))[0] == "succeeded"


@both
def test_a_metric_that_was_only_ever_quiet_does_not_succeed(replay: Replay) -> None:
    """Without one usable value nothing is known to be normal."""
    lines = every(5, 0, 1000, "connections", None, reason="quiet")
    assert verdict(told(replay, short(), lines)) == ("watching", 1000)


@both
def test_a_metric_never_seen_does_not_succeed(replay: Replay) -> None:
    """Also when unobserved time is forgiven entirely."""
    two = policy(LITERAL, ERRORS, success_after=1000, max_unobserved=1)
    assert verdict(told(replay, two, calm(0, 1000))) == ("watching", 1000)


@both
def test_a_streak_of_counts_that_fires_holds_success_back(replay: Replay) -> None:
    """Until it has ended; then its time may be tolerated."""
    warn = Threshold("error_rate", normal_below=0.1, warn_for=micros(10))
    lines = [*asked(5, 965, 0, 100), *asked(970, 995, 100, 100), *asked(1000, 1030, 0, 100)]
    events = told(replay, policy(warn, success_after=990, success_tolerance=0.5), lines)
    assert fired(events, "error_rate.warn") == [990]
    (cleared,) = named(events, "cleared", "error_rate.warn")
    assert verdict(events) == ("succeeded", cleared["at"])


@both
def test_a_pending_rule_does_not_hold_success_back(replay: Replay) -> None:
    """A warn streak too short to fire is not abnormal time, once the value is normal again."""
    lines = [*calm(0, 900), *every(5, 905, 960, "connections", 90), *calm(965, 1000)]
    assert verdict(told(replay, policy(LOAD, success_after=1000), lines)) == ("succeeded", 1000)


# ---------------------------------------------------------------- abnormal time


@both
@pytest.mark.parametrize(
    ("tolerance", "ends"), [(0.01, "succeeded"), (0.009_999_999, "succeeded"), (0.009_999_99, "watching")]
)
def test_abnormal_time_up_to_success_tolerance_is_forgiven(
    replay: Replay, tolerance: float, ends: str
) -> None:
    """10 s of 1000 s: 1 % forgives it, also 1 µs short of it (rounding), not 10 µs short."""
    lines = [*calm(0, 500), *every(5, 505, 510, "connections", 60), *calm(515, 1000)]
    assert verdict(told(replay, short(success_tolerance=tolerance), lines))[0] == ends


@both
def test_abnormal_time_before_the_window_is_forgotten(replay: Replay) -> None:
    """The watch succeeds when the last abnormal moment is success_after ago."""
    lines = [*calm(0, 500), line(505, "connections", 60), *calm(510, 2000)]
    assert verdict(told(replay, short(), lines)) == ("succeeded", 1510)


@both
@pytest.mark.parametrize(
    ("last", "ends"), [(1509, "watching"), (1510 - 2 * US, "watching"), (1510, "succeeded")]
)
def test_abnormal_time_is_counted_to_the_end_of_its_streak(replay: Replay, last: float, ends: str) -> None:
    """A streak that ended at 510 is out of a window of 1000 s at 1510."""
    lines = [*calm(0, 500), line(505, "connections", 60), *calm(510, 1505), line(last, "connections", 1)]
    assert verdict(told(replay, short(), lines))[0] == ends


@both
def test_a_warn_streak_ended_by_a_gap_is_abnormal_up_to_max_gap(replay: Replay) -> None:
    """The time of a gap after it is unobserved, not abnormal."""
    lines = [*calm(0, 100), line(105, "connections", 60), *calm(205, 1000)]
    assert verdict(told(replay, short(success_tolerance=0.03, max_unobserved=0.07), lines))[0] == "succeeded"
    assert verdict(told(replay, short(success_tolerance=0.0299, max_unobserved=0.07), lines))[0] == "watching"
    assert verdict(told(replay, short(success_tolerance=0.03, max_unobserved=0.0699), lines))[0] == "watching"


@both
def test_abnormal_time_of_several_metrics_at_once_counts_once(replay: Replay) -> None:
    """The union over metrics, not the sum."""
    other = Threshold("query_latency", normal_below=100.0, warn_for=0)
    lines = [
        merged(calm(0, 500, m), every(5, 505, 510 + extra, m, 200), calm(515 + extra, 1000, m))
        for m, extra in (("connections", 0), ("query_latency", 5))
    ]
    two = {"success_after": 1000.0, "max_unobserved": 0.0}
    enough = policy(LITERAL, other, **two, success_tolerance=0.015)
    short_of = policy(LITERAL, other, **two, success_tolerance=0.0149)
    assert verdict(told(replay, enough, merged(*lines)))[0] == "succeeded"
    assert verdict(told(replay, short_of, merged(*lines)))[0] == "watching"


# ---------------------------------------------------------------- unobserved time


@both
@pytest.mark.parametrize(
    ("share", "ends"), [(0.07, "succeeded"), (0.069_999_999, "succeeded"), (0.069_999_99, "watching")]
)
def test_unobserved_time_up_to_max_unobserved_is_forgiven(replay: Replay, share: float, ends: str) -> None:
    """100 s of silence are 70 s unobserved: a sample covers max_gap."""
    lines = [*calm(0, 400), *calm(500, 1000)]
    assert verdict(told(replay, short(max_unobserved=share), lines))[0] == ends


@both
def test_the_time_before_the_first_sample_is_unobserved(replay: Replay) -> None:
    """A watch started in the past saw nothing of it."""
    lines = [line(0, "uptime", 1), *calm(100, 1100)]
    assert verdict(told(replay, short(max_unobserved=0.05), lines)) == ("succeeded", 1050)


@both
def test_unobserved_time_of_several_metrics_counts_once_where_it_overlaps(replay: Replay) -> None:
    """130 s to 170 s unobserved of one, 150 s to 180 s of the other: 50 s."""
    two = {"success_after": 1000.0}
    lines = merged(
        [*calm(0, 100), *calm(170, 1000)],
        [*calm(0, 120, "error_rate", 0.0), *calm(180, 1000, "error_rate", 0.0)],
    )
    enough = policy(LITERAL, ERRORS, **two, max_unobserved=0.05)
    short_of = policy(LITERAL, ERRORS, **two, max_unobserved=0.0499)
    assert verdict(told(replay, enough, lines))[0] == "succeeded"
    assert verdict(told(replay, short_of, lines))[0] == "watching"


@both
def test_time_covered_by_quiet_samples_is_observed(replay: Replay) -> None:
    """The source answered, and nobody asked."""
    lines = [*calm(0, 400), *every(5, 405, 900, "connections", None, reason="quiet"), *calm(905, 1000)]
    assert verdict(told(replay, short(), lines))[0] == "succeeded"


@both
def test_a_quiet_sample_covers_no_more_than_max_gap(replay: Replay) -> None:
    """What follows is unobserved."""
    lines = [*calm(0, 400), line(405, "connections", None, reason="quiet"), *calm(475, 1000)]
    assert verdict(told(replay, short(max_unobserved=0.04), lines))[0] == "succeeded"
    assert verdict(told(replay, short(max_unobserved=0.039), lines))[0] == "watching"


@both
def test_samples_in_warm_up_are_observed_time_and_start_no_streak(replay: Replay) -> None:
    """A bad start is forgotten."""
    lines = [*every(5, 0, 495, "connections", 90), *calm(500, 1000)]
    assert verdict(told(replay, short(warm_up=500), lines)) == ("succeeded", 1000)


# ---------------------------------------------------------------- proven by requests


HOUR = {"success_after": 3600.0, "max_unobserved": 1.0, "give_up_after": 10.0**6}


@both
@pytest.mark.parametrize(("requests", "ends"), [(2999, "watching"), (3000, "succeeded"), (3001, "succeeded")])
def test_a_counted_metric_is_normal_by_3000_requests(replay: Replay, requests: int, ends: str) -> None:
    """None failing of 3,000 bounds the ratio at 0.1 % with 95 %: one fewer does not."""
    lines = [*asked(5, 3595, 0, 4), line(3600, "error_rate", **rate(0, requests - 4 * 719))]
    assert verdict(told(replay, policy(**HOUR), lines))[0] == ends


@both
@pytest.mark.parametrize(("errors", "ends"), [(9, "succeeded"), (10, "watching")])
def test_a_counted_metric_is_normal_below_its_ratio(replay: Replay, errors: int, ends: str) -> None:
    """10 of 10,000 are exactly 0.1 %. One by one and far apart they are no minute to leave out."""
    lines = asked(5, 3595, 0, 13)
    for n in range(errors):
        at = 5 * (20 + 65 * n)
        lines[at // 5 - 1] = line(at, "error_rate", **rate(1, 13))
    lines.append(line(3600, "error_rate", **rate(0, 10_000 - 13 * 719)))
    events = told(replay, policy(**HOUR), lines)
    assert verdict(events)[0] == ends


@both
@pytest.mark.parametrize(("tolerance", "ends"), [(0.0, "watching"), (0.02, "succeeded")])
def test_the_worst_minutes_may_be_left_out(replay: Replay, tolerance: float, ends: str) -> None:
    """The 72 s of an hour that 2 % are hold one minute: that of a job in which everything failed."""
    lines = [*asked(5, 1795, 0, 10), *asked(1800, 1815, 10, 10), *asked(1820, 3600, 0, 10)]
    assert verdict(told(replay, policy(**HOUR, success_tolerance=tolerance), lines))[0] == ends


@both
def test_a_service_with_too_little_traffic_ends_inconclusive(replay: Replay) -> None:
    """However well it did."""
    lines = asked(5, 7205, 0, 1)
    quiet = policy(success_after=3600, give_up_after=7200)
    assert verdict(told(replay, quiet, lines)) == ("inconclusive", 7200)


@both
def test_requests_are_counted_within_the_window(replay: Replay) -> None:
    """12,000 in the first minutes, and when the silence after them is out of the window, they are too."""
    lines = [*asked(5, 600, 0, 100), *asked(1205, 6000, 0, 0)]
    late = policy(success_after=3600, max_unobserved=0.02, give_up_after=10**6)
    assert verdict(told(replay, late, lines))[0] == "watching"
    assert verdict(told(replay, policy(**HOUR), lines))[0] == "succeeded"


@both
def test_a_warning_of_counts_is_abnormal_until_it_was_last_so(replay: Replay) -> None:
    """5 minutes of 0.4 %: from its start to the last read that showed it, not to the end of its streak."""
    lines = [*asked(5, 1800, 0, 500), *asked(1805, 2100, 2, 500), *asked(2105, 3600, 0, 500)]
    events = told(replay, policy(**HOUR, success_tolerance=0.0862), lines)
    (cleared,) = named(events, "cleared", "error_rate.warn")
    assert cleared["was"] == "firing"
    assert verdict(events)[0] == "succeeded"
    assert verdict(told(replay, policy(**HOUR, success_tolerance=0.08), lines))[0] == "watching"


@both
def test_a_restart_at_23_h_59_ends_at_the_original_time(replay: Replay) -> None:
    """Fault 39: the silence of a restart within max_gap moves nothing."""
    day = policy(LOAD, success_after=86_400)
    lines = [*every(30, 0, 86_340, "connections", 1.0), *every(5, 86_365, 86_500, "connections", 1.0)]
    assert verdict(told(replay, day, lines)) == ("succeeded", 86_400)
