"""The rollback of one target, as the daemon knows it: ports.Executor.

Holds the connection, lets one thing use it at a time, and hands every order to protocol.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from monitor.errors import DatabaseError
from monitor.plan import stored
from monitor.plan.groups import Standing, half_done, next_group
from monitor.plan.stored import Plan
from monitor.ports import (
    NO_ROLLBACK,
    Lack,
    Order,
    Outcome,
    OutcomeKind,
    Progress,
    ProgressKind,
    Readiness,
    Reason,
    Wanted,
    WatchRow,
    code_of,
)
from monitor.ports.hooks import Hooks, NoHooks
from monitor.ports.patience import LockPolicy
from monitor.rollback import clearing, readiness
from monitor.rollback.checks import ALIEN, CHANGED
from monitor.rollback.commit import Doubts
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.held import Held, answer
from monitor.rollback.killpoints import KillPoint, harmless
from monitor.rollback.lacking import reason_of
from monitor.rollback.means import OUTSIDE_SECONDS, Means
from monitor.rollback.protocol import Rollback
from monitor.rollback.settling import Asked, forsaken, give_back, read_effect, read_order
from monitor.rollback.tenure import HELD_FACTOR
from monitor.rollback.timeline import LedgerLostError

FULL_DEADLINE = 15.0
"""Seconds for the catalogue part of readiness, on a network without delay."""

FULL_TRIPS = 100
"""Round trips that it may take."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. `max_locked`: the estimate above which a watch is not ready; `statement`: our own
    statement_timeout. `allow_superuser`: the one that may be the rollback role, by name."""

    locks: LockPolicy = field(default_factory=LockPolicy)
    max_locked: float = 2.0
    statement: float = HELD_FACTOR * 2.0
    allow_superuser: str = ""
    outside: float = OUTSIDE_SECONDS
    blockers: clearing.Policy = field(default_factory=clearing.Policy)


class RollbackExecutor:
    """Executes stored rollbacks on one target over a held direct connection."""

    def __init__(
        self, dsn: str, target: str, limits: Limits | None = None, kill: KillPoint = harmless,
        guard: Guard = unguarded, hooks: Hooks | None = None,
    ) -> None:  # fmt: skip
        self._hooks = hooks or NoHooks()
        self._limits = limits or Limits()
        self._held = Held(dsn, f"rollback/{target}", self._limits.allow_superuser)
        self._kill = kill
        self._guard = guard
        self._free = asyncio.Lock()

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        """Opens the connection if it is not there; proves by one query (or fully) that it would do."""
        if self._free.locked():
            return Readiness(True, (), ("the rollback connection is in use",), asked=False)
        if (plan := _plan_of(watch)) is None:
            return Readiness(False, (UNREADABLE,))
        if watch.plan.no_rollback:
            return Readiness(False, (NO_ROLLBACK,), at_risk=())
        async with self._free:
            try:
                return await self._ready(watch, plan, full)
            except DatabaseError as e:
                return Readiness(False, (reason_of(e),))

    async def execute(self, order: Order, wanted: Wanted, report: Callable[[Progress], None]) -> Outcome:
        """See ports.Executor."""
        if (plan := _plan_of(order.watch)) is None:
            return Outcome(OutcomeKind.REFUSED, UNREADABLE)
        if order.watch.plan.no_rollback:
            return Outcome(OutcomeKind.REFUSED, NO_ROLLBACK)
        if not order.watch.plan.intact:
            return Outcome(OutcomeKind.REFUSED, CHANGED)
        async with self._free:
            return await self._run(Rollback(self._means(), plan, order, wanted, report))

    def _means(self) -> Means:
        limits = self._limits
        return Means(
            self._held, limits.locks, limits.statement, self._kill, self._guard, limits.outside, self._hooks,
            limits.blockers,
        )  # fmt: skip

    async def _run(self, rollback: Rollback) -> Outcome:
        try:
            return await rollback.run()
        except asyncio.CancelledError:
            self._held.drop()
            raise
        finally:
            await rollback.way.aclose()

    async def settle(
        self,
        watch: WatchRow,
        wanted: Wanted,  # noqa: ARG002 - the port's; see below
        report: Callable[[Progress], None],
    ) -> Outcome | None:
        """What became of an intent of before a restart; asks the primary until it knows.

        None: nothing took effect, and the intent is withdrawn. `wanted` is not asked: a doubt is settled
        whether or not the rollback is still wanted, and what is half done is finished.
        """
        if (plan := _plan_of(watch)) is None:
            return Outcome(OutcomeKind.REFUSED, UNREADABLE)
        async with self._free:
            asked = Asked(self._held, plan, report)
            try:
                standing = await Doubts(self._held, plan, watch.id, report).settle()
            except LedgerLostError as lost:
                return await forsaken(asked, watch, self._guard, lost)
            if not standing.begun:
                standing = await give_back(asked, watch, self._guard)
            if next_group(plan.groups, standing) is None:
                return await read_effect(asked, watch.id)
            if standing.alien:
                return Outcome(OutcomeKind.FAILED, ALIEN)
            return await self._finish(watch, plan, standing, report) if standing.begun else None

    async def _finish(
        self, watch: WatchRow, plan: Plan, standing: Standing, report: Callable[[Progress], None]
    ) -> Outcome:
        """Goes on where the last process ended: its decision stands, since a part of it took effect."""
        order = await read_order(Asked(self._held, plan, report), watch)
        text = f"partly done before a restart, continuing: {half_done(standing, len(plan.statements))}"
        report(Progress(ProgressKind.RESUMED, text, {"took_effect": standing.done}))
        rollback = Rollback(self._means(), plan, order, lambda: True, report, standing, intended=True)
        return await self._run(rollback)

    async def aclose(self) -> None:
        """Says goodbye; within a few seconds whatever the server does."""
        await self._held.aclose()

    async def _ready(self, watch: WatchRow, plan: Plan, full: bool) -> Readiness:
        session = await self._held.session(plan.system_identifier)
        connection, timeline = session.connection, session.server.timeline
        await answer(connection, session.measure(), "measuring a round trip")
        question = readiness.cheap(connection, watch, plan)
        reasons = tuple(await answer(connection, question, "checking the rollback connection"))
        if Lack.LEDGER in map(code_of, reasons) and plan.timeline not in {0, timeline}:
            reasons += (Reason(f"{LOST} (timeline {plan.timeline} to {timeline})", Lack.TIMELINE),)
        if reasons or not full:
            return Readiness(not reasons, reasons, (), timeline)
        found = await answer(
            connection, readiness.full(session, watch, plan, self._limits.max_locked),
            "checking the rollback", FULL_DEADLINE + FULL_TRIPS * session.round_trip,
        )  # fmt: skip
        if rights := await answer(connection, clearing.lacking(connection, self._limits.blockers), "rights"):
            found = replace(found, ok=False, reasons=(*found.reasons, Reason(rights, Lack.RIGHTS)))
        faults = tuple(Reason(f"hook {fault}", Lack.HOOK) for fault in self._hooks.faults())
        return replace(found, ok=found.ok and not faults, reasons=found.reasons + faults, timeline=timeline)


LOST = "a failover may have lost rows of the ledger: check, and register the watch again"

UNREADABLE = Reason("the stored plan can't be read: register the watch again", Lack.HASH)


def _plan_of(watch: WatchRow) -> Plan | None:
    try:
        return stored.from_stored(watch.plan)
    except (KeyError, TypeError, ValueError):
        return None
