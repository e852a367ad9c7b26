"""What is taken from before a migration: from when on, until when, of which metric, and what it is worth."""

from __future__ import annotations

import pytest

from monitor.core.baseline import Baseline
from monitor.core.beginning import Past, Standing, afresh, begin
from monitor.core.samples import Reading
from monitor.core.thresholds import Threshold
from tests.reference_values import Line
from tests.replays import ERRORS, LOAD, START, US, line, moment, policy, rate, reading

HOUR = [line(-7200 + 60 * n, "error_rate", **rate(0, 100)) for n in range(120)]


def found(lines: list[Line], **known: object) -> Baseline:
    past = Past([(x.at, reading(x)) for x in lines], **known)  # type: ignore[arg-type]  # fields of Past
    return begin(policy(), START, past).baselines["error_rate"]


@pytest.mark.parametrize(
    ("at", "counts"), [(-7200 - US, False), (-7200, True), (-US, True), (0, False), (US, False)]
)
def test_a_baseline_is_of_the_two_hours_before_the_migration(at: float, counts: bool) -> None:
    """To the microsecond: what was counted at the migration's own moment is the migration's."""
    lines = sorted([*HOUR[1:], line(at, "error_rate", **rate(1, 1000))], key=lambda x: x.at)
    assert (found(lines).errors, found(lines).requests) == ((1, 12_900) if counts else (0, 11_900))


def test_with_the_baseline_off_a_given_one_moves_nothing() -> None:
    """Every limit holds as it is written."""
    given = Past(given={"error_rate": Baseline(0.02, 0.02)})
    assert begin(policy(baseline=0), START, given).policy == policy(baseline=0)
    assert begin(policy(), START, given).policy != policy()


def test_a_baseline_is_of_its_own_metric() -> None:
    """Counts of another one say nothing, also if they have a limit."""
    other = Threshold("checkout_errors", normal_below=0.001, rollback_above=0.01)
    lines = [(x.at, reading(x)) for x in HOUR]
    lines += [(x.at + 1, Reading("checkout_errors", errors=3, requests=100)) for x in HOUR]
    baselines = begin(policy(ERRORS, other, LOAD), START, Past(sorted(lines))).baselines
    assert {metric: b.errors for metric, b in baselines.items()} == {"error_rate": 0, "checkout_errors": 360}
    assert moment(-7200) == HOUR[0].at


def test_the_outage_of_a_metric_is_left_out_of_its_own_baseline_alone() -> None:
    """The other one was seen all the time."""
    other = Threshold("checkout_errors", normal_below=0.001, rollback_above=0.01)
    lines = []
    for n in range(720):
        at, failed = moment(-7200 + 10 * n), 50 if 540 <= n < 600 else 0
        lines.append((at, Reading("error_rate", errors=0, requests=100)))
        lines.append((at, Reading("checkout_errors", errors=failed, requests=100)))
    baselines = begin(policy(ERRORS, other), START, Past(lines)).baselines
    assert (baselines["error_rate"].requests, baselines["checkout_errors"].errors) == (72_000, 0)
    seen = 720 - (6 + 60 + 12)  # a block before it, the outage, and until its streak was over
    assert baselines["checkout_errors"].requests == 100 * seen


@pytest.mark.parametrize(("effect", "stands"), [(-65 - US, True), (-65, False)])
def test_a_sample_of_the_moment_of_our_rollback_is_no_reason(effect: float, stands: bool) -> None:
    """It was taken before it took effect."""
    slow = policy(Threshold("response_time", normal_below=200.0, rollback_above=500.0))
    lines = [(moment(at), Reading("response_time", 900.0)) for at in range(-65, 0, 5)]
    found = begin(slow, START, Past(lines, afresh=moment(effect)))
    assert (found.standing is not None) is stands


def test_after_a_rollback_of_ours_the_streaks_are_followed_on() -> None:
    """From the same state: what fires again stands again only with a new watch."""
    lines = [(moment(at), Reading("error_rate", errors=50, requests=100)) for at in range(-600, 0, 5)]
    found = begin(policy(), START, Past(lines))
    assert found.standing is not None
    after = afresh(found.policy, found.standing, moment(10))
    assert after == Standing(found.standing.state, {}, moment(310))


def test_a_burst_that_never_fired_is_part_of_the_baseline() -> None:
    """A minute of half failing: pending and over, only its warning fired."""
    lines = [
        (moment(-7200 + 10 * n), Reading("error_rate", errors=50 if 540 <= n < 546 else 0, requests=100))
        for n in range(720)
    ]
    measured = begin(policy(), START, Past(lines)).baselines["error_rate"]
    assert (measured.errors, measured.requests) == (300, 72_000)


@pytest.mark.parametrize(("at", "counts"), [(-3600 - US, False), (-3600, True)])
def test_a_shorter_baseline_is_of_no_more_than_its_time(at: float, counts: bool) -> None:
    """Streaks are looked for two hours back all the same."""
    lines = sorted([*HOUR[61:], line(at, "error_rate", **rate(1, 1000))], key=lambda x: x.at)
    past = Past([(x.at, reading(x)) for x in lines])
    assert begin(policy(baseline=3600), START, past).baselines["error_rate"].errors == counts


def test_the_second_line_of_a_moment_adds_nothing() -> None:
    """A recording may say a thing twice."""
    assert found([x for x in HOUR for _ in range(2)]) == found(HOUR)


def test_what_was_wrong_before_is_found_whatever_warm_up_is_asked_for() -> None:
    """And only metrics that could act are followed."""
    lines = [(moment(at), Reading("error_rate", errors=50, requests=100)) for at in range(-600, 0, 5)]
    standing = begin(policy(ERRORS, LOAD, warm_up=900), START, Past(lines)).standing
    assert standing is not None
    assert list(standing.since) == ["error_rate.rollback"]
    assert len(standing.state.seen.tracks) == 1
