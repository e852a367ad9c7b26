"""What a reading leaves in the state: its track, what is counted, how many came late."""

from __future__ import annotations

from monitor.core.decisions import LateIgnored, Sighted
from monitor.core.events import Measured, Passed
from monitor.core.samples import Reading
from monitor.core.state import Track
from tests.replays import ERRORS, LOAD, moment, policy
from tests.watches import Driven, of

QUIET = Reading("error_rate", reason="idle", quiet=True)


def test_a_late_event_says_its_own_moment() -> None:
    """Earlier than the latest one, or of a metric that has been seen at it."""
    watch = Driven(told=policy(ERRORS, LOAD))
    watch.measure(10)
    assert watch.measure(5) == [LateIgnored(moment(5))]
    assert watch.measure(10) == [LateIgnored(moment(10))]
    assert watch.take(Passed(moment(9))) == [LateIgnored(moment(9))]


def test_late_events_stay_counted_whatever_comes_after() -> None:
    """A usable value that starts streaks, a failed read, a quiet one."""
    watch = Driven()
    watch.measure(10, 0.0)
    watch.measure(5)
    for reading in (Reading("error_rate", 0.5), Reading("error_rate"), QUIET):
        watch.take(Measured(watch.state.seen.at + 1, reading))
    assert watch.state.seen.late == 1


def test_a_quiet_read_keeps_the_latest_value_and_its_moment() -> None:
    """The metric is not blind from then on."""
    watch = Driven()
    watch.measure(0, 0.25)
    said = watch.take(Passed(moment(200)), Measured(moment(200), QUIET))
    assert of(said, Sighted) == [Sighted(moment(200), "error_rate")]
    assert watch.state.seen.tracks == (Track(moment(200), True, 0.25, moment(0), False, "idle"),)


def test_a_usable_value_takes_the_place_of_why_there_was_none() -> None:
    watch = Driven()
    watch.take(Measured(moment(0), Reading("error_rate", reason="timeout")))
    assert watch.state.seen.tracks == (Track(missing="timeout"),)
    watch.measure(5, 0.25)
    assert watch.state.seen.tracks == (Track(moment(5), False, 0.25, moment(5)),)


def test_the_first_block_of_evidence_begins_when_warm_up_is_over() -> None:
    """However late the first counts come."""
    watch = Driven(told=policy(warm_up=100))
    watch.take(Measured(moment(130), Reading("error_rate", errors=0, requests=10)))
    (counting,) = watch.state.seen.counting
    assert counting is not None
    assert [weight.since for weight in counting.weights] == [moment(100), moment(130)]
