"""A daemon's executor on the shared ledger: the protocol of `monitor.rollback`, with played statements.

Intent before any statement, the row's controls and the lease asked inside its transactions, COMMIT sent alone
and carried out by the server whatever becomes of who sent it, doubts settled from the ledger. The faults that
it meets are the world's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from monitor.errors import DatabaseError, DatabaseUnreachable, StoreHeld
from monitor.ports import (
    Lack,
    Order,
    Outcome,
    OutcomeKind,
    Progress,
    ProgressKind,
    Readiness,
    Reason,
    Want,
    Wanted,
    WatchRow,
)
from tests.simulation.store import DaemonStore, Line

STATEMENTS_TAKE = 0.3
COMMIT_TAKES = 0.2
REST = 1.0
"""Seconds between two tries, and between two questions."""

LOCK_BUDGET = 120.0
STOPPING_GRACE = 15.0

Report = Callable[[Progress], None]


@dataclass(slots=True)
class Obstacles:
    """What is in the way of rollbacks now."""

    locked: bool = False  # others have the locks
    unready: bool = False  # rights were revoked: not ready, and statements fail as long as it lasts
    drifted: bool = False  # the schema is not the recorded one: refused
    broken: bool = False  # a statement fails: no verdict but `failed`
    lost_before: bool = False  # the connection is lost before COMMIT is carried out
    lost_after: bool = False  # ... after it, without an answer

    witnessed: Callable[[str, str, float], None] = field(default=lambda what, watch_id, at: None)


class PlayedExecutor:
    """One daemon's way to roll back."""

    def __init__(self, line: Line, store: DaemonStore, obstacles: Obstacles) -> None:
        self._line = line
        self._database = line.database
        self._store = store
        self._obstacles = obstacles
        self.ordered: Callable[[Order], None] = lambda order: None
        self.under_way: list[str] = []  # watches whose rollback is being carried out

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        try:
            await self._line.there()
        except DatabaseUnreachable as e:
            return Readiness(False, (Reason(str(e), Lack.CONNECTION),))
        if self._obstacles.unready:
            return Readiness(False, (Reason("the role may not alter contacts", Lack.RIGHTS),), timeline=1)
        if self._obstacles.drifted and full:
            return Readiness(False, (Reason("contacts is not what it was", Lack.DRIFT),), timeline=1)
        return Readiness(True, timeline=1)

    async def execute(self, order: Order, wanted: Wanted, report: Report) -> Outcome:
        self.ordered(order)
        self.under_way.append(order.watch.id)
        try:
            return await _Try(self, order, wanted, report).run()
        finally:
            self.under_way.remove(order.watch.id)

    async def settle(self, watch: WatchRow, wanted: Wanted, report: Report) -> Outcome | None:
        """What became of an intent of before; without an effect it is given back."""
        said = False
        while True:
            try:
                return await self._settled(watch)
            except StoreHeld:
                raise
            except DatabaseError:
                if not said:
                    report(Progress(ProgressKind.IN_DOUBT, "not known yet"))
                said = True
                await asyncio.sleep(REST)

    async def _settled(self, watch: WatchRow) -> Outcome | None:
        await self._line.there()
        await self._row_is_free(watch.id)
        await self._store.guard()
        if watch.id in self._database.effects:
            return ROLLED_BACK
        self._database.withdraw(watch.id)
        return None

    async def _row_is_free(self, watch_id: str) -> None:
        """The row lock of a COMMIT that is under way ends with it."""
        if (going := self._database.in_flight.get(watch_id)) is not None:
            await going.wait()

    async def aclose(self) -> None:
        """Holds nothing."""


ROLLED_BACK = Outcome(OutcomeKind.ROLLED_BACK, "the plan took effect", {"verified": "plan"})


class _Try:
    """One order being carried out."""

    def __init__(self, of: PlayedExecutor, order: Order, wanted: Wanted, report: Report) -> None:
        self._of, self._line, self._database = of, of._line, of._database
        self._order, self._wanted, self._report = order, wanted, report
        self._obstacles = of._obstacles
        self._intended = False
        self._tries = 0
        self._told: set[str] = set()

    @property
    def _id(self) -> str:
        return self._order.watch.id

    async def run(self) -> Outcome:
        began = asyncio.get_running_loop().time()
        while True:
            try:
                if (outcome := await self._once()) is not None:
                    return outcome
            except StoreHeld as e:
                return Outcome(OutcomeKind.WITHDRAWN, str(e))
            except DatabaseError as e:
                self._report(Progress(ProgressKind.RETRY, str(e)))
            if asyncio.get_running_loop().time() - began > LOCK_BUDGET:
                self._once_told(ProgressKind.BUDGET_SPENT, "retrying at longer intervals while it is needed")
                await asyncio.sleep(10 * REST)
            await asyncio.sleep(REST)

    async def _once(self) -> Outcome | None:
        if not self._wanted():
            return await self._withdraw()
        if self._wanted() is Want.NOT_NOW:
            return None
        if not self._intended and (outcome := await self._intend()) is not None:
            return outcome
        return await self._transact()

    async def _intend(self) -> Outcome | None:
        await self._line.there()
        await self._of._row_is_free(self._id)
        if self._id in self._database.effects:
            return ROLLED_BACK
        if self._database.superseded(self._id):
            kind = OutcomeKind.REFUSED if self._order.by else OutcomeKind.WITHDRAWN
            return Outcome(kind, "a newer watch is responsible")
        if self._obstacles.drifted:
            return Outcome(OutcomeKind.REFUSED, "contacts is not what it was")
        await self._of._store.guard()
        if why := self._database.overruled(self._order):
            return Outcome(OutcomeKind.OVERRULED, why)
        self._database.commit_intent(self._order, self._line.holder)
        await self._line.back()
        self._intended = True
        self._report(Progress(ProgressKind.INTENT, "the intent is committed"))
        return None

    async def _transact(self) -> Outcome | None:
        self._tries += 1
        await self._line.there()
        await self._of._row_is_free(self._id)
        if self._id in self._database.effects:
            return ROLLED_BACK
        await self._of._store.guard()
        if self._obstacles.locked:
            self._report(Progress(ProgressKind.BLOCKED, "others have the locks", {"tries": self._tries}))
            return None
        if self._obstacles.unready:
            self._once_told(ProgressKind.HINDERED, "the role may not do it now")
            return None
        self._obstacles.witnessed("statements", self._id, asyncio.get_running_loop().time())
        await asyncio.sleep(STATEMENTS_TAKE)
        await self._line.there()
        if self._obstacles.broken:
            return Outcome(OutcomeKind.FAILED, "a statement failed", {"took_effect": 0})
        await self._of._store.guard()
        return await _uninterrupted(self._commit())

    async def _commit(self) -> Outcome | None:
        """The server carries it out whatever becomes of us."""
        if self._obstacles.lost_before:
            raise DatabaseUnreachable("the connection was lost before COMMIT was carried out")
        done = self._database.in_flight[self._id] = asyncio.Event()
        asyncio.get_running_loop().call_later(COMMIT_TAKES, self._carried_out, done)
        lost = self._obstacles.lost_after
        await asyncio.sleep(2 * COMMIT_TAKES)
        if self._line.dead:
            raise asyncio.CancelledError
        if not (lost or self._line.cut or self._database.away):
            return ROLLED_BACK
        self._report(Progress(ProgressKind.IN_DOUBT, "COMMIT was sent and its answer has not come"))
        while self._obstacles.lost_after or self._line.cut or self._database.away:
            await asyncio.sleep(REST)
        await self._line.there()
        committed = self._id in self._database.effects
        self._report(Progress(ProgressKind.SETTLED, "the ledger says how it ended"))
        return ROLLED_BACK if committed else None

    def _carried_out(self, done: asyncio.Event) -> None:
        self._database.in_flight.pop(self._id, None)
        done.set()
        if self._database.away:  # it ended with its server
            return
        if self._database.commit_effect(self._id, self._line.holder):
            self._obstacles.witnessed("effect", self._id, asyncio.get_running_loop().time())

    async def _withdraw(self) -> Outcome:
        if self._intended:
            await self._line.there()
            await self._of._row_is_free(self._id)
            if self._id in self._database.effects:
                return ROLLED_BACK
            await self._of._store.guard()
            self._database.withdraw(self._id)
        return Outcome(OutcomeKind.WITHDRAWN, "the breach ended before any statement took effect")

    def _once_told(self, kind: ProgressKind, text: str) -> None:
        if kind.value not in self._told:
            self._told.add(kind.value)
            self._report(Progress(kind, text))


async def _uninterrupted(work: Coroutine[Any, Any, Outcome | None]) -> Outcome | None:
    """A COMMIT that was sent is waited for although we are told to stop, for a while."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=STOPPING_GRACE)
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
