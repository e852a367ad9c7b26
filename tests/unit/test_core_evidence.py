"""When the counts of a streak carry a decision: each condition just missed and just met."""

from __future__ import annotations

import pytest

from monitor.core.thresholds import Threshold
from tests.reference_values import Line
from tests.replays import (
    US,
    Replay,
    both,
    every,
    fired,
    line,
    micros,
    named,
    policy,
    rate,
    told,
    verdict,
)

HALF = Threshold("error_rate", 0.9, rollback_above=0.5, rollback_for=micros(50))
"""Rolls back above one half for 50 s: parts are 10 s, and 6 holds are 300 s."""


def counted(
    step: float, first: float, last: float, errors: float, requests: float, value: float = 1.0
) -> list[Line]:
    """Breaching samples whose counts are given apart from their value."""
    return every(step, first, last, "error_rate", value, errors=errors, requests=requests)


@both
@pytest.mark.parametrize(("minimum", "fires"), [(109.9, True), (110, True), (110.1, False), (111, False)])
def test_a_counted_streak_needs_min_requests(replay: Replay, minimum: float, fires: bool) -> None:
    """Eleven samples of ten requests are 110: enough for 110, not for more."""
    events = told(replay, policy(HALF, min_requests=minimum), counted(5, 0, 50, 10, 10))
    assert bool(fired(events, "error_rate.rollback")) is fires


@both
def test_a_streak_without_enough_requests_is_asked_again_at_each_breach(replay: Replay) -> None:
    """It stays pending and fires when the samples of the last hold, and those before, hold enough."""
    events = told(replay, policy(HALF, min_requests=150), counted(5, 0, 100, 10, 10))
    assert fired(events, "error_rate.rollback") == [70]
    assert len(named(events, "pending", "error_rate.rollback")) == 1


@both
@pytest.mark.parametrize(("back", "fires"), [(300 - US, True), (300, True), (300 + US, False)])
def test_samples_are_sought_no_further_back_than_six_holds(replay: Replay, back: float, fires: bool) -> None:
    """A dense start of the streak counts until it is six holds old."""
    lines = [line(400 - back, "error_rate", 1.0, errors=60, requests=60), *counted(25, 125, 400, 10, 10)]
    events = told(replay, policy(HALF, min_requests=180), lines)
    assert bool(fired(events, "error_rate.rollback")) is fires


@both
def test_the_search_back_stops_when_there_are_enough(replay: Replay) -> None:
    """Older good requests don't dilute an hour that is bad now: the last hold is enough by itself."""
    good = counted(5, 0, 100, 0, 1000)  # value breaches, counts do not
    events = told(replay, policy(HALF, min_requests=100), [*good, *counted(5, 105, 200, 10, 10)])
    assert fired(events, "error_rate.rollback") == [155]


@both
@pytest.mark.parametrize(("errors", "fires"), [(5128, False), (5129, True)])
def test_the_wilson_bound_must_lie_above_the_limit(replay: Replay, errors: float, fires: bool) -> None:
    """Of 10,000 requests 5,129 errors are surely more than half (z = 2.58), 5,128 are not (2.56)."""
    lines = [
        *counted(10, 0, 30, 1025, 2000),
        *counted(10, 40, 40, 0, 0),
        *counted(5, 50, 50, errors - 4100, 2000),
    ]
    assert bool(fired(told(replay, policy(HALF), lines), "error_rate.rollback")) is fires


@both
@pytest.mark.parametrize(("minimum", "fires"), [(110, True), (111, False)])
def test_exactly_min_requests_in_the_hold_need_no_older_sample(
    replay: Replay, minimum: float, fires: bool
) -> None:
    """One request more is asked for, and the sample before it, which was good, speaks against."""
    lines = [*counted(5, 0, 0, 0, 1000), *counted(5, 5, 55, 10, 10)]
    events = told(replay, policy(HALF, min_requests=minimum), lines)
    assert (55 in fired(events, "error_rate.rollback")) is fires


@both
def test_a_rate_above_the_limit_by_chance_does_not_fire(replay: Replay) -> None:
    """2 errors in 150 requests are 1.3 %, and not surely above 1 %."""
    lines = counted(5, 0, 300, 1, 75, 0.02)[:2] + counted(5, 10, 600, 0, 0, 0.02)
    assert fired(told(replay, policy(), lines), "error_rate.rollback") == []


@both
def test_a_warn_rule_needs_neither_spread_nor_persistence(replay: Replay) -> None:
    """Requests and certainty are enough for a warning: (c) and (d) guard only what acts."""
    lines = [line(0, "error_rate", 0.5, errors=500, requests=1000), *counted(5, 5, 60, 0, 0, 0.5)]
    events = told(replay, policy(), lines)
    assert fired(events, "error_rate.warn") == [60]
    assert verdict(events) == ("watching", 60)


@both
@pytest.mark.parametrize(("errors", "fires"), [(10, False), (11, True)])
def test_every_part_with_20_requests_must_exceed_the_limit(replay: Replay, errors: int, fires: bool) -> None:
    """One of five parts at exactly the limit refuses; just above it does not."""
    parts = [(20, 20), (errors, 20), (20, 20), (20, 20), (20, 20)]
    lines = [line(10 * i, "error_rate", 1.0, errors=e, requests=r) for i, (e, r) in enumerate(parts)]
    lines.append(line(50, "error_rate", 1.0, errors=20, requests=20))
    assert bool(fired(told(replay, policy(HALF), lines), "error_rate.rollback")) is fires


@both
@pytest.mark.parametrize(("requests", "fires"), [(19, True), (20, False)])
def test_a_part_with_under_20_requests_is_not_judged(replay: Replay, requests: int, fires: bool) -> None:
    """19 good requests in one part say too little; 20 say it is not so all the time."""
    parts = [(40, 40), (0, requests), (40, 40), (40, 40), (40, 40)]
    lines = [line(10 * i, "error_rate", 1.0, errors=e, requests=r) for i, (e, r) in enumerate(parts)]
    lines.append(line(50, "error_rate", 1.0, errors=20, requests=20))
    assert bool(fired(told(replay, policy(HALF), lines), "error_rate.rollback")) is fires


@both
@pytest.mark.parametrize(("busy", "fires"), [(2, False), (3, True)])
def test_three_of_five_parts_must_hold_20_requests(replay: Replay, busy: int, fires: bool) -> None:
    """A burst in two fifths of the time is not "for 5 minutes"."""
    parts = [(60, 60) if i < busy - 1 else (1, 1) for i in range(4)]
    lines = [line(10 * i, "error_rate", 1.0, errors=e, requests=r) for i, (e, r) in enumerate(parts)]
    lines.append(line(50, "error_rate", 1.0, errors=60, requests=60))
    assert bool(fired(told(replay, policy(HALF), lines), "error_rate.rollback")) is fires


@both
@pytest.mark.parametrize(("at", "fires"), [(20 - US, True), (20, False), (20 + US, False)])
def test_a_sample_at_the_cut_of_two_parts_belongs_to_the_later_one(
    replay: Replay, at: float, fires: bool
) -> None:
    """Good requests just before 20 s fall in a part with bad ones, at 20 s they stand alone."""
    lines = [
        line(0, "error_rate", 1.0, errors=60, requests=60),
        line(10, "error_rate", 1.0, errors=60, requests=60),
    ]
    lines += [line(at, "error_rate", 1.0, errors=0, requests=20), *counted(10, 30, 50, 60, 60)]
    assert bool(fired(told(replay, policy(HALF), lines), "error_rate.rollback")) is fires


@both
@pytest.mark.parametrize(("recent", "fires"), [((9, 20), False), ((10, 20), False), ((11, 20), True)])
def test_the_latest_requests_must_still_exceed_the_limit(
    replay: Replay, recent: tuple[int, int], fires: bool
) -> None:
    """Whatever was before: at exactly the limit now, it is over."""
    steady = counted(5, 0, 40, 100, 100)
    now = [line(45, "error_rate", 1.0, errors=recent[0], requests=recent[1]), *counted(5, 50, 50, 0, 0)]
    assert (
        bool(fired(told(replay, policy(HALF, interval=5), [*steady, *now]), "error_rate.rollback")) is fires
    )


@both
@pytest.mark.parametrize(("requests", "fires"), [(19, True), (20, False)])
def test_the_latest_requests_are_at_least_20(replay: Replay, requests: int, fires: bool) -> None:
    """With 19 good requests in the last interval more are asked; 20 are an answer."""
    steady = counted(5, 0, 40, 100, 100)
    now = [line(45, "error_rate", 1.0, errors=0, requests=requests), *counted(5, 50, 50, 0, 0)]
    assert (
        bool(fired(told(replay, policy(HALF, interval=5), [*steady, *now]), "error_rate.rollback")) is fires
    )


@both
@pytest.mark.parametrize(("at", "fires"), [(45 - US, False), (45, False), (45 + US, True)])
def test_the_latest_requests_reach_back_to_an_interval_ago(replay: Replay, at: float, fires: bool) -> None:
    """A good sample exactly an interval old is the last one asked; a later one asks for one more."""
    steady = counted(5, 0, 40, 100, 100)
    now = [line(at, "error_rate", 1.0, errors=0, requests=30), *counted(5, 50, 50, 20, 20)]
    assert (
        bool(fired(told(replay, policy(HALF, interval=5), [*steady, *now]), "error_rate.rollback")) is fires
    )


@both
def test_where_an_interval_is_longer_than_the_streak_all_its_requests_are_the_latest(replay: Replay) -> None:
    """There is nothing further back to ask: enough requests above the limit are enough."""
    lines = counted(10, 0, 50, 60, 60)
    assert fired(told(replay, policy(HALF, interval=100), lines), "error_rate.rollback") == [50]


@both
def test_a_streak_without_any_requests_in_its_counts_never_fires(replay: Replay) -> None:
    """0 of 0 is a count, and no evidence."""
    lines = counted(5, 0, 400, 0, 0)
    assert fired(told(replay, policy(min_requests=0), lines), "error_rate.rollback") == []


@both
def test_samples_without_counts_add_nothing_to_a_counted_streak(replay: Replay) -> None:
    """A counted streak that loses its counts has no fresh evidence."""
    lines = [*counted(5, 0, 200, 10, 10), *every(5, 205, 350, "error_rate", 1.0)]
    assert verdict(told(replay, policy(), lines))[0] == "rollback"
    lines = [*counted(5, 0, 5, 10, 10), *every(5, 10, 600, "error_rate", 1.0)]
    assert fired(told(replay, policy(), lines), "error_rate.rollback") == []


@both
def test_quiet_samples_add_their_counts(replay: Replay) -> None:
    """Quiet minutes full of errors are evidence, for the next breaching sample to stand on."""
    quiet = every(5, 5, 45, "error_rate", None, reason="quiet", errors=12, requests=12)
    lines = [*counted(5, 0, 0, 12, 12), *quiet, *counted(5, 50, 50, 12, 12)]
    assert fired(told(replay, policy(HALF), lines), "error_rate.rollback") == [50]


@both
def test_a_good_sample_within_clear_for_counts_against(replay: Replay) -> None:
    """It belongs to the streak, so that its requests do too."""
    lines = counted(5, 0, 45, 10, 10)
    diluted = [*lines, line(47, "error_rate", 0.0, errors=0, requests=200), *counted(5, 50, 50, 10, 10)]
    assert fired(
        told(replay, policy(HALF), [*lines, *counted(5, 50, 50, 10, 10)]), "error_rate.rollback"
    ) == [50]
    assert fired(told(replay, policy(HALF), diluted), "error_rate.rollback") == []


@both
@pytest.mark.parametrize(("seconds", "ends"), [(295, "watching"), (305, "rollback")])
@pytest.mark.fault(30)
def test_5_percent_of_errors_for_295_s_and_for_305_s(replay: Replay, seconds: int, ends: str) -> None:
    """Fault 30: exact counts, one sample a second; a second after the hold needs no more."""
    bad = every(1, 1, seconds, "error_rate", **rate(5, 100))
    good = every(1, seconds + 1, seconds + 60, "error_rate", **rate(0, 100))
    lines = [line(0, "error_rate", **rate(0, 100)), *bad, *good]
    assert verdict(told(replay, policy(), lines))[0] == ends


@both
@pytest.mark.fault(29)
def test_one_error_in_three_requests_at_night_is_no_rollback(replay: Replay) -> None:
    """Fault 29: three requests a minute, one of them failing once, and silence after it."""
    calm = [line(60 * i, "error_rate", **rate(0, 3)) for i in range(10)]
    night = [line(600, "error_rate", **rate(1, 3)), *every(5, 605, 1200, "error_rate", None, reason="quiet")]
    lines = [*calm, *night, line(1205, "error_rate", **rate(1, 3))]
    assert verdict(told(replay, policy(), lines)) == ("watching", 1205)


@both
@pytest.mark.parametrize(("every_so_often", "ends"), [(20, ("watching", 3600)), (18, ("rollback", 1782))])
def test_under_100_requests_in_half_an_hour_never_roll_back(
    replay: Replay, every_so_often: float, ends: tuple[str, float]
) -> None:
    """Even if every one fails: six holds of 5 minutes must hold 100 requests."""
    lines = every(every_so_often, 0, 3600, "error_rate", **rate(1, 1))
    assert verdict(told(replay, policy(), lines)) == ends
