"""One watch as `status --follow` draws it on a terminal: readable at 80 columns and without colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.cli.screen import border, condition, upcoming
from monitor.cli.spark import bar, sparkline
from monitor.ports import Json
from monitor.present import terminal as words
from monitor.present import times
from monitor.present.changes import changed_lines

SPARK = 24
BAR = 20
PLAN_LINES = 6
"""Statements shown; the report has all."""

SQL_SHOWN = 400
"""Characters shown of one; the report has all."""

MAX_GAP = 30.0
"""Seconds between two samples that are still joined, when the daemon does not say."""


def picture(
    view: Json, chart: Mapping[str, Any], changes: Json | None, kinds: Mapping[str, str], now: float
) -> RenderableType:
    """Phase, what happens next, metrics with their last minutes, streaks, what holds it, the plan."""
    parts: list[RenderableType] = [upcoming(view, now), Text(words.watched_for(view, now), style="dim")]
    if view.get("metrics"):
        parts += [Text(), _metrics(view, chart, kinds, words.of_when(view, now))]
    parts += list(_streaks(view, now))
    lines = words.condition_lines(view, now)
    parts += [Text(line, style="red" if isinstance(line, words.Alarm) else "") for line in lines]
    parts += [Text(line, style="yellow") for line in changed_lines(changes)]
    plan = list(words.plan_rows(view))
    parts += [Text("rollback:"), _plan(plan[:PLAN_LINES])]
    if len(plan) > PLAN_LINES:
        parts.append(Text(f"  … and {len(plan) - PLAN_LINES} more"))
    title = Text(words.title(view))
    return Panel(Group(*parts), title=title, title_align="left", border_style=border(view, now))


class _Newest:
    """A line of which, where there is no room, the beginning is left out: its end is now."""

    def __init__(self, line: str) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self._line[-options.max_width :], no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(4, len(self._line)), len(self._line))


def _plan(rows: Sequence[tuple[str, str]]) -> Table:
    """Statements are wrapped, never cut at the edge: what is at the end may be what matters."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, sql in rows:
        shown = sql if len(sql) <= SQL_SHOWN else f"{sql[:SQL_SHOWN]}… (the report has all of it)"
        table.add_row(Text(label), Text(shown))
    return table


def _metrics(view: Json, chart: Mapping[str, Any], kinds: Mapping[str, str], when: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    minutes = times.span(float(chart.get("until") or 0) - float(chart.get("since") or 0))
    gap = float((view_times(view)).get("max_gap_seconds") or MAX_GAP)
    for heading in ("metric", f"last {minutes}"):
        table.add_column(heading, justify="left")
    for heading in (when, "normal <", "acts >"):
        table.add_column(heading, justify="right")
    table.add_column("", justify="left")
    metrics: Any = view["metrics"]
    for row in words.metric_rows(view, kinds):
        limits: Mapping[str, float] = metrics[row.name].get("limits") or {}
        limit = limits.get("rollback_above", limits.get("investigate_above", limits.get("normal_below")))
        drawn = sparkline(chart, row.name, limit, SPARK, gap)
        table.add_row(Text(row.name), _Newest(drawn), row.value, row.normal, row.acts, condition(row))
    return table


def view_times(view: Json) -> Mapping[str, Any]:
    """Durations of the watch's policy; empty before the daemon has seen it."""
    found: Any = view.get("times")
    return found if isinstance(found, Mapping) else {}


def _streaks(view: Json, now: float) -> list[Text]:
    """Each with how much of its hold is over."""
    found = []
    for streak, line in zip(words.streaks(view), words.streak_lines(view, now), strict=True):
        share = float(streak.get("age_seconds") or 0) / max(float(streak.get("hold_seconds") or 0), 1e-9)
        style = "bold red" if streak.get("action") == "rollback" else "yellow"
        found.append(Text(f"{bar(share, BAR)} {line}", style=style))
    return found
