"""People against the daemon: whoever committed first wins."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from monitor.ports import Controls, OutcomeKind
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    order,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner


@pytest.mark.parametrize("control", ["paused_at", "cancelled_at"])
@pytest.mark.fault(40)
async def test_a_pause_or_cancel_committed_before_the_intent_wins(database: Database, control: str) -> None:
    """Faults 9 and 40: overruled, nothing sent."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        await c.execute(f"UPDATE migration_monitor.watch SET {control} = clock_timestamp()")
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.OVERRULED
    assert await event_kinds(dsn) == []
    assert "new_column" in await columns(dsn)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.promise(9)
async def test_a_pause_that_the_decision_did_not_know_wins_even_when_it_is_over(
    database: Database, known: bool
) -> None:
    """It has cleared the streak that the decision stands on; one from before the decision has not."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        paused_at = await c.fetchval(
            "UPDATE migration_monitor.watch SET paused_at = now() - interval '1 s', resumed_at = now()"
            " RETURNING (extract(epoch FROM paused_at) * 1000000)::bigint"
        )
    if known:
        watch = replace(watch, controls=Controls(paused_at=paused_at, resumed_at=paused_at + 1_000_000))
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is (OutcomeKind.ROLLED_BACK if known else OutcomeKind.OVERRULED)


@pytest.mark.fault(40)
async def test_of_a_pause_racing_with_the_intent_the_one_that_committed_first_wins(
    database: Database,
) -> None:
    """Fault 40: a pause that holds the row when the intent comes is waited for, and wins."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as person, executing(dsn) as executor:
        await person.execute("BEGIN; UPDATE migration_monitor.watch SET paused_at = clock_timestamp()")
        task = asyncio.create_task(rolled_back(executor, watch))
        await asyncio.sleep(0.3)
        await person.execute("COMMIT")
        assert (await task).kind is OutcomeKind.OVERRULED
    assert await event_kinds(dsn) == []


async def test_a_persons_rollback_after_their_pause_is_executed(database: Database) -> None:
    """The later control of a person counts."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        await c.execute("UPDATE migration_monitor.watch SET paused_at = now(), rollback_at = now()")
    async with executing(dsn) as executor:
        outcome = await executor.execute(order(watch, by="ops"), lambda: True, Heard())
    assert outcome.kind is OutcomeKind.ROLLED_BACK
