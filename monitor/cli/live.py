"""One watch as `status --follow` draws it on a terminal: readable at 80 columns and without colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.cli import told, words
from monitor.cli.screen import BORDERS, COLOURS, upcoming
from monitor.cli.spark import bar, sparkline
from monitor.ports import Json

SPARK = 24
BAR = 20
PLAN_LINES = 6
"""Statements shown; the report has all."""


def picture(
    view: Json, chart: Mapping[str, Any], changes: Json | None, kinds: Mapping[str, str], now: float
) -> RenderableType:
    """Phase, what happens next, metrics with their last minutes, streaks, what holds it, the plan."""
    parts: list[RenderableType] = [upcoming(view, now), Text(words.times(view, now), style="dim")]
    if view.get("metrics"):
        parts += [Text(), _metrics(view, chart, kinds)]
    parts += list(_streaks(view))
    parts += [Text(line, style="red" if "NOT" in line else "") for line in words.condition_lines(view, now)]
    parts += [Text(line, style="yellow") for line in words.changed_lines(changes)]
    plan = list(words.plan_lines(view))
    parts += [
        Text("rollback:"),
        *(Text(line, no_wrap=True, overflow="ellipsis") for line in plan[:PLAN_LINES]),
    ]
    if len(plan) > PLAN_LINES:
        parts.append(Text(f"  … and {len(plan) - PLAN_LINES} more"))
    border = BORDERS.get(str(view.get("verdict")), "cyan" if view.get("verdict") is None else "dim")
    return Panel(Group(*parts), title=Text(words.title(view)), title_align="left", border_style=border)


def _metrics(view: Json, chart: Mapping[str, Any], kinds: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    minutes = told.span(float(chart.get("until") or 0) - float(chart.get("since") or 0))
    for heading in ("metric", f"last {minutes}", "now", "normal <", "acts >", ""):
        table.add_column(heading, justify="right" if heading in {"now", "normal <", "acts >"} else "left")
    metrics: Any = view["metrics"]
    for name, now, normal, acts, how in words.metric_rows(view, kinds):
        limits: Mapping[str, float] = metrics[name].get("limits") or {}
        limit = limits.get("rollback_above", limits.get("investigate_above", limits.get("normal_below")))
        drawn = sparkline(chart, name, limit, SPARK)
        table.add_row(
            Text(name), Text(drawn), now, normal, acts, Text(how, style=COLOURS.get(how, "magenta"))
        )
    return table


def _streaks(view: Json) -> list[Text]:
    """Each with how much of its hold is over."""
    streaks: Any = view.get("streaks") or ()
    lines = words.streak_lines(view)
    found = []
    for streak, line in zip(streaks, lines, strict=True):
        share = float(streak.get("age_seconds") or 0) / max(float(streak.get("hold_seconds") or 0), 1e-9)
        style = "bold red" if streak.get("action") == "rollback" else "yellow"
        found.append(Text(f"{bar(share, BAR)} {line}", style=style))
    return found
