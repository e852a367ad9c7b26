"""What became of a rollback: read from the ledger, after its end or after a restart.

An intent without an effect is given back; one with a part of it is finished (protocol.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.ports import Order, Outcome, OutcomeKind, WatchRow
from monitor.rollback import ledger
from monitor.rollback.fencing import Guard, unguarded
from monitor.rollback.group import undo
from monitor.rollback.held import Held, WrongServer, answer
from monitor.rollback.sequence import Standing
from monitor.rollback.stored import Plan

WRITE = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '2s'; "
    "SET LOCAL statement_timeout = '4s'"
)

ASK_EVERY = 1.0
"""Seconds between questions to a server that does not answer."""


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


async def give_back(held: Held, plan: Plan, watch: WatchRow, guard: Guard = unguarded) -> Standing:
    """Withdraws an intent found without effect after a restart, unless another daemon's effect is there.

    What was decided before the restart needs fresh evidence, and until then people may pause or cancel.
    """
    found = Standing()

    async def unintend(connection: Connection) -> None:
        nonlocal found
        locked = await ledger.lock_watch(connection, watch.id)
        found = await ledger.standing(connection, watch.id, plan.statements)
        if locked is not None and locked.intent and not (found.begun or found.alien):
            await ledger.withdraw(connection, watch, watch.intent_at or 0, "no effect before a restart")

    while True:
        try:
            connection = (await held.session(plan.system_identifier)).connection
            await answer(connection, write(connection, unintend, guard), "withdrawing the intent")
        except WrongServer:
            return Standing()
        except DatabaseError:
            await asyncio.sleep(ASK_EVERY)
        else:
            return found


async def read_order(held: Held, plan: Plan, watch: WatchRow) -> Order:
    """The decision that was committed before a restart, from the intent's event row."""
    while True:
        try:
            connection = (await held.session(plan.system_identifier)).connection
            return await answer(connection, ledger.intended(connection, watch), "reading the intent")
        except WrongServer:  # said when the rest is tried
            return Order(watch, watch.intent_at or 0, "", watch.intent_at or 0, {})
        except DatabaseError:
            await asyncio.sleep(ASK_EVERY)


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
            await asyncio.sleep(ASK_EVERY)


def outcome_of(effect: dict[str, Any]) -> Outcome:
    """Rolled back if the post-condition held under the rollback's own locks, else unverified."""
    if effect.get("verified"):
        return Outcome(OutcomeKind.ROLLED_BACK, "the plan took effect and its post-condition holds", effect)
    differences = effect.get("differences") or ["the effect's event row is missing"]
    reason = f"the plan took effect, but the schema is not what it says: {'; '.join(differences[:3])}"
    return Outcome(OutcomeKind.UNVERIFIED, reason, effect)
