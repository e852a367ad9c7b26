"""What became of a rollback: read from the ledger, after its end or after a restart.

An intent without an effect is given back; one with a part of it is finished (protocol.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.plan.groups import Standing, half_done
from monitor.plan.stored import Plan
from monitor.ports import Order, Outcome, OutcomeKind, Progress, ProgressKind, WatchRow
from monitor.rollback import ledger
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.group import undo
from monitor.rollback.held import Held, NotAdmitted, WrongServer, answer
from monitor.rollback.timeline import LedgerLostError

WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '2s'; "
    "SET LOCAL statement_timeout = '4s'"
)

ASK_EVERY = 1.0
"""Seconds between questions to a server that does not answer."""

SILENT_FOR = 5.0
"""Seconds a server may be away until people are told that nothing is known."""

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Asked:
    """Asks the ledger until it answers. Another cluster behind the name, or a refusal, is told at once."""

    held: Held
    plan: Plan
    report: Callable[[Progress], None]

    async def __call__(self, question: Callable[[Connection], Awaitable[T]], what: str) -> T:
        """The answer, however long it takes; what keeps it from us is told as a doubt."""
        began, said = time.monotonic(), ""
        while True:
            try:
                connection = (await self.held.session(self.plan.system_identifier)).connection
                found = await answer(connection, question(connection), what)
            except DatabaseError as e:
                serious = isinstance(e, WrongServer | NotAdmitted)
                if str(e) != said and (serious or time.monotonic() - began >= SILENT_FOR):
                    said = str(e)
                    self.report(Progress(ProgressKind.IN_DOUBT, f"not known yet: {said}"))
                await asyncio.sleep(ASK_EVERY)
            else:
                if said:
                    self.report(Progress(ProgressKind.SETTLED, "the ledger answers again"))
                return found


async def give_back(
    asked: Asked, watch: WatchRow, guard: Guard = unguarded, why: str = "no effect before a restart"
) -> Standing:
    """Withdraws an intent found without effect after a restart, unless another daemon's effect is there.

    What was decided before the restart needs fresh evidence, and until then people may pause or cancel.
    """
    plan = asked.plan
    found = Standing()

    async def unintend(connection: Connection) -> None:
        nonlocal found
        locked = await ledger.lock_watch(connection, watch.id)
        found = await ledger.standing(connection, watch.id, plan.statements)
        if locked is not None and locked.intent and not (found.begun or found.alien):
            await ledger.withdraw(connection, watch, watch.intent_at or 0, why)

    await asked(lambda connection: write(connection, unintend, guard), "withdrawing the intent")
    return found


async def forsaken(asked: Asked, watch: WatchRow, guard: Guard, lost: LedgerLostError) -> Outcome:
    """Gives the intent back on a timeline that has lost something. What is half done there has failed."""
    standing = await give_back(asked, watch, guard, str(lost))
    if not standing.begun:
        return Outcome(OutcomeKind.LEDGER_LOST, str(lost), {"timeline": lost.now})
    half = half_done(standing, len(asked.plan.statements))
    return Outcome(OutcomeKind.FAILED, f"{half}: {lost}", {"took_effect": standing.done})


async def read_order(asked: Asked, watch: WatchRow) -> Order:
    """The decision that was committed before a restart, from the intent's event row."""
    return await asked(lambda connection: ledger.intended(connection, watch), "reading the intent")


async def read_effect(asked: Asked, watch_id: str) -> Outcome:
    """The outcome as the effect's event row tells it."""
    return outcome_of(await asked(lambda c: ledger.effect(c, watch_id), "reading the effect"))


HOLDS = "its post-condition holds"


def outcome_of(effect: dict[str, Any]) -> Outcome:
    """Rolled back if the post-condition held under the rollback's own locks, else unverified."""
    if effect.get("verified"):
        holds = "the schema is as before the migration" if effect["verified"] == "before" else HOLDS
        return Outcome(OutcomeKind.ROLLED_BACK, f"the plan took effect and {holds}", effect)
    differences = effect.get("differences") or ["the effect's event row is missing"]
    should = "as it was before the migration" if effect.get("against") == "before" else "what it says"
    reason = f"the plan took effect, but the schema is not {should}: {'; '.join(differences[:3])}"
    return Outcome(OutcomeKind.UNVERIFIED, reason, effect)
