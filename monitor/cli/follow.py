"""`status --follow`: keeps showing watches until the verdict or Ctrl-C, from the store, daemon or not.

On a terminal it is one picture that renews itself; otherwise a line for each change. A store that is away
leaves the last picture standing and says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from monitor.app import stored_watches
from monitor.backend import StoredWatches
from monitor.cli.configured import Kinds, kinds_of
from monitor.cli.context import say
from monitor.cli.live import picture
from monitor.errors import DatabaseError
from monitor.ports import Json
from monitor.present import terminal as words
from monitor.present import times
from monitor.present.silence import silent_since
from monitor.settings import Settings

EVERY_SECONDS = 1.0
CHART_SECONDS = 900.0
"""Shown of each metric: three holds of the documented rule."""

SLOTS = 120
SIDE_SECONDS = 5.0
"""Charts and changes are read this often: they cost more than the watch itself."""

Choose = Callable[[Sequence[Json], float], Sequence[Json]]


class Followed:
    """What is known of the watches that are followed; `look` renews it."""

    def __init__(
        self, stored: StoredWatches, migration: str | None, target: str | None, choose: Choose
    ) -> None:
        self._stored = stored
        self._migration = migration
        self._target = target
        self._choose = choose
        self._looked = 0.0
        self.views: Sequence[Json] = ()
        self.charts: dict[str, Mapping[str, Any]] = {}
        self.changes: dict[str, Json | None] = {}
        self.trouble = ""

    @property
    def over(self) -> bool:
        """The one that was named has its verdict."""
        return self._migration is not None and bool(self.views) and self.views[0].get("verdict") is not None

    async def look(self, now: float) -> None:
        """Asks the store; when it is away, what was known stands. Raises NotFound."""
        try:
            self.views = self._choose(await self._ask(), now)
            if now - self._looked >= SIDE_SECONDS or self.over:
                await self._look_beside(now)
            self.trouble = ""
        except DatabaseError as e:
            self.trouble = f"{e}; trying again"

    async def _ask(self) -> Sequence[Json]:
        if self._migration is not None:
            return [await self._stored.named(self._migration, self._target)]
        return [v for v in await self._stored.watches() if self._target in {None, v["target"]}]

    async def _look_beside(self, now: float) -> None:
        for view in self.views:
            id = str(view["id"])
            self.charts[id] = await self._stored.chart(id, now - CHART_SECONDS, SLOTS)
            self.changes[id] = await self._stored.changes_of(view)
        self._looked = now


async def follow(
    settings: Settings, migration: str | None, target: str | None, choose: Choose, nothing: str
) -> None:
    """Until the named watch has its verdict; without a name, until it is interrupted."""
    console, kinds = Console(), kinds_of(settings)
    async with stored_watches(settings) as stored:
        followed = Followed(stored, migration, target, choose)
        if console.is_terminal:
            await _drawn(followed, console, kinds, nothing)
        else:
            await _told(followed, nothing)


async def _drawn(followed: Followed, console: Console, kinds: Kinds, nothing: str) -> None:
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            await followed.look(time.time())
            live.update(_picture(followed, kinds, nothing, time.time(), console), refresh=True)
            if followed.over:
                return
            await asyncio.sleep(EVERY_SECONDS)


def _picture(followed: Followed, kinds: Kinds, nothing: str, now: float, console: Console) -> RenderableType:
    parts: list[RenderableType] = []
    if followed.trouble:
        parts.append(Text(followed.trouble, style="bold red"))
    elif not followed.views:
        parts.append(Text(nothing))
    panels = [_panel(followed, view, kinds, now) for view in sorted(followed.views, key=_over)]
    return Group(*parts, *fitting(panels, console, console.height - len(parts)))


def _panel(followed: Followed, view: Json, kinds: Kinds, now: float) -> RenderableType:
    id = str(view["id"])
    of = kinds.get(str(view["target"]), {})
    return picture(view, followed.charts.get(id, {}), followed.changes.get(id), of, now)


def _over(view: Json) -> bool:
    """Open ones stand first: below the last row nobody sees anything."""
    return view.get("verdict") is not None


def fitting(panels: Sequence[RenderableType], console: Console, rows: int) -> Sequence[RenderableType]:
    """As many as there is room for, the first in any case, and how many more there are."""
    shown: list[RenderableType] = []
    left = rows
    for number, panel in enumerate(panels):
        left -= len(console.render_lines(panel, pad=False))
        more = len(panels) - number
        if number and left < (1 if more > 1 else 0):
            return [*shown, Text(f"… and {more} more: a larger terminal, or `migration-monitor status`")]
        shown.append(panel)
    return shown


async def _told(followed: Followed, nothing: str) -> None:
    """A line for each change, for pipes and logs."""
    said: dict[str, tuple[str, str]] = {}
    while True:
        await followed.look(time.time())
        now = time.time()
        lines = {words.name(view): (change_key(view, now), change_line(view, now)) for view in followed.views}
        if followed.trouble:
            lines = {**said, "store": (followed.trouble, followed.trouble)}
        elif not lines:
            lines = {"": (nothing, nothing)}
        for name, (key, line) in lines.items():
            if name not in said or said[name][0] != key:
                stamp = f"{times.time_of_day(now)} UTC"
                say(" · ".join(part for part in (stamp, name, line) if part))
        said = lines
        if followed.over:
            return
        await asyncio.sleep(EVERY_SECONDS)


def change_line(view: Json, now: float) -> str:
    """State, streaks without their age, what happens next."""
    return " · ".join([*_state(view), words.first(view, now)])


def change_key(view: Json, now: float) -> str:
    """What a line is printed for when it changes. A further try with the same in its way is no change."""
    attempt: Any = view.get("attempt")
    if attempt is None or silent_since(view, now) is not None:
        return change_line(view, now)
    way = [f"{b.get('application')} {b.get('pid')}" for b in attempt.get("blockers", ())]
    return " · ".join([*_state(view), str(attempt.get("kind")), *way])


def _state(view: Json) -> list[str]:
    breached = [f"{s['rule']} {s['state']}" for s in words.streaks(view)]
    return [str(view.get("verdict") or view.get("phase")), *breached]
