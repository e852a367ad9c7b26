"""What silence changes, and what it leaves: of one metric, while others are measured or are not."""

from __future__ import annotations

import pytest

from monitor.core.counting import begun
from monitor.core.coverage import Coverage, spans_from
from monitor.core.decisions import StreakCleared, StreakFiring
from monitor.core.events import BatchEnded, Measured, Passed
from monitor.core.passage import end_abnormal
from monitor.core.samples import Reading
from tests.replays import ERRORS, LOAD, US, micros, moment, policy
from tests.watches import Driven, of


def count(watch: Driven, at: float, errors: float = 30, requests: float = 100) -> None:
    """One round of counts."""
    reading = Reading("error_rate", errors=errors, requests=requests)
    watch.take(Measured(moment(at), reading), BatchEnded(moment(at)))


def test_evidence_gathers_beside_a_metric_that_is_never_seen() -> None:
    """One blind source leaves the counts of another as they are."""
    watch = Driven(told=policy(ERRORS, LOAD))
    for n in range(62):
        count(watch, 5 * n)
    assert "error_rate.rollback" in {d.rule for d in of(watch.said, StreakFiring)}


@pytest.mark.parametrize(("silence", "kept"), [(30, True), (30 + US, False)])
def test_after_more_than_max_gap_evidence_begins_at_its_end(silence: float, kept: bool) -> None:
    """What was proven before it stays."""
    watch = Driven(told=policy(ERRORS, LOAD, max_gap=30))
    count(watch, 0)
    count(watch, 5)
    before = watch.state.seen.counting[0]
    assert before is not None
    watch.take(Passed(moment(5 + silence)))
    anew = begun(watch.policy.places["error_rate"], moment(35), before.proof)
    assert watch.state.seen.counting[0] == (before if kept else anew)


def test_late_events_are_counted_through_silence() -> None:
    """Beside fresh metrics, and after a gap."""
    watch = Driven()
    watch.measure(10)
    watch.measure(5)
    watch.measure(15)
    assert watch.state.seen.late == 1
    watch.take(Passed(moment(500)))
    assert watch.state.seen.late == 1


def test_a_read_exactly_max_gap_after_the_last_leaves_nothing_unobserved() -> None:
    """Not even a span of no length."""
    watch = Driven(told=policy(max_gap=30))
    watch.measure(0, 0.0)
    watch.measure(30, 0.0)
    assert list(watch.state.coverage.unobserved) == []
    watch.measure(65, 0.0)
    assert list(watch.state.coverage.unobserved) == [(moment(60), moment(65))]


def ended(since: float, until: float, rule: str = "error_rate.warn", was: str = "firing") -> StreakCleared:
    return StreakCleared(moment(until), rule, "recovered", was, moment(since), moment(until))


def test_the_time_of_fired_warnings_adds_up() -> None:
    """An earlier one stays while it is within the time that success looks back on; later it is dropped."""
    told = policy(success_after=1000)
    first = end_abnormal(told, Coverage(), (ended(0, 10),))
    both = end_abnormal(told, first, (ended(1009, 1009.5),))
    assert list(both.abnormal) == [(moment(0), moment(10)), (moment(1009), moment(1009.5))]
    later = end_abnormal(told, first, (ended(1009, 1010),))
    assert list(later.abnormal) == [(moment(1009), moment(1010))]


def test_a_warning_that_was_so_at_one_read_only_has_no_time() -> None:
    """Nor has one that never fired, nor a rule that is no warning."""
    spans = spans_from([(moment(0), moment(10))])
    old = Coverage(abnormal=spans)
    none = (ended(20, 20), ended(20, 30, was="pending"), ended(20, 30, rule="error_rate.rollback"))
    assert list(end_abnormal(policy(), old, none).abnormal) == list(spans)
    assert micros(10) == spans.total
