"""A session that could be no daemon has the daemon's advisory lock."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from monitor.store.fence import STORE, advisory_key
from monitor.store.gateway import PgStore
from tests.conftest import Database
from tests.roles import as_role
from tests.rollbacks import build, connected


@pytest.mark.corner
@pytest.mark.fault(41)
@pytest.mark.promise(21)
async def test_a_stranger_with_the_lock_is_named_and_the_daemon_goes_on_when_it_is_gone(
    database: Database,
) -> None:
    """It needs CONNECT only; who waits says which role and pid it is, and what ends it."""
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(
            "DO $$ BEGIN CREATE ROLE mallory LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation"
            " THEN NULL; END $$"
        )
    mallory = await asyncpg.connect(as_role(database.dsn, "mallory"))
    await mallory.execute("SELECT pg_advisory_lock($1, $2)", *advisory_key(STORE, "shop"))
    store = PgStore("shop", database.dsn, poll_seconds=0.05)
    try:
        opening = asyncio.create_task(store.open())
        async with asyncio.timeout(20):
            while not store.held_by_stranger:
                await asyncio.sleep(0.02)
        assert f'role "mallory", pid {mallory.get_server_pid()}' in store.waits_for
        assert "pg_terminate_backend" in store.waits_for
        assert not store.holds
        await mallory.close()
        async with asyncio.timeout(20):
            await opening
        assert (store.holds, store.held_by_stranger) == (True, False)
    finally:
        await store.aclose()


@pytest.mark.corner
@pytest.mark.promise(21)
async def test_another_daemon_is_no_stranger(database: Database) -> None:
    """It is waited for by its name."""
    await build(database.dsn)
    first = PgStore("shop", database.dsn, holder="first:1")
    second = PgStore("shop", database.dsn, poll_seconds=0.05)
    try:
        await first.open()
        opening = asyncio.create_task(second.open())
        async with asyncio.timeout(20):
            while not second.waits_for:
                await asyncio.sleep(0.02)
        assert (second.waits_for, second.held_by_stranger) == ("first:1", False)
        await first.aclose()
        async with asyncio.timeout(20):
            await opening
    finally:
        await first.aclose()
        await second.aclose()
