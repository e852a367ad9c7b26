"""What a reading is worth: a sample, or NoData with a reason."""

from __future__ import annotations

from math import inf, nan

import pytest

from monitor.core.samples import MOST_REQUESTS, Counts, NoData, Reading, Sample, judge


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


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (
            Reading("error_rate", errors=1, requests=4),
            Sample(7, "error_rate", 0.25, Counts(1.0, 4.0)),
        ),
        (
            Reading("error_rate", errors=0, requests=0),
            NoData(7, "error_rate", "quiet", True, Counts(0.0, 0.0)),
        ),
        (
            Reading("error_rate", None, "timeout", errors=1, requests=4),
            NoData(7, "error_rate", "timeout", False, Counts(1.0, 4.0)),
        ),
        (
            Reading("error_rate", None, quiet=True, errors=1, requests=4),
            NoData(7, "error_rate", "no_value", True, Counts(1.0, 4.0)),
        ),
        (
            Reading("error_rate", 1.5, errors=3, requests=2),
            NoData(7, "error_rate", "an error rate of 1.5 is above 1"),
        ),
        (
            Reading("error_rate", "9", quiet=True),
            NoData(7, "error_rate", "unusable_value", False),
        ),
        (
            Reading("connections", -1, "broken"),
            NoData(7, "connections", "broken", False),
        ),
        (Reading("error_rate", 1.0), Sample(7, "error_rate", 1.0)),
        (Reading("response_time", inf), NoData(7, "response_time", "unusable_value")),
        (Reading("response_time", nan), NoData(7, "response_time", "unusable_value")),
        (Reading("response_time", -0.1), NoData(7, "response_time", "unusable_value")),
        (Reading("response_time", 10**400), NoData(7, "response_time", "unusable_value")),
        (Reading("response_time", True), NoData(7, "response_time", "unusable_value")),
    ],
)
def test_a_reading_is_judged_whole(reading: Reading, expected: Sample | NoData) -> None:
    """Counts stand for a value that is left out, unless a reason says why; and none are made up."""
    assert judge(7, reading) == expected


def test_counts_end_at_ten_thousand_million() -> None:
    """One request more is no count."""
    assert MOST_REQUESTS == 1e10
    assert judge(7, Reading("error_rate", errors=0, requests=1e10 + 1)).counts is None
