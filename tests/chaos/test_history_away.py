"""A history in a database of its own, away when the daemon starts: the target is watched all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from monitor.clock import utc_now
from monitor.core.samples import HOUR
from monitor.demo.postgres import free_port
from monitor.errors import DatabaseUnreachable
from monitor.ports import Record
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from tests import servers
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.stored import registration, sample, update

pytestmark = pytest.mark.corner

KILL = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
           WHERE application_name = 'migration-monitor/listen' AND datname = current_database()"""


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[str]:
    """The DSN of a second database on the same server."""
    name = await servers.new_database(database.server)
    yield database.server.dsn(name)
    await servers.drop_database(database.server, name)


async def test_a_store_is_opened_without_its_history_and_writes_when_that_is_back(
    database: Database, elsewhere: str
) -> None:
    """What happened meanwhile is written then; the lease stands beside the watches."""
    port = free_port()
    store = PgStore("shop", database.dsn, history_dsn=Proxy(elsewhere, port).named(port), holder="first:1")
    registry = PgRegistry("shop", database.dsn)
    row, _ = await registry.register(registration())
    await registry.aclose()
    try:
        await store.open()
        assert [w.id for w in (await store.load())[0]] == [row.id]
        assert store.holds
        record = Record((update(row),), (sample(),), (), ())
        with pytest.raises(DatabaseUnreachable):
            await store.record(record)
        async with Proxy(elsewhere, port):
            await store.record(record)
        history = await asyncpg.connect(elsewhere)
        assert await history.fetchval("SELECT count(*) FROM migration_monitor.lease") == 0
        assert await history.fetchval("SELECT count(*) FROM migration_monitor.sample") == 1
        await history.close()
    finally:
        await store.aclose()


async def test_a_lease_lost_while_the_history_is_away_is_taken_again(
    database: Database, elsewhere: str
) -> None:
    """The token in the row says that nobody had it meanwhile: nothing has to be loaded afresh."""
    port = free_port()
    store = PgStore("shop", database.dsn, history_dsn=Proxy(elsewhere, port).named(port))
    try:
        await store.open()
        sql = await asyncpg.connect(database.dsn)
        await sql.execute(KILL)
        await sql.close()
        async with asyncio.timeout(20):
            while store.holds:
                await asyncio.sleep(0.02)
        await store.load()
        assert store.holds
    finally:
        await store.aclose()


async def test_what_is_old_is_forgotten_in_both_databases(database: Database, elsewhere: str) -> None:
    """Comparisons stay beside the watches, samples are in the history; neither grows for ever."""
    store = PgStore("shop", database.dsn, history_dsn=elsewhere)
    registry = PgRegistry("shop", database.dsn, history_dsn=elsewhere)
    watch, _ = await registry.register(registration())
    try:
        await store.open()
        await store.record(Record((update(watch),), (sample(),), (), ()))
        await store.keep_changes(watch.id, {"at": 1}, {"since": 1})
        await store.forget(utc_now() + HOUR)
        assert await registry.samples(0, utc_now() + HOUR, 10) == []
        assert await registry.changes(watch.id) is None
    finally:
        await registry.aclose()
        await store.aclose()
