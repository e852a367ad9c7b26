"""`watch`: registers a watch and shows what would be executed."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Annotated

import typer

from monitor.app import refused, register
from monitor.cli.configured import finish, settings_of, who
from monitor.cli.context import say, say_json
from monitor.cli.files import FINGERPRINT_BYTES, sql_of
from monitor.cli.recording import moment_given
from monitor.core.thresholds import Mode
from monitor.errors import ConfigError, MonitorError, OperatorError
from monitor.ports import Registered, WatchRequest
from monitor.present import terminal as words
from monitor.refused import via_of


def watch(
    ctx: typer.Context,
    migration: Annotated[str, typer.Argument(help="the migration's name", metavar="MIGRATION")],
    rollback: Annotated[
        str | None,
        typer.Option(
            help="file with the rollback SQL; - for stdin; default: the migration tool's", metavar="FILE"
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="which one, when several are configured")] = None,
    mode: Annotated[
        str,
        typer.Option(help="execute, wait for a person, or only say", metavar="auto|approve|observe"),
    ] = "auto",
    data_loss: Annotated[
        str,
        typer.Option(help="what becomes of data it drops", metavar="salvage|quarantine|accept"),
    ] = "salvage",
    accept_loss: Annotated[
        list[str] | None, typer.Option(help="may be lost (repeatable)", metavar="TABLE[.COLUMN]")
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="file that `fingerprint` wrote before the migration", metavar="FILE")
    ] = None,
    started_at: Annotated[
        str | None,
        typer.Option(
            help="when it began: epoch seconds or RFC 3339; default: as --before or its tool says, or now"
        ),
    ] = None,
    allow_opaque: Annotated[bool, typer.Option("--allow-opaque", help="DO, CALL and own functions")] = False,
    no_rollback: Annotated[bool, typer.Option("--no-rollback", help="it has none: alert, never act")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the watch as one JSON document")] = False,
) -> None:
    """Registers a watch; the same migration and SQL while open is the same watch."""
    try:
        request = WatchRequest(
            migration=migration,
            rollback=None if rollback is None else sql_of(rollback, "the rollback"),
            target=target,
            mode=_mode(mode),
            data_loss=data_loss,
            accept_loss=tuple(accept_loss or ()),
            allow_opaque=allow_opaque,
            started_at=None if started_at is None else moment_given(started_at),
            no_rollback=no_rollback,
            before=None if before is None else sql_of(before, "the fingerprint", FINGERPRINT_BYTES),
        )
        registered = finish(register(settings_of(ctx), request))
    except ConfigError:
        raise
    except OperatorError as e:
        _keep(ctx, migration, target, e)
        raise
    if as_json:
        say_json({**registered.view, "new": registered.new, "notices": list(registered.notices)})
    else:
        _show(registered)


def _keep(ctx: typer.Context, migration: str, target: str | None, e: OperatorError) -> None:
    """The refusal is told whatever becomes of its record."""
    via = via_of(os.environ, terminal=_at_a_terminal())
    with contextlib.suppress(MonitorError):
        finish(refused(settings_of(ctx), migration, target, e, who(), via))


def _at_a_terminal() -> bool:
    """Somebody may read what is said; the SQL or the answer may go through a pipe all the same."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _mode(given: str) -> Mode:
    try:
        return Mode(given)
    except ValueError:
        raise OperatorError(f"--mode `{given}` is not known: it is auto, approve or observe") from None


def _show(registered: Registered) -> None:
    view = registered.view
    say(f"{'watching' if registered.new else 'watched already'}: {words.title(view)}")
    say(words.watched_for(view, time.time()))
    for line in words.opening_lines(view):
        say(line)
    say("rollback:")
    for line in words.plan_lines(view):
        say(line)
    say(f"digest: {view['digest']}")
    for notice in registered.notices:
        say(f"note: {notice}")
