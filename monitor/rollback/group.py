"""One try of one transactional group: from BEGIN to the COMMIT that is sent alone.

The order is the protocol: row lock, hash, table locks, fingerprint, salvage, statements, ledger rows, and in
the last group the post-condition and the effect's row. Whatever goes wrong before COMMIT rolls the try back.
This file does not decide whether there is another try.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from monitor import pg
from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.ports import Order, OutcomeKind
from monitor.rollback import advance, books, ledger, tenure, verifying
from monitor.rollback.advance import Lock
from monitor.rollback.checks import (
    GroupDoneError,
    IntentGoneError,
    Stop,
    check_schema,
    check_text,
    own,
    superseded,
)
from monitor.rollback.data import keeping
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.held import Session
from monitor.rollback.killpoints import KillPoint
from monitor.rollback.ledger import Locked
from monitor.rollback.schema.whole import Objects
from monitor.rollback.script.plan import Statement
from monitor.rollback.script.sequence import Group
from monitor.rollback.stored import Plan, set_path

T = TypeVar("T")

UNDO_DEADLINE = 3.0
"""Seconds for ROLLBACK; after that the socket is cut and the server does it."""

ANSWER_MARGIN = 10.0
"""Beyond statement_timeout, the server's own limit, before a silent server counts as lost."""

LOCK_MARGIN = 0.05
"""Seconds that statement_timeout leaves to lock_timeout, which says what was waited for."""

LEAST_LOCK_WAIT = 0.02
"""Seconds left to a statement whose try has used up its waiting; 0 would mean for ever."""


FIRE = "/* migration-monitor */ SET CONSTRAINTS ALL IMMEDIATE"


@dataclass(slots=True)
class Patience:
    """Seconds a try may still wait for locks."""

    left: float
    _since: float = field(default=0.0)

    @property
    def setting(self) -> str:
        return f"SET LOCAL lock_timeout = '{max(1, round(max(self.left, LEAST_LOCK_WAIT) * 1000))}ms'"

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.left -= time.monotonic() - self._since


@dataclass(frozen=True, slots=True)
class Try:
    """What one try is given: `seconds` to wait for locks in all, `statement_seconds` for each statement."""

    session: Session
    plan: Plan
    group: Group
    order: Order
    attempt: int
    seconds: float
    statement_seconds: float
    kill: KillPoint
    guard: Guard = unguarded

    @property
    def connection(self) -> Connection:
        return self.session.connection

    async def send(self, sql: str, what: str) -> str:
        """One statement by the simple protocol; returns its tag."""
        return await self.wait(self.connection.execute(sql), what)

    async def wait(self, question: Awaitable[T], what: str) -> T:
        """Any answer, within a little more than the server's own limit."""
        async with pg.translated(what):
            try:
                async with asyncio.timeout(self.statement_seconds + ANSWER_MARGIN):
                    return await question
            except TimeoutError:
                self.connection.terminate()
                raise


async def prepare_commit(t: Try) -> dict[str, Any]:
    """Everything up to, but not with, COMMIT; returns what the effect row says. Rolls back on any trouble."""
    try:
        return await _run(t)
    except BaseException:
        await undo(t.connection)
        raise


async def undo(connection: Connection) -> None:
    """ROLLBACK, or an end of the connection. Never raises but for cancellation."""
    try:
        async with asyncio.timeout(UNDO_DEADLINE):
            await connection.execute("ROLLBACK")
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception:  # lost, silent or broken: the server undoes it when the socket is gone
        connection.terminate()


async def _run(t: Try) -> dict[str, Any]:
    patience = Patience(t.seconds)
    began = time.monotonic()
    await t.send(_begin(t, patience), "beginning the rollback")
    with patience:
        await t.wait(t.guard(t.connection), "asking whether this daemon still looks after the target")
        locked = await t.wait(ledger.lock_watch(t.connection, t.order.watch.id), "locking the watch")
    await _check_ledger(t, locked)
    earlier = await t.wait(verifying.look(t.connection, t.plan), "reading the schema")
    for lock in await t.wait(advance.locks(t.connection, t.plan, t.group), "reading what is to be locked"):
        with patience:
            await _lock(t, lock, patience)
    held_since = time.monotonic()
    await t.send(tenure.setting(held_since, t.statement_seconds), "setting statement_timeout")
    with patience:
        await books.hold(t, patience.setting)
    salvaged = await _salvaged(t, held_since)
    for s in t.group.statements:
        await _execute(t, s, patience, held_since)
    await _fire_deferred(t, patience, held_since)
    await t.send(pg.PINNED, "pinning the search_path")
    await books.keep(t)
    await t.wait(ledger.add_steps(t.connection, t.order.watch.id, t.group.statements), "writing the ledger")
    t.kill("after_ledger_row")
    effect = {
        "salvaged": salvaged,
        "tries": t.attempt,
        "seconds": round(time.monotonic() - began, 3),
        "locked_seconds": round(time.monotonic() - held_since, 3),
    }
    return await _conclude(t, effect, earlier) if t.group.last else await _note(t, effect)


async def _lock(t: Try, lock: Lock, patience: Patience) -> None:
    """A table and its partitions: lock_timeout would be for each of them, statement_timeout is for all."""
    seconds = max(patience.left, LEAST_LOCK_WAIT)
    limit = f"SET LOCAL statement_timeout = '{round((seconds + LOCK_MARGIN) * 1000)}ms'"
    try:
        await t.send(f"{patience.setting}; {limit}; {lock.sql}", f"locking {lock.label}")
    except DatabaseError as e:
        if e.sqlstate != tenure.CANCELLED:
            raise
        text = f"locking {lock.label}: not all locks within {seconds:.2g} s (55P03)"
        raise DatabaseError(text, "55P03") from e


async def _salvaged(t: Try, held_since: float) -> list[dict[str, Any]]:
    """What the group would lose, kept under its locks; one without statements only concludes."""
    if not t.group.statements:
        return []
    now = await check_schema(t.connection, t.plan, t.group.start)
    await books.confirm(t)
    kept = keeping.keep(
        t.connection, t.order.watch.id, t.plan, t.group, now,
        lambda: tenure.setting(held_since, t.statement_seconds),
    )  # fmt: skip
    return await t.wait(kept, "keeping what would be lost")


async def _note(t: Try, detail: dict[str, Any]) -> dict[str, Any]:
    """What a group did that is not the last."""
    await t.wait(ledger.add_group(t.connection, t.order, t.group, detail), "writing what the group did")
    return detail


async def _conclude(t: Try, detail: dict[str, Any], schema: Objects | None) -> dict[str, Any]:
    """What the whole plan did: with the copies of the groups before, and whether it holds."""
    earlier = await t.wait(ledger.salvaged_before(t.connection, t.order.watch.id), "reading what groups did")
    verified = await t.wait(verifying.verify(t.connection, t.plan, schema), "checking the post-condition")
    effect = {**detail, "salvaged": [*earlier, *detail["salvaged"]], **verified}
    await t.wait(ledger.add_effect(t.connection, t.order, effect), "writing the effect")
    return effect


def _begin(t: Try, patience: Patience) -> str:
    """Our own values win over whatever the role or the database sets; the text means what was parsed."""
    version = t.session.server.version
    settings = [
        patience.setting,
        f"SET LOCAL statement_timeout = '{round(t.statement_seconds * 1000)}ms'",
        "SET LOCAL idle_in_transaction_session_timeout = '10s'",
        "SET LOCAL standard_conforming_strings = on",
        "SET LOCAL row_security = off",  # an error, rather than a statement that does a part of its work
        "SET LOCAL client_connection_check_interval = '2s'" if version >= 140000 else "",
        "SET LOCAL transaction_timeout = 0" if version >= 170000 else "",
        f"{pg.MARK} SELECT pg_catalog.set_config('synchronous_commit', 'on', true) "
        "WHERE pg_catalog.current_setting('synchronous_commit') = 'off'",
        pg.PINNED,
    ]
    return "; ".join(["BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", *filter(None, settings)])


async def _check_ledger(t: Try, locked: Locked | None) -> None:
    """Under the row lock: done already, ended, withdrawn, or not the registered text?"""
    if locked is None:
        raise Stop(OutcomeKind.REFUSED, "the watch is gone from the ledger")
    reading = ledger.standing(t.connection, t.order.watch.id, t.plan.statements)
    standing = own(await t.wait(reading, "reading the ledger"))
    if t.group.is_done(standing):
        raise GroupDoneError(standing)
    check_text(t.plan, t.order, locked)
    if locked.verdict is not None:
        raise Stop(OutcomeKind.OVERRULED, locked.overruled(t.order))
    if not locked.intent:
        raise IntentGoneError
    if standing.begun:  # what has begun is finished: a newer watch can't undo half of it
        return
    if (
        newer := await t.wait(ledger.newer_watch(t.connection, t.order.watch.id), "reading newer watches")
    ) is not None:
        raise Stop(OutcomeKind.REFUSED, superseded(newer))


async def _execute(t: Try, s: Statement, patience: Patience, held_since: float) -> None:
    await _send_as_registered(t, s.text, f"statement {s.step} (line {s.line})", patience, held_since)
    t.kill(f"after_statement_{s.step}")


async def _fire_deferred(t: Try, patience: Patience, held_since: float) -> None:
    """What would run at COMMIT, under a path that its author never met, runs where the statements ran."""
    if t.group.statements:
        await _send_as_registered(t, FIRE, "deferred constraints and triggers", patience, held_since)


async def _send_as_registered(t: Try, sql: str, what: str, patience: Patience, held_since: float) -> None:
    """Its time counts as waiting too: the server does not say which part of it was."""
    limits = f"{patience.setting}; {tenure.setting(held_since, t.statement_seconds)}"
    await t.send(f"{limits}; {set_path(t.plan.search_path)}", "setting lock_timeout")
    with patience:
        await t.send(sql, what)
