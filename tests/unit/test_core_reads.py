"""The reads of a counted metric: what a stretch of them says, and what lumping old ones may change."""

from __future__ import annotations

from itertools import pairwise

import pytest

from monitor.core.counting import begun, counted
from monitor.core.events import BatchEnded, Measured
from monitor.core.evidence import Tally, Weight
from monitor.core.proof import Proof
from monitor.core.reads import FEW, TIDY, Reads, share
from monitor.core.samples import Counts, Micros, Reading
from monitor.core.thresholds import Threshold
from monitor.core.verdicts import proofs
from tests.replays import START, micros, policy
from tests.watches import Driven

STEP = micros(5)


def moment(n: int) -> Micros:
    return START + n * STEP


def many(count: int, requests: float = 10) -> Reads:
    """One after the other; every tenth request of each failed."""
    found = Reads()
    for n in range(count):
        found = found.with_read(moment(n), requests / 10, requests)
    return found


def test_a_stretch_is_what_came_from_a_read_on() -> None:
    """From the latest on back: its moment, and errors and requests up to now."""
    reads = Reads().with_read(1, 1, 10).with_read(2, 0, 20).with_read(3, 5, 30)
    assert list(reads.back()) == [(3, 3, 5, 30), (2, 2, 5, 50), (1, 1, 6, 60)]
    assert reads.since(1, 10) == (5, 50)
    assert (reads.errors, reads.requests, reads.idle) == (6, 60, None)


def test_a_read_without_requests_is_the_beginning_of_the_next() -> None:
    """The first of several: nothing but the next one had been counted from there on."""
    reads = Reads().with_read(1, 1, 10).with_read(2, 0, 0).with_read(3, 0, 0)
    assert (reads.idle, len(reads.log)) == (2, 1)
    reads = reads.with_read(4, 1, 5)
    assert list(reads.back()) == [(2, 4, 1, 5), (1, 1, 2, 15)]
    assert reads.idle is None


@pytest.mark.parametrize(
    ("count", "untidy"), [(1, False), (TIDY, False), (TIDY + 1, False), (2 * TIDY, True), (129, False)]
)
def test_old_reads_are_lumped_every_64(count: int, untidy: bool) -> None:
    """By what is stored, so that a restart changes nothing."""
    assert many(count).untidy is untidy


def test_young_reads_stay_whole_and_old_ones_come_in_lumps_of_20_requests() -> None:
    """Or of a tenth of what came after them, where that is more."""
    reads = many(200)
    tidy = reads.tidied(moment(190), enough=float("inf"))
    assert tidy.log[-10:] == reads.log[-10:]
    sizes = [b[3] - a[3] for a, b in zip(tidy.log[:-10], tidy.log[1:-9], strict=True)]
    after = [reads.requests - b[3] for b in tidy.log[1:-9]]
    assert len(tidy.log) < 60
    assert all(size <= max(FEW, (rest + size) / 10 + 10) for size, rest in zip(sizes, after, strict=True))
    assert sizes[-5:] == [20] * 5
    assert max(sizes[1:]) > 100
    assert (tidy.errors, tidy.requests, tidy.idle) == (reads.errors, reads.requests, reads.idle)


def test_a_lump_says_what_its_reads_said_together() -> None:
    """Totals before it, the first moment of its first read, the moment of its last."""
    reads = many(200)
    tidy = reads.tidied(moment(190), enough=float("inf"))
    whole = {entry[3]: entry for entry in reads.log}
    for (first, at, errors, requests), after in zip(tidy.log[:-1], tidy.log[1:], strict=True):
        assert (first, errors) == (whole[requests][0], whole[requests][2])
        assert at == whole[after[3] - 10][1]


def test_a_lump_holds_a_tenth_of_what_came_after_it() -> None:
    """Of 1,000 requests after it 100, whatever the size of its reads."""
    reads = Reads()
    for n in range(30):
        reads = reads.with_read(moment(n), 0, 10)
    reads = reads.with_read(moment(30), 0, 1000)
    tidy = reads.tidied(moment(30), enough=float("inf"))
    assert [entry[3] for entry in tidy.log] == [0, 90, 200, 300]


@pytest.mark.parametrize(("enough", "kept"), [(100, 10), (101, 11), (110, 11), (111, 12), (121, 13)])
def test_old_reads_that_nobody_asks_for_are_dropped(enough: float, kept: float) -> None:
    """What is left reaches as far back as was asked for, in whole reads."""
    reads = many(50)
    tidy = reads.tidied(moment(40), enough)
    assert (reads.requests - tidy.log[0][3]) / 10 == kept


def test_young_reads_are_never_dropped() -> None:
    """However few requests are asked for."""
    reads = many(50).with_read(moment(50), 0, 0)
    assert reads.tidied(moment(40), 1).log == reads.log[-10:]
    assert reads.tidied(moment(40), 1).idle == moment(50)


@pytest.mark.parametrize(
    ("start", "whole"), [(None, 300), (100, 300), (300, 300), (600, 600), (1800, 1800), (2500, 1800)]
)
def test_reads_stay_whole_for_a_hold_and_since_the_start_of_evidence_six_holds_at_most(
    start: float | None, whole: float
) -> None:
    """As `_as_old_as_the_hold` looks at them."""
    place = policy().places["error_rate"]
    at, step = START, micros(2.5)
    counting = begun(place, START)
    for _ in range(1279):
        at += step
        reads, proof = counted(policy(), place, counting, at, Counts(0, 1))
        counting = counting._replace(reads=reads, proof=proof)
    if start is not None:
        weight = Weight(at, 0, 0, (Tally(1.0, at + step - micros(start), 0, 0),))
        counting = type(counting)(many_ones(1279, at, step), (weight,) * len(place.rules), counting.proof)
    else:
        counting = type(counting)(many_ones(1279, at, step), counting.weights, counting.proof)
    found = counted(policy(), place, counting, at + step, Counts(0, 1))[0]
    young = [entry for entry in found.log if entry[1] >= at + step - micros(whole)]
    assert len(young) == whole / 2.5 + 1
    older = [entry for entry in found.log if entry[1] < at + step - micros(whole)]
    assert len(older) < 40
    assert sum(1 for a, b in pairwise(older) if b[3] - a[3] == 1) <= 1


def many_ones(count: int, last: Micros, step: Micros) -> Reads:
    """A request a read, the latest at `last`."""
    found = Reads()
    for n in range(count):
        found = found.with_read(last - (count - 1 - n) * step, 0, 1)
    return found


def test_as_many_requests_are_kept_as_a_stretch_may_need() -> None:
    """20, and what brings 5 errors at the smallest limit: 5,000 at 0.1 %."""
    place = policy().places["error_rate"]
    reads = Reads()
    for n in range(1279):
        reads = reads.with_read(START + micros(10) * n, 0, 10)
    counting = type(begun(place, START))(reads, begun(place, START).weights)
    found = counted(policy(), place, counting, START + micros(10) * 1279, Counts(0, 10))[0]
    kept = found.requests - found.log[0][3]
    assert 5020 <= kept < 5020 * 1.15


def test_nothing_is_counted_at_the_beginning() -> None:
    """The first block begins then, and what it adds is what comes."""
    place = policy().places["error_rate"]
    found = begun(place, START)
    assert found.weights == (Weight(START, 0, 0),) * len(place.rules)
    assert (found.reads, found.proof) == (Reads(), Proof())


def test_a_quiet_read_without_counts_counts_nothing() -> None:
    """No error and no request: an hour of them neither proves a service nor spoils it."""
    watch = Driven()
    watch.take(Measured(moment(0), Reading("error_rate", 0.0, errors=0, requests=10)), BatchEnded(moment(0)))
    for n in range(1, 100):
        quiet = Reading("error_rate", None, "quiet", quiet=True)
        watch.take(Measured(moment(n), quiet), BatchEnded(moment(n)))
    found = proofs(watch.policy, watch.state, moment(100))["error_rate"]
    assert (found.errors, found.requests) == (0, 10)
    for at, counts in ((120, {}), (121, {"errors": 0, "requests": 10})):
        reading = Reading("error_rate", None, "quiet", True, **counts)
        watch.take(Measured(moment(at), reading), BatchEnded(moment(at)))
    found = proofs(watch.policy, watch.state, moment(122))["error_rate"]
    assert (found.errors, found.requests) == (0, 20)


def test_a_limit_of_nothing_asks_for_all_requests_there_are() -> None:
    """No number of them would bring five errors."""
    told = policy(Threshold("error_rate", 0.0, rollback_above=0.01))
    place = told.places["error_rate"]
    counting = type(begun(place, START))(many(2 * TIDY - 1), begun(place, START).weights)
    found = counted(told, place, counting, moment(2 * TIDY), Counts(0, 10))[0]
    assert found.log[0][3] == 0


@pytest.mark.parametrize(
    ("errors", "requests", "found"),
    [(0, 0, 0), (1, 0, 0), (1, 1, 1), (0.5, 1, 0.5), (1e-9, -1e-9, 0), (-1e-9, 5, 0), (5 + 1e-9, 5, 1)],
)
def test_a_share_is_between_nothing_and_all(errors: float, requests: float, found: float) -> None:
    """Also of differences of long sums, which are a little off."""
    assert share(errors, requests) == found
