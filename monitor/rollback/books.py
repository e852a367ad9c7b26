"""The migration tool's table within the rollback's own transaction: locked, asked, written, written down.

Each check raises `Stop` with its reason. What is asked and written is data of the plan (bookkeeping.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar

from monitor import pg
from monitor.pg import Connection
from monitor.plan import bookkeeping
from monitor.plan.bookkeeping import State
from monitor.plan.groups import Group
from monitor.plan.stored import Plan
from monitor.ports import Order, OutcomeKind
from monitor.rollback import ledger
from monitor.rollback.advance import Lock
from monitor.rollback.checks import Stop

T = TypeVar("T")

ASKING = "asking the migration tool's table"


class Attempt(Protocol):
    """What a try of a group is to this file."""

    @property
    def connection(self) -> Connection: ...

    @property
    def plan(self) -> Plan: ...

    @property
    def group(self) -> Group: ...

    @property
    def order(self) -> Order: ...

    async def wait(self, question: Awaitable[T], what: str) -> T: ...


async def check_overtaken(connection: Connection, plan: Plan) -> None:
    """No later migration is in the tool's table. Raises Stop."""
    if plan.bookkeeping is not None:
        async with pg.translated(ASKING):
            state = await bookkeeping.read(connection, plan.bookkeeping)
        if why := bookkeeping.overtaken(plan.bookkeeping, state):
            raise Stop(OutcomeKind.REFUSED, why)


async def check_applied(connection: Connection, plan: Plan) -> None:
    """The tool has the migration. Asked after the schema, which may be undone by hand. Raises Stop."""
    if plan.bookkeeping is not None:
        async with pg.translated(ASKING):
            state = await bookkeeping.read(connection, plan.bookkeeping)
        if why := bookkeeping.absent(plan.bookkeeping, state):
            raise Stop(OutcomeKind.REFUSED, why)


def locks(t: Attempt, others: Sequence[Lock]) -> list[Lock]:
    """The tool records nothing more until we are done, which `others` may say already."""
    books = t.plan.bookkeeping
    if books is None or not (t.group.start == 0 or t.group.last):
        return []
    lock = Lock(books.tables[0].name, bookkeeping.LOCK_MODE)
    return [lock] if lock.label not in {other.label for other in others} else []


async def check(t: Attempt) -> State | None:
    """Nothing was recorded later, if we only begin: what has begun is finished.

    What was read is for `confirm`: it says nothing yet if the schema was undone by hand.
    """
    if t.plan.bookkeeping is None or t.group.start != 0:
        return None
    state = await t.wait(bookkeeping.read(t.connection, t.plan.bookkeeping), ASKING)
    if why := bookkeeping.overtaken(t.plan.bookkeeping, state):
        raise Stop(OutcomeKind.REFUSED, why)
    return state


def confirm(t: Attempt, state: State | None) -> None:
    """The tool's table has the migration, if we only begin; it is locked since it was read."""
    if t.plan.bookkeeping is None or state is None:
        return
    if why := bookkeeping.absent(t.plan.bookkeeping, state):
        raise Stop(OutcomeKind.REFUSED, why)


async def keep(t: Attempt) -> None:
    """In the last group: marks the migration as reverted, and writes that down."""
    if t.plan.bookkeeping is None or not t.group.last:
        return
    try:
        detail = await bookkeeping.write(t.connection, t.plan.bookkeeping, t.wait)
    except bookkeeping.WrongRowsError as e:
        raise Stop(OutcomeKind.FAILED, str(e)) from e
    watch, key = t.order.watch, f"{t.order.watch.id}/bookkeeping"
    noting = ledger.add_event(t.connection, watch, t.order.at, "bookkeeping", detail, key)
    await t.wait(noting, "writing down the bookkeeping")
