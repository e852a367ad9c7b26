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
from tests.roles import as_role
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


async def test_a_transaction_that_lasts_is_in_no_renewals_way(database: Database) -> None:
    """A rollback may take longer than the lease: its daemon goes on saying that it lives."""
    renewed = "SELECT renewed_at FROM migration_monitor.lease"
    async with opened(database.dsn, "first:1", beat=0.05) as first, opened_admin(database.dsn) as acting:
        await acting.execute("BEGIN")
        await first.guard(acting)
        async with opened_admin(database.dsn) as admin:
            before = await admin.fetchval(renewed)
            await asyncio.sleep(0.5)
            assert await admin.fetchval(renewed) > before
        await acting.execute("COMMIT")
        assert first.holds


async def test_of_those_who_start_at_once_one_has_the_lease(database: Database) -> None:
    """The others wait for it, whether or not the row was there."""
    stores = [PgStore("shop", database.dsn, holder=f"h:{n}", poll_seconds=0.05) for n in range(6)]
    opening = [asyncio.create_task(store.open()) for store in stores]
    try:
        for left in (6, 5):
            await asyncio.wait(opening, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.5)
            assert [store.holds for store in stores].count(True) == 1, left
            winner = next(n for n, store in enumerate(stores) if store.holds)
            assert [task.done() for task in opening].count(True) == 1
            await stores.pop(winner).aclose()
            await opening.pop(winner)
    finally:
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for store in stores:
            await store.aclose()


async def test_a_row_that_somebody_locks_costs_no_lease(database: Database) -> None:
    """What can't be renewed is kept until another daemon takes it, and renewed again afterwards."""
    async with opened(database.dsn, "first:1", beat=0.05) as first:
        async with opened_admin(database.dsn) as admin, admin.transaction():
            await admin.execute("LOCK TABLE migration_monitor.lease IN EXCLUSIVE MODE")
            await asyncio.sleep(4.0)  # longer than its lock_timeout
            assert first.holds
        await first.record(Record(memory={"by": "first"}))
        assert first.holds


async def test_a_role_that_does_not_see_when_sessions_began_hands_over_too(database: Database) -> None:
    """Two daemons of two roles, of which the second sees no more than the pids of the first's sessions."""
    await build(database.dsn)
    blind = f"blind_{database.name}"
    async with opened_admin(database.dsn) as admin:
        await admin.execute(
            f"CREATE ROLE {blind} LOGIN; GRANT USAGE ON SCHEMA migration_monitor TO {blind};"
            f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA migration_monitor TO {blind}"
        )
        second = PgStore("shop", as_role(database.dsn, blind), holder="second:2", poll_seconds=0.05)
        try:
            async with opened(database.dsn, "first:1") as first:
                waiting = asyncio.create_task(second.open())
                await asyncio.wait([waiting], timeout=1.0)
                assert (waiting.done(), first.holds, second.waits_for) == (False, True, "first:1")
            await asyncio.wait_for(waiting, 10)
        finally:
            await second.aclose()
            await admin.execute(f"DROP OWNED BY {blind}; DROP ROLE {blind}")


async def test_a_daemon_takes_its_own_lease_again_though_the_server_still_has_its_session(
    database: Database,
) -> None:
    """A cut that the server has not noticed yet: the token says that nobody else was there."""
    async with opened(database.dsn, "first:1") as first, opened_admin(database.dsn) as lingering:
        await lingering.execute(
            "UPDATE migration_monitor.lease SET session_pid = pg_backend_pid(), session_start ="
            " (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())"
        )
        first._lock.cut()
        await first.record(Record(memory={"by": "first"}))
        assert first.holds


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
