"""Durations, ratios and limits as people write them, and back.

Decimal arithmetic throughout: 0.7 % is 0.007, "exactly 5 minutes" is exact.
This file does not know where the text came from and never repeats it: an error's text continues
a sentence that begins with the value (`5` is not a duration: ...).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from math import floor, isfinite

from monitor.core.samples import HOUR, MINUTE, SECOND, Micros

DAY: Micros = 24 * HOUR
LONGEST: Micros = 3650 * DAY
"""Ten years: longer is a slip of the pen, and it keeps every sum far from any integer's end."""

_UNITS: tuple[tuple[str, Micros], ...] = (
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", 1000),
    ("us", 1),
)
_NUMBER = r"[0-9]{1,18}(?:\.[0-9]{1,18})?"
_DURATION = re.compile("".join(rf"(?:({_NUMBER}){unit})?" for unit, _ in _UNITS))
_TIME = re.compile(rf"({_NUMBER}) ?(us|ms|s|m)")
_RATIO = re.compile(rf"({_NUMBER}) ?%")
_MILLISECONDS = {"us": Decimal("0.001"), "ms": Decimal(1), "s": Decimal(1000), "m": Decimal(60_000)}

_SIZE = re.compile(rf"({_NUMBER}) ?(KiB|MiB|GiB)")
_BYTES = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
LARGEST = 1 << 30
"""A GiB: nobody waits for more."""

SIZE_PATTERN = rf"^{_NUMBER} ?(KiB|MiB|GiB)$"
DURATION_PATTERN = rf"^({_NUMBER}(us|ms|s|m|h|d))+$"
RATIO_PATTERN = rf"^{_NUMBER} ?%$"
TIME_PATTERN = rf"^{_NUMBER} ?(us|ms|s|m)$"


SUFFIXES = {
    "milliseconds": "ms", "millis": "ms", "msec": "ms", "ms": "ms",
    "microseconds": "us", "micros": "us",
    "seconds": "s", "secs": "s",
    "percent": "percent", "percentage": "percent", "pct": "percent",
    "ratio": "ratio",
}  # fmt: skip
"""How names end that say their unit."""

_LAST_WORD = re.compile(r"[A-Z]?[a-z]+$|[A-Z]+$")


class UnitError(ValueError):
    """Text that is not what its key wants. The message continues a sentence that begins with the value."""


class Kind(StrEnum):
    """What a metric's values are. Samples hold ratios as 0-1, times in milliseconds, counts as they are."""

    RATIO = "ratio"
    TIME = "time"
    COUNT = "count"


HOW_TO_WRITE = {
    Kind.RATIO: "write a percentage, as 0.1% or 1%",
    Kind.TIME: "write a time, as 200ms or 0.5s",
    Kind.COUNT: "write a plain number, as 60",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit with what it is a limit of; `value` in the unit of samples."""

    kind: Kind
    value: float


def duration(text: object) -> Micros:
    """Microseconds of `30s`, `5m`, `1h30m`, `500ms`, `2d`, `0.5s`, larger units first. Raises UnitError."""
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        raise UnitError("is not a duration: write it with its unit, as 30s, 5m, 24h or 1h30m")
    pairs = zip(found.groups(), _UNITS, strict=True)
    total = sum((Decimal(number) * size for number, (_, size) in pairs if number), Decimal(0))
    if total > LONGEST:
        raise UnitError(f"is longer than {show_duration(LONGEST)}, the longest a duration may be")
    if total != int(total):
        raise UnitError("is finer than a microsecond, the smallest step of time here")
    return int(total)


def show_duration(micros: Micros) -> str:
    """The text `duration` reads back to the same number: `5m`, `72h`, `0s`; days from four on."""
    parts = []
    for unit, size in _UNITS[0 if micros >= 4 * DAY else 1 :]:
        count, micros = divmod(micros, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def show_span(micros: Micros) -> str:
    """For people, as the page writes it: `5 s`, `1 m 12 s`; the two largest units that are not zero."""
    parts = []
    for unit, size in (*_UNITS[:4], ("ms", 1000)):
        count, micros = divmod(max(0, micros), size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def size(text: object) -> int:
    """Bytes of `64MiB`, at least one and at most LARGEST. Raises UnitError."""
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise UnitError("is not a size: write it with its unit, as 512KiB or 64MiB")
    amount = int(Decimal(found[1]) * _BYTES[found[2]])
    if not 0 < amount <= LARGEST:
        raise UnitError("is not a size for a page: write one from 1KiB to 1GiB")
    return amount


def show_size(amount: int) -> str:
    """The text `size` reads back to the same number, where it is a whole number of KiB: `64MiB`."""
    unit = next((u for u in ("GiB", "MiB", "KiB") if amount % _BYTES[u] == 0), "KiB")
    return f"{amount / _BYTES[unit]:g}{unit}"


def ratio(text: object) -> float:
    """0-1 of `0.1%`, by decimal division. A number without its % is refused. Raises UnitError."""
    found = _RATIO.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise UnitError(f"is not a percentage: {HOW_TO_WRITE[Kind.RATIO]}")
    return float(Decimal(found[1]) / 100)


def show_ratio(value: float) -> str:
    """The text `ratio` reads back to the same number: `0.1%`."""
    return f"{(Decimal(repr(value)) * 100).normalize():f}%"


def time_limit(text: object) -> float:
    """Milliseconds of `200ms` or `0.5s`. Raises UnitError."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise UnitError(f"is not a time: {HOW_TO_WRITE[Kind.TIME]}")
    return float(Decimal(found[1]) * _MILLISECONDS[found[2]])


def count(value: object) -> float:
    """A plain finite number >= 0, written as a number or as text. Raises UnitError."""
    number = _plain(value)
    if number is None or not isfinite(number) or number < 0:
        raise UnitError("is not a count: write a plain number that is 0 or more, as 100")
    return number


def unit_of_name(name: str) -> str:
    """The unit that a name ends with: `s` of `x_seconds`, `ms` of `latencyMs`; "" when it says none."""
    last = _LAST_WORD.search(name)
    return SUFFIXES.get(last[0].lower(), "") if last else ""


def limit(value: object) -> Limit:
    """A limit whose kind follows from its unit: `1%` ratio, `200ms` time, `60` count. Raises UnitError."""
    for kind, read in ((Kind.RATIO, ratio), (Kind.TIME, time_limit), (Kind.COUNT, count)):
        try:
            return Limit(kind, read(value))
        except UnitError:
            continue
    raise UnitError("is not a limit: write a percentage (1%), a time (200ms) or a count (60)")


def show_limit(found: Limit) -> str:
    """As the config writes it."""
    if found.kind is Kind.RATIO:
        return show_ratio(found.value)
    return f"{found.value:g}ms" if found.kind is Kind.TIME else f"{found.value:g}"


def show_value(kind: Kind, value: float) -> str:
    """A measured value or a limit for people, three digits of a ratio and four of a time: `1.2 %`."""
    if kind is Kind.RATIO:
        return f"{value * 100:.3g} %"
    return f"{value:.4g} ms" if kind is Kind.TIME else f"{value:g}"


ROUNDING = 1e-6
"""Tenths that a sum of fifths may lack."""


def show_evidence(errors: float, requests: float, score: float, needed: float) -> str:
    """What counts say for people: `evidence 7.1 of 9: 12 errors in 340 requests`."""
    return f"evidence {show_score(score, needed)}: {show_counts(errors, requests)}"


def show_counts(errors: float, requests: float) -> str:
    """`12 errors in 340 requests`."""
    return f"{_many(errors, 'error')} in {_many(requests, 'request')}"


def show_score(score: float, needed: float) -> str:
    """`7.1 of 9`, rounded down: what looks like enough is enough."""
    return f"{floor(min(score, needed) * 10 + ROUNDING) / 10:g} of {needed:g}"


def show_proven(errors: float, requests: float, needed: float, *, normal: bool) -> str:
    """What is proven of a counted metric: `proven normal: 2,140 of 3,000 requests`."""
    if requests < needed:
        failed = f", {errors:,.0f} of them failed" if errors else ""
        return f"proven normal: {requests:,.0f} of {needed:,.0f} requests{failed}"
    if normal:
        return f"proven normal by {requests:,.0f} requests"
    return f"not proven normal: {errors:,.0f} of {requests:,.0f} requests failed"


def _many(number: float, what: str) -> str:
    shown = f"{number:,.0f}"
    return f"{shown} {what}{'' if shown == '1' else 's'}"


def _plain(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(Decimal(str(value).strip()))
    except (InvalidOperation, OverflowError, ValueError):
        return None
