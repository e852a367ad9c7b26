"""Quantiles of histograms: what is known is the bucket, and no limit inside it counts as reached."""

from __future__ import annotations

from math import inf, nan

import pytest

from monitor.core.thresholds import Threshold
from monitor.sources.histogram import Quantile, bucket_of, comparable, quantile_of
from monitor.sources.words import counts_told, quantile_told

LIMITS = (200.0, 500.0)


@pytest.mark.parametrize(
    ("q", "value"),
    [(0.5, 0.1), (0.25, 0.05), (0.75, 0.55), (0.99, 1.0)],
    ids=["median", "low", "high", "inf"],
)
def test_quantiles_are_interpolated_as_prometheus_does(q: float, value: float) -> None:
    """50 up to 0.1 s, 50 up to 1 s... and the last bucket is its lower bound."""
    buckets = {0.1: 50.0, 1.0: 100.0, inf: 100.0}
    if q == 0.99:
        buckets = {0.1: 50.0, 1.0: 90.0, inf: 100.0}
    found = quantile_of(q, buckets)
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("buckets", [{}, {inf: 5.0}, {0.1: 5.0, 1.0: 5.0}, {0.1: 0.0, inf: 0.0}])
def test_what_is_no_histogram_has_no_quantile(buckets: dict[float, float]) -> None:
    """No bucket, no end, or nobody in it."""
    assert quantile_of(0.95, buckets) is None


@pytest.mark.parametrize(
    ("low", "high", "normal", "breached"),
    [
        (199.0, 250.0, True, False),
        (200.0, 250.0, False, False),
        (201.0, 250.0, False, False),
        (499.0, 700.0, False, False),
        (500.0, 700.0, False, False),
        (501.0, 700.0, False, True),
        (100.0, 900.0, True, False),
    ],
)
def test_a_limit_is_reached_when_the_whole_bucket_is_beyond_it(
    low: float, high: float, normal: bool, breached: bool
) -> None:
    """Not normal: its lower bound is at the limit or above. A breach: it is above."""
    threshold = Threshold("response_time", 200.0, investigate_above=500.0)
    rule = threshold.rules()[0]
    for estimate in (low, (low + high) / 2, high):
        for mean in (nan, low - 1, low, (low + high) / 2, high + 1):
            value = comparable(Quantile(estimate, low, high), LIMITS, mean)
            assert low <= value <= estimate or value == mean
            assert (threshold.is_normal(value), rule.breached_by(value)) == (normal, breached), value


def test_without_a_limit_in_the_way_the_estimate_is_shown() -> None:
    """It is the better number."""
    assert comparable(Quantile(150.0, 100.0, 250.0), LIMITS, 120.0) == 150.0
    assert comparable(Quantile(242.5, 100.0, 250.0), LIMITS, 120.0) == 120.0
    assert comparable(Quantile(242.5, 100.0, 250.0), LIMITS, 90.0) == 100.0
    assert comparable(Quantile(242.5, 100.0, 250.0), (), 120.0) == 242.5


def test_a_limit_falls_into_one_bucket() -> None:
    """Its own bound is the upper end of it."""
    assert bucket_of(200.0, [100.0, 250.0]) == (100.0, 250.0)
    assert bucket_of(250.0, [100.0, 250.0]) == (100.0, 250.0)
    assert bucket_of(251.0, [100.0, 250.0]) == (250.0, inf)
    assert bucket_of(50.0, [100.0]) == (0.0, 100.0)


def test_readings_are_said_in_words() -> None:
    """With the share of a count, and the bucket of a quantile."""
    assert counts_told(50, 1010, "in 5 s") == "50 errors in 1,010 requests in 5 s (5.0 %)"
    assert counts_told(1, 1, "in 5 s") == "1 error in 1 request in 5 s (100.0 %)"
    assert counts_told(1, 4000, "in 5 s") == "1 error in 4,000 requests in 5 s (0.025 %)"
    assert counts_told(0, 9, "in 5 s") == "0 errors in 9 requests in 5 s (0.0 %)"
    assert quantile_told(0.95, 120.0, Quantile(242, 100.0, 250.0)) == "p95 120 ms (bucket 100–250 ms)"
    assert quantile_told(0.999, 1000.0, Quantile(1000.0, 1000.0, inf)) == (
        "p99.9 over 1000 ms (above the largest bucket)"
    )
