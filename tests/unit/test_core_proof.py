"""What is proven of a counted metric: minutes that are bad, all others summed, and the requests it takes."""

from __future__ import annotations

import pytest

from monitor.core.events import BatchEnded, Measured
from monitor.core.proof import Proof, Proven, proven
from monitor.core.samples import HOUR, MINUTE, Micros, Reading
from monitor.core.thresholds import Threshold
from monitor.core.verdicts import wanting
from tests.replays import moment
from tests.watches import Driven

ERRORS = Threshold("error_rate", 0.001, rollback_above=0.01)
DAY: Micros = 24 * HOUR
BEGIN: Micros = 1_000 * DAY
QUARTER: Micros = 15 * MINUTE
"""A slot: a 96th of a day."""


def proof(*minutes: tuple[int, float, float], window: Micros = DAY) -> Proof:
    """Number of the minute since the beginning, errors, requests; all read in one read each."""
    found = Proof()
    for n, errors, requests in minutes:
        found = found.with_read(BEGIN + n * MINUTE, errors, requests, window)
    return found


def said(found: Proof, at: int, tolerance: float = 0.01, window: Micros = DAY) -> Proven:
    return proven(ERRORS, found, BEGIN + at * MINUTE, window, tolerance)


def test_reads_of_a_minute_are_added_up() -> None:
    """From its beginning on, whenever in it the first read was."""
    found = Proof().with_read(BEGIN + 30_000_000, 1, 10, DAY).with_read(BEGIN + MINUTE - 1, 2, 20, DAY)
    later = found.with_read(BEGIN + MINUTE, 4, 40, DAY)
    assert [p.minute for p in (found, later)] == [(BEGIN, 3, 30), (BEGIN + MINUTE, 4, 40)]
    assert found.with_read(BEGIN + MINUTE - 1, 0, 0, DAY) == found


@pytest.mark.parametrize(("errors", "requests"), [(2, 40), (100, 100)])
def test_a_minute_is_bad_with_two_errors_and_five_percent(errors: float, requests: float) -> None:
    """It is counted apart."""
    found = proof((0, errors, requests), (1, 0, 10))
    assert [*found.bad] == [(BEGIN, errors, requests)]
    assert not found.slots


@pytest.mark.parametrize(("errors", "requests"), [(2, 41), (1, 1), (1, 10), (0, 10)])
def test_a_minute_with_less_is_summed_with_the_others(errors: float, requests: float) -> None:
    """One error of few requests is no incident."""
    found = proof((0, errors, requests), (1, 0, 10))
    assert not found.bad
    assert [*found.slots] == [(BEGIN, errors, requests)]


def test_other_minutes_are_summed_by_quarters_of_an_hour() -> None:
    """Of a day; each as it began."""
    found = proof((0, 0, 10), (14, 1, 100), (15, 0, 10), (31, 0, 10), (32, 0, 5))
    assert [*found.slots] == [(BEGIN, 1, 110), (BEGIN + QUARTER, 0, 10), (BEGIN + 2 * QUARTER, 0, 10)]
    twice = proof((0, 0, 10), (15, 0, 10), (16, 1, 20), (32, 0, 5))
    assert [*twice.slots] == [(BEGIN, 0, 10), (BEGIN + QUARTER, 1, 30)]
    short = proof((0, 0, 10), (1, 0, 10), (2, 0, 10), window=HOUR)
    assert [slot[0] for slot in short.slots] == [BEGIN, BEGIN + MINUTE]


def test_what_lies_before_the_window_is_forgotten() -> None:
    """A slot that reaches into it is kept whole; a bad minute is one minute long."""
    found = proof((0, 0, 10), (15, 0, 10), (24 * 60 + 15, 0, 10), (24 * 60 + 16, 0, 10))
    assert [slot[0] for slot in found.slots] == [BEGIN + QUARTER, BEGIN + DAY + QUARTER]
    found = proof((0, 5, 10), (1, 5, 10), (24 * 60 + 1, 5, 10), (24 * 60 + 2, 0, 1))
    assert [minute[0] for minute in found.bad] == [BEGIN + DAY + MINUTE]
    found = proof((0, 5, 10), (1, 5, 10), (24 * 60, 5, 10), (24 * 60 + 1, 5, 10))
    assert [minute[0] for minute in found.bad] == [BEGIN + MINUTE, BEGIN + DAY]


@pytest.mark.parametrize(
    ("errors", "requests", "normal", "missing"),
    [(0, 2999, False, 1), (0, 3000, True, 0), (2, 3000, True, 0), (3, 3000, False, 0), (3, 3001, True, 0)],
)
def test_3000_requests_prove_a_tenth_of_a_percent(
    errors: float, requests: float, normal: bool, missing: float
) -> None:
    """And fewer than one of a thousand of them failed."""
    found = said(proof((0, errors, requests), (1, 0, 0)), 2)
    assert (found.errors, found.requests, found.needed) == (errors, requests, 3000)
    assert (found.normal, found.missing, found.left_out) == (normal, missing, 0)


def test_the_minute_under_way_counts() -> None:
    """Among the others when it is not bad, and among the bad when it is."""
    assert said(proof((0, 1, 1000)), 0).requests == 1000
    found = said(proof((0, 0, 1000), (1, 10, 100)), 1)
    assert (found.errors, found.requests, found.left_out) == (0, 1000, 1)
    assert said(Proof(), 0).requests == 0


@pytest.mark.parametrize(
    ("tolerance", "left_out", "errors"),
    [(0.0, 0, 14), (0.0006, 0, 14), (0.0007, 1, 7), (0.0014, 2, 2), (0.01, 3, 0)],
)
def test_the_worst_minutes_are_left_out_up_to_the_tolerance(
    tolerance: float, left_out: int, errors: float
) -> None:
    """One of a day's 1,440 is 0.07 %; those with the most errors go first."""
    found = said(proof((0, 5, 10), (1, 7, 20), (2, 2, 30), (3, 0, 1)), 4, tolerance)
    assert (found.left_out, found.errors) == (left_out, errors)
    assert found.requests == 1 + {0: 60, 1: 40, 2: 30, 3: 0}[left_out]


def test_what_is_proven_is_proven_within_the_window() -> None:
    """A day later a slot counts as long as a part of it is within, a bad minute too."""
    found = proof((0, 0, 100), (1, 5, 10), (15, 0, 1))
    assert said(found, 24 * 60 + 1).requests == 101
    assert said(found, 24 * 60 + 14, 0).requests == 101
    assert said(found, 24 * 60 + 15, 0).requests == 1
    assert said(found, 24 * 60 + 1, 0).errors == 5
    assert said(found, 24 * 60 + 2, 0).errors == 0
    assert said(found, 24 * 60 + 16).requests == 0


def test_a_threshold_of_nothing_is_never_proven() -> None:
    """No number of requests shows that none ever fails."""
    never = Threshold("error_rate", 0.0, rollback_above=0.01)
    found = proven(never, proof((0, 0, 10**6)), BEGIN, DAY, 0.01)
    assert (found.normal, found.needed) == (False, float("inf"))


@pytest.mark.parametrize(
    ("errors", "requests", "said"),
    [
        (0, 2999, ("error_rate is proven normal by 2,999 of 3,000 requests",)),
        (3, 3000, ("error_rate: 3 of 3,000 requests failed",)),
        (2, 3000, ()),
    ],
)
def test_what_is_wanting_of_the_proof_is_said_with_both_numbers(
    errors: float, requests: float, said: tuple[str, ...]
) -> None:
    """Requests where they are missing, else those that failed."""
    watch = Driven()
    reading = Reading("error_rate", errors / requests, errors=errors, requests=requests)
    watch.take(Measured(moment(0), reading), BatchEnded(moment(0)))
    assert wanting(watch.policy, watch.state, moment(1)) == said


def test_reads_that_lie_further_apart_than_a_minute_leave_out_no_more_time() -> None:
    """1 % of a day is 14 minutes: 14 of a minute, and two reads of five."""
    found = proof(*((5 * n, 30.0 if n < 20 else 0.0, 100.0) for n in range(288)))
    end = BEGIN + DAY
    assert proven(ERRORS, found, end, DAY, 0.01).left_out == 14
    assert proven(ERRORS, found, end, DAY, 0.01, 5 * MINUTE).left_out == 2
