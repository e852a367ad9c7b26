"""A metric's history as an inline SVG: range per step, limits, streaks, moments, and what was not seen.

Our own numbers and configured names only; no script, no reference to anything outside the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from monitor.units import Kind, show_value

WIDTH, HEIGHT = 760, 170
LEFT, RIGHT, TOP, BOTTOM = 62, 120, 10, 20
TICKS = 5

LIMIT_WORDS = {
    "normal_below": "normal <",
    "investigate_above": "alerts >",
    "rollback_above": "rolls back >",
}

HATCH = (
    '<svg width="0" height="0" aria-hidden="true"><defs><pattern id="none" width="6" height="6" '
    'patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" '
    'y2="6"/></pattern></defs></svg>'
)
"""Once in a page: the pattern of time without data."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric between two moments (epoch seconds). `streaks`: from, to; `marks`: moment, word."""

    name: str
    kind: Kind
    since: float
    until: float
    step: float
    points: Sequence[Mapping[str, Any]]
    limits: Mapping[str, float]
    streaks: Sequence[tuple[float, float]] = ()
    marks: Sequence[tuple[float, str]] = ()

    @property
    def top(self) -> float:
        """The highest value drawn. A limit far above everything measured is left out."""
        highest = max((float(p["high"]) for p in self.points if p["high"] is not None), default=0.0)
        limits = [v for v in self.limits.values() if v <= 4 * highest or v == min(self.limits.values())]
        return max([highest, *limits], default=1.0) * 1.1 or 1.0

    def x(self, at: float) -> float:
        share = (at - self.since) / max(self.until - self.since, 1e-9)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return TOP + (1 - min(1.0, value / self.top)) * (HEIGHT - TOP - BOTTOM)


def svg(chart: Chart) -> str:
    """The chart with a title and a description for those who can't see it."""
    worst = max((float(p["high"]) for p in chart.points if p["high"] is not None), default=None)
    said = "nothing was measured" if worst is None else f"highest {show_value(chart.kind, worst)}"
    title = escape(f"{chart.name}: {said}, {_time(chart.since)} to {_time(chart.until)} UTC")
    body = "".join(
        part
        for draw in (_streaks, _unseen, _axes, _data, _limits, _marks)
        for part in draw(chart)
    )  # fmt: skip
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
    return f"{head}<title>{title}</title>{body}</svg>"


def _streaks(chart: Chart) -> Iterator[str]:
    for start, end in chart.streaks:
        yield _box(chart, start, end, "streak")


def _unseen(chart: Chart) -> Iterator[str]:
    """Time without a value: between points further apart than two steps, and points without one."""
    last = chart.since
    for at in [float(p["at"]) for p in chart.points if p["high"] is not None] + [chart.until]:
        if at - last > max(3 * chart.step, 1.0):
            yield _box(chart, last, at - chart.step if at < chart.until else at, "none")
        last = at


def _box(chart: Chart, start: float, end: float, style: str) -> str:
    left, right = chart.x(start), chart.x(end)
    height = HEIGHT - TOP - BOTTOM
    width = max(1.0, right - left)
    return f'<rect class="{style}" x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{height}"/>'


def _axes(chart: Chart) -> Iterator[str]:
    floor = HEIGHT - BOTTOM
    yield f'<line class="axis" x1="{LEFT}" y1="{floor}" x2="{WIDTH - RIGHT}" y2="{floor}"/>'
    for part in (0.0, 0.5, 1.0):
        value = chart.top / 1.1 * part
        text = escape(show_value(chart.kind, value))
        yield f'<text x="{LEFT - 6}" y="{chart.y(value) + 4:.1f}" text-anchor="end">{text}</text>'
    for n in range(TICKS):
        at = chart.since + (chart.until - chart.since) * n / (TICKS - 1)
        long = chart.until - chart.since > 2 * 86400
        form = "%d %b" if long else "%H:%M" if chart.until - chart.since > 600 else "%H:%M:%S"
        text = datetime.fromtimestamp(at, UTC).strftime(form)
        yield f'<text x="{chart.x(at):.1f}" y="{HEIGHT - 5}" text-anchor="middle">{text}</text>'


def _data(chart: Chart) -> Iterator[str]:
    for run in _runs(chart):
        highs = [f"{chart.x(p['at']):.1f},{chart.y(p['high']):.1f}" for p in run]
        lows = [f"{chart.x(p['at']):.1f},{chart.y(p['low']):.1f}" for p in reversed(run)]
        if len(run) == 1:
            highs.append(f"{chart.x(run[0]['at']) + 1:.1f},{chart.y(run[0]['high']):.1f}")
        yield f'<polygon class="band" points="{" ".join([*highs, *lows])}"/>'
        yield f'<polyline class="high" points="{" ".join(highs)}"/>'


def _runs(chart: Chart) -> Iterator[list[Mapping[str, Any]]]:
    """Points that may be joined: nothing is drawn across time that was not seen."""
    run: list[Mapping[str, Any]] = []
    for point in chart.points:
        if point["high"] is None:
            continue
        if run and float(point["at"]) - float(run[-1]["at"]) > max(3 * chart.step, 1.0):
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _limits(chart: Chart) -> Iterator[str]:
    lowest = float(HEIGHT - BOTTOM)
    for name, value in sorted(chart.limits.items(), key=lambda pair: pair[1]):
        if value > chart.top:
            continue
        y = chart.y(value)
        lowest = min(y, lowest - 11)  # labels of limits close together stand above each other
        yield f'<line class="limit {name}" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        text = escape(f"{LIMIT_WORDS[name]} {show_value(chart.kind, value)}")
        yield f'<text x="{WIDTH - RIGHT + 4}" y="{lowest + 4:.1f}">{text}</text>'


def _marks(chart: Chart) -> Iterator[str]:
    for row, (at, word) in enumerate(chart.marks):
        if chart.since <= at <= chart.until:
            x = chart.x(at)
            yield f'<line class="mark" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>'
            y = TOP + 9 + 12 * (row % 6)
            yield f'<text x="{x - 3:.1f}" y="{y}" text-anchor="end">{escape(word)}</text>'


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
