"""What is taken from before a migration: from when on, until when, of which metric, and what it is worth."""

from __future__ import annotations

import pytest

from monitor.core.baseline import Baseline
from monitor.core.beginning import Past, begin
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
