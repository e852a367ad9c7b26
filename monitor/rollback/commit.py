"""COMMIT, and what to do when its answer does not come.

No timeout and no cancel on COMMIT: a cancel turned a commit that waited for a standby into a local one.
A lost answer is a doubt, settled by the ledger on the primary: who gets the row lock knows that the old
backend's transaction is over, and the rows say how it ended. Never guessed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection
from monitor.plan.groups import Group, Standing, next_group
from monitor.plan.stored import Plan
from monitor.ports import Progress, ProgressKind
from monitor.rollback import ledger, timeline
from monitor.rollback.group import undo
from monitor.rollback.held import Held, Session, answer
from monitor.rollback.timeline import LedgerLostError

T = TypeVar("T")

NOTICE_AFTER = 5.0
"""Seconds without an answer to COMMIT until it is called a doubt; the waiting goes on."""

ASK_EVERY = 1.0
"""Seconds between questions to the ledger."""

ROW_WAIT = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '1s'; "
    "SET LOCAL statement_timeout = '3s'"
)

STOPPING_GRACE = 15.0
"""Seconds a daemon that is told to stop goes on asking; what is open then is settled at the next start."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """Settles doubts about one watch: `held` gives sessions, `report` tells people."""

    held: Held
    plan: Plan
    watch_id: str
    report: Callable[[Progress], None]
    timeline: int = 0  # that the rollback was begun on; 0: that of its intent

    async def commit(self, connection: Connection, group: Group) -> bool:
        """Sends COMMIT alone; True: committed, False: it is certain that it was not.

        Raises LedgerLostError when another timeline answers, which does not have it.
        """
        return await _uninterrupted(self._commit(connection, group))

    async def settle(self) -> Standing:
        """Asks the primary until it knows how far the plan has come. Raises LedgerLostError.

        Nothing is in flight: told to stop, it stops at once.
        """
        return await self._standing(None)

    async def _commit(self, connection: Connection, group: Group) -> bool:
        sent = asyncio.ensure_future(connection.execute("COMMIT"))
        try:
            await asyncio.wait({sent}, timeout=NOTICE_AFTER)
            if sent.done() and (tag := await _tag(sent)) is not None:
                return tag == "COMMIT"
            self.report(Progress(ProgressKind.IN_DOUBT, "COMMIT was sent and its answer has not come"))
            done = await self._settle(sent, group)
            self.report(Progress(ProgressKind.SETTLED, _said(done), {"committed": done}))
            return done
        finally:
            if not sent.done():
                connection.terminate()
            sent.add_done_callback(_retrieve)

    async def _settle(self, sent: asyncio.Future[str], group: Group) -> bool:
        """By the answer, should it still come, or by the ledger."""
        asking = asyncio.ensure_future(self._standing(group))
        both: set[asyncio.Future[Any]] = {sent, asking}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if sent.done() and (tag := await _tag(sent)) is not None:
                return tag == "COMMIT"
            return group.is_done(await asking)
        finally:
            asking.cancel()

    async def _standing(self, group: Group | None) -> Standing:
        said = ""
        while True:
            try:
                return await self._ask(group)
            except DatabaseError as e:
                if str(e) != said:  # the edge, not every question
                    said = str(e)
                    self.report(Progress(ProgressKind.IN_DOUBT, f"not known yet: {said}"))
            await asyncio.sleep(ASK_EVERY)

    async def _ask(self, group: Group | None) -> Standing:
        """What the ledger says. Raises DatabaseError: no primary yet, or the old transaction is open."""
        session: Session | None = None
        try:
            session = await self.held.fresh(self.plan.system_identifier)
            return await answer(session.connection, self._read(session, group), "asking the ledger")
        finally:
            if session is not None:
                await pg.close(session.connection)

    async def _read(self, session: Session, group: Group | None) -> Standing:
        connection = session.connection
        await connection.execute(ROW_WAIT)
        try:
            await ledger.lock_watch(connection, self.watch_id)
            found = await ledger.standing(connection, self.watch_id, self.plan.statements)
            known = self.timeline or await timeline.decided_on(connection, self.watch_id)
        finally:
            await undo(connection)
        if known not in {0, session.server.timeline} and not self._has_it_all(found, group):
            raise LedgerLostError(known, session.server.timeline, "what may have been committed", found)
        return found

    def _has_it_all(self, found: Standing, group: Group | None) -> bool:
        """What is there on this timeline is true on it; only what is missing can't be known."""
        return group.is_done(found) if group else next_group(self.plan.groups, found) is None


def _said(done: bool) -> str:
    return (
        "the ledger says: committed" if done else "the ledger says: not committed, nothing of it took effect"
    )


async def _tag(sent: asyncio.Future[str]) -> str | None:
    """The tag of COMMIT; None when the answer was lost. Raises what the server itself answered."""
    try:
        async with pg.translated("COMMIT"):
            return await sent
    except DatabaseUnreachable:
        return None


def _retrieve(sent: asyncio.Future[str]) -> None:
    if not sent.cancelled():
        sent.exception()


async def _uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Finishes `work` although we are told to stop, within STOPPING_GRACE; then says that we were."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STOPPING_GRACE)
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        raise
