"""A strip for each day: how bad its hours were, what was not seen, and where a rule would have fired. SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from monitor.present.times import utc, weekday

Doc = Mapping[str, Any]

DAY, HOUR = 86_400, 3600
WIDTH, LEFT, RIGHT, ROW, HIGH, TOP = 760, 78, 22, 18, 12, 22
"""Of the drawing: its width, room for the dates and beside, a row's pitch and its strip's height."""

STYLES = {"rollback": "rolls", "investigate": "looks", "warn": "warns"}


def strips(doc: Doc) -> str:
    """All days, the first one above."""
    first = int(doc["begin"]) // DAY * DAY
    days = range(first, int(doc["end"]) + 1, DAY)
    height = TOP + ROW * len(days)
    title = f"each day from {weekday(first)} on, with what would have fired"
    body = "".join([*_heads(height), *(part for n, day in enumerate(days) for part in _day(doc, day, n))])
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img"><title>{escape(title)}</title>{body}</svg>'


def _heads(height: int) -> Iterator[str]:
    for hour in range(0, 25, 6):
        x = _x(hour * HOUR)
        yield f'<text x="{x:.1f}" y="12" text-anchor="middle">{hour:02}:00</text>'
        yield f'<line class="axis" x1="{x:.1f}" y1="16" x2="{x:.1f}" y2="{height}"/>'


def _day(doc: Doc, day: int, n: int) -> Iterator[str]:
    y = TOP + n * ROW
    yield f'<text x="{LEFT - 8}" y="{y + HIGH - 2}" text-anchor="end">{weekday(day)}</text>'
    begin, end = max(day, doc["begin"]), min(day + DAY, doc["end"])
    yield _box("seen", begin - day, end - day, y)
    for metric, hours in doc["hours"].items():
        limits = doc["policy"]["metrics"][metric]
        yield from _hours([h for h in hours if day <= h["at"] < day + DAY], limits, day, y)
    for at, action, text in _fired(doc, day):
        yield (
            f'<path class="{STYLES[action]}" d="M{_x(at - day):.1f} {y - 2}l4 -3h-8zv{HIGH + 3}">'
            f"<title>{escape(text)}</title></path>"
        )


def _hours(hours: Sequence[Doc], limits: Doc, day: int, y: int) -> Iterator[str]:
    """An hour is coloured by its mean, or by its worst five minutes where these are above what acts."""
    acts = limits["rollback_above"] or limits["investigate_above"]
    for hour in hours:
        begin = hour["at"] - day
        if acts is not None and (hour["high"] or 0.0) > acts:
            yield _box("above", begin, begin + HOUR, y)
        elif (hour["mean"] or 0.0) >= limits["normal_below"]:
            yield _box("over", begin, begin + HOUR, y)
        if hour["failed"] > hour["usable"]:
            yield _box("none", begin, begin + HOUR, y)


def _fired(doc: Doc, day: int) -> Iterator[tuple[float, str, str]]:
    """Warnings first, so that what is graver lies above them."""
    rules = [(r["action"], f) for r in reversed(doc["firings"]) for f in r["firings"]]
    for action, firing in [*rules, *(("rollback", r) for r in doc["rollbacks"])]:
        if day <= firing["at"] < day + DAY:
            yield firing["at"], action, f"{firing['rule']} at {utc(firing['at'])}"


def _box(style: str, begin: float, end: float, y: int) -> str:
    left, right = _x(begin), _x(end)
    return (
        f'<rect class="{style}" x="{left:.1f}" y="{y}" width="{max(right - left, 0.5):.1f}" height="{HIGH}"/>'
    )


def _x(seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * seconds / DAY
