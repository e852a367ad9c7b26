"""A daemon that stands still loses its store, and what it still sends afterwards is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from monitor.errors import StoreHeld, StoreLost
from monitor.ports import OutcomeKind, Record
from monitor.rollback.executor import Limits, RollbackExecutor
from monitor.store import lease
from monitor.store.gateway import PgStore
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    FAST,
    SUPERUSER,
    build,
    columns,
    event_kinds,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner

PATIENCE = 30.0

LIMITS = Limits(locks=FAST, allow_superuser=SUPERUSER)

NEVER = 3600.0
"""Seconds between signs of life of a store that plays a stopped daemon."""


@asynccontextmanager
async def opened(dsn: str, holder: str, *, lease: float = 15.0, beat: float = 3.0) -> AsyncIterator[PgStore]:
    store = PgStore("shop", dsn, holder=holder, poll_seconds=0.05, lease=lease, beat=beat)
    try:
        await asyncio.wait_for(store.open(), PATIENCE)
        yield store
    finally:
        await store.aclose()


@pytest.mark.promise(1)
async def test_a_silent_holder_is_replaced_and_refused_when_it_wakes(database: Database) -> None:
    """Its session is ended after the lease; it may neither write nor roll back until it opened again."""
    await build(database.dsn)
    watch = await registered(database.dsn, DROP_COLUMN)
    async with opened(database.dsn, "silent:1", beat=NEVER) as silent:
        executor = RollbackExecutor(database.dsn, "shop", LIMITS, guard=silent.guard)
        try:
            assert (await executor.ready(watch, full=False)).ok
            async with opened(database.dsn, "awake:2", lease=0.5) as awake:
                assert awake.holds
                outcome = asyncio.create_task(rolled_back(executor, watch))
                with pytest.raises((StoreLost, StoreHeld)):
                    await silent.record(Record(memory={"by": "the woken one"}))
                with pytest.raises(StoreHeld):
                    await silent.record(Record(memory={"by": "the woken one"}))
                await awake.record(Record(memory={"by": "awake"}))
            with pytest.raises(StoreHeld, match="open it again"):
                await silent.load()
            assert (await outcome).kind is OutcomeKind.WITHDRAWN
        finally:
            await executor.aclose()
        await silent.open()
        assert (await silent.load())[1] == {"by": "awake"}
    assert await event_kinds(database.dsn) == []
    assert "new_column" in await columns(database.dsn)


async def test_a_holder_that_gives_signs_of_life_is_not_replaced(database: Database) -> None:
    """However short the lease, as long as it is longer than the time between two signs."""
    other = PgStore("shop", database.dsn, holder="other:2", poll_seconds=0.05, lease=0.6)
    async with opened(database.dsn, "first:1", beat=0.05) as first:
        waiting = asyncio.create_task(other.open())
        await asyncio.wait([waiting], timeout=1.5)
        assert (waiting.done(), first.holds) == (False, True)
        await first.record(Record(memory={"by": "first"}))
    await asyncio.wait_for(waiting, PATIENCE)
    await other.aclose()


async def test_who_takes_over_waits_for_the_transactions_of_the_former_holder(database: Database) -> None:
    """What was asked for inside a transaction stays true until its end."""
    async with opened(database.dsn, "first:1") as first, opened_admin(database.dsn) as writing:
        await writing.execute("BEGIN")
        await first.guard(writing)
        second = PgStore("shop", database.dsn, holder="second:2", poll_seconds=0.05)
        waiting = asyncio.create_task(second.open())
        await first.aclose()
        await asyncio.wait([waiting], timeout=0.5)
        assert (waiting.done(), second.holds) == (False, False)
        await writing.execute("COMMIT")
        await asyncio.wait_for(waiting, PATIENCE)
        assert not await lease.confirmed(writing, "shop", "the former one's")
        await second.aclose()


@asynccontextmanager
async def opened_admin(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
