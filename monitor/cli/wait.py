"""`wait`: blocks until the verdict; the exit code reports it."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer

from monitor import units
from monitor.app import stored_watches
from monitor.cli.configured import finish, settings_of
from monitor.cli.context import say, say_json, warn
from monitor.cli.exits import BY_VERDICT, STILL_WATCHING
from monitor.core.events import Verdict
from monitor.core.samples import SECOND
from monitor.errors import DatabaseError, OperatorError
from monitor.ports import Json
from monitor.present import terminal as words
from monitor.settings import Settings

POLL_SECONDS = 1.0


def wait(
    ctx: typer.Context,
    migration: Annotated[str, typer.Argument(help="its name or a watch's id", metavar="MIGRATION")],
    target: Annotated[str | None, typer.Option(help="when the name is watched on several")] = None,
    timeout: Annotated[str | None, typer.Option(help="give up after, as 30s or 5m; default: never")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the watch as one JSON document")] = False,
) -> None:
    """Blocks until the verdict of the latest watch of the migration."""
    seconds = duration_given("--timeout", timeout)
    view = finish(_wait(settings_of(ctx), migration, target, seconds))
    if as_json:
        say_json(view)
    else:
        say(words.title(view))
        if view.get("reason"):
            say(f"reason: {view['reason']}")
    raise typer.Exit(code_of(view))


def duration_given(option: str, text: str | None) -> float | None:
    """Seconds of an option's duration. Raises OperatorError."""
    try:
        return None if text is None else units.duration(text) / SECOND
    except units.UnitError as e:
        raise OperatorError(f"{option} `{text}` {e}") from None


def code_of(view: Json) -> int:
    """The exit code that says the verdict, or that there is none yet."""
    verdict = view.get("verdict")
    return STILL_WATCHING if verdict is None else BY_VERDICT[Verdict(str(verdict))]


async def _wait(settings: Settings, name: str, target: str | None, patience: float | None) -> Json:
    end = None if patience is None else time.monotonic() + patience
    told = False
    async with stored_watches(settings) as stored:
        view = await stored.named(name, target)
        watch_id, on = str(view["id"]), str(view["target"])
        while view.get("verdict") is None:
            left = POLL_SECONDS if end is None else end - time.monotonic()
            if left <= 0:
                break
            await asyncio.sleep(min(POLL_SECONDS, left))
            try:
                view = await stored.named(watch_id, on)
                told = False
            except DatabaseError as e:
                if not told:
                    warn(f"{e}; waiting on")
                told = True
    return view
