"""What a server is asked for a source, and what its series come to: as a watch would have read them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan

import pytest

from monitor.backtest.asked import _texts as texts
from monitor.backtest.asked import counters, exported, promql, refuse_several_jobs
from monitor.backtest.ranges import Grid, Series
from monitor.backtest.readers import BUCKETS, SUM, VALUE, Counters, mean, quantile, window_of
from monitor.core.samples import SECOND, Reading
from monitor.errors import OperatorError
from monitor.sources.counters import ERRORS, REQUESTS
from monitor.sources.presets import PRESETS
from monitor.sources.promql import PromqlSpec
from monitor.sources.selectors import selector
from monitor.sources.series import rates_of

STEP = 15 * SECOND
GOOD = {"__name__": "r", "job": "shop", "instance": "a:1", "status": "200"}
BAD = {**GOOD, "status": "500"}


def grid(points: int) -> Grid:
    return Grid(1_790_000_010 * SECOND, STEP, points)


def read(reader: Counters, good: Sequence[float | None], bad: Sequence[float | None]) -> list[Reading]:
    found = [(REQUESTS, Series(GOOD, good)), (REQUESTS, Series(BAD, bad)), (ERRORS, Series(BAD, bad))]
    return list(reader.readings(found, grid(len(good))))


def of_counters() -> Counters:
    found = counters("error_rate", 'r{status="500"}', "r", STEP)
    assert isinstance(found, Counters)
    return found


def counts(readings: Sequence[Reading]) -> list[tuple[object, object]]:
    return [(r.errors, r.requests) for r in readings]


def test_counters_are_differences_of_each_series_and_their_first_read_is_none() -> None:
    """Errors are requests too; nothing is a rate yet at the first read."""
    got = read(of_counters(), [100.0, 160.0, 220.0], [5.0, 5.0, 8.0])
    assert got[0].reason == "baseline"
    assert counts(got[1:]) == [(0.0, 60.0), (3.0, 63.0)]


def test_a_restart_between_two_chunks_adds_nothing() -> None:
    """The reader remembers: a fall is a restart, some reads are none, then it counts again."""
    reader = of_counters()
    read(reader, [1000.0, 1060.0], [5.0, 5.0])
    second = Grid(1_790_000_040 * SECOND, STEP, 6)
    values = [10.0, 70.0, 130.0, 190.0, 250.0, 310.0]
    found = [(REQUESTS, Series(GOOD, values))]
    got = list(reader.readings(found, second))
    assert [r.reason for r in got[:4]] == ["counter_reset"] * 4
    assert counts(got[4:]) == [(0.0, 60.0), (0.0, 60.0)]


def test_an_instance_that_is_away_is_no_data_and_back_adds_nothing_of_its_past() -> None:
    """Without a series there is none; the first read after it is compared with nothing."""
    got = read(of_counters(), [100.0, 160.0, None, None, 400.0, 460.0], [1.0, 1.0, None, None, 9.0, 9.0])
    assert [r.reason for r in got] == ["baseline", "", "no_series", "no_series", "baseline", ""]
    assert counts(got)[5] == (0.0, 60.0)


def test_counters_that_are_computed_are_refused() -> None:
    """With what to write."""
    with pytest.raises(OperatorError, match=r"--errors: .*computed from counters"):
        counters("error_rate", "sum(x)", "y", STEP)


@pytest.mark.parametrize(
    ("text", "promql_text"),
    [
        ('r{status=~"5..",path!="/metrics"}', 'r{status=~"5..",path!="/metrics",job="shop"}'),
        ("r", 'r{job="shop"}'),
        (r'r{path="a.b\"c\\d"}', r'r{path="a.b\"c\\d",job="shop"}'),
        ("*_requests_total", '{__name__=~".*_requests_total",job="shop"}'),
    ],
)
def test_a_selector_of_a_page_is_asked_as_promql(text: str, promql_text: str) -> None:
    """Exact values are exact, patterns are patterns, and the target's conditions are added."""
    assert texts([selector(text)], 'job="shop"') == [promql_text]


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_way_of_every_preset_can_be_asked(preset: str) -> None:
    """And what is asked reads back as the same selector."""
    for way in rates_of(preset, None, None, "http://a:1/metrics"):
        for one, text in zip(way.selectors, texts(way.selectors, ""), strict=True):
            if one.name.startswith("*"):
                continue
            again = selector(text)
            assert (again.name, len(again.matchers)) == (one.name, len(one.matchers))


def test_a_quantile_is_comparable_as_that_of_a_watch() -> None:
    """All requests at 120 ms in a bucket of 100 to 250: below a limit of 200, by their mean."""
    reader = quantile("response_time", "d_seconds", "{}", 0.95, 1000.0, (200.0, 500.0), STEP)
    found = [
        (BUCKETS, Series({"le": "0.1"}, [0.0, 0.0, None])),
        (BUCKETS, Series({"le": "0.25"}, [60.0, 0.0, None])),
        (BUCKETS, Series({"le": "+Inf"}, [60.0, 0.0, None])),
        (SUM, Series({}, [60 * 0.12, 0.0, None])),
    ]
    got = list(reader.readings(found, grid(3)))
    assert got[0].value == pytest.approx(120)
    assert (got[1].quiet, got[2].reason) == (True, "no_series")
    assert dict(reader.queries)[BUCKETS] == "sum by (le) (increase(d_seconds_bucket{}[1m]))"


def test_a_value_without_traffic_is_quiet_and_a_count_that_is_none_has_failed() -> None:
    """NaN of a time, NaN of a count, and infinity."""
    times = promql("t", PromqlSpec((), query="q", unit="s"), STEP)
    many = promql("c", PromqlSpec((), query="q", unit="count"), STEP)
    found = [(VALUE, Series({}, [0.25, nan, None, inf]))]
    got = list(times.readings(found, grid(4)))
    assert (got[0].value, got[1].quiet, got[2].reason) == (250.0, True, "no_series")
    assert got[3].value == inf
    assert not list(many.readings(found, grid(4)))[1].quiet


def test_a_query_of_several_series_is_told_how_to_give_one() -> None:
    """No chance which of them it would be."""
    reader = promql("connections", PromqlSpec((), query="q"), STEP)
    with pytest.raises(OperatorError, match=r"gives 2 series instead of 1: use sum\(\) or max\(\)"):
        list(
            reader.readings([(VALUE, Series({"a": "1"}, [1.0])), (VALUE, Series({"a": "2"}, [1.0]))], grid(1))
        )


def test_what_the_database_measures_is_asked_of_its_exporter() -> None:
    """With the database of the target's DSN."""
    assert exported("connections", "shop", STEP).queries == (
        (VALUE, 'sum(pg_stat_activity_count{datname="shop"})'),
    )


def test_a_mean_is_made_of_sum_and_count() -> None:
    """Over four reads, a minute at least."""
    assert mean("t", "d_seconds", '{a="b"}', "s", STEP).queries == (
        (VALUE, 'sum(rate(d_seconds_sum{a="b"}[1m])) / sum(rate(d_seconds_count{a="b"}[1m]))'),
    )
    assert window_of(60 * SECOND) == "4m"


def test_series_of_several_jobs_are_refused_unless_one_is_said() -> None:
    """A server has those of every service; names are shown without what a terminal obeys."""
    several = [Series({"job": "a"}, [1.0]), Series({"job": "b\x1b[31m"}, [1.0])]
    refuse_several_jobs(several[:1], "")
    refuse_several_jobs(several, 'job=~"a|b"')
    with pytest.raises(
        OperatorError, match=r"several jobs \(a, b\?\[31m\): say which by --match 'job=\"a\"'"
    ):
        refuse_several_jobs(several, "")
