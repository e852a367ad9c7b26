"""`status`: shows each watch: its state, what it waits for, what is left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from monitor.app import stored_watches
from monitor.cli import screen
from monitor.cli.configured import finish, kinds_of, settings_of
from monitor.cli.context import say, say_json, warn
from monitor.cli.follow import follow as followed
from monitor.errors import OperatorError
from monitor.ports import Json
from monitor.present import terminal as words
from monitor.present.changes import changed_lines
from monitor.settings import Settings

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
        raise OperatorError("--follow needs a terminal: omit --json, or poll instead")
    settings = settings_of(ctx)
    if follow:
        finish(followed(settings, migration, target, named if migration else recent, NOTHING))
        return
    views, changes, silent, refused = finish(_asked(settings, migration, target))
    if as_json:
        listed = {"watches": list(views), "unreachable": silent, "refused": refused}
        say_json({**views[0], "changes": changes, "refused": refused} if migration else listed)
    elif shown := views if migration else recent(views, time.time()):
        Console().print(screen.watches(shown, kinds_of(settings), time.time()))
        for line in changed_lines(changes):
            say(line)
    elif not silent:
        say(NOTHING)
    if not as_json:
        for line in words.refused_lines(refused, time.time()):
            say(line)
    for name in silent:
        warn(f"target {name} did not answer: its watches are not shown")


def named(views: Sequence[Json], _: float) -> Sequence[Json]:
    """The one that was asked for, however old."""
    return views


def recent(views: Sequence[Json], now: float) -> list[Json]:
    """Those open, and those that ended within the last day."""
    ends = [(view, view.get("verdict_at")) for view in views]
    return [v for v, end in ends if not isinstance(end, int | float) or now - end < RECENT_SECONDS]


async def _asked(
    settings: Settings, migration: str | None, target: str | None
) -> tuple[list[Json], Json | None, list[str], list[Json]]:
    """The watches; of the one that was named, what changed in its database; targets that did not answer.

    And the registrations that were refused of late, of all or of the migration that was named.
    """
    async with stored_watches(settings) as stored:
        if migration is None:
            found, silent = await stored.listed()
            views = [v for v in found if target in {None, v["target"]}]
            refused = [r for r in await stored.refused(silent) if target in {None, r["target"]}]
            return views, None, [name for name in silent if target in {None, name}], refused
        view = await stored.named(migration, target)
        same = (view["migration"], view["target"])
        refused = [r for r in await stored.refused() if (r["migration"], r["target"]) == same]
        return [view], await stored.changes_of(view), [], refused
