"""Durations, ratios and limits: text to value and back, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import units
from monitor.core.samples import HOUR, MINUTE, SECOND
from monitor.units import Kind, Limit, UnitError


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("30s", 30 * SECOND),
        ("5m", 5 * MINUTE),
        ("24h", 24 * HOUR),
        ("1h30m", 90 * MINUTE),
        ("500ms", SECOND // 2),
        ("0.5s", SECOND // 2),
        ("2d", 48 * HOUR),
        ("0s", 0),
        ("1us", 1),
        ("1d1h1m1s1ms1us", 25 * HOUR + 61 * SECOND + 1001),
        ("3650d", units.LONGEST),
        (" 5m ", 5 * MINUTE),
    ],
)
def test_a_duration_is_whole_microseconds(text: str, micros: int) -> None:
    """Decimal arithmetic: half a second is exactly 500,000."""
    assert units.duration(text) == micros


@pytest.mark.parametrize(
    "text",
    ["", "5", 5, None, "s", "-5s", "5 s", "30m1h", "1e3s", "5S", "٥s", "3651d", "0.0000001s", "1h1h", True],
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    """A unit is never guessed."""
    with pytest.raises(UnitError):
        units.duration(text)


@given(st.integers(0, units.LONGEST))
def test_a_duration_reads_back_what_it_shows(micros: int) -> None:
    """`show_duration` is exact for every duration there is."""
    assert units.duration(units.show_duration(micros)) == micros


@given(st.decimals(min_value=0, max_value=100, places=6))
def test_a_percentage_reads_back_what_it_shows(percent: object) -> None:
    """Decimal division by 100, so that what was written is what is shown."""
    value = units.ratio(f"{percent}%")
    assert units.ratio(units.show_ratio(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.7%", 0.007), ("1%", 0.01), ("0.1%", 0.001), ("0%", 0.0), ("100 %", 1.0), ("250%", 2.5)],
)
def test_a_percentage_is_divided_by_100_as_a_decimal(text: str, value: float) -> None:
    """0.7 % is the float nearest to 0.007, which 0.7 / 100 is not."""
    assert units.ratio(text) == value


@pytest.mark.parametrize("text", ["1", 1, 0.01, "%", "-1%", "1%%", "nan%", None, True])
def test_what_is_no_percentage_is_refused(text: object) -> None:
    """0.01 could be 1 % or 0.01 %."""
    with pytest.raises(UnitError):
        units.ratio(text)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1%", Limit(Kind.RATIO, 0.01)),
        ("200ms", Limit(Kind.TIME, 200.0)),
        ("0.5s", Limit(Kind.TIME, 500.0)),
        ("250us", Limit(Kind.TIME, 0.25)),
        ("1m", Limit(Kind.TIME, 60_000.0)),
        (60, Limit(Kind.COUNT, 60.0)),
        (0.5, Limit(Kind.COUNT, 0.5)),
        ("60", Limit(Kind.COUNT, 60.0)),
    ],
)
def test_a_limit_has_the_kind_of_its_unit(text: object, limit: Limit) -> None:
    """Times are in milliseconds, the unit of samples."""
    assert units.limit(text) == limit
    assert units.limit(units.show_limit(limit)) == limit


@pytest.mark.parametrize("text", ["1x", "ms", -1, float("nan"), float("inf"), "1e999", True, None, [], "1 2"])
def test_what_is_no_limit_is_refused(text: object) -> None:
    """Numbers are finite and not negative."""
    with pytest.raises(UnitError):
        units.limit(text)
