"""When success is possible at the earliest: what is foretold is what the core then does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.coverage import Coverage, spans_from
from monitor.core.decisions import Ended
from monitor.core.events import Passed
from monitor.core.prospects import earliest_success
from monitor.core.samples import SECOND
from monitor.core.streaks import Streak
from monitor.core.thresholds import Policy, Threshold
from tests.replays import START, moment
from tests.watches import Driven

DAY = 1000
"""Seconds of the watch: a short one."""

POLICY = Policy(
    thresholds=(Threshold("error_rate", 0.1, warn_for=10 * SECOND),),
    max_gap=30 * SECOND, blind_after=60 * SECOND, success_after=DAY * SECOND,
    success_tolerance=0.0, give_up_after=3 * DAY * SECOND,
)  # fmt: skip


def driven(**changes: float) -> Driven:
    return Driven(told=replace(POLICY, **changes))  # type: ignore[arg-type]  # names are the policy's


def foretold(watch: Driven) -> float:
    return (earliest_success(watch.policy, watch.state) - START) / SECOND


def ended_at(watch: Driven, first: int) -> float:
    """Normal samples from `first` on until the watch ends."""
    for at in range(first, 4 * DAY, 5):
        watch.measure(at, 0.0)
        if over := watch.heard(Ended):
            return (over[0].at - START) / SECOND
    raise AssertionError("it did not end")


def test_a_watch_without_blemish_succeeds_when_its_time_is_over() -> None:
    """Nothing is charged: the end of the window."""
    watch = driven()
    watch.measure(0, 0.0)
    assert foretold(watch) == DAY
    assert ended_at(watch, 5) == DAY


@pytest.mark.parametrize("tolerance", [0.0, 0.03])
def test_abnormal_time_must_leave_the_window_first(tolerance: float) -> None:
    """Two warnings of 60 s and 40 s; the tolerance lets a part of the later stay."""
    watch = driven(success_tolerance=tolerance)
    for at in range(0, 400, 5):
        watch.measure(at, 0.5 if 100 <= at < 160 or 300 <= at < 340 else 0.0)
    said = foretold(watch)
    assert said == DAY + 340 - 1000 * tolerance
    assert ended_at(watch, 400) == said


def test_a_warning_that_still_lasts_counts_as_if_it_ended_now() -> None:
    """It can't be foretold how long it lasts."""
    watch = driven()
    for at in range(0, 60, 5):
        watch.measure(at, 0.5)
    assert foretold(watch) == DAY + 55


def test_unobserved_time_must_leave_the_window_but_for_what_is_allowed() -> None:
    """100 s without samples, 50 of which are allowed."""
    watch = driven(max_unobserved=0.05)
    watch.measure(0, 0.0)
    watch.measure(130, 0.0)
    said = foretold(watch)
    assert said == DAY + 80
    assert ended_at(watch, 135) == pytest.approx(said, abs=5)


def test_a_policy_that_allows_everything_charges_nothing() -> None:
    """All of the window may be unobserved."""
    watch = driven(max_unobserved=1.0)
    watch.measure(0, 0.0)
    watch.measure(900, 0.0)
    assert earliest_success(watch.policy, watch.state) == moment(DAY)


@pytest.mark.parametrize(
    ("abnormal", "earliest"),
    [
        ([], DAY),
        ([(100, 110)], DAY),
        ([(100, 111)], DAY + 101),
        ([(100, 102), (200, 208)], DAY),
        ([(100, 104), (200, 208)], DAY + 102),
        ([(20, 24), (100, 104), (200, 208)], DAY + 102),
        ([(100, 104), (200, 211)], DAY + 201),
    ],
)
def test_of_abnormal_time_the_latest_is_what_may_stay(
    abnormal: list[tuple[float, float]], earliest: float
) -> None:
    """1 % of 1,000 s are 10 s: the rest must have left the time that is looked back on."""
    watch = driven(success_tolerance=0.01)
    spans = spans_from((moment(a), moment(b)) for a, b in abnormal)
    watch.state = watch.state._replace(coverage=Coverage(abnormal=spans))
    assert foretold(watch) == earliest


@pytest.mark.parametrize(("still", "earliest"), [(None, 600), (550, 550)])
def test_a_fired_warning_counts_until_it_was_last_so(still: float | None, earliest: float) -> None:
    """One of plain values until now."""
    watch = driven()
    watch.take(Passed(moment(600)))
    watch.state = watch.state._replace(coverage=Coverage())
    when = None if still is None else moment(still)
    streak = Streak(moment(500), moment(600), counted=still is not None, firing=True, still=when)
    watch.state = watch.state._replace(seen=watch.state.seen._replace(streaks=(streak,)))
    assert foretold(watch) == earliest + DAY
