"""Watches on a terminal: the words of a watch, laid out by rich."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.ports import Json
from monitor.present import terminal as words
from monitor.present import times
from monitor.present.metrics import Condition
from monitor.present.silence import silent_since

COLOURS = {Condition.NORMAL: "green", Condition.NOT_NORMAL: "yellow"}
BORDERS = {
    "succeeded": "green",
    "rolled_back": "yellow",
    "failed": "red",
    "refused": "red",
    "unverified": "red",
}
GRAVE = frozenset({"rolling_back", "in_doubt", "awaiting_approval"})


def border(view: Json, now: float) -> str:
    """Red where a person is needed, or nobody is there; dim where nothing is done any more."""
    if view.get("verdict") is not None:
        helped: Any = view.get("aftermath") or {}
        judged = helped.get("said_at") is not None and not helped.get("newer")
        unhelpful = judged and helped.get("helped") is not True
        return "red" if unhelpful else BORDERS.get(str(view["verdict"]), "dim")
    if silent_since(view, now) is not None or view.get("phase") in GRAVE:
        return "red"
    return "dim" if view.get("superseded") else "cyan"


def watches(views: Sequence[Json], kinds: Mapping[str, Mapping[str, str]], now: float) -> RenderableType:
    """A panel for each watch."""
    return Group(*(watch(view, kinds.get(str(view["target"]), {}), now) for view in views))


def watch(view: Json, kinds: Mapping[str, str], now: float) -> RenderableType:
    """One watch: what happens next, times, metrics with both numbers, streaks, what holds it."""
    following = upcoming(view, now)
    parts: list[RenderableType] = [
        *([following] if following.plain else []),
        Text(words.watched_for(view, now)),
    ]
    if view.get("metrics"):
        parts.append(_metrics(view, kinds, words.of_when(view, now)))
    parts += [Text(line, style="bold yellow") for line in words.streak_lines(view, now)]
    lines = words.condition_lines(view, now)
    parts += [Text(line, style="red" if isinstance(line, words.Alarm) else "") for line in lines]
    title = escape(words.title(view))
    return Panel(Group(*parts), title=title, title_align="left", border_style=border(view, now))


def upcoming(view: Json, now: float) -> Text:
    """What happens next, and how long until then."""
    found: Any = view.get("next") or {}
    silent = silent_since(view, now) is not None
    said = Text(words.first(view, now), style="bold red" if silent else "bold")
    at = found.get("at")
    if isinstance(at, int | float) and at > now and not silent:
        said.append(f" ({times.until(at, now)})")
    return said


def _metrics(view: Json, kinds: Mapping[str, str], when: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("metric", justify="left")
    for heading in (when, "normal below", "acts above"):
        table.add_column(heading, justify="right")
    table.add_column("", justify="left")
    for row in words.metric_rows(view, kinds):
        table.add_row(*map(escape, (row.name, row.value, row.normal, row.acts)), condition(row))
    return table


def condition(row: words.MetricRow) -> Text:
    """How a metric is, in its colour."""
    return Text(row.condition.value, style=COLOURS.get(row.condition, "magenta"))
