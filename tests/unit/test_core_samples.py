"""What a reading is worth: a sample, or NoData with a reason."""

from __future__ import annotations

import pytest

from monitor.core.samples import Counts, NoData, Reading, Sample, judge


def test_a_usable_value_is_a_sample_with_its_counts() -> None:
    """Value and counts become floats, the moment is kept."""
    assert judge(7, Reading("error_rate", 1, errors=2, requests=2)) == Sample(
        7, "error_rate", 1.0, Counts(2.0, 2.0)
    )


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (Reading("connections"), "no_value"),
        (Reading("connections", None, "timeout"), "timeout"),
        (Reading("connections", "9"), "unusable_value"),
        (Reading("error_rate", 1.5), "an error rate of 1.5 is above 1"),
    ],
)
def test_no_data_says_why(reading: Reading, reason: str) -> None:
    """The source's reason, or what is wrong with the value."""
    got = judge(7, reading)
    assert isinstance(got, NoData)
    assert (got.reason, got.quiet) == (reason, False)


def test_quiet_nodata_keeps_its_counts() -> None:
    """Too few requests to judge, and still evidence for a streak."""
    got = judge(7, Reading("error_rate", None, "insufficient_traffic", quiet=True, errors=1, requests=3))
    assert got == NoData(7, "error_rate", "insufficient_traffic", quiet=True, counts=Counts(1.0, 3.0))


def test_values_above_1_are_usable_for_every_metric_but_the_error_rate() -> None:
    """Only a ratio of errors can't exceed 1."""
    assert isinstance(judge(7, Reading("response_time", 1.5)), Sample)


@pytest.mark.parametrize(
    ("errors", "requests", "counts"),
    [(1, 1e10, Counts(1.0, 1e10)), (1, 1.1e10, None), (2, 1, None), (-1, 1, None), (None, 1, None)],
)
def test_counts_that_nobody_can_have_counted_are_none(
    errors: object, requests: object, counts: Counts | None
) -> None:
    """The value beside them stays."""
    got = judge(7, Reading("error_rate", 0.5, errors=errors, requests=requests))
    assert got == Sample(7, "error_rate", 0.5, counts)
