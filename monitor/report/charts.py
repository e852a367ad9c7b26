"""A metric's history as an inline SVG: range per step, limits, streaks, moments, and what was not seen.

Our own numbers and configured names only; no script, no reference to anything outside the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from monitor.present import times
from monitor.report.labels import Label, placed
from monitor.units import Kind, show_value

WIDTH, PLOT = 760, 140
LEFT, RIGHT, TOP, BOTTOM = 62, 120, 10, 20
LINE = 13
"""Height of a row of labels."""

TICKS = 5

AFTER_WORDS = "after the rollback"

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
    """One metric between two moments (epoch seconds). `streaks`: from, to; `marks`: moment, word.

    `ended`: from then on it is not the watch any more, but what came after its rollback: `after` has those
    points. `gap`: seconds without a value that are no break.
    """

    name: str
    kind: Kind
    since: float
    until: float
    step: float
    points: Sequence[Mapping[str, Any]]
    limits: Mapping[str, float]
    streaks: Sequence[tuple[float, float]] = ()
    marks: Sequence[tuple[float, str]] = ()
    after: Sequence[Mapping[str, Any]] = ()
    ended: float | None = None
    gap: float = 1.0

    @property
    def top(self) -> float:
        """The highest value drawn. A limit far above everything measured is left out."""
        highest = max((highest_of(self.points) or 0.0, highest_of(self.after) or 0.0))
        limits = [v for v in self.limits.values() if v <= 4 * highest or v == min(self.limits.values())]
        return max([highest, *limits], default=1.0) * 1.1 or 1.0

    def x(self, at: float) -> float:
        share = (at - self.since) / max(self.until - self.since, 1e-9)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return self.ceiling + (1 - min(1.0, value / self.top)) * PLOT

    @property
    def labels(self) -> list[Label]:
        shown = [(self.x(at), word) for at, word in self.marks if self.since <= at <= self.until]
        return placed(shown)

    @property
    def ceiling(self) -> float:
        """Upper end of the plot, under the rows of its labels."""
        said = [1 + label.row for label in self.labels if label.word]
        return TOP + LINE * max([*said, 0 if self.ended is None else 1])

    @property
    def floor(self) -> float:
        return self.ceiling + PLOT

    @property
    def longest_gap(self) -> float:
        """Seconds between two values that are joined."""
        return max(3 * self.step, self.gap)


def highest_of(points: Sequence[Mapping[str, Any]]) -> float | None:
    """None: nothing was measured."""
    return max((float(p["high"]) for p in points if p["high"] is not None), default=None)


def svg(chart: Chart) -> str:
    """The chart with a title and a description for those who can't see it."""
    title = escape(
        f"{chart.name}: {_told(chart)}, {times.at_second(chart.since)} to {times.at_second(chart.until)} UTC"
    )
    body = "".join(
        part
        for draw in (_after, _streaks, _unseen, _axes, _data, _limits, _marks)
        for part in draw(chart)
    )  # fmt: skip
    size = f"0 0 {WIDTH} {chart.floor + BOTTOM:g}"
    head = f'<svg viewBox="{size}" role="img" aria-label="{title}">'
    return f"{head}<title>{title}</title>{body}</svg>"


def _told(chart: Chart) -> str:
    worst, after = highest_of(chart.points), highest_of(chart.after)
    said = "nothing was measured" if worst is None else f"highest {show_value(chart.kind, worst)}"
    return said if after is None else f"{said}, {AFTER_WORDS} {show_value(chart.kind, after)}"


def _after(chart: Chart) -> Iterator[str]:
    """The ground of what is not the watch any more."""
    if chart.ended is None:
        return
    yield _box(chart, chart.ended, chart.until, "after")
    yield f'<text x="{chart.x(chart.ended) + 4:.1f}" y="{chart.ceiling - 4:g}">{AFTER_WORDS}</text>'


def _streaks(chart: Chart) -> Iterator[str]:
    for start, end in chart.streaks:
        yield _box(chart, start, end, "streak")


def _unseen(chart: Chart) -> Iterator[str]:
    """Time without a value: between points further apart than may be, and points without one."""
    last = chart.since
    seen = [float(p["at"]) for p in (*chart.points, *chart.after) if p["high"] is not None]
    for at in [*seen, chart.until]:
        if at - last > chart.longest_gap:
            yield _box(chart, last, at - chart.step if at < chart.until else at, "none")
        last = at


def _box(chart: Chart, start: float, end: float, style: str) -> str:
    left, right = chart.x(start), chart.x(end)
    width = max(1.0, right - left)
    return f'<rect class="{style}" x="{left:.1f}" y="{chart.ceiling:g}" width="{width:.1f}" height="{PLOT}"/>'


def _axes(chart: Chart) -> Iterator[str]:
    floor = chart.floor
    yield f'<line class="axis" x1="{LEFT}" y1="{floor:g}" x2="{WIDTH - RIGHT}" y2="{floor:g}"/>'
    for part in (0.0, 0.5, 1.0):
        value = chart.top / 1.1 * part
        text = escape(show_value(chart.kind, value))
        yield f'<text x="{LEFT - 6}" y="{chart.y(value) + 4:.1f}" text-anchor="end">{text}</text>'
    for n in range(TICKS):
        at = chart.since + (chart.until - chart.since) * n / (TICKS - 1)
        long = chart.until - chart.since > 2 * 86400
        hours = chart.until - chart.since > 600
        text = times.day(at) if long else times.hour(at) if hours else times.time_of_day(at)
        yield f'<text x="{chart.x(at):.1f}" y="{floor + BOTTOM - 5:g}" text-anchor="middle">{text}</text>'


def _data(chart: Chart) -> Iterator[str]:
    last = [p for p in chart.points if p["high"] is not None][-1:]
    for style, points in (("", chart.points), (" later", [*last, *chart.after] if chart.after else ())):
        for run in _runs(chart, points):
            highs = [f"{chart.x(p['at']):.1f},{chart.y(p['high']):.1f}" for p in run]
            lows = [f"{chart.x(p['at']):.1f},{chart.y(p['low']):.1f}" for p in reversed(run)]
            if len(run) == 1:
                highs.append(f"{chart.x(run[0]['at']) + 1:.1f},{chart.y(run[0]['high']):.1f}")
            yield f'<polygon class="band" points="{" ".join([*highs, *lows])}"/>'
            yield f'<polyline class="high{style}" points="{" ".join(highs)}"/>'


def _runs(chart: Chart, points: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Points that may be joined: nothing is drawn across time that was not seen."""
    run: list[Mapping[str, Any]] = []
    for point in points:
        if point["high"] is None:
            continue
        if run and float(point["at"]) - float(run[-1]["at"]) > chart.longest_gap:
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _limits(chart: Chart) -> Iterator[str]:
    lowest = chart.floor
    for name, value in sorted(chart.limits.items(), key=lambda pair: pair[1]):
        if value > chart.top:
            continue
        y = chart.y(value)
        lowest = min(y, lowest - 11)  # labels of limits close together stand above each other
        yield f'<line class="limit {name}" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        text = escape(f"{LIMIT_WORDS[name]} {show_value(chart.kind, value)}")
        yield f'<text x="{WIDTH - RIGHT + 4}" y="{lowest + 4:.1f}">{text}</text>'


def _marks(chart: Chart) -> Iterator[str]:
    for label in chart.labels:
        x, baseline = f"{label.x:.1f}", chart.ceiling - 4 - LINE * label.row
        word = escape(label.word)
        upper = baseline - 8 if label.word else chart.ceiling
        yield f'<line class="mark" x1="{x}" y1="{upper:g}" x2="{x}" y2="{chart.floor:g}"/>'
        if word:
            yield f'<text x="{label.right:.1f}" y="{baseline:g}" text-anchor="end">{word}</text>'
