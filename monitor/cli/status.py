"""`status`: where each watch is, what holds it, what is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from monitor.app import stored_watches, watches
from monitor.backend import StoredWatches
from monitor.cli import screen
from monitor.cli.configured import finish, kinds_of, settings_of
from monitor.cli.context import say, say_json
from monitor.errors import DatabaseError, OperatorError
from monitor.ports import Json
from monitor.settings import Settings

FOLLOW_SECONDS = 1.0
RECENT_SECONDS = 24 * 3600.0
"""Ended watches younger than this are shown without being named."""

NOTHING = "no watch is open: register one with `migration-monitor watch MIGRATION --rollback FILE`"


def status(
    ctx: typer.Context,
    migration: Annotated[
        str | None, typer.Argument(help="its name or a watch's id", metavar="MIGRATION")
    ] = None,
    target: Annotated[str | None, typer.Option(help="when the name is watched on several")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="keep showing, until the verdict or Ctrl-C")
    ] = False,
) -> None:
    """Shows watches; all open ones and the last day's without a name."""
    if as_json and follow:
        raise OperatorError("--follow is for a terminal: leave --json out, or ask again and again")
    settings = settings_of(ctx)
    if follow:
        finish(_follow(settings, migration, target))
        return
    views = finish(watches(settings, migration, target))
    if as_json:
        say_json(views[0] if migration else {"watches": list(views)})
    elif shown := views if migration else recent(views, time.time()):
        Console().print(screen.watches(shown, kinds_of(settings), time.time()))
    else:
        say(NOTHING)


def recent(views: Sequence[Json], now: float) -> list[Json]:
    """Those open, and those that ended within the last day."""
    ends = [(view, view.get("verdict_at")) for view in views]
    return [v for v, end in ends if not isinstance(end, int | float) or now - end < RECENT_SECONDS]


async def _ask(stored: StoredWatches, migration: str | None, target: str | None) -> Sequence[Json]:
    if migration is not None:
        return [await stored.named(migration, target)]
    return [v for v in await stored.watches() if target in {None, v["target"]}]


async def _follow(settings: Settings, migration: str | None, target: str | None) -> None:
    kinds = kinds_of(settings)
    async with stored_watches(settings) as stored:
        with Live(auto_refresh=False, screen=False) as live:
            while True:
                try:
                    views = await _ask(stored, migration, target)
                    shown = views if migration else recent(views, time.time())
                    picture = screen.watches(shown, kinds, time.time()) if shown else Text(NOTHING)
                    live.update(picture, refresh=True)
                    if migration and views[0].get("verdict") is not None:
                        return
                except DatabaseError as e:
                    live.update(Text(f"{e}; trying again", style="red"), refresh=True)
                await asyncio.sleep(FOLLOW_SECONDS)
