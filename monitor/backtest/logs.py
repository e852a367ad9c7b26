"""Access logs as a history: requests, 5xx as errors, and times, where the log has them.

Read line by line: the combined form (with any further fields; a time in seconds may be the last one), or JSON
lines. Lines are counted into slots a step long; a line may come up to LATE after later ones, as it does where
several processes write one file. What can't be read is counted, not guessed.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from math import ceil, exp, isfinite, log
from pathlib import Path

from monitor.backtest.history import Round
from monitor.core.samples import ERROR_RATE, HOUR, MINUTE, SECOND, Micros, Reading
from monitor.errors import OperatorError

LINE_LIMIT = 1 << 16
"""Bytes; the rest of a longer line is another, bad one."""

LATE: Micros = 2 * MINUTE
"""A line may come so much late: it is written at a request's end, with the time of its beginning."""

QUANTILE = 0.95
FINE = 0.02
"""Times are sorted into steps of so much."""

_COMBINED = re.compile(
    rb"\S+ \S+ .{0,200}?\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "
    rb'"(?:[^"\\]|\\.)*" (\d{3}) (?:\d+|-)(?: (.*))?'
)
_LAST_NUMBER = re.compile(rb'(?:^| |=)"?(\d{1,6}\.\d{1,6})"?\s*$')
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: n for n, name in enumerate(MONTHS, 1)}

TIMES = (
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "time_iso8601",
    "time_local",
    "msec",
    "start_time",
    "StartUTC",
    "date",
)
STATUSES = ("status", "status_code", "code", "response_code", "http_status", "statusCode", "DownstreamStatus")
DURATIONS = {
    "request_time": 1000.0, "duration_s": 1000.0, "duration_seconds": 1000.0,
    "upstream_response_time": 1000.0,
    "response_time_ms": 1.0, "duration_ms": 1.0, "latency_ms": 1.0, "request_time_ms": 1.0,
    "responseTime": 1.0,
    "duration_us": 0.001, "Duration": 0.000001,
}  # fmt: skip
"""Key -> to milliseconds; a key that says no unit is not guessed at. `Duration`: Traefik's nanoseconds."""

NESTED = ("request", "response", "http", "httpRequest")


@dataclass(frozen=True, slots=True)
class Line:
    """One request: when, whether it failed, how long it took in ms (None: not said)."""

    at: Micros
    failed: bool
    took: float | None


@dataclass(slots=True)
class Count:
    """What became of the lines."""

    good: int = 0
    bad: int = 0
    late: int = 0
    cut: list[str] = field(default_factory=list)
    longest: Micros = 0
    longest_from: Micros = 0


@dataclass(slots=True)
class _Slot:
    requests: int = 0
    errors: int = 0
    took: Counter[int] = field(default_factory=Counter)


def lines_of(paths: Sequence[str], count: Count) -> Iterator[Line]:
    """Of all files, the file with the earliest first line first. Raises OperatorError."""
    for path in sorted(paths, key=_first_moment) if len(paths) > 1 else paths:
        yield from _of_file(path, count)


def timed(path: str) -> bool:
    """Whether the first lines of a log say how long a request took."""
    found = _of_file(path, Count())
    return any(line.took is not None for line, _ in zip(found, range(100), strict=False))


def rounds(lines: Iterator[Line], step: Micros, count: Count, with_times: bool) -> Iterator[Round]:
    """Slot by slot; a slot without a line is one in which nobody asked."""
    slots: dict[int, _Slot] = {}
    recent: deque[_Slot] = deque(maxlen=max(1, MINUTE // step))
    done: int | None = None  # the first slot that is still open, once one was closed
    newest = 0
    for line in lines:
        n, closed = line.at // step, (newest - LATE) // step
        if newest and n < (closed if done is None else done):
            count.late += 1
            continue
        _note_gap(count, newest, line.at)
        newest = max(newest, line.at)
        _add(slots.setdefault(n, _Slot()), line)
        closed = (newest - LATE) // step
        if done is None and (first := min(slots)) < closed:
            done = first
        while done is not None and done < closed:
            yield _round(done, step, slots.pop(done, _Slot()), recent, with_times)
            done += 1
    for n in range(min(slots, default=0) if done is None else done, newest // step + bool(newest)):
        yield _round(n, step, slots.pop(n, _Slot()), recent, with_times)


def _add(slot: _Slot, line: Line) -> None:
    slot.requests += 1
    slot.errors += line.failed
    if line.took is not None:
        slot.took[_bin(line.took)] += 1


def _round(n: int, step: Micros, slot: _Slot, recent: deque[_Slot], with_times: bool) -> Round:
    """The slot's counts at its end, and the quantile of the last minute's times."""
    at = (n + 1) * step
    counts = Reading(ERROR_RATE, errors=float(slot.errors), requests=float(slot.requests))
    if not with_times:
        return at, (counts,)
    recent.append(slot)
    return at, (counts, _times(recent))


def _times(recent: Sequence[_Slot]) -> Reading:
    total: Counter[int] = Counter()
    for slot in recent:
        total.update(slot.took)
    if not total:
        return Reading("response_time", reason="insufficient_traffic", quiet=True)
    rank, seen = ceil(QUANTILE * total.total()), 0
    for step in sorted(total):
        seen += total[step]
        if seen >= rank:
            return Reading("response_time", _of_bin(step))
    raise AssertionError("unreachable: the last bin holds the rank")


def _bin(took: float) -> int:
    return round(log(max(took, 0.01)) / log(1 + FINE))


def _of_bin(step: int) -> float:
    return exp(step * log(1 + FINE))


def _note_gap(count: Count, newest: Micros, at: Micros) -> None:
    if newest and at - newest > max(count.longest, HOUR):
        count.longest, count.longest_from = at - newest, newest


def _of_file(path: str, count: Count) -> Iterator[Line]:
    try:
        with Path(path).open("rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            unpacked = gzip.GzipFile(fileobj=file) if packed else file
            for raw in iter(lambda: unpacked.readline(LINE_LIMIT), b""):
                line = parsed(raw)
                if line is None:
                    count.bad += bool(raw.strip())
                else:
                    count.good += 1
                    yield line
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        if not count.good:
            raise OperatorError(f"the log {path} can't be unpacked: it is no whole gzip file") from e
        count.cut.append(path)
    except OSError as e:
        raise OperatorError(f"the log {path} can't be read: {e.strerror}") from None


def _first_moment(path: str) -> Micros:
    return next((line.at for line in _of_file(path, Count())), 0)


def parsed(raw: bytes) -> Line | None:
    """A line of either form; None where it is none."""
    return _from_json(raw) if raw.lstrip()[:1] == b"{" else _from_combined(raw)


def _from_combined(raw: bytes) -> Line | None:
    found = _COMBINED.match(raw)
    if found is None:
        return None
    at = _apache(found[1])
    rest = _LAST_NUMBER.search(found[3]) if found[3] else None
    took = float(rest[1]) * 1000 if rest else None
    return None if at is None else Line(at, found[2][:1] == b"5", took)


@lru_cache(maxsize=64)
def _apache(text: bytes) -> Micros | None:
    """`10/Oct/2000:13:55:36 -0700`; many lines have one second."""
    day, month, year = int(text[:2]), _MONTHS.get(text[3:6].decode()), int(text[7:11])
    hour, minute, second = int(text[12:14]), int(text[15:17]), int(text[18:20])
    sign = -1 if text[21:22] == b"-" else 1
    if month is None:
        return None
    try:
        zone = timezone(sign * timedelta(hours=int(text[22:24]), minutes=int(text[24:26])))
        found = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        return None
    return int(found.timestamp()) * SECOND


def _from_json(raw: bytes) -> Line | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    inner = [v for key in NESTED if isinstance(v := found.get(key), dict)]
    places = [found, *inner]
    at = _moment(_first(places, TIMES))
    status = _status(_first(places, STATUSES))
    if at is None or status is None:
        return None
    return Line(at, status >= 500, _took(places))


def _first(places: Sequence[dict[str, object]], keys: Sequence[str]) -> object:
    return next((place[key] for key in keys for place in places if key in place), None)


def _status(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() else None


def _moment(value: object) -> Micros | None:
    """Epoch seconds, milliseconds where they must be, RFC 3339 with its zone, or as in the combined form."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return _from_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    seconds = float(value)
    seconds = seconds / 1000 if seconds > MILLISECONDS_FROM else seconds
    return round(seconds * SECOND) if isfinite(seconds) and 0 < seconds < MILLISECONDS_FROM else None


_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")

MILLISECONDS_FROM = 1e11
"""Seconds beyond the year 5138."""


def _from_text(text: str) -> Micros | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        match = re.fullmatch(r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}", text)
        return _apache(text.encode()) if match else None
    if found.tzinfo is None:
        return None
    try:
        return round(found.timestamp() * SECOND)
    except (OverflowError, ValueError):
        return None


def _took(places: Sequence[dict[str, object]]) -> float | None:
    for key, factor in DURATIONS.items():
        for place in places:
            value = place.get(key)
            if isinstance(value, str) and _NUMBER.fullmatch(value):
                value = float(value)
            if (
                isinstance(value, int | float)
                and not isinstance(value, bool)
                and value >= 0
                and isfinite(value)
            ):
                return float(value) * factor
    return None


def told(count: Count, moment: Callable[[float], str]) -> Iterator[str]:
    """What of the lines was not used, in sentences."""
    if count.bad:
        lines = f"{count.bad:,} of {count.good + count.bad:,} lines"
        yield f"{lines} are not lines of an access log: skipped"
    if count.late:
        minutes = LATE // MINUTE
        yield f"lines over {minutes} minutes behind others before them: {count.late:,}, left out"
    for path in count.cut:
        yield f"{path} ends in the middle: what precedes that is used"
    if count.longest:
        hours = count.longest / HOUR
        yield (
            f"there is no line for {hours:.1f} hours from {moment(count.longest_from / SECOND)} on: "
            "looked at as time in which nobody asked; if a file is missing, name it too"
        )
