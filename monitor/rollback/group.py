"""One try of the transactional group: from BEGIN to the COMMIT that is sent alone.

The order is the protocol: row lock, hash, table locks, fingerprint, salvage, statements, ledger rows,
post-condition, COMMIT. Whatever goes wrong before COMMIT rolls the try back.
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
from monitor.pg import Connection, quote_literal
from monitor.ports import Order, OutcomeKind
from monitor.rollback import catalogue, fingerprint, ledger, plan, salvage
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.held import Session
from monitor.rollback.killpoints import KillPoint
from monitor.rollback.kinds import Class
from monitor.rollback.ledger import Locked
from monitor.rollback.plan import Statement, Written
from monitor.rollback.stored import Plan

T = TypeVar("T")

UNDO_DEADLINE = 3.0
"""Seconds for ROLLBACK; after that the socket is cut and the server does it."""

ANSWER_MARGIN = 10.0
"""Beyond statement_timeout, the server's own limit, before a silent server counts as lost."""

LEAST_LOCK_WAIT = 0.02
"""Seconds left to a statement whose try has used up its waiting; 0 would mean for ever."""


class Stop(Exception):
    """A check before the first statement said no."""

    def __init__(self, kind: OutcomeKind, reason: str, detail: dict[str, Any] | None = None) -> None:
        self.kind = kind
        self.reason = reason
        self.detail = detail or {}
        super().__init__(reason)


class IntentGoneError(Exception):
    """Another daemon withdrew the intent: it must be committed again first."""


class AlreadyDoneError(Exception):
    """The ledger says that the effect has happened."""


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
                return await asyncio.wait_for(question, self.statement_seconds + ANSWER_MARGIN)
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
    for label in t.plan.locked:
        with patience:
            await t.send(
                f"{patience.setting}; LOCK TABLE {label} IN ACCESS EXCLUSIVE MODE", f"locking {label}"
            )
    held_since = time.monotonic()
    await check_schema(t.connection, t.plan)
    salvaged = await t.wait(
        salvage.copy(t.connection, t.order.watch.id, t.plan.salvaged, t.plan.fingerprint), "salvaging"
    )
    for s in t.plan.statements:
        await _execute(t, s, patience)
    await t.wait(ledger.add_steps(t.connection, t.order.watch.id, t.plan.statements), "writing the ledger")
    t.kill("after_ledger_row")
    effect = {
        "salvaged": salvaged,
        "tries": t.attempt,
        "seconds": round(time.monotonic() - began, 3),
        "locked_seconds": round(time.monotonic() - held_since, 3),
        **await _verify(t),
    }
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
        "SET LOCAL client_connection_check_interval = '2s'" if version >= 140000 else "",
        "SET LOCAL transaction_timeout = 0" if version >= 170000 else "",
        "SELECT pg_catalog.set_config('synchronous_commit', 'on', true) "
        "WHERE pg_catalog.current_setting('synchronous_commit') = 'off'",
        _path(t.plan),
    ]
    return "; ".join(["BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", *filter(None, settings)])


def _path(registered: Plan) -> str:
    return f"SELECT pg_catalog.set_config('search_path', {quote_literal(registered.search_path)}, true)"


async def _check_ledger(t: Try, locked: Locked | None) -> None:
    """Under the row lock: done already, ended, withdrawn, or not the registered text?"""
    if locked is None:
        raise Stop(OutcomeKind.REFUSED, "the watch is gone from the ledger")
    if await t.wait(ledger.is_done(t.connection, t.order.watch.id, t.plan.statements), "reading the ledger"):
        raise AlreadyDoneError
    check_text(t.plan, t.order, locked)
    if locked.verdict is not None:
        raise Stop(OutcomeKind.OVERRULED, locked.overruled(t.order))
    if not locked.intent:
        raise IntentGoneError
    if (
        newer := await t.wait(ledger.newer_watch(t.connection, t.order.watch.id), "reading newer watches")
    ) is not None:
        raise Stop(OutcomeKind.REFUSED, superseded(newer))


def superseded(migration: str) -> str:
    return f"a later migration is watched on this target: {migration}"


def check_text(registered: Plan, order: Order, locked: Locked) -> None:
    """Only the registered text is executed: hash of the whole, of each slice, and the plan beside it."""
    same = locked.sql == registered.sql and locked.sha256 == registered.sha256
    if not (same and plan.is_intact(locked.sql, registered.sha256, registered.statements)):
        raise Stop(OutcomeKind.REFUSED, "the stored SQL or its hash is not what was registered")
    if dict(locked.plan) != dict(order.watch.plan.plan):
        raise Stop(OutcomeKind.REFUSED, "the stored plan is not what was registered")


async def check_schema(connection: Connection, registered: Plan) -> None:
    """Names mean what they meant, and the touched objects are what they were. Needs a transaction."""
    async with pg.translated("reading the touched objects"):
        await connection.execute(_path(registered))
        resolved = await catalogue.resolve(connection, names_of(registered))
        now = await fingerprint.read(connection, registered.labels, registered.others, registered.search_path)
    moved = [f"{k} is now {r.label}" for k, r in resolved.items() if r.label != registered.resolution[k]]
    differences = registered.unlike(now)
    if not differences and not moved:
        return
    if registered.shows and not registered.undone(now):
        raise Stop(OutcomeKind.RESOLVED_EXTERNALLY, "the schema is already what the rollback would make it")
    found = moved + differences
    what = f"the touched objects changed since registration: {'; '.join(found[:3])}"
    raise Stop(OutcomeKind.REFUSED, what, {"differences": found})


def names_of(registered: Plan) -> list[Written]:
    """Every name of the plan as written: `"a"."b"` is (a, b)."""
    return [tuple(p.replace('""', '"') for p in key[1:-1].split('"."')) for key in registered.resolution]


async def _execute(t: Try, s: Statement, patience: Patience) -> None:
    """Its time counts as waiting too: the server does not say which part of it was."""
    await t.send(patience.setting, "setting lock_timeout")
    with patience:
        await t.send(s.text, f"statement {s.step} (line {s.line})")
    t.kill(f"after_statement_{s.step}")


async def _verify(t: Try) -> dict[str, Any]:
    """The post-condition, read in the same transaction under the same locks: it is what COMMIT makes true."""
    async with pg.translated("checking the post-condition"):
        now = await fingerprint.read(t.connection, t.plan.labels, t.plan.others, t.plan.search_path)
    differences = t.plan.undone(now) + [
        f"line {s.line}: an opaque statement's effect can't be checked"
        for s in t.plan.statements
        if s.klass is Class.OPAQUE
    ]
    return {"verified": "" if differences else "plan", "differences": differences}


def is_conflict(e: DatabaseError) -> bool:
    """Somebody holds a lock: try again with more patience."""
    return e.sqlstate in {"55P03", "40P01"}
