"""The baseline: how much of the hours before a migration failed, and the limit that a watch gets for it."""

from __future__ import annotations

from collections.abc import Iterable
from math import nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.baseline import (
    BLOCK,
    Baseline,
    Entry,
    dispersion,
    limit_after,
    measure,
    wilson_upper_bound,
    with_limits,
)
from monitor.core.samples import MINUTE, SECOND
from monitor.core.thresholds import Policy, Threshold
from tests.examples import examples

ERRORS = Threshold("error_rate", normal_below=0.001, rollback_above=0.01)


def reads(minutes: float, errors: float, requests: float, every: int = 5 * SECOND) -> list[Entry]:
    """Equal counts every so often, through so many minutes; both ends included."""
    count = round(minutes * MINUTE) // every
    return [(n * every, errors, requests) for n in range(count + 1)]


def given_bound(bound: float, ratio: float | None = None) -> Baseline:
    return Baseline(bound if ratio is None else ratio, bound)


@pytest.mark.parametrize(("minutes", "enough"), [(29.9, False), (30, True), (31, True)])
def test_a_baseline_needs_thirty_minutes(minutes: float, enough: bool) -> None:
    """What is seen for a shorter time is no habit."""
    assert (measure(reads(minutes, 1, 100)) is not None) is enough


@pytest.mark.parametrize(("requests", "enough"), [(299, False), (300, True), (301, True)])
def test_a_baseline_needs_three_hundred_requests(requests: int, enough: bool) -> None:
    """However long it took."""
    found = measure([*reads(120, 0, 0), (120 * MINUTE + SECOND, 0, requests)])
    assert (found is not None) is enough


def test_a_silence_counts_as_one_block_of_time_at_most() -> None:
    """A daemon that was down saw nothing, whatever the counters say at its return."""
    hole = [(0, 0, 500), (2 * 60 * MINUTE, 9, 5000), (2 * 60 * MINUTE + 20 * MINUTE, 0, 500)]
    assert measure(hole) is None
    assert measure([*hole, *((e[0] + 200 * MINUTE, e[1], e[2]) for e in reads(30, 0, 10))]) is not None


def test_independent_errors_have_the_plain_bound() -> None:
    """Spread evenly they vary less than by chance: nothing is added."""
    found = measure(reads(60, 1, 100))
    assert found is not None
    assert found.ratio == pytest.approx(0.01)
    assert found.bound == pytest.approx(wilson_upper_bound(found.errors, found.requests))


def test_errors_in_clusters_have_a_higher_bound() -> None:
    """The same errors, all in one block of twelve, say less of the next hours."""
    evenly = reads(60, 1, 100)
    clustered = [(at, 12.0 if BLOCK <= at < 2 * BLOCK else 0.0, r) for at, _, r in evenly]
    one, other = measure(evenly), measure(clustered)
    assert one is not None
    assert other is not None
    assert other.ratio == pytest.approx(one.ratio, rel=0.02)
    assert other.bound > 1.5 * one.bound


def test_the_dispersion_is_the_mean_squared_residual_of_the_blocks() -> None:
    """Worked by hand: 0 and 20 errors of 100 requests each, 10 % on the whole, is 100 / 9 twice."""
    assert dispersion([(0, 100), (20, 100)], 0.1) == pytest.approx(2 * 100 / 9)


@pytest.mark.parametrize("blocks", [[], [(5.0, 100.0)], [(10.0, 100.0), (10.0, 100.0)], [(0.0, 0.0)]])
def test_the_dispersion_is_never_below_one(blocks: list[tuple[float, float]]) -> None:
    """Too few blocks to say, or blocks that are more alike than chance would make them."""
    assert dispersion(blocks, 0.1) == 1.0


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_where_all_or_nothing_fails_there_is_no_dispersion(ratio: float) -> None:
    """No variance to compare with."""
    assert dispersion([(0, 10), (10, 10)], ratio) == 1.0


@pytest.mark.parametrize(
    ("begin", "end", "errors"),
    [
        (10 * MINUTE, 20 * MINUTE, 0),
        (10 * MINUTE + 1, 20 * MINUTE, 50),  # the read of the tenth minute ends before it
        (10 * MINUTE, 20 * MINUTE - 5 * SECOND, 50),  # the last bad read begins where it ends
        (10 * MINUTE, 20 * MINUTE - 5 * SECOND + 1, 0),
    ],
)
def test_a_read_that_reaches_into_what_is_left_out_does_not_count(begin: int, end: int, errors: int) -> None:
    """To the microsecond, at both ends."""
    lines = [(at, 50.0 if at in (10 * MINUTE, 20 * MINUTE) else 0.0, 100.0) for at, *_ in reads(60, 0, 0)]
    found = measure(lines, [(begin, end)])
    assert found is not None
    assert found.errors == errors


def test_what_is_left_out_is_no_time_either() -> None:
    """Half an hour of which a part is left out is less than half an hour."""
    assert measure(reads(31, 0, 100), [(0, 2 * MINUTE)]) is None


@pytest.mark.parametrize(
    ("bound", "limit"),
    [
        (nextafter(0.005, 0), 0.01),
        (0.005, 0.01),
        (nextafter(0.005, 1), 0.01),  # 1.5 times it is less than what is documented
        (0.0066, 0.01),
        (0.008, 0.012),
        (0.02, 0.03),
        (0.0666, 0.0999),
        (0.07, 0.1),  # ten times the documented one
        (0.9, 0.1),
    ],
)
def test_the_limit_is_half_as_much_again_as_the_bound_within_its_ends(bound: float, limit: float) -> None:
    """Never under the documented one, at most ten times it."""
    assert limit_after(ERRORS, given_bound(bound)) == pytest.approx(limit)


def test_the_limit_stays_below_half_of_all_requests() -> None:
    """Whatever is documented; a documented one above that is the operator's."""
    assert limit_after(Threshold("error_rate", 0.05, rollback_above=0.1), given_bound(0.9)) == 0.49
    assert limit_after(Threshold("error_rate", 0.05, rollback_above=0.6), given_bound(0.9)) == 0.6


@pytest.mark.parametrize(("ratio", "limit"), [(nextafter(0.001, 0), 0.01), (0.001, 0.03)])
def test_for_a_service_that_is_normal_as_documented_the_documented_limit_holds(
    ratio: float, limit: float
) -> None:
    """With few requests the bound is wide although nothing failed: that is no reason to act later."""
    assert limit_after(ERRORS, given_bound(0.02, ratio)) == limit


def test_a_quiet_service_without_errors_keeps_its_limit() -> None:
    """Five requests a minute for two hours, none failed: at most 1.1 % did, but no more is allowed."""
    found = measure(reads(120, 0, 5, every=MINUTE))
    assert found is not None
    assert found.bound > 0.01
    assert limit_after(ERRORS, found) == 0.01


def test_only_metrics_that_could_act_get_another_limit() -> None:
    """And no other key of theirs changes."""
    policy = Policy(thresholds=(ERRORS, Threshold("connections", 60.0)))
    own = with_limits(policy, {"error_rate": given_bound(0.02), "connections": given_bound(0.5)})
    assert [t.rollback_above for t in own.thresholds] == [pytest.approx(0.03), None]
    assert own.thresholds[0].normal_below == 0.001


counts = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 400)).map(lambda p: (min(p), max(p))),
    min_size=5,
    max_size=40,
)


def spaced(found: Iterable[tuple[int, int]]) -> list[Entry]:
    return [(n * 4 * MINUTE, float(e), float(r)) for n, (e, r) in enumerate(found)]


@examples(200)
@given(counts)
def test_the_bound_lies_above_the_ratio_and_the_limit_never_under_the_documented_one(
    found: list[tuple[int, int]],
) -> None:
    """Whatever was counted."""
    baseline = measure(spaced(found))
    if baseline is not None:
        assert 0 <= baseline.ratio <= baseline.bound <= 1
        assert 0.01 <= limit_after(ERRORS, baseline) <= 0.1 + 1e-12


@examples(200)
@given(counts, st.integers(0, 39))
def test_time_without_requests_moves_nothing(found: list[tuple[int, int]], place: int) -> None:
    """It is time that was observed, and no more."""
    lines = spaced(found)
    at = lines[min(place, len(lines) - 1)][0] + MINUTE
    one, other = measure(lines), measure(sorted([*lines, (at, 0.0, 0.0)]))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (other.bound, other.errors) == (one.bound, one.errors)


@pytest.mark.parametrize(("minutes", "errors"), [(29, 0), (30, 0), (31, 50)])
def test_what_lasts_more_than_half_of_the_time_is_no_outage(minutes: int, errors: int) -> None:
    """A service that mostly fails is like that; else half an hour of calm would be its habit."""
    lines = [(at, 50.0 if at == 10 * MINUTE else 0.0, 100.0) for at, *_ in reads(60, 0, 0)]
    found = measure(lines, outages=[(MINUTE + 1, MINUTE + minutes * MINUTE)])
    assert found is not None
    assert found.errors == errors


def test_without_requests_the_bound_is_everything() -> None:
    """Nothing is known."""
    assert wilson_upper_bound(0, 0) == 1


@pytest.mark.parametrize(
    ("errors", "requests"), [(0, 1), (0, 1000), (1, 300), (10, 1000), (50.5, 100.5), (99, 100), (300, 300)]
)
def test_the_bound_is_the_ratio_of_which_so_few_errors_are_just_likely_enough(
    errors: float, requests: float
) -> None:
    """As Wilson defines it: what was seen lies 2.576 of its own standard deviations below it."""
    bound, seen = wilson_upper_bound(errors, requests), errors / requests
    assert seen <= bound <= 1
    assert (bound - seen) ** 2 == pytest.approx(2.576**2 * bound * (1 - bound) / requests)
    assert bound > seen or seen == 1


def test_of_no_error_in_a_thousand_at_most_0_66_percent_fail() -> None:
    """z^2 / (n + z^2)."""
    assert wilson_upper_bound(0, 1000) == pytest.approx(0.006592033)
    assert wilson_upper_bound(0, 1) == pytest.approx(0.8690373)


def test_the_dispersion_of_three_blocks_is_half_the_sum_of_their_residuals() -> None:
    """A block of one request is one of them."""
    assert dispersion([(1, 1), (0, 100), (0, 100)], 0.01) == pytest.approx((99 + 2 / 0.99) / 2)


def test_a_baseline_says_what_it_stands_on() -> None:
    """Errors, requests and the time that was seen; its bound is widened by how blocks of 5 minutes differ."""
    found = measure([(n * MINUTE, 10.0 if n == 7 else 0.0, 100.0) for n in range(31)])
    ratio = 10 / 3100
    spread = dispersion([(0, 500), (10, 500), *[(0, 500)] * 4, (0, 100)], ratio)
    bound = wilson_upper_bound(10 / spread, 3100 / spread)
    assert spread > 2
    assert found == Baseline(ratio, bound, 10.0, 3100.0, 30 * MINUTE)


def test_a_limit_of_nothing_stays() -> None:
    """Whoever wants to act on any error does."""
    assert limit_after(Threshold("error_rate", 0.0, rollback_above=0.0), given_bound(0.02)) == 0
