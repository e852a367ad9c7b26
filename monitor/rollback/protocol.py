"""The protocol of one rollback: look, intent, group after group, try after try, and what it all came to.

This file decides whether there is another try; one try of a group is group.py, its COMMIT is commit.py.
What has begun is finished: withdrawing, people and newer watches count only until something took effect.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable, StoreHeld
from monitor.pg import Connection
from monitor.plan.groups import NOTHING, Group, Standing, half_done, next_group
from monitor.plan.stored import Plan
from monitor.ports import Json, Order, Outcome, OutcomeKind, Progress, ProgressKind, Want, Wanted
from monitor.rollback import books, checks, ledger, outside
from monitor.rollback.acquaintance import LOOK, LOOKING, Acquaintance
from monitor.rollback.before_hooks import HOOK_STOPS, BeforeHooks, HookBlocksError
from monitor.rollback.checks import GroupDoneError, IntentGoneError, Stop
from monitor.rollback.clearing import InTheWay
from monitor.rollback.commit import Doubts
from monitor.rollback.group import Try, prepare_commit, undo
from monitor.rollback.held import NotAdmitted, Session, WrongServer, answer, deadlock_timeout
from monitor.rollback.means import Means
from monitor.rollback.outside import Turn
from monitor.rollback.outside_tries import RunFailedError, Tries
from monitor.rollback.settling import Asked, forsaken, outcome_of, read_effect, write
from monitor.rollback.tenure import HeldTooLongError
from monitor.rollback.timeline import Course, LedgerLostError
from monitor.salvage import keeping
from monitor.schema.steady import DROPPED_MEANWHILE

EMBRACES_TOLD = 10
"""One of so many is told, and who is in the way looked up: there may be several a second."""

LONGEST_NAP = 1.0
"""Seconds until it is asked again whether the rollback is wanted."""

BREACH_ENDED = "the breach ended before any statement took effect"


@dataclass(slots=True)
class Rollback:
    """One order being executed. `wanted` is asked before each try; `report` tells the daemon."""

    means: Means
    plan: Plan
    order: Order
    wanted: Wanted
    report: Callable[[Progress], None]
    standing: Standing = NOTHING
    attempt: int = 0  # of the group under way
    plainly: bool = False  # statements one by one, however far the server is
    hindered: int = 0  # of them, ended by no room on the server or by our own cap
    resting: int = 0  # of those, how many were rested for
    embraced: int = 0  # how many of them ended because the application waited for us too
    acquaintance: Acquaintance = field(default_factory=Acquaintance)
    intended: bool = False
    paged: bool = False
    trouble: str = ""  # the last one told
    began: float = field(default_factory=time.monotonic)  # the group under way
    tries: Tries = field(init=False)  # of a statement outside a transaction
    hooks: BeforeHooks = field(init=False)
    course: Course = field(init=False)
    way: InTheWay = field(init=False)

    def __post_init__(self) -> None:
        self.tries = Tries(self.report)
        self.hooks = BeforeHooks(self.means.hooks, self.order, self.report)
        self.course = Course(self.order.watch.id, self.plan.statements, self.report, self._note_followed)
        means, plan = self.means, self.plan
        self.way = InTheWay(means.held, plan.system_identifier, plan.locked, means.blockers, self.report)

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began

    async def run(self) -> Outcome:
        """Returns only what is settled. Raises nothing but CancelledError and bugs."""
        while True:
            before = self.standing
            if (outcome := await self._turn()) is not None:
                return outcome
            if self.standing == before:  # else the next group follows at once
                await self._rest()

    async def _rest(self) -> None:
        """A long one ends when the rollback is no longer needed."""
        policy, tries = self.means.policy, max(1, self.attempt - self.embraced)
        hindered, self.resting = self.hindered > self.resting, self.hindered
        left = policy.rest_hindered(self.hindered) if hindered else policy.rest_after(tries, self.spent)
        while left > 0 and (self.standing.begun or self.wanted()):
            await asyncio.sleep(min(left, LONGEST_NAP))
            left -= LONGEST_NAP

    async def _turn(self) -> Outcome | None:
        """One try, and what its failure means: another one (None), or the end."""
        try:
            return await self._once()
        except Stop as stop:
            return self._ended(stop.kind, stop.reason, stop.detail)
        except GroupDoneError as done:
            self._advance(done.standing)
        except IntentGoneError:
            self.intended = False
        except HookBlocksError as blocked:
            return await self._stopped(blocked)
        except LedgerLostError as lost:
            return await forsaken(self._asked(), self.order.watch, self.means.guard, lost)
        except WrongServer as e:
            if self.intended:  # nothing is proven of the right one: it is waited for
                return await self._trouble(e)
            return self._ended(OutcomeKind.REFUSED, str(e))
        except StoreHeld as e:
            return Outcome(OutcomeKind.WITHDRAWN, str(e), self._tries())
        except DatabaseError as e:
            return await self._trouble(e)
        return None

    async def _once(self) -> Outcome | None:
        """Intent if there is none yet, then one try of the next group; None: not this time, or not all."""
        if (group := next_group(self.plan.groups, self.standing)) is None:
            return await self._effect()
        if not self.standing.begun and not self.wanted():
            return await self._withdraw()
        if not self.standing.begun and self.wanted() is Want.NOT_NOW:
            return None
        if not self.intended:
            await self._commit_intent()
        if not self.standing.begun and not self.hooks.done:
            await self.hooks.run()
            self.began = time.monotonic()  # what hooks take is not spent on locks
            if not self.wanted():
                return await self._withdraw()
        session = await self.means.held.session(self.plan.system_identifier)
        await self.course.follow(session, self.standing)
        self.attempt += 1
        return await (self._transact if group.transactional else self._outside)(session, group)

    async def _commit_intent(self) -> None:
        session = await self.means.held.session(self.plan.system_identifier)
        await self._look(session.connection)
        self.means.kill("before_intent")
        self.course.timeline = session.server.timeline
        await self._transaction(session.connection, self._intend)
        self.intended = True
        self.means.kill("after_intent")
        self.report(Progress(ProgressKind.INTENT, "the intent is committed", {"rule": self.order.rule}))

    async def _transact(self, session: Session, group: Group) -> Outcome | None:
        """One try of a transactional group; the last one's effect is the rollback's."""
        means, lookout = self.means, self.way.lookout
        deadlock = await answer(session.connection, deadlock_timeout(session.connection), "reading a setting")
        limits = (self.attempt, self.attempt - self.embraced, means.policy, deadlock, means.statement_seconds)
        one = Try(session, self.plan, group, self.order, *limits, means.kill, means.guard, lookout)
        one = replace(one, together=not self.plainly and session.is_far)
        if one.together:
            await self.acquaintance.make(one)
            if not self.standing.begun and not self.wanted():  # that took a while
                return await self._withdraw()
        with lookout.watching(session):
            effect = await self._prepared(one)
        if effect is None:
            return None
        means.kill("before_commit")
        means.kill(f"before_commit_{group.number}")
        if not await self._doubts().commit(session.connection, group):
            self.report(Progress(ProgressKind.RETRY, "COMMIT did not commit: nothing of it took effect"))
            return None
        means.kill("after_commit")
        means.kill(f"after_commit_{group.number}")
        if group.last:
            return outcome_of(effect)
        self._advance(Standing(group.end))
        return None

    async def _prepared(self, one: Try) -> dict[str, Any] | None:
        """What a try of statements that went together fails of, one by one names: None."""
        try:
            return await prepare_commit(one)
        except DatabaseError as e:
            if not one.together or self._is_passing(e):
                raise
            self.plainly = True
            self.report(Progress(ProgressKind.RETRY, f"{e}: again, one by one", self._tries()))
            return None

    def _is_passing(self, e: DatabaseError) -> bool:
        """Whether it is worth another try as it is."""
        passing = isinstance(e, DatabaseUnreachable | HeldTooLongError | NotAdmitted | WrongServer)
        return passing or pg.is_retryable(e.sqlstate) or e.sqlstate in pg.NO_ROOM

    async def _outside(self, session: Session, group: Group) -> Outcome | None:
        """One try of a statement outside a transaction; how an interrupted one ended the catalogue says."""
        news = (self._begun, self.tries.seen, self.report)
        turn = Turn(self.means, session, self.plan, group, self.order, self.attempt, *news)
        try:
            await outside.run(turn)
        except RunFailedError as failed:
            if self.tries.count(failed):
                left = await outside.clean_up(turn)
                reason = f"{failed}; still there: {left}" if left else str(failed)
                return self._ended(OutcomeKind.FAILED, reason, {"sqlstate": failed.cause.sqlstate})
            self.tries.interrupted(failed.cause)
            return None
        self._advance(Standing(group.end))
        return None

    def _begun(self) -> None:
        self.standing = replace(self.standing, started=True)

    def _advance(self, standing: Standing) -> None:
        """Further than before: patience and budget begin afresh."""
        self.standing, self.attempt, self.embraced, self.paged = standing, 0, 0, False
        self.hindered = self.resting = 0
        self.tries = Tries(self.report)
        self.began = time.monotonic()

    def _doubts(self) -> Doubts:
        return Doubts(self.means.held, self.plan, self.order.watch.id, self.report, self.course.timeline)

    def _asked(self) -> Asked:
        return Asked(self.means.held, self.plan, self.report)

    async def _look(self, connection: Connection) -> None:
        """Is it done already, overtaken, or by hand? Skipped while others are in the way: a try looks too."""
        try:
            await answer(connection, self._looking(connection), "looking before the rollback", LOOKING)
        except DatabaseError as e:
            if e.sqlstate not in {"55P03", "57014"} | DROPPED_MEANWHILE:
                raise

    async def _looking(self, connection: Connection) -> None:
        await connection.execute(LOOK)
        try:
            await self._check(connection)
        except Stop:  # by another daemon's rollback, perhaps: its rows came with what we saw
            await self._see(connection)
            raise
        finally:
            await undo(connection)

    async def _check(self, connection: Connection) -> None:
        await self._see(connection)
        if self.standing.begun:
            return
        newer = await ledger.newer_watch(connection, self.order.watch.id)
        if newer is not None:
            raise Stop(self._kind_of_overtaken(), checks.superseded(newer))
        await books.check_overtaken(connection, self.plan)
        await checks.check_schema(connection, self.plan, deep=True)
        await books.check_applied(connection, self.plan)

    async def _see(self, connection: Connection) -> None:
        """How far is the plan? Raises GroupDoneError when it is further than was thought."""
        found = checks.own(await ledger.standing(connection, self.order.watch.id, self.plan.statements))
        if found != self.standing:
            raise GroupDoneError(found)

    def _kind_of_overtaken(self) -> OutcomeKind:
        """Before its intent a rule's order is given back: the watch observes, and may be armed again."""
        return OutcomeKind.REFUSED if self.order.by or self.intended else OutcomeKind.WITHDRAWN

    async def _intend(self, connection: Connection) -> None:
        locked = await ledger.lock_watch(connection, self.order.watch.id)
        if locked is None:
            raise Stop(OutcomeKind.REFUSED, "the watch is gone from the ledger")
        if not locked.intent and (why := locked.overruled(self.order)):
            raise Stop(OutcomeKind.OVERRULED, why)
        checks.check_text(self.plan, self.order, locked)
        await ledger.add_intent(connection, self.order, self.course.timeline)

    async def _transaction(self, connection: Connection, work: Callable[[Connection], Any]) -> None:
        """A short write of ours; a lost answer is harmless, since it is written again under the same key."""
        if self.plan.keeps:
            await answer(connection, keeping.make_room(connection, self.plan), "making room for kept data")
        await answer(connection, write(connection, work, self.means.guard), "writing the intent")

    async def _note_followed(self, connection: Connection, before: int, now: int) -> None:
        async def work(c: Connection) -> None:
            await ledger.lock_watch(c, self.order.watch.id)
            await ledger.add_followed(c, self.order, before, now)

        await write(connection, work, self.means.guard)

    async def _stopped(self, blocked: HookBlocksError) -> Outcome | None:
        """A hook has to succeed first. A person's order has no breach that ends: it is given back in time."""
        if self.order.by and self.spent >= self.means.policy.budget:
            return await self._withdraw(HOOK_STOPS)
        await asyncio.sleep(blocked.rest)
        return None

    async def _withdraw(self, why: str = BREACH_ENDED) -> Outcome:
        """It is no longer needed: the intent goes, unless the effect has happened after all."""
        if self.intended:
            session = await self.means.held.session(self.plan.system_identifier)
            writing = write(session.connection, self._unintend, self.means.guard)
            await answer(session.connection, writing, "withdrawing")
        return Outcome(OutcomeKind.WITHDRAWN, why, self._tries())

    async def _unintend(self, connection: Connection) -> None:
        await ledger.lock_watch(connection, self.order.watch.id)
        await self._see(connection)
        await ledger.withdraw(connection, self.order.watch, self.order.at, "no longer needed")

    async def _trouble(self, e: DatabaseError) -> Outcome | None:
        """What a failed step means: another try (None), or the end."""
        refused = isinstance(e, NotAdmitted | WrongServer)
        if isinstance(e, HeldTooLongError) or e.sqlstate in pg.NO_ROOM:
            self._hinder(e)
            await self._page_if_long()
            return None
        if not self._is_passing(e):
            detail = {**self._tries(), "sqlstate": e.sqlstate}
            return self._ended(OutcomeKind.FAILED, str(e), detail)
        if e.sqlstate in {"55P03", "40P01"}:
            await self._blocked(e)
        elif str(e) != self.trouble:  # the edge: a server that is away is tried many times a minute
            kind = ProgressKind.REFUSED_FOR_NOW if refused else ProgressKind.RETRY
            self.report(Progress(kind, str(e), self._tries()))
        self.trouble = str(e)
        await self._page_if_long()
        return None

    def _hinder(self, e: DatabaseError) -> None:
        """The server could not do it now: told with its cause, and tried again after a longer rest."""
        self.hindered += 1
        if e.sqlstate != self.trouble:
            self.report(Progress(ProgressKind.HINDERED, str(e), self._tries()))
        self.trouble = e.sqlstate

    async def _page_if_long(self) -> None:
        if self.spent >= self.means.policy.budget and not self.paged:
            self.paged = True
            text = f"no success in {self.spent:.0f} s: retrying at longer intervals while it is needed"
            self.report(Progress(ProgressKind.BUDGET_SPENT, text, await self.way.told()))

    async def _blocked(self, e: DatabaseError) -> None:
        if self.way.lookout.embraced:
            self.embraced += 1
            if self.embraced % EMBRACES_TOLD != 1 and self.spent < self.means.policy.budget:
                return
        detail = await self.way.clear(self.standing.begun or bool(self.wanted()))
        self.report(Progress(ProgressKind.BLOCKED, str(e), {**detail, **self._tries()}))

    async def _effect(self) -> Outcome:
        """Of a rollback that was committed before: by this daemon, by another, or before a restart."""
        return await read_effect(self._asked(), self.order.watch.id)

    def _ended(self, kind: OutcomeKind, reason: str, detail: Json | None = None) -> Outcome:
        """The end without the whole effect. What is half done has failed, and says which half."""
        if not self.standing.begun:
            none = {"took_effect": 0} if kind is OutcomeKind.FAILED else {}
            return Outcome(kind, reason, {**(detail or {}), **none})
        of = len(self.plan.statements)
        if kind is not OutcomeKind.RESOLVED_EXTERNALLY:
            kind, reason = OutcomeKind.FAILED, f"{half_done(self.standing, of)}: {reason}"
        return Outcome(kind, reason, {**(detail or {}), "took_effect": self.standing.done, "statements": of})

    def _tries(self) -> dict[str, object]:
        return {"tries": self.attempt, "seconds": round(self.spent, 3)}
