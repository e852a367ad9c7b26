"""What counters grew by, series by series: never more than what truly happened."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.samples import SECOND
from monitor.sources.counters import ERRORS, REQUESTS, Increase, Meter, Page, Rates
from monitor.sources.growth import growth
from monitor.sources.rate import error_rate

FIRST = 1_700_000_000 * SECOND
STEP = 5 * SECOND


def page(identity: str = "", **values: float) -> Page:
    """Requests by status, and those of them that are errors."""
    errors = {s: n for s, n in values.items() if s.startswith("e")}
    return Page({REQUESTS: dict(values), ERRORS: errors}, identity)


def grown(before: Page, after: Page, gone: tuple[str, ...] = ()) -> dict[str, float]:
    return dict(growth(before, after, gone, REQUESTS).by)


@pytest.mark.parametrize(("first", "counted"), [(0, 0), (1, 1), (1.5, 0), (2, 0), (100, 0), (101, 0)])
def test_a_first_value_of_one_counts_and_a_larger_one_is_a_baseline(first: float, counted: float) -> None:
    """A collector shows again what it had let expire, whether or not it fits in beside 100 requests.

    On a quiet application, or with a series for each path, every error begins one, and by one.
    """
    assert grown(page(ok=100), page(ok=200, e=first))[ERRORS] == counted
    assert grown(page(ok=100), page(ok=100, e=first))[ERRORS] == counted


def test_errors_of_a_series_that_began_count_from_the_next_read_on() -> None:
    """An outage costs one read."""
    meter = Meter(Rates())
    reads = [page(ok=100), page(ok=200, e=500), page(ok=300, e=1000)]
    found = [meter.take(FIRST + n * STEP, {"a": one}) for n, one in enumerate(reads)]
    assert [f.by for f in found if isinstance(f, Increase)] == [
        {REQUESTS: 100, ERRORS: 0},
        {REQUESTS: 600, ERRORS: 500},
    ]


def test_a_series_that_comes_back_is_a_baseline() -> None:
    """Whatever it shows, also when it would fit."""
    meter = Meter(Rates())
    reads = [page(ok=100, e=50), page(ok=200), page(ok=400, e=60), page(ok=500, e=61)]
    found = [meter.take(FIRST + n * STEP, {"a": one}) for n, one in enumerate(reads)]
    assert [f.by[ERRORS] for f in found if isinstance(f, Increase)] == [0, 0, 1]


def test_a_metric_that_was_declared_without_a_sample_begins_at_zero() -> None:
    """Client libraries show a labelled counter from its first increase on: nothing of it is of the past."""
    assert grown(Page({REQUESTS: {}, ERRORS: {}}, declared=True), page(ok=40, e=4)) == {
        REQUESTS: 44,
        ERRORS: 4,
    }
    assert grown(Page({REQUESTS: {}, ERRORS: {}}), page(ok=40, e=4)) == {REQUESTS: 0, ERRORS: 0}


def test_a_histogram_that_begins_is_counted_with_all_its_bounds_or_with_none() -> None:
    """Half of its bounds would make another histogram."""
    before = Page({"0.1": {"a": 10}, "+Inf": {"a": 20}})
    one = Page({"0.1": {"a": 12, "b": 0}, "+Inf": {"a": 30, "b": 1}})
    large = Page({"0.1": {"a": 12, "b": 1}, "+Inf": {"a": 30, "b": 2}})
    assert growth(before, one, (), "+Inf").by == {"0.1": 2, "+Inf": 11}
    assert growth(before, large, (), "+Inf").by == {"0.1": 2, "+Inf": 10}


def test_no_traffic_in_what_is_declared_is_quiet_and_nothing_declared_is_failed() -> None:
    """A fresh application is not blind; a page without the metric says nothing."""
    nothing = {"a": Page({REQUESTS: {}, ERRORS: {}}, declared=True)}
    reading = error_rate("error_rate", Meter(Rates()), FIRST, nothing)
    assert (reading.reason, reading.quiet) == ("no_sample_yet", True)
    reading = error_rate("error_rate", Meter(Rates()), FIRST, {"a": Page({REQUESTS: {}, ERRORS: {}})})
    assert (reading.reason, reading.quiet) == ("no_series", False)


@dataclass
class Truth:
    """One process: series that it shows or hides, restarts, and everything that truly happened."""

    identified: bool
    shown: dict[str, float] = field(default_factory=lambda: {"ok": 5000.0, "e1": 150.0, "e2": 1.0})
    epoch: int = 0
    happened: dict[str, float] = field(default_factory=lambda: {REQUESTS: 0.0, ERRORS: 0.0})

    def turn(self, more: dict[str, int], restarts: bool, hidden: set[str]) -> Page:
        if restarts:
            self.epoch, self.shown = self.epoch + 1, {}
        for series, by in more.items():
            if by or series in self.shown:
                self.shown[series] = self.shown.get(series, 0.0) + by
            self.happened[REQUESTS] += by
            self.happened[ERRORS] += by if series.startswith("e") else 0
        there = {series: n for series, n in self.shown.items() if series not in hidden}
        return page(str(self.epoch) if self.identified else "", **there)


TURN = st.tuples(
    st.fixed_dictionaries({s: st.integers(0, 200) for s in ("ok", "e1", "e2")}),
    st.sampled_from([False] * 6 + [True]),
    st.sets(st.sampled_from(["ok", "e1", "e2"]), max_size=2),
)


@given(st.lists(TURN, min_size=1, max_size=40), st.booleans())
def test_increases_never_exceed_what_truly_happened(
    turns: list[tuple[dict[str, int], bool, set[str]]], identified: bool
) -> None:
    """Any interleaving of growth, restarts, expiry and returns, of a process whose series were all seen."""
    truth, meter = Truth(identified), Meter(Rates())
    meter.take(FIRST, {"a": page("0" if identified else "", **truth.shown)})
    counted = {REQUESTS: 0.0, ERRORS: 0.0}
    for n, (more, restarts, hidden) in enumerate(turns, 1):
        got = meter.take(FIRST + n * STEP, {"a": truth.turn(more, restarts, hidden)})
        for group, happened in truth.happened.items():
            counted[group] += got.by.get(group, 0.0) if isinstance(got, Increase) else 0.0
            assert counted[group] <= happened


@given(st.lists(st.tuples(st.integers(0, 200), st.sets(st.sampled_from("abcd"))), max_size=40))
def test_a_past_that_was_never_seen_is_never_counted(turns: list[tuple[int, set[str]]]) -> None:
    """Series that had expired before we came: whenever they are shown, and whatever else grows."""
    past = {"a": 40.0, "b": 3.0, "c": 700.0, "d": 120.0}
    meter, total = Meter(Rates()), 1000.0
    meter.take(FIRST, {"x": page(ok=total)})
    for n, (more, there) in enumerate(turns, 1):
        total += more
        shown = {f"e{s}": past[s] for s in there}
        got = meter.take(FIRST + n * STEP, {"x": page("", ok=total, **shown)})
        assert isinstance(got, Increase)
        assert got.by == {REQUESTS: more, ERRORS: 0}
