"""One daemon at a time per store, and what happens to the lock when sessions and servers die."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from monitor.demo.postgres import Server
from monitor.errors import DatabaseUnreachable, StoreHeld
from monitor.ports import Record
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from tests import servers
from tests.conftest import Database
from tests.stored import T0, registration, sample, update

pytestmark = pytest.mark.corner

PATIENCE = 30.0
"""Seconds after which a test says that it will not happen any more."""

KILL = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = $1"
KILL_HOLDER = "SELECT pg_terminate_backend(session_pid, 5000) FROM migration_monitor.lease"
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'"
LISTENING = "migration-monitor/listen"
WRITING = "migration-monitor/store"


@asynccontextmanager
async def superuser(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def opened(dsn: str, holder: str = "first:1") -> AsyncIterator[PgStore]:
    store = PgStore("shop", dsn, holder=holder, poll_seconds=0.05)
    try:
        await store.open()
        yield store
    finally:
        await store.aclose()


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Asks until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await done():
            await asyncio.sleep(0.02)


async def noticed(store: PgStore) -> bool:
    """Whether the store knows that its lock is gone."""
    return not store.holds


async def is_told(store: PgStore) -> bool:
    """Whether it knows for whom it waits."""
    return store.waits_for != ""


async def _is_one(count: Awaitable[object]) -> bool:
    return await count == 1


async def recorded(store: PgStore, record: Record) -> bool:
    """Whether it could be written now; what a daemon does every round."""
    try:
        await store.record(record)
    except DatabaseUnreachable:
        return False
    return True


async def kill(dsn: str, name: str) -> None:
    async with superuser(dsn) as admin:
        assert await admin.fetch(KILL, name)


async def test_a_second_daemon_waits_and_takes_over_when_the_first_leaves(database: Database) -> None:
    """It has the watches and may write; while it waits it knows for whom."""
    second = PgStore("shop", database.dsn, holder="second:2", poll_seconds=0.05)
    async with opened(database.dsn) as first:
        waiting = asyncio.create_task(second.open())
        await until(lambda: is_told(second))
        assert (waiting.done(), first.holds, second.holds) == (False, True, False)
    await asyncio.wait_for(waiting, PATIENCE)
    assert second.holds
    assert second.waits_for == ""
    await second.record(Record(memory={"by": "second"}))
    await second.aclose()


async def test_a_second_daemon_takes_over_when_the_firsts_session_dies(database: Database) -> None:
    """The first sees it, is refused, and must open it again when it is free."""
    second = PgStore("shop", database.dsn, holder="second:2", poll_seconds=0.01)
    async with opened(database.dsn) as first:
        waiting = asyncio.create_task(second.open())
        await until(lambda: is_told(second))
        async with superuser(database.dsn) as admin:
            assert await admin.fetch(KILL_HOLDER)
        await asyncio.wait_for(waiting, PATIENCE)
        await until(lambda: noticed(first))
        assert second.holds
        with pytest.raises(StoreHeld, match="another daemon holds"):
            await first.record(Record(memory={"by": "first"}))
        await second.record(Record(memory={"by": "second"}))
        await second.aclose()
        with pytest.raises(StoreHeld, match="open it again"):
            await first.record(Record(memory={"by": "first"}))
        with pytest.raises(StoreHeld, match="open it again"):
            await first.load()
        await first.open()
        assert (await first.load())[1] == {"by": "second"}
        await first.record(Record(memory={"by": "first again"}))


async def test_a_lock_lost_without_anybody_else_is_taken_again_by_itself(database: Database) -> None:
    """Nothing is written before it is held."""
    async with opened(database.dsn) as store:
        await kill(database.dsn, LISTENING)
        await until(lambda: recorded(store, Record(samples=(sample(),))))
        assert store.holds


async def test_nothing_is_written_when_the_server_knows_another_token(database: Database) -> None:
    """What the daemon believes is asked again inside the transaction."""
    async with opened(database.dsn) as store, superuser(database.dsn) as admin:
        await admin.execute("UPDATE migration_monitor.lease SET token = 'older'")  # as a failover would
        assert store.holds
        with pytest.raises(DatabaseUnreachable, match="lease was lost"):
            await store.record(Record(memory={"never": "stored"}))
        with pytest.raises(StoreHeld, match="open it again"):  # who had it meanwhile is not known
            await store.load()
        await store.open()
        assert (await store.load())[1] == {}


async def test_two_targets_in_one_database_do_not_wait_for_each_other(database: Database) -> None:
    """The lock is a target's."""
    async with opened(database.dsn):
        other = PgStore("billing", database.dsn)
        await asyncio.wait_for(other.open(), PATIENCE)
        await other.aclose()


async def test_the_writing_session_killed_in_mid_record_leaves_no_duplicates(database: Database) -> None:
    """The first try is rolled back by the server; the retry writes all of it once."""
    async with opened(database.dsn) as store, superuser(database.dsn) as person:
        registry = PgRegistry("shop", database.dsn)
        watch, _ = await registry.register(registration())
        record = Record(watches=(update(watch, "warming"),), samples=(sample(),), memory={"a": 1})
        blocking = person.transaction()
        await blocking.start()
        await person.execute("SELECT FROM migration_monitor.watch FOR UPDATE")
        trying = asyncio.create_task(store.record(record))
        async with superuser(database.dsn) as admin:
            await until(lambda: _is_one(admin.fetchval(BLOCKED, WRITING)))
        await kill(database.dsn, WRITING)
        with pytest.raises(DatabaseUnreachable):
            await trying
        await blocking.rollback()
        assert await registry.samples(T0, T0 + 1, 10) == []
        await store.record(record)
        await store.record(record)
        assert await registry.samples(T0, T0 + 1, 10) == [sample()]
        await registry.aclose()


async def test_a_row_that_stays_locked_is_a_reason_to_try_later(database: Database) -> None:
    """The lock timeout is DatabaseUnreachable, and the next call works."""
    async with opened(database.dsn) as store, superuser(database.dsn) as person:
        registry = PgRegistry("shop", database.dsn)
        watch, _ = await registry.register(registration())
        await registry.aclose()
        async with person.transaction():
            await person.execute("SELECT FROM migration_monitor.watch FOR UPDATE")
            with pytest.raises(DatabaseUnreachable, match="55P03"):
                await store.record(Record(watches=(update(watch),)))
        await store.record(Record(watches=(update(watch),)))


async def test_news_is_heard_again_after_the_listening_session_was_killed(database: Database) -> None:
    """The wait itself brings the connection back."""
    async with opened(database.dsn) as store:
        await store.wait_for_news(0)
        await kill(database.dsn, LISTENING)
        await asyncio.wait_for(store.wait_for_news(PATIENCE), PATIENCE)  # the loss, or listening again
        await asyncio.wait_for(store.wait_for_news(1), PATIENCE)
        assert store.holds
        waiting = asyncio.create_task(store.wait_for_news(3600))
        registry = PgRegistry("shop", database.dsn)
        await registry.register(registration())
        await registry.aclose()
        await asyncio.wait_for(waiting, PATIENCE)


@pytest.mark.parametrize("major", [b.major for b in servers.BINARIES], ids=lambda major: f"pg{major}")
async def test_a_store_that_went_away_takes_what_was_missed(major: int) -> None:
    """Away, every call says so and the wait lasts its time; back, the same record is written once."""
    server = Server(next(b for b in servers.BINARIES if b.major == major))
    server.start()
    try:
        async with opened(server.dsn()) as store:
            server.stop("immediate")
            record = Record(samples=(sample(),), memory={"kept": True})
            for call in (lambda: store.record(record), store.load, store.controls, store.undelivered):
                with pytest.raises(DatabaseUnreachable):
                    await call()
            assert not store.holds
            await asyncio.wait_for(store.wait_for_news(0.05), PATIENCE)
            server.start()
            await until(lambda: recorded(store, record))
            await store.record(record)
            assert (await store.load())[1] == {"kept": True}
            assert store.holds
    finally:
        server.remove()


async def test_opening_without_a_server_is_unreachable_and_names_no_secret() -> None:
    """A DSN never stands in an error."""
    store = PgStore("shop", "postgresql://canary-user:canary-word@127.0.0.1:1/canary")
    with pytest.raises(DatabaseUnreachable) as error:
        await store.open()
    assert "canary" not in str(error.value)
    await store.aclose()
