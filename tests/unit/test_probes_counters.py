"""Increases of counters: against a plain computation, and in every case where an increase is dropped."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.samples import MINUTE, SECOND, Reading
from monitor.sources.counters import ERRORS, REQUESTS, Increase, Meter, Page, Rates
from monitor.sources.rate import error_rate

FIRST = 1_700_000_000 * SECOND
STEP = 5 * SECOND


def page(requests: float, errors: float = 0.0, identity: str = "") -> Page:
    return Page({REQUESTS: {"all": requests}, ERRORS: {"bad": errors}}, identity)


def feed(meter: Meter, *reads: dict[str, Page]) -> Reading:
    """The last reading of one read each five seconds."""
    readings = [error_rate("error_rate", meter, FIRST + n * STEP, pages) for n, pages in enumerate(reads)]
    return readings[-1]


def test_the_first_read_is_a_baseline() -> None:
    """A counter's value since its process began says nothing about now."""
    assert feed(Meter(Rates()), {"a": page(5000, 50)}) == Reading("error_rate", reason="baseline")


def test_the_second_read_gives_a_rate_and_its_counts() -> None:
    """10 errors in 1000 requests are 1 %."""
    assert feed(Meter(Rates()), {"a": page(5000, 50)}, {"a": page(6000, 60)}) == Reading(
        "error_rate", 0.01, errors=10, requests=1000
    )


def test_instances_are_summed_and_never_averaged() -> None:
    """1 of 10 on one instance and 0 of 990 on another are 0.1 %."""
    reading = feed(Meter(Rates()), {"a": page(0), "b": page(0)}, {"a": page(10, 1), "b": page(990)})
    assert reading.value == pytest.approx(0.001)


def test_a_series_that_appears_counts_from_zero() -> None:
    """The first 5xx of a process creates its series: that error counts."""
    before = Page({REQUESTS: {"2xx": 100.0}, ERRORS: {}})
    after = Page({REQUESTS: {"2xx": 200.0, "5xx": 1.0}, ERRORS: {"5xx": 1.0}})
    assert feed(Meter(Rates()), {"a": before}, {"a": after}).errors == 1


def test_requests_without_any_error_series_are_no_errors() -> None:
    """A healthy application has no error series yet."""
    reads = [{"a": Page({REQUESTS: {"2xx": n}, ERRORS: {}})} for n in (0.0, 1000.0)]
    assert feed(Meter(Rates()), *reads).value == 0


def test_no_requests_series_is_no_series() -> None:
    """Absence of the counter is never zero requests."""
    assert feed(Meter(Rates()), {"a": Page({REQUESTS: {}, ERRORS: {}})}).reason == "no_series"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (page(900, 20), "counter_reset"),
        (page(6000, 40), "counter_fell"),
        (Page({REQUESTS: {"other": 9000.0}, ERRORS: {"bad": 60.0}}), "baseline"),
        (page(6000, 60, "b"), "instance_changed"),
        (page(5005, 70), "more_errors_than_requests"),
    ],
    ids=["requests", "errors", "lost", "identity", "impossible"],
)
def test_an_increase_is_dropped(after: Page, reason: str) -> None:
    """Fault 28: a reset, another process or nonsense is no measurement."""
    reading = feed(Meter(Rates()), {"a": page(5000, 50)}, {"a": after})
    assert (reading.value, reading.reason, reading.quiet) == (None, reason, False)


def test_a_reset_of_one_instance_leaves_the_others() -> None:
    """The sum goes on without the restarted one."""
    reading = feed(Meter(Rates()), {"a": page(900), "b": page(900)}, {"a": page(5), "b": page(1900, 10)})
    assert (reading.errors, reading.requests) == (10, 1000)


def test_two_replicas_behind_one_address_are_never_trusted_again_and_again() -> None:
    """Fault 28: their counters leap; without an identity almost every increase is dropped."""
    meter = Meter(Rates())
    values = [feed_one(meter, n, 1000 + n if n % 2 else 9000 + n) for n in range(40)]
    assert [reading.value for reading in values] == [None] * 40


def feed_one(meter: Meter, n: int, requests: float) -> Reading:
    return error_rate("error_rate", meter, FIRST + n * STEP, {"a": page(requests, requests / 100)})


def test_few_requests_are_a_ratio_with_its_counts() -> None:
    """Fault 29: 1 error in 3 requests is shown as what it is; what it is worth, its counts say."""
    found = feed(Meter(Rates()), {"a": page(0)}, {"a": page(3, 1)})
    assert found == Reading("error_rate", 1 / 3, errors=1, requests=3)


@pytest.mark.parametrize(("requests", "quiet"), [(0, True), (1, False)])
def test_only_a_window_without_any_request_is_quiet(requests: float, quiet: bool) -> None:
    """Nobody asked anything: no value, and no failure either."""
    found = feed(Meter(Rates()), {"a": page(0)}, {"a": page(requests)})
    assert (found.quiet, found.value is None, found.requests) == (quiet, quiet, requests)


def test_frozen_counters_become_quiet_when_the_window_has_passed() -> None:
    """Counters that stand still are no traffic, and no traffic is not health."""
    meter = Meter(Rates())
    reads = [{"a": page(0)}, *[{"a": page(1000)}] * 63]
    assert feed(meter, *reads).reason == "insufficient_traffic"


def test_the_window_is_the_shortest_that_holds_enough() -> None:
    """100 requests a read: the last five reads make 500, older errors are out."""
    meter = Meter(Rates())
    reads = [{"a": page(100 * n, 50 if n else 0)} for n in range(7)]
    assert feed(meter, *reads[:6]).value == pytest.approx(0.1)
    assert feed(Meter(Rates()), *reads).value == 0


def test_fast_reads_still_judge_a_whole_interval() -> None:
    """At 1 s the window is as long as at 5 s."""
    meter = Meter(Rates())
    for n in range(7):
        at = FIRST + n * SECOND
        error_rate("error_rate", meter, at, {"a": page(10_000 * n, 1000 if n >= 2 else 0)})
    assert meter.window(FIRST + 6 * SECOND) == {REQUESTS: 50_000, ERRORS: 1000}


def test_a_restart_goes_on_where_it_was() -> None:
    """Through JSON and back, the first read after it gives the delta and the same window."""
    meter, other = Meter(Rates()), Meter(Rates())
    feed(meter, {"a": page(0)}, {"a": page(300, 3)})
    other.restore(json.loads(json.dumps(meter.memory())))
    at, pages = FIRST + 2 * STEP, {"a": page(500, 5)}
    expected = error_rate("error_rate", meter, at, pages)
    assert (
        error_rate("error_rate", other, at, pages)
        == expected
        == Reading("error_rate", 0.01, errors=2, requests=200)
    )


def test_a_restart_after_the_longest_window_is_a_baseline() -> None:
    """An increase over an hour of downtime says nothing about now."""
    meter = Meter(Rates())
    feed(meter, {"a": page(0)})
    late = error_rate("error_rate", meter, FIRST + 5 * MINUTE + 1, {"a": page(1000, 500)})
    assert late.reason == "baseline"


@pytest.mark.parametrize("late", [0, 1, 5 * MINUTE])
def test_a_read_of_a_long_interval_that_comes_late_is_a_rate(late: int) -> None:
    """A moment after the interval, or at the next one when one failed: with `interval: 5m` as well."""
    meter = Meter(Rates(interval=5 * MINUTE))
    feed(meter, {"a": page(0)})
    reading = error_rate("error_rate", meter, FIRST + 5 * MINUTE + late, {"a": page(1000, 20)})
    assert reading == Reading("error_rate", 0.02, errors=20, requests=1000)


@pytest.mark.parametrize(
    "memory",
    [
        {},
        {"instances": 3},
        {"instances": {"a": [1, "", {"requests": {"x": "NaN"}}, 0]}, "window": [], "last": 1},
    ],
)
def test_a_memory_that_makes_no_sense_is_forgotten(memory: dict[str, object]) -> None:
    """The next read is a baseline."""
    meter = Meter(Rates())
    meter.restore(memory)
    assert feed(meter, {"a": page(10)}).reason == "baseline"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from("abc"),
            st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()),
            min_size=1,
        ),
        min_size=2,
        max_size=12,
    )
)
def test_increases_equal_a_plain_computation(reads: list[dict[str, tuple[int, int, bool]]]) -> None:
    """Growing, restarting and missing instances, against a computation that knows the truth."""
    meter = Meter(Rates())
    now, totals, epochs, read_before = FIRST, {}, {}, {}  # type: ignore[var-annotated]
    for turn in reads:
        now += STEP
        pages, expected = {}, []
        for name, (good, bad, restart) in turn.items():
            epoch = epochs[name] = epochs.get(name, 0) + restart
            requests, errors = (0, 0) if restart else totals.get(name, (0, 0))
            totals[name] = (requests + good + bad, errors + bad)
            pages[name] = page(totals[name][0], totals[name][1], str(epoch))
            last = read_before.get(name)
            if last is not None and last[0] == epoch:
                expected.append((totals[name][0] - last[1], totals[name][1] - last[2]))
            read_before[name] = (epoch, *totals[name])
        got = meter.take(now, pages)
        if expected:
            assert isinstance(got, Increase)
            assert got.by == {REQUESTS: sum(r for r, _ in expected), ERRORS: sum(e for _, e in expected)}
        else:
            assert isinstance(got, str)


def test_a_window_that_begins_afresh_holds_only_what_came_since_and_loses_no_increase() -> None:
    """The errors of before a rollback are no share of what is so after it."""
    meter = Meter(Rates())
    assert feed(meter, {"a": page(0)}, {"a": page(100, 50)}).value == 0.5
    meter.begin_afresh()
    after = error_rate("error_rate", meter, FIRST + 2 * STEP, {"a": page(300, 51)})
    assert after == Reading("error_rate", 0.005, errors=1, requests=200)
    kept = Meter(Rates())
    kept.restore(json.loads(json.dumps(meter.memory())))
    assert kept.window(FIRST + 2 * STEP) == {REQUESTS: 200, ERRORS: 1}
