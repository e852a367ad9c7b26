"""`rehearse`: runs a rollback on a clone of the schema and shows what it does there."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator, Mapping
from typing import Annotated, Any, TypeVar

import typer

from monitor import app
from monitor.cli.configured import finish, settings_of
from monitor.cli.context import say, say_json
from monitor.cli.exits import BAD_REHEARSAL, DONE
from monitor.cli.files import sql_of
from monitor.core.replay import seconds
from monitor.demo.postgres import bindirs
from monitor.errors import OperatorError
from monitor.options import POSTGRES_URL, postgres_url
from monitor.ports import HOLDS
from monitor.rehearsing import RehearsalRequest, Rehearsed

Answer = TypeVar("Answer")


def rehearse(
    ctx: typer.Context,
    migration: Annotated[str, typer.Argument(help="its name or an open watch's id", metavar="MIGRATION")],
    target: Annotated[str | None, typer.Option(help="which one, when several are configured")] = None,
    rollback: Annotated[
        str | None, typer.Option(help="file with the rollback SQL; of an open watch: the registered one")
    ] = None,
    up: Annotated[
        str | None, typer.Option(help="file with the migration's SQL: without it nothing is compared")
    ] = None,
    scratch: Annotated[
        str | None,
        typer.Option(help="a test server, or an empty database there; default: scratch_dsn", metavar="DSN"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Clones the schema only; nothing of the target is changed and no row leaves it."""
    if rollback == "-" and up == "-":
        raise OperatorError("--rollback and --up can't both be read from stdin: name a file")
    request = RehearsalRequest(
        migration, target, None if rollback is None else sql_of(rollback, "the rollback"),
        None if up is None else sql_of(up, "the migration"), _dsn(scratch),
    )  # fmt: skip
    work = app.rehearse(settings_of(ctx), request, tuple(bindirs()))
    found = finish(_ended_by_sigterm_too(work))
    if as_json:
        say_json(view(found))
    else:
        for line in lines(found):
            say(line)
    holds = HOLDS[found.rehearsal.outcome]
    raise typer.Exit(BAD_REHEARSAL if holds is False else DONE)


def view(found: Rehearsed) -> dict[str, object]:
    """As one JSON document; times are epoch seconds."""
    r = found.rehearsal
    return {
        "migration": found.migration, "target": found.target, "watch": found.watch_id,
        "plan_sha256": r.plan_sha256, "at": None if r.at is None else seconds(r.at),
        "outcome": r.outcome.value, "holds": HOLDS[r.outcome], "said": r.said, **r.detail,
    }  # fmt: skip


def lines(found: Rehearsed) -> Iterator[str]:
    """For people: each run with its statements, then what it came to."""
    r = found.rehearsal
    detail: Mapping[str, Any] = r.detail
    yield f"{found.migration} on {found.target}, rehearsed {detail['rehearsed']}:"
    for phase in detail["phases"]:
        yield f"  the {phase['run']} ({phase['seconds'] * 1000:.1f} ms on empty tables)"
        for ran in phase["statements"]:
            yield from _statement(ran)
        if phase["compared_with"] is not None:
            yield f"    the schema is {'' if not phase['differences'] else 'NOT '}{phase['compared_with']}"
        yield from (f"      {difference}" for difference in phase["differences"])
    yield from (f"note: {note}" for note in detail["notes"])
    yield f"{r.outcome.value}: {r.said}"


def _statement(ran: Mapping[str, Any]) -> Iterator[str]:
    yield f"    line {ran['line']}: {ran['sql']}"
    facts = [f"{modes[-1]} on {label}" for label, modes in (ran["locks"] or {}).items()]
    if not ran["transactional"]:
        facts.append("outside a transaction")
    facts += [f"rewrites {label}" for label in ran["rewrites"]]
    if facts:
        yield f"      {ran['seconds'] * 1000:.1f} ms, {', '.join(facts)}"
    if ran["error"] is not None:
        yield f"      FAILED: {ran['error']['text']}"


def _dsn(given: str | None) -> str | None:
    if given is not None and not postgres_url(given):
        raise OperatorError(f"--scratch {POSTGRES_URL}")
    return given


async def _ended_by_sigterm_too(work: Coroutine[Any, Any, Answer]) -> Answer:
    """SIGTERM ends it like Ctrl-C: the scratch database is taken away first."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
