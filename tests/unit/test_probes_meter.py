"""What a meter says and remembers: absences, moments at the edge of its window, each field of its memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.core.samples import MINUTE, SECOND, Reading
from monitor.sources.counters import ERRORS, MAX_STORED_SERIES, REQUESTS, Increase, Meter, Page, Rates
from monitor.sources.rate import error_rate
from monitor.sources.trust import SEVERAL

FIRST = 1_700_000_000 * SECOND
LONGEST = 5 * MINUTE


def page(requests: float, errors: float = 0.0, identity: str = "", **more: float) -> Page:
    return Page({REQUESTS: {"all": requests, **more}, ERRORS: {"bad": errors}}, identity)


def told(*reads: dict[str, Page], whole: bool = False) -> Reading:
    """The last reading of a new meter, of one read each five seconds."""
    meter = Meter(Rates())
    found = [error_rate("rate", meter, FIRST + n * 5 * SECOND, p, whole) for n, p in enumerate(reads)]
    return found[-1]


# ---------------------------------------------------------------- what is said


def test_every_reading_is_of_its_metric_and_says_what_was_counted() -> None:
    """Also where there is no value."""
    declared = Page({REQUESTS: {}, ERRORS: {}}, declared=True)
    assert told({"a": declared}) == Reading("rate", reason="no_sample_yet", quiet=True)
    assert told({"a": declared, "b": Page({})}) == Reading("rate", reason="no_series")
    assert told({}) == Reading("rate", reason="no_series")
    impossible = told({"a": page(100)}, {"a": page(105, 6)})
    assert impossible == Reading("rate", reason="more_errors_than_requests")
    still = Reading("rate", reason="insufficient_traffic", quiet=True, errors=0.0, requests=0.0)
    assert told({"a": page(100)}, {"a": page(100)}) == still


def test_a_group_that_no_page_has_counted_nothing() -> None:
    """No errors without their group; nor requests, where the one instance that has them is new."""
    bare = [{"a": Page({REQUESTS: {"all": 100.0 * n}})} for n in (1, 2)]
    assert told(*bare) == Reading("rate", 0.0, errors=0.0, requests=100.0)
    only_errors = Page({ERRORS: {"bad": 5.0}})
    quiet = Reading("rate", reason="insufficient_traffic", quiet=True, errors=0.0, requests=0.0)
    assert told({"a": only_errors}, {"a": only_errors, "b": page(5)}) == quiet


@pytest.mark.parametrize(("whole", "requests"), [(True, 20), (False, 50)])
def test_who_was_away_begins_anew_and_who_could_not_be_asked_goes_on(whole: bool, requests: float) -> None:
    """`whole`: the pages are all that there is."""
    reads: list[dict[str, Page]] = [{"a": page(0), "b": page(100)}, {"a": page(10)}]
    reads.append({"a": page(30), "b": page(130)})
    assert told(*reads, whole=whole).requests == requests
    if not whole:
        meter = Meter(Rates())
        taken = [meter.take(FIRST + n * 5 * SECOND, p) for n, p in enumerate(reads)]
        assert isinstance(taken[-1], Increase)
        assert taken[-1].by[REQUESTS] == requests
        meter = Meter(Rates())
        assert [error_rate("rate", meter, FIRST + n, p).requests for n, p in enumerate(reads)][-1] == requests


def test_the_gravest_of_several_reasons_is_said() -> None:
    """And that there is none to compare with, where there is nothing at all."""
    meter = Meter(Rates())
    assert meter.take(FIRST, {}) == "baseline"
    assert meter.take(FIRST + 5 * SECOND, {"a": page(5, identity="x")}) == "baseline"
    both = {"a": page(9, identity="y"), "b": page(5)}
    assert meter.take(FIRST + 10 * SECOND, both) == "instance_changed"


def test_one_that_comes_back_as_itself_is_a_baseline() -> None:
    """Not another process; and a series that shows 1 again had it before."""
    meter = Meter(Rates())
    for n, pages in enumerate([{"a": page(1, 1, "x")}, {}]):
        meter.take(FIRST + n * 5 * SECOND, pages, whole=True)
    assert meter.take(FIRST + 10 * SECOND, {"a": page(1, 1, "x")}, whole=True) == "baseline"
    later = meter.take(FIRST + 15 * SECOND, {"a": page(4, 2, "x")}, whole=True)
    assert isinstance(later, Increase)
    assert later.by == {REQUESTS: 3, ERRORS: 1}


def test_a_series_that_comes_back_with_one_adds_nothing() -> None:
    """It was seen before; one that was never seen began with it."""
    meter = Meter(Rates())
    reads = [page(100, old=1), page(110), page(120, old=1, new=1)]
    found = [meter.take(FIRST + n * 5 * SECOND, {"a": one}) for n, one in enumerate(reads)]
    assert isinstance(found[-1], Increase)
    assert found[-1].by[REQUESTS] == 11


# ---------------------------------------------------------------- moments


@pytest.mark.parametrize(("after", "counts"), [(0, False), (1, True), (LONGEST, True), (LONGEST + 1, False)])
def test_growth_counts_within_the_longest_window_and_between_two_moments(after: int, counts: bool) -> None:
    """To the microsecond."""
    meter = Meter(Rates())
    meter.take(FIRST, {"a": page(0)})
    assert isinstance(meter.take(FIRST + after, {"a": page(10)}), Increase) is counts


def test_the_window_reaches_back_to_its_length_and_no_further() -> None:
    """An increase that began exactly so long ago is in it; asked later there may be nothing."""
    meter = Meter(Rates())
    for at, requests in ((0, 0.0), (10 * SECOND, 10.0), (LONGEST, 30.0)):
        meter.take(FIRST + at, {"a": page(requests)})
    assert meter.window(FIRST + LONGEST) == {REQUESTS: 30, ERRORS: 0}
    assert meter.window(FIRST + LONGEST + 1) == {REQUESTS: 20, ERRORS: 0}
    assert meter.window(FIRST + 3 * LONGEST) == {}


def test_a_window_without_the_group_that_measures_it_is_as_long_as_can_be() -> None:
    """Nothing of it is one request already."""
    meter = Meter(Rates(rate_requests=1))
    for n in range(4):
        meter.take(FIRST + n * 5 * SECOND, {"a": Page({ERRORS: {"bad": float(n)}})})
    assert meter.window(FIRST + 15 * SECOND) == {ERRORS: 3}


def test_the_first_reads_and_one_of_twelve_want_a_new_connection() -> None:
    """A read that shows another process is the first of its own."""
    meter = Meter(Rates())
    wanted = []
    for n in range(26):
        wanted.append(meter.wants_new_connection)
        meter.take(FIRST + n * 5 * SECOND, {"a": page(n, identity="x")})
    assert [n for n, new in enumerate(wanted) if new] == [*range(8), 12, 24]
    wanted = []
    for n in range(26, 40):
        meter.take(FIRST + n * 5 * SECOND, {"a": page(n, identity="y")})
        wanted.append(meter.wants_new_connection)
    assert [n for n, new in enumerate(wanted) if new] == [*range(7), 11]


def test_after_pages_are_forgotten_the_next_read_is_a_baseline() -> None:
    meter = Meter(Rates())
    meter.take(FIRST, {"a": page(0)})
    meter.forget_pages()
    assert meter.take(FIRST + SECOND, {"a": page(10)}) == "baseline"


@pytest.mark.parametrize(("after", "known"), [(LONGEST, True), (LONGEST + 1, False)])
def test_who_is_away_for_longer_than_the_longest_window_is_forgotten(after: int, known: bool) -> None:
    """Until then its series are known as gone, under its own identity."""
    meter = Meter(Rates())
    meter.take(FIRST, {"a": page(5, 1, "x")}, whole=True)
    meter.take(FIRST + after, {}, whole=True)
    trust = ["", 0, 0.0, [], []]
    expected = {"a": [FIRST, "x", {}, False, ["all", "bad"], trust]} if known else {}
    assert meter.memory()["instances"] == expected


def test_a_long_silence_leaves_what_is_gone_and_what_is_thought_of_it() -> None:
    """Two processes that were seen to answer in turn are two after a weekend."""
    meter = Meter(Rates())
    for n, identity in enumerate(["x", "y", "x"]):
        meter.take(FIRST + n * 5 * SECOND, {"a": page(10 + n, identity=identity, old=1)})
    assert meter.several == {"a"}
    assert meter.take(FIRST + 3 * LONGEST, {"a": page(20, identity="x")}) == "baseline"
    at, _, _, _, gone, trust = meter.memory()["instances"]["a"]  # type: ignore[index]  # Json
    assert (at, gone, trust[0]) == (FIRST + 3 * LONGEST, ["old"], SEVERAL)
    assert meter.several == {"a"}


def test_what_a_process_lost_is_nothing_to_the_next_one() -> None:
    """Its series begin with it."""
    meter = Meter(Rates())
    for n, one in enumerate([page(5, old=1), page(6), page(1, identity="y")]):
        meter.take(FIRST + n * 5 * SECOND, {"a": one})
    assert meter.memory()["instances"]["a"][4] == []  # type: ignore[index]  # Json


# ---------------------------------------------------------------- memory

STORED: dict[str, Any] = {
    "last": FIRST + 1,
    "instances": {
        "a": [
            FIRST, "x", {REQUESTS: {"all": 5.0}}, True, ["old"],
            ["counter_fell", 7, 3.5, ["bad", "worse"], ["v", "w"]],
        ]
    },
    "window": [[FIRST - 5, FIRST, {REQUESTS: 3.0}]],
}  # fmt: skip


def test_what_is_remembered_comes_back_whole() -> None:
    """Every field of it."""
    meter = Meter(Rates())
    meter.restore(json.loads(json.dumps(STORED)))
    assert json.loads(json.dumps(meter.memory())) == STORED


@pytest.mark.parametrize("value", [-1.0, float("inf"), float("-inf"), float("nan")])
def test_a_counter_that_nobody_can_have_is_not_restored(value: float) -> None:
    """Then nothing is: its other numbers are worth no more."""
    meter = Meter(Rates())
    meter.restore({**STORED, "window": [[FIRST - 5, FIRST, {REQUESTS: value}]]})
    assert meter.memory() == Meter(Rates()).memory()


def with_series(there: int, gone: int) -> Meter:
    meter = Meter(Rates())
    meter.take(FIRST, {"a": Page({REQUESTS: {f"g{n}": 1.0 for n in range(gone)}})})
    meter.take(FIRST + 5 * SECOND, {"a": Page({REQUESTS: {f"s{n}": 1.0 for n in range(there)}})})
    return meter


def test_so_many_series_are_stored_and_what_vanished_only_beside_them() -> None:
    """5,000 of all; one more and nothing is, or what vanished is left out."""
    assert MAX_STORED_SERIES == 5000
    stored = with_series(4998, 2).memory()["instances"]["a"]  # type: ignore[index]  # Json
    assert (len(stored[2][REQUESTS]), len(stored[4])) == (4998, 2)
    stored = with_series(4999, 2).memory()["instances"]["a"]  # type: ignore[index]  # Json
    assert (len(stored[2][REQUESTS]), stored[4]) == (4999, [])
    stored = with_series(5000, 0).memory()["instances"]["a"]  # type: ignore[index]  # Json
    assert len(stored[2][REQUESTS]) == 5000
    assert with_series(5001, 0).memory() == {}
