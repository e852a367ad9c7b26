"""Recorded samples: what a line may say, and what is refused with its number."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.cli.recording import BadRecording, moment, moment_given, readings
from monitor.core.samples import SECOND, NoData, Reading, Sample, judge
from monitor.errors import OperatorError


def read(*lines: str) -> list[tuple[int, Reading]]:
    """What the lines say."""
    return list(readings(line.encode() for line in lines))


def test_a_line_is_a_moment_and_a_reading() -> None:
    """Values, counts and reason go on as they are written."""
    line = '{"at": 1700000000, "metric": "error_rate", "value": 0.012, "errors": 12, "requests": 1000}\n'
    assert read(line) == [(1_700_000_000 * SECOND, Reading("error_rate", 0.012, "", False, 12, 1000))]


def test_the_reason_quiet_says_too_little_traffic() -> None:
    """Null, or a value that is not usable; a usable value is a sample whatever the reason."""
    quiet = '{"at": 1, "metric": "error_rate", "value": %s, "reason": "quiet", "errors": 0, "requests": 3}'
    for value in ("null", "NaN", '"x"', "-1", "1.5", "true"):
        ((at, reading),) = read(quiet % value)
        found = judge(at, reading)
        assert isinstance(found, NoData), value
        assert found.quiet, value
    ((at, reading),) = read(quiet % "0.5")
    assert isinstance(judge(at, reading), Sample)


def test_nan_is_no_data() -> None:
    """Python's spelling of what JSON has not is understood, and is no value."""
    ((at, reading),) = read('{"at": 1, "metric": "connections", "value": NaN}')
    found = judge(at, reading)
    assert isinstance(found, NoData)
    assert not found.quiet


@pytest.mark.parametrize(
    ("at", "micros"),
    [
        ("1700000000.123456", 1_700_000_000_123_456),
        ("1700000000.1", 1_700_000_000_100_000),
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("0", 0),
        ('"1970-01-01T00:00:01Z"', SECOND),
        ('"1970-01-01t00:00:01.000001z"', SECOND + 1),
        ('"1970-01-01 01:00:01+01:00"', SECOND),
        ('"1970-01-01T00:00:00.5-00:30"', 1800 * SECOND + SECOND // 2),
        ('"2016-12-31T23:59:60Z"', 1_483_228_800 * SECOND),
        ('"1970-01-01T00:00:00.0000015Z"', 2),
    ],
)
def test_a_time_is_exact_to_the_microsecond(at: str, micros: int) -> None:
    """Decimal arithmetic: no float error moves a sample past a limit."""
    assert moment(json.loads(at)) == micros


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_epoch_seconds_with_six_digits_come_back(micros: int) -> None:
    """Until 2096 a float of seconds holds every microsecond."""
    assert moment(float(f"{micros // SECOND}.{micros % SECOND:06d}")) == micros


@given(st.integers(0, 200_000_000_000 * SECOND), st.integers(-23 * 60, 23 * 60))
def test_rfc_3339_with_any_offset_comes_back(micros: int, offset: int) -> None:
    """The same moment as the standard library writes."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    assert moment(at.astimezone(timezone(timedelta(minutes=offset))).isoformat()) == micros


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\n",
        "[]",
        "5",
        "null",
        "{",
        '{"at": 1}',
        '{"metric": "error_rate"}',
        '{"at": 1, "metric": 5}',
        '{"at": null, "metric": "m"}',
        '{"at": true, "metric": "m"}',
        '{"at": NaN, "metric": "m"}',
        '{"at": 1e300, "metric": "m"}',
        '{"at": -1, "metric": "m"}',
        '{"at": 1700000000000, "metric": "m"}',
        '{"at": "2024-01-31", "metric": "m"}',
        '{"at": "2024-01-31T12:00:00", "metric": "m"}',
        '{"at": "2024-02-30T12:00:00Z", "metric": "m"}',
        '{"at": "2024-01-31T12:00:00+24:00", "metric": "m"}',
        '{"at": 1' + "0" * 5000 + ', "metric": "m"}',
        "[" * 100_000,
        '{"at": 1, "metric": "m"} {"at": 1, "metric": "m"}',
    ],
)
def test_what_is_no_sample_is_refused_with_its_line(line: str) -> None:
    """The lines before it have been read."""
    found = readings([b'{"at": 1, "metric": "m"}', line.encode()])
    next(found)
    with pytest.raises(BadRecording, match=r"^line 2: ") as caught:
        next(found)
    assert caught.value.number == 2


def test_bytes_that_are_no_text_are_refused() -> None:
    """Only UTF-8 is read."""
    with pytest.raises(BadRecording, match="line 1: is not UTF-8"):
        list(readings([b'{"at": 1, "metric": "\xff"}']))


def test_a_byte_order_mark_is_named() -> None:
    """An editor put it there, and nobody sees it."""
    with pytest.raises(BadRecording, match="line 1: begins with a byte order mark"):
        list(readings([b'\xef\xbb\xbf{"at": 1, "metric": "m"}']))


def test_a_number_of_any_length_is_a_value_that_can_not_be_used() -> None:
    """No data, like every other value that is not finite; the line is a sample."""
    line = '{"at": 1, "metric": "error_rate", "value": 1' + "0" * 5000 + "}"
    ((_, reading),) = readings([line.encode()])
    assert reading.value == math.inf


def test_an_empty_recording_is_refused() -> None:
    """Nothing recorded is a mistake, not a success."""
    with pytest.raises(BadRecording, match="line 1: the recording is empty"):
        list(readings([]))


@pytest.mark.parametrize("value", [math.inf, [], {}])
def test_what_is_no_time_at_all_is_refused(value: object) -> None:
    """Whatever JSON can hold."""
    with pytest.raises(ValueError, match="`at`"):
        moment(value)


def test_the_option_takes_what_a_line_takes() -> None:
    """Epoch seconds or RFC 3339."""
    assert moment_given("1700000000.5") == moment_given("2023-11-14T22:13:20.5Z") == 1_700_000_000_500_000
    for text in ("", "now", "17e", "2023-11-14", "-5", "1 2"):
        with pytest.raises(OperatorError, match="--started-at"):
            moment_given(text)
