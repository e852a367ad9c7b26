"""One try of one transactional group: from BEGIN to the COMMIT that is sent alone.

The order is the protocol: row lock, hash, table locks, fingerprint, salvage, statements, ledger rows, and in
the last group the post-condition and the effect's row. Whatever goes wrong before COMMIT rolls the try back.
This file does not decide whether there is another try.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor import pg
from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.plan.bookkeeping import State
from monitor.plan.groups import Group
from monitor.plan.stored import Plan, set_path
from monitor.ports import Order, OutcomeKind
from monitor.ports.patience import DeadlockTimeout, LockPolicy, Patience
from monitor.rollback import advance, books, ledger, locking, tenure, verifying
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
from monitor.rollback.fencing import Guard
from monitor.rollback.held import Session
from monitor.rollback.killpoints import KillPoint
from monitor.rollback.ledger import Locked
from monitor.rollback.lookout import Lookout
from monitor.salvage import keeping
from monitor.salvage.keeping import Keeping
from monitor.schema.whole import Objects

T = TypeVar("T")

UNDO_DEADLINE = 3.0
"""Seconds for ROLLBACK; after that the socket is cut and the server does it."""

SHOWN = 3
"""Tables that an error names."""

SNATCHING = 0.2
"""Seconds of a try that looks for a moment at which all its tables are free; nobody waits meanwhile."""

SNATCH_EVERY = 0.002

TAKEN = "55P03"

ANSWER_MARGIN = 10.0
"""Beyond statement_timeout, the server's own limit, before a silent server counts as lost."""

FIRE = "/* migration-monitor */ SET CONSTRAINTS ALL IMMEDIATE"


@dataclass(frozen=True, slots=True)
class Try:
    """What one try is given. `policy` and `deadlock` say how long it may wait for locks, `statement_seconds`
    how long it may have them; `patience` counts the tries for that."""

    session: Session
    plan: Plan
    group: Group
    order: Order
    attempt: int
    patience: int
    policy: LockPolicy
    deadlock: DeadlockTimeout
    statement_seconds: float
    kill: KillPoint
    guard: Guard
    lookout: Lookout
    together: bool = False  # its statements in one message: what fails is not named

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


@dataclass(slots=True)
class Hold:
    """Since when the try has all its locks."""

    since: float = 0.0  # 0: it has not

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.since if self.since else 0.0


async def prepare_commit(t: Try) -> dict[str, Any]:
    """Everything up to, but not with, COMMIT; returns what the effect row says. Rolls back on any trouble."""
    held = Hold()
    try:
        return await _run(t, held)
    except DatabaseError as e:
        await undo(t.connection)
        if e.sqlstate == tenure.CANCELLED and held.seconds >= t.statement_seconds * tenure.NEARLY:
            raise tenure.HeldTooLongError(e, t.statement_seconds) from e
        raise
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


async def _run(t: Try, held: Hold) -> dict[str, Any]:
    began = time.monotonic()
    await t.send(_begin(t), "beginning the rollback")
    await t.wait(t.guard(t.connection), "asking whether this daemon still monitors the target")
    locked = await t.wait(ledger.lock_watch(t.connection, t.order.watch.id), "locking the watch")
    await _check_ledger(t, locked)
    earlier = await t.wait(verifying.look(t.connection, t.plan), "reading the schema")
    copies = await t.wait(ledger.salvaged_before(t.connection, t.order.watch.id), "reading what groups did")
    locks = await t.wait(advance.locks(t.connection, t.plan, t.group), "reading what is to be locked")
    patience = await _take(t, [*locks, *books.locks(t, locks)])
    held.since = time.monotonic()
    state = await books.check(t)
    limits = locking.limiting(patience, t.statement_seconds)
    kept = await _kept(t, limits, state)
    await (_execute_together if t.together else _execute)(t, limits, kept.script)
    t.kill("after_ledger_row")
    salvaged = await t.wait(kept.counted(t.connection), "counting what was kept")
    await books.keep(t)
    effect = {
        "salvaged": salvaged,
        "tries": t.attempt,
        "seconds": round(time.monotonic() - began, 3),
        "locked_seconds": round(held.seconds, 3),
    }
    return await _conclude(t, effect, earlier, copies) if t.group.last else await _note(t, effect)


async def _take(t: Try, locks: Sequence[Lock]) -> Patience:
    """All locks by one message; a deadlock that shows on the way is lost at once."""
    patience = t.policy.patience(t.patience, len(locks), t.deadlock, t.lookout.only_a_vacuum)
    ordered = t.lookout.ordered(locks, alone=not patience.held)
    what = f"locking {', '.join(lock.label for lock in ordered[:SHOWN])}{' …' * (len(ordered) > SHOWN)}"
    if len(ordered) > 1 and await _snatched(t, ordered, what):
        return patience
    try:
        async with t.lookout.taking():
            limits = locking.limiting(patience, t.statement_seconds)  # what waiting was given ends with it
            await t.send(f"{locking.taking(ordered, patience)}; {limits}", what)
    except DatabaseError as e:
        if e.sqlstate != tenure.CANCELLED:
            raise
        why = f"not all locks within {patience.first:.2g} s"
        if t.lookout.embraced:
            why = (
                f"the application and the rollback wait for each other at {t.lookout.awaited}: it goes first"
            )
        raise DatabaseError(f"{what}: {why} (55P03)", "55P03") from e
    return patience


async def _snatched(t: Try, locks: Sequence[Lock], what: str) -> bool:
    """A moment at which nobody has any of them: the only one to be had from an application of many tables
    that takes them in any order."""
    until, again = time.monotonic() + SNATCHING, False
    while time.monotonic() < until:
        try:
            await t.send(locking.snatching(locks, again=again), what)
        except DatabaseError as e:
            if e.sqlstate != TAKEN:
                raise
            again = True
            await asyncio.sleep(random.uniform(0.0, SNATCH_EVERY))  # noqa: S311 - spreading, not a secret
        else:
            return True
    await t.send(locking.GIVEN_UP, what)
    return False


async def _kept(t: Try, limits: str, state: State | None) -> Keeping:
    """What the group would lose, to be kept under its locks; one without statements only concludes."""
    if not t.group.statements:
        return Keeping(t.order.watch.id)
    now = await check_schema(t.connection, t.plan, t.group.start)
    books.confirm(t, state)
    preparing = keeping.prepare(t.connection, t.order.watch.id, t.plan, t.group, now, limits)
    return await t.wait(preparing, "looking at what would be lost")


async def _note(t: Try, detail: dict[str, Any]) -> dict[str, Any]:
    """What a group did that is not the last."""
    await t.wait(ledger.add_group(t.connection, t.order, t.group, detail), "writing what the group did")
    return detail


async def _conclude(
    t: Try, detail: dict[str, Any], schema: Objects | None, earlier: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What the whole plan did: with the copies of the groups before, and whether it holds."""
    verified = await t.wait(verifying.verify(t.connection, t.plan, schema), "checking the post-condition")
    effect = {**detail, "salvaged": [*earlier, *detail["salvaged"]], **verified}
    await t.wait(ledger.add_effect(t.connection, t.order, effect), "writing the effect")
    return effect


def _begin(t: Try) -> str:
    """Our own values win over whatever the role or the database sets; the text means what was parsed."""
    version = t.session.server.version
    settings = [
        f"SET LOCAL lock_timeout = '{round(t.policy.timeout(t.patience) * 1000)}ms'",
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


async def _execute(t: Try, limits: str, keep: str) -> None:
    """One after another: what fails is named, and the evidence is of each."""
    if keep:
        await t.send(keep, "keeping what would be lost")
    for s in t.group.statements:
        await t.send(_as_registered(t, s.text, limits), f"statement {s.step} (line {s.line})")
        t.kill(f"after_statement_{s.step}")
    await t.send(_ending(t, limits), "deferred constraints and triggers, and the ledger")


async def _execute_together(t: Try, limits: str, keep: str) -> None:
    """In one message, with copies and the ledger's rows: on a slow network each round trip is time under the
    lock."""
    texts = [_as_registered(t, s.text, limits) for s in t.group.statements]
    message = "\n;\n".join([*([keep] if keep else ()), *texts, _ending(t, limits)])
    await t.send(message, f"{'keeping what would be lost, and ' * bool(keep)}the statements, sent together")


def _as_registered(t: Try, sql: str, limits: str) -> str:
    """Our settings, under a path of ours, and the text as it is, under the plan's."""
    return f"{pg.PINNED}; {limits}; {set_path(t.plan.search_path)};\n{sql}"


def _ending(t: Try, limits: str) -> str:
    """What would run at COMMIT, under a path that its author never met, runs where the statements ran; then
    the ledger's rows."""
    if not t.group.statements:
        return pg.PINNED
    rows = ledger.steps_sql(t.order.watch.id, t.group.statements)
    return f"{_as_registered(t, FIRE, limits)}; {pg.PINNED}; {rows}"
