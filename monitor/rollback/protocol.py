"""The protocol of one rollback: look, intent, try after try, commit, and what it all came to.

This file decides whether there is another try; one try is group.py, the COMMIT is commit.py.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable, StoreHeld
from monitor.pg import Connection
from monitor.ports import Order, Outcome, OutcomeKind, Progress, ProgressKind, WatchRow
from monitor.rollback import group, ledger, locks, salvage
from monitor.rollback.commit import Doubts
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.group import AlreadyDoneError, IntentGoneError, Stop, Try, undo
from monitor.rollback.held import Held, WrongServer, answer
from monitor.rollback.killpoints import KillPoint
from monitor.rollback.locks import LockPolicy
from monitor.rollback.stored import Plan

LOOK = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL lock_timeout = '500ms'; "
    "SET LOCAL statement_timeout = '4s'"
)
WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '2s'; "
    "SET LOCAL statement_timeout = '4s'"
)


@dataclass(frozen=True, slots=True)
class Means:
    """What a rollback is done with."""

    held: Held
    policy: LockPolicy
    statement_seconds: float
    kill: KillPoint
    guard: Guard = unguarded


@dataclass(slots=True)
class Rollback:
    """One order being executed. `wanted` is asked before each try; `report` tells the daemon."""

    means: Means
    plan: Plan
    order: Order
    wanted: Callable[[], bool]
    report: Callable[[Progress], None]
    attempt: int = 0
    intended: bool = False
    paged: bool = False
    trouble: str = ""  # the last one told
    began: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began

    async def run(self) -> Outcome:
        """Returns only what is settled. Raises nothing but CancelledError and bugs."""
        while True:
            try:
                if (outcome := await self._once()) is not None:
                    return outcome
            except Stop as stop:
                return Outcome(stop.kind, stop.reason, stop.detail)
            except AlreadyDoneError:
                return await self._effect()
            except IntentGoneError:
                self.intended = False
            except WrongServer as e:
                return Outcome(OutcomeKind.REFUSED, str(e))
            except StoreHeld as e:
                return Outcome(OutcomeKind.WITHDRAWN, str(e), self._tries())
            except DatabaseError as e:
                if (failed := await self._trouble(e)) is not None:
                    return failed
            await asyncio.sleep(self.means.policy.rest_after(max(1, self.attempt), self.spent))

    async def _once(self) -> Outcome | None:
        """Intent if there is none yet, then one try; None: not this time."""
        if not self.wanted():
            return await self._withdraw()
        session = await self.means.held.session(self.plan.system_identifier)
        if not self.intended:
            await self._look(session.connection)
            self.means.kill("before_intent")
            await self._transaction(session.connection, self._intend)
            self.intended = True
            self.means.kill("after_intent")
            self.report(Progress(ProgressKind.INTENT, "the intent is committed", {"rule": self.order.rule}))
        self.attempt += 1
        seconds = self.means.policy.timeout(self.attempt, session.deadlock_timeout)
        effect = await group.prepare_commit(
            Try(
                session,
                self.plan,
                self.order,
                self.attempt,
                seconds,
                self.means.statement_seconds,
                self.means.kill,
                self.means.guard,
            )
        )
        self.means.kill("before_commit")
        if not await self._doubts().commit(session.connection):
            self.report(Progress(ProgressKind.RETRY, "COMMIT did not commit: nothing took effect"))
            return None
        self.means.kill("after_commit")
        return outcome_of(effect)

    def _doubts(self) -> Doubts:
        return Doubts(self.means.held, self.plan, self.order.watch.id, self.report)

    async def _look(self, connection: Connection) -> None:
        """Is it done already, overtaken, or by hand? Skipped when a lock is in the way: a try looks too."""
        try:
            await answer(connection, self._looking(connection), "looking before the rollback", 15.0)
        except DatabaseError as e:
            if e.sqlstate not in {"55P03", "57014"}:
                raise

    async def _looking(self, connection: Connection) -> None:
        await connection.execute(LOOK)
        try:
            await self._check(connection)
        except Stop:  # by another daemon's rollback, perhaps: its rows came with what we saw
            if await ledger.is_done(connection, self.order.watch.id, self.plan.statements):
                raise AlreadyDoneError from None
            raise
        finally:
            await undo(connection)

    async def _check(self, connection: Connection) -> None:
        if await ledger.is_done(connection, self.order.watch.id, self.plan.statements):
            raise AlreadyDoneError
        newer = await ledger.newer_watch(connection, self.order.watch.id)
        if newer is not None:
            raise Stop(self._kind_of_overtaken(), group.superseded(newer))
        await group.check_schema(connection, self.plan)

    def _kind_of_overtaken(self) -> OutcomeKind:
        """Before its intent a rule's order is given back: the watch observes, and may be armed again."""
        return OutcomeKind.REFUSED if self.order.by or self.intended else OutcomeKind.WITHDRAWN

    async def _intend(self, connection: Connection) -> None:
        locked = await ledger.lock_watch(connection, self.order.watch.id)
        if locked is None:
            raise Stop(OutcomeKind.REFUSED, "the watch is gone from the ledger")
        if not locked.intent and (why := locked.overruled(self.order)):
            raise Stop(OutcomeKind.OVERRULED, why)
        group.check_text(self.plan, self.order, locked)
        await ledger.add_intent(connection, self.order)

    async def _transaction(self, connection: Connection, work: Callable[[Connection], Any]) -> None:
        """A short write of ours; a lost answer is harmless, since it is written again under the same key."""
        if self.plan.salvaged:
            await answer(connection, salvage.make_room(connection), "making room for salvaged data")
        await answer(connection, write(connection, work, self.means.guard), "writing the intent")

    async def _withdraw(self) -> Outcome:
        """The streak ended: the intent goes, unless the effect has happened after all."""
        if self.intended:
            session = await self.means.held.session(self.plan.system_identifier)
            writing = write(session.connection, self._unintend, self.means.guard)
            await answer(session.connection, writing, "withdrawing")
        return Outcome(
            OutcomeKind.WITHDRAWN, "the breach ended before any statement took effect", self._tries()
        )

    async def _unintend(self, connection: Connection) -> None:
        await ledger.lock_watch(connection, self.order.watch.id)
        if await ledger.is_done(connection, self.order.watch.id, self.plan.statements):
            raise AlreadyDoneError
        await ledger.withdraw(connection, self.order.watch, self.order.at, "the breach ended")

    async def _trouble(self, e: DatabaseError) -> Outcome | None:
        """What a failed step means: another try (None), or the end."""
        if not (isinstance(e, DatabaseUnreachable) or pg.is_retryable(e.sqlstate)):
            return Outcome(OutcomeKind.FAILED, str(e), {**self._tries(), "sqlstate": e.sqlstate})
        if e.sqlstate in {"55P03", "40P01"}:
            await self._blocked(e)
        elif str(e) != self.trouble:  # the edge: a server that is away is tried many times a minute
            self.report(Progress(ProgressKind.RETRY, str(e), self._tries()))
        self.trouble = str(e)
        if self.spent >= self.means.policy.budget and not self.paged:
            self.paged = True
            text = f"no success in {self.spent:.0f} s: going on slowly while it is wanted"
            self.report(Progress(ProgressKind.BUDGET_SPENT, text, await self._blockers()))
        return None

    async def _blocked(self, e: DatabaseError) -> None:
        detail = await self._blockers()
        self.report(Progress(ProgressKind.BLOCKED, str(e), {**detail, **self._tries()}))

    async def _blockers(self) -> dict[str, object]:
        try:
            connection = (await self.means.held.session(self.plan.system_identifier)).connection
            found = await answer(connection, locks.blockers(connection, self.plan.locked), "finding blockers")
        except DatabaseError:
            return {"blockers": []}
        return {
            "blockers": [
                {"pid": b.pid, "application": b.application, "state": b.state, "age": b.age} for b in found
            ],
            "text": [str(b) for b in found],
        }

    async def _effect(self) -> Outcome:
        """Of a rollback that was committed before: by this daemon, by another, or before a restart."""
        return await read_effect(self.means.held, self.plan, self.order.watch.id)

    def _tries(self) -> dict[str, object]:
        return {"tries": self.attempt, "seconds": round(self.spent, 3)}


async def write(connection: Connection, work: Callable[[Connection], Any], guard: Guard = unguarded) -> None:
    """A short transaction of ours on the ledger; its COMMIT must answer COMMIT."""
    try:
        await connection.execute(WRITE)
        await guard(connection)
        await work(connection)
        tag = await connection.execute("COMMIT")
    except BaseException:
        await undo(connection)
        raise
    if tag != "COMMIT":
        raise DatabaseError(f"COMMIT answered {tag}", "40001")


async def give_back(held: Held, plan: Plan, watch: WatchRow, guard: Guard = unguarded) -> bool:
    """Withdraws an intent found without effect after a restart; True: another daemon's effect was there.

    What was decided before the restart needs fresh evidence, and until then people may pause or cancel.
    """
    done = False

    async def unintend(connection: Connection) -> None:
        nonlocal done
        locked = await ledger.lock_watch(connection, watch.id)
        done = await ledger.is_done(connection, watch.id, plan.statements)
        if locked is not None and locked.intent and not done:
            await ledger.withdraw(connection, watch, watch.intent_at or 0, "no effect before a restart")

    while True:
        try:
            connection = (await held.session(plan.system_identifier)).connection
            await answer(connection, write(connection, unintend, guard), "withdrawing the intent")
        except WrongServer:
            return False
        except DatabaseError:
            await asyncio.sleep(1.0)
        else:
            return done


async def read_effect(held: Held, plan: Plan, watch_id: str) -> Outcome:
    """The outcome as the effect's event row tells it; asks until it is answered."""
    while True:
        try:
            connection = (await held.session(plan.system_identifier)).connection
            return outcome_of(
                await answer(connection, ledger.effect(connection, watch_id), "reading the effect")
            )
        except WrongServer as e:
            return Outcome(OutcomeKind.UNVERIFIED, str(e))
        except DatabaseError:
            await asyncio.sleep(1.0)


def outcome_of(effect: dict[str, Any]) -> Outcome:
    """Rolled back if the post-condition held under the rollback's own locks, else unverified."""
    if effect.get("verified"):
        return Outcome(OutcomeKind.ROLLED_BACK, "the plan took effect and its post-condition holds", effect)
    differences = effect.get("differences") or ["the effect's event row is missing"]
    reason = f"the plan took effect, but the schema is not what it says: {'; '.join(differences[:3])}"
    return Outcome(OutcomeKind.UNVERIFIED, reason, effect)
