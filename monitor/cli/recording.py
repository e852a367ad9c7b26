"""Reads recorded samples: JSON lines to moments and readings, one line at a time.

This file judges the shape of a line only; what a value is worth is for the decision core.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

from monitor.core.samples import SECOND, Micros, Reading, Sample, judge
from monitor.errors import OperatorError

QUIET = "quiet"
LATEST = 253_402_300_800 * SECOND
"""The end of year 9999; a time after it is milliseconds taken for seconds, or worse."""

_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,18})?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))"
)

_NUMBER = re.compile(r"-?[0-9.]+([eE][+-]?[0-9]+)?$")


class BadRecording(OperatorError):
    """A line that is no recorded sample."""

    def __init__(self, number: int, what: str) -> None:
        self.number = number
        super().__init__(f"line {number}: {what}")


def readings(lines: Iterable[bytes]) -> Iterator[tuple[Micros, Reading]]:
    """Moment and reading of each line. Raises BadRecording with the line's number."""
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            yield _reading(line)
        except (ValueError, RecursionError) as e:
            raise BadRecording(number, _why(e)) from None
    if number == 0:
        raise BadRecording(1, "the recording is empty: it needs one line per sample")


def moment(value: object) -> Micros:
    """Microseconds of epoch seconds or an RFC 3339 text; rounded to the nearest. Raises ValueError."""
    if type(value) is int:  # a bool is none
        found = value * SECOND
    elif isinstance(value, str):
        found = _from_text(value)
    elif isinstance(value, float):
        found = _from_float(value)
    else:
        raise _Unusable("`at` is not a time: write epoch seconds or RFC 3339, as 2024-01-31T12:00:00Z")
    if not 0 <= found < LATEST:
        raise _Unusable("`at` is not between the years 1970 and 9999: write epoch seconds, not milliseconds")
    return found


def moment_given(text: str) -> Micros:
    """The moment of an option `--started-at`. Raises OperatorError."""
    try:
        return moment(json.loads(text) if _NUMBER.match(text) else text)
    except ValueError as e:
        why = str(e).removeprefix("`at` ") if isinstance(e, _Unusable) else "is not a time"
        raise OperatorError(f"--started-at {text!r} {why}") from None


class _Unusable(ValueError):
    """Its text is ours and may be shown."""


_ENDS = frozenset({"", "\n", "\r\n"})


def _whole(digits: str) -> int | float:
    """A number of more digits than Python reads at once is beyond every float, as 1e999 is."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)


_decoder = json.JSONDecoder()


def _json(text: str) -> object:
    """As `json.loads`, which takes twice as long over what is nearly every line: an object, then its end."""
    try:
        if text.startswith("{"):
            found, end = _decoder.raw_decode(text)
            if text[end:] in _ENDS:
                return found
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=_whole)


def _reading(line: bytes) -> tuple[Micros, Reading]:
    found = _json(line.decode())
    if not isinstance(found, dict):
        raise _Unusable("is not an object with `at` and `metric`")
    if "at" not in found or not isinstance(found.get("metric"), str):
        raise _Unusable("needs `at`, a time, and `metric`, a name")
    at, reason = moment(found["at"]), found.get("reason")
    reading = Reading(
        found["metric"],
        found.get("value"),
        reason if isinstance(reason, str) else "",
        reason == QUIET,
        found.get("errors"),
        found.get("requests"),
    )
    return at, _without_useless(at, reading) if reading.quiet else reading


def _without_useless(at: Micros, reading: Reading) -> Reading:
    """Quiet is said of what has no usable value, null or not."""
    return reading if isinstance(judge(at, reading), Sample) else reading._replace(value=None)


def _from_float(value: float) -> Micros:
    number = Decimal(repr(value))  # the shortest text that means this float: what was written
    if not number.is_finite():
        raise _Unusable("`at` is not a finite number")
    return int((number * SECOND).to_integral_value())


def _from_text(text: str) -> Micros:
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise _Unusable("`at` is not an RFC 3339 time: write it with its offset, as 2024-01-31T12:00:00Z")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    leap = second == 60
    try:
        whole = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    except ValueError:
        raise _Unusable("`at` is not a day or time that exists") from None
    seconds = int(whole.timestamp()) + leap - _offset(found)
    return seconds * SECOND + int((Decimal(found[7] or 0) * SECOND).to_integral_value())


def _offset(found: re.Match[str]) -> int:
    """Seconds that the text's clock is ahead of UTC."""
    if found[8]:
        return 0
    hours, minutes = int(found[10]), int(found[11])
    if hours > 23 or minutes > 59:
        raise _Unusable("`at` has an offset that no clock has")
    return (hours * 3600 + minutes * 60) * (-1 if found[9] == "-" else 1)


def _why(e: Exception) -> str:
    if isinstance(e, _Unusable):
        return str(e)
    if isinstance(e, UnicodeDecodeError):
        return "is not UTF-8"
    if isinstance(e, json.JSONDecodeError) and e.doc.startswith("\ufeff"):
        return "begins with a byte order mark: write the file without it"
    return "is not JSON: write one object on each line"
