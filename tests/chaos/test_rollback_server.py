"""The server crashes, or stays silent, while a rollback is under way."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from monitor.demo.postgres import Server
from monitor.ports import OutcomeKind, ProgressKind
from tests import servers
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    RENAME,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    ledger_rows,
    registered,
    rolled_back,
)


@pytest.mark.slow
@pytest.mark.fault(10)
async def test_a_server_that_crashes_during_a_group_is_waited_for_and_the_effect_happens_once() -> None:
    """Immediate stop while the group waits for its lock, then a start: it resumes."""
    server = Server(servers.BINARIES[0])
    await asyncio.to_thread(server.start)
    try:
        dsn = server.dsn()
        await build(dsn)
        watch, heard = await registered(dsn, DROP_COLUMN + b";\n" + RENAME), Heard()
        async with executing(dsn) as executor:
            async with connected(dsn) as reader:
                await reader.execute("BEGIN; SELECT 1 FROM contacts")
                task = asyncio.create_task(rolled_back(executor, watch, heard))
                async with asyncio.timeout(20):
                    while ProgressKind.BLOCKED not in heard.kinds():
                        await asyncio.sleep(0.02)
                await asyncio.to_thread(server.stop, "immediate")
            await asyncio.to_thread(server.start)
            outcome = await task
        assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
        assert await columns(dsn) == ["id", "email"]
        assert await ledger_rows(dsn) == 2
        assert (await event_kinds(dsn)).count("rollback_effect") == 1
    finally:
        await asyncio.to_thread(server.remove)


@pytest.mark.slow
@pytest.mark.fault(7)
async def test_a_silent_server_hangs_neither_readiness_nor_the_end(database: Database) -> None:
    """Its backend is stopped: readiness says so, and closing takes no more than 5 s."""
    await build(database.dsn)
    watch = await registered(database.dsn, DROP_COLUMN)
    backend = 0
    async with connected(database.dsn) as c:
        try:
            async with executing(database.dsn) as executor:
                assert (await executor.ready(watch, full=True)).ok
                backend = await c.fetchval(
                    "SELECT pid FROM pg_stat_activity"
                    " WHERE application_name = 'migration-monitor/rollback/shop'"
                    " AND datname = current_database()"
                )
                os.kill(backend, signal.SIGSTOP)
                async with asyncio.timeout(15):
                    assert (await executor.ready(watch, full=False)).codes == ("connection",)
                began = time.monotonic()
            assert time.monotonic() - began < 5
        finally:
            os.kill(backend, signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.fault(14)
async def test_a_deadlock_with_the_application_is_tried_again_and_done(database: Database) -> None:
    """The application holds one table and wants the other, as the rollback does: somebody is the victim."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute("CREATE TABLE more (id int, extra int)")
    sql = b"ALTER TABLE contacts DROP COLUMN new_column; ALTER TABLE more DROP COLUMN extra"
    watch, heard = await registered(dsn, sql), Heard()
    stop = asyncio.Event()

    async def quarrel() -> None:
        async with connected(dsn) as c:
            while not stop.is_set():
                try:
                    await c.execute("BEGIN; LOCK TABLE more IN ROW EXCLUSIVE MODE; SELECT pg_sleep(0.05)")
                    await c.execute("LOCK TABLE contacts IN ROW EXCLUSIVE MODE; SELECT pg_sleep(0.05)")
                except Exception:  # the application's own affair
                    await asyncio.sleep(0)
                await c.execute("ROLLBACK")
                await asyncio.sleep(0.05)

    others = [asyncio.create_task(quarrel()) for _ in range(2)]
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch, heard)
    stop.set()
    await asyncio.gather(*others)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert await ledger_rows(dsn) == 2


@pytest.mark.slow
@pytest.mark.fault(14)
async def test_an_autovacuum_on_the_table_yields(newest: Database) -> None:
    """A slow one holds the table; the server ends it for us after deadlock_timeout."""
    dsn = newest.dsn
    await build(dsn)
    heard = Heard()
    vacuums = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'autovacuum worker' AND query LIKE '%contacts%'"
    )
    async with connected(dsn) as c, executing(dsn) as executor:
        await c.execute(
            "ALTER TABLE contacts SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,"
            " autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)"
        )
        watch = await registered(dsn, DROP_COLUMN)
        await c.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
        await c.execute("SELECT pg_reload_conf()")
        try:
            await c.execute(
                "INSERT INTO contacts (email_address) SELECT 'x@y' || n FROM generate_series(1, 50000) n"
            )
            await c.execute("UPDATE contacts SET new_column = 'z'")
            async with asyncio.timeout(90):
                while not await c.fetchval(vacuums):
                    await asyncio.sleep(0.1)
            outcome = await rolled_back(executor, watch, heard)
        finally:
            await c.execute("ALTER SYSTEM RESET autovacuum_naptime")
            await c.execute("SELECT pg_reload_conf()")
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert ProgressKind.CLEARED not in heard.kinds()
