"""What stands in the way of success, in the words that people are told."""

from __future__ import annotations

import pytest

from monitor.core.coverage import Coverage, spans_from
from monitor.core.events import BatchEnded, Measured, Passed
from monitor.core.samples import Reading
from monitor.core.verdicts import wanting
from tests.replays import ERRORS, LOAD, US, moment, policy
from tests.watches import Driven


def told(watch: Driven, at: float) -> tuple[str, ...]:
    return wanting(watch.policy, watch.state, moment(at))


def test_each_thing_that_is_wanting_is_said() -> None:
    """Sight, calm, time and proof, in this order."""
    watch = Driven(told=policy(ERRORS, LOAD, success_after=1000, max_gap=30))
    watch.measure(0, 99, "connections")
    watch.measure(60, 99, "connections")
    watch.take(Measured(moment(61), Reading("error_rate", errors=0, requests=10)), BatchEnded(moment(61)))
    for at in (85, 105, 121):
        watch.measure(at, 99, "connections")
    watch.state = watch.state._replace(
        coverage=Coverage(
            unobserved=spans_from([(moment(0), moment(51))]), abnormal=spans_from([(moment(0), moment(11))])
        )
    )
    assert told(watch, 121) == (
        "error_rate is not measured now",
        "connections.warn fires",
        "metrics were not normal for too long",
        "metrics were not measured for too long",
        "error_rate is proven normal by 10 of 3,000 requests",
    )


def test_requests_enough_of_which_too_many_failed_are_said_so() -> None:
    """Both numbers."""
    watch = Driven(told=policy(success_after=1000, success_tolerance=0.0))
    watch.take(Measured(moment(5), Reading("error_rate", errors=4, requests=4000)), BatchEnded(moment(5)))
    assert told(watch, 5) == ("error_rate: 4 of 4,000 requests failed",)


@pytest.mark.parametrize(("age", "wants"), [(1000 - US, False), (1000, True)])
def test_a_value_as_old_as_success_looks_back_is_none(age: float, wants: bool) -> None:
    """Only quiet since then."""
    watch = Driven(told=policy(LOAD, success_after=1000, give_up_after=10**6))
    watch.measure(0, 1, "connections")
    watch.take(Measured(moment(age - 10), Reading("connections", reason="idle", quiet=True)))
    watch.take(Passed(moment(age)))
    watch.state = watch.state._replace(coverage=Coverage())
    assert told(watch, age) == (("connections has had no value for too long",) if wants else ())


def test_a_metric_that_was_only_ever_quiet_never_had_a_value() -> None:
    watch = Driven(told=policy(LOAD, success_after=1000))
    watch.take(Measured(moment(0), Reading("connections", reason="idle", quiet=True)))
    assert told(watch, 0) == ("connections never had a value",)


def test_nothing_is_wanting_of_a_watch_that_was_seen_and_normal() -> None:
    watch = Driven(told=policy(LOAD, success_after=1000))
    watch.measure(0, 1, "connections")
    assert told(watch, 0) == ()
