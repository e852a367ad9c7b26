"""One try of one statement that PostgreSQL runs outside a transaction only.

`started` is committed; the statement runs; the catalogue is read; `done` is committed. Who runs it holds a
session advisory lock of this step: while a dead daemon's backend is still at work nobody else touches what
it builds. What an interruption has left is cleaned up only under that lock, of a step that was started.
This file does not decide whether there is another try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from monitor.errors import DatabaseError
from monitor.pg import MARK, Connection
from monitor.plan import conditions
from monitor.plan.groups import Group
from monitor.plan.stored import Plan
from monitor.ports import Order, OutcomeKind, Progress
from monitor.rollback import books, checks, ledger
from monitor.rollback.checks import GroupDoneError, IntentGoneError, Stop
from monitor.rollback.held import Session, answer
from monitor.rollback.means import Means
from monitor.rollback.outside_session import alone, applied, claim, paging, release
from monitor.rollback.outside_tries import SPOILED, RunFailedError
from monitor.rollback.settling import write
from monitor.sql.scripts import Statement
from monitor.statements.kind import Trait
from monitor.statements.registry import kind_of
from monitor.statements.standing import Found, State

T = TypeVar("T")

LOOK_DEADLINE = 15.0
"""Seconds for our reading and writing before and after the statement."""

ANSWER_MARGIN = 30.0
"""Seconds beyond statement_timeout, the server's own limit, before a silent server counts as lost."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one try is given. `began` is called when `started` is committed, `seen` with what was found."""

    means: Means
    session: Session
    plan: Plan
    group: Group
    order: Order
    attempt: int
    began: Callable[[], None]
    seen: Callable[[Found], None]
    report: Callable[[Progress], None]

    @property
    def statement(self) -> Statement:
        return self.group.statements[0]

    @property
    def connection(self) -> Connection:
        return self.session.connection

    @property
    def lock_seconds(self) -> float:
        """0: for ever. Whoever waits for an index stalls nobody; the end of DETACH locks the partition."""
        if any(kind_of(a).has(Trait.LOCKS_AT_ITS_END) for a in self.statement.actions):
            return self.means.policy.with_locks(self.attempt)
        return 0.0

    async def ask(self, question: Awaitable[T], what: str) -> T:
        return await answer(self.connection, question, what, LOOK_DEADLINE)

    async def send(self, sql: str, what: str) -> None:
        """As long as it takes, within statement_timeout and a little more."""
        async with paging(self.means, self.plan, self.session, self.report, what):
            running = self.connection.execute(sql)
            await answer(self.connection, running, what, self.means.outside_seconds + ANSWER_MARGIN)


async def run(t: Turn) -> None:
    """Returns when the step is done. Raises RunFailedError, DatabaseError (not this time), Stop and so on."""
    step = t.statement.step
    await claim(t.connection, t.order.watch.id, step)
    try:
        t.means.kill(f"before_started_{step}")
        begun_before = await _start(t)
        t.began()
        t.means.kill(f"after_started_{step}")
        if not (begun_before and await _took_effect(t)):
            await _execute(t)
        await t.ask(write(t.connection, lambda c: _finish(t, c), t.means.guard), "writing the ledger")
    except asyncio.CancelledError:
        t.connection.terminate()
        raise
    finally:
        await release(t.connection, t.order.watch.id, step)
    t.means.kill(f"after_done_{step}")


async def clean_up(t: Turn) -> str:
    """Before giving up: removes what the statement left; returns what could not be removed, or ""."""
    found = Found(State.LEFTOVER, "what it has left was not looked at")
    try:
        t = replace(t, session=await t.means.held.session(t.plan.system_identifier))
        await claim(t.connection, t.order.watch.id, t.statement.step)
        try:
            found = await _tidied(t)
        finally:
            await release(t.connection, t.order.watch.id, t.statement.step)
    except DatabaseError as e:
        return f"{found.what} ({e})"
    return found.what if found.state is State.LEFTOVER else ""


async def _start(t: Turn) -> bool:
    """Commits `started`; True: an earlier try had."""
    begun_before = False

    async def work(connection: Connection) -> None:
        nonlocal begun_before
        begun_before = await _may_start(t, connection)
        if not begun_before:
            await ledger.start_step(connection, t.order.watch.id, t.statement)

    await t.ask(write(t.connection, work, t.means.guard), f"starting statement {t.statement.step}")
    return begun_before


async def _may_start(t: Turn, connection: Connection) -> bool:
    """Under the row lock, as in a group: done, withdrawn, changed? True: it was started before."""
    locked = await ledger.lock_watch(connection, t.order.watch.id)
    if locked is None:
        raise Stop(OutcomeKind.REFUSED, "the watch is gone from the ledger")
    standing = checks.own(await ledger.standing(connection, t.order.watch.id, t.plan.statements))
    if t.group.is_done(standing):
        raise GroupDoneError(standing)
    checks.check_text(t.plan, t.order, locked)
    if locked.verdict is not None:
        raise Stop(OutcomeKind.OVERRULED, locked.overruled(t.order))
    if not locked.intent:
        raise IntentGoneError
    if standing.started:
        return True
    if not standing.begun:
        await _check_overtaken(t, connection)
    await checks.check_schema(connection, t.plan, t.group.start)
    if not standing.begun:
        await books.check_applied(connection, t.plan)
    found = await conditions.look(connection, t.plan, t.statement)
    if found.blocks:  # not ours: nothing of this step was started
        raise Stop(OutcomeKind.REFUSED, found.what)
    return False


async def _check_overtaken(t: Turn, connection: Connection) -> None:
    newer = await ledger.newer_watch(connection, t.order.watch.id)
    if newer is not None:
        raise Stop(OutcomeKind.REFUSED, checks.superseded(newer))
    await books.check_overtaken(connection, t.plan)


async def _took_effect(t: Turn) -> bool:
    """Of a try that was cut off: by the catalogue, cleaned up if it was half done."""
    found = await _tidied(t)
    t.seen(found)
    if found.state is State.FOREIGN:
        raise Stop(OutcomeKind.FAILED, found.what)
    if found.state is State.UNTOUCHED:  # what was half dropped is not as it was, and is dropped again
        await t.ask(write(t.connection, lambda c: _unchanged(t, c), t.means.guard), "looking at the schema")
    return found.state is State.DONE


async def _unchanged(t: Turn, connection: Connection) -> None:
    await checks.check_schema(connection, t.plan, t.group.start)


async def _tidied(t: Turn) -> Found:
    """What is there once what was half done is cleaned up. Raises while another session is at work there."""
    found = await _look(t)
    if found.state is not State.LEFTOVER:
        return found
    await t.ask(alone(t.connection, t.plan, t.statement), "looking who else is at work on the table")
    found = await _look(t)  # whoever was there may have changed it
    if found.state is not State.LEFTOVER or not found.remedies:
        return found
    for remedy in found.remedies:
        async with applied(t.connection, t.plan, t.lock_seconds, t.means.outside_seconds):
            await t.send(f"{MARK} {remedy}", f"cleaning up after statement {t.statement.step}")
        t.means.kill(f"after_cleaned_{t.statement.step}")
    return await _look(t)


async def _look(t: Turn, *, ran: bool = False) -> Found:
    looking = conditions.look(t.connection, t.plan, t.statement, ran=ran)
    return await t.ask(looking, "reading the post-condition")


async def _execute(t: Turn) -> None:
    s = t.statement
    what = f"statement {s.step} (line {s.line})"
    try:
        async with applied(t.connection, t.plan, t.lock_seconds, t.means.outside_seconds):
            await t.send(s.text, what)
    except DatabaseError as e:
        raise RunFailedError(e) from e
    t.means.kill(f"after_run_{s.step}")
    found = await _look(t, ran=True)
    if found.state is not State.DONE:
        why = found.what or "the catalogue does not show its effect"
        raise RunFailedError(DatabaseError(f"{what} ran, but {why}", SPOILED))


async def _finish(t: Turn, connection: Connection) -> None:
    await ledger.lock_watch(connection, t.order.watch.id)
    await ledger.finish_step(connection, t.order.watch.id, t.statement)
