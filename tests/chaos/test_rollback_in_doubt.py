"""What is not known is shown as a doubt, waited for without a cancel, and settled from the ledger."""

from __future__ import annotations

import asyncio

import pytest

from monitor.ports import OutcomeKind, ProgressKind
from monitor.rollback.executor import Limits, RollbackExecutor
from tests import servers
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.rollbacks import (
    DROP_COLUMN,
    FAST,
    Heard,
    build,
    columns,
    connected,
    executing,
    load,
    registered,
    rolled_back,
)


@pytest.mark.slow
@pytest.mark.fault(8)
async def test_a_commit_that_waits_for_a_standby_is_never_cancelled(database: Database) -> None:
    """It is a doubt after 5 s, waits on, and is done when the setting is taken back; no cancel came."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    before = len(database.server.log())
    async with connected(dsn) as reader, connected(dsn) as admin, executing(dsn) as executor:
        await reader.execute("BEGIN; SELECT 1 FROM contacts")
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while ProgressKind.BLOCKED not in heard.kinds():
                await asyncio.sleep(0.02)
        await admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        await admin.execute("SELECT pg_reload_conf()")
        try:
            await asyncio.sleep(0.5)
            await reader.execute("ROLLBACK")
            async with asyncio.timeout(30):
                while ProgressKind.IN_DOUBT not in heard.kinds():
                    await asyncio.sleep(0.05)
            await asyncio.sleep(3)
            waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query = 'COMMIT'"
            assert await admin.fetchval(waits) == 1
            assert "new_column" in await columns(dsn)
        finally:
            await admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            await admin.execute("SELECT pg_reload_conf()")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert ProgressKind.SETTLED in heard.kinds()
    assert "canceling wait for synchronous replication" not in database.server.log()[before:]


@pytest.mark.slow
@pytest.mark.fault(11)
async def test_another_cluster_behind_the_name_is_a_doubt_until_the_right_one_is_back() -> None:
    """At a restart with an intent: told at once, stopped at once when asked to, settled later."""
    one, other = (servers.server(b.major) for b in servers.BINARIES[:2])
    name = await servers.new_database(one)
    dsn = one.dsn(name)
    await build(dsn)
    watch = await registered(dsn, DROP_COLUMN)
    async with connected(dsn) as c:
        await c.execute("UPDATE migration_monitor.watch SET intent_at = now()")
    async with connected(other.dsn()) as c:
        await c.execute(f'CREATE DATABASE "{name}"')
    async with Proxy(other.dsn(name)) as proxy:
        async with executing(proxy.dsn) as executor:
            task = asyncio.create_task(executor.settle(await load(dsn), lambda: True, Heard()))
            await asyncio.sleep(0.5)
            task.cancel()
            async with asyncio.timeout(5):
                await asyncio.gather(task, return_exceptions=True)
        heard = Heard()
        async with executing(proxy.dsn) as executor:
            task = asyncio.create_task(executor.settle(watch, lambda: True, heard))
            async with asyncio.timeout(20):
                while ProgressKind.IN_DOUBT not in heard.kinds():
                    await asyncio.sleep(0.05)
            assert "system identifier" in heard.progress[0].text
            proxy.lead_to(dsn)
            assert await asyncio.wait_for(task, 30) is None
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT intent_at FROM migration_monitor.watch") is None
    await servers.drop_database(one, name)
    await servers.drop_database(other, name)


async def test_a_role_that_is_not_let_in_is_waited_for(newest: Database) -> None:
    """Nothing took effect and the breach lasts: told once, tried again, done when the role may connect."""
    dsn, role = newest.dsn, f"{newest.name}_late"
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    own = newest.server.dsn(newest.name, role)
    executor = RollbackExecutor(own, "shop", Limits(locks=FAST, allow_superuser=role))
    async with connected(dsn) as c:
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(20):
            while ProgressKind.REFUSED_FOR_NOW not in heard.kinds():
                await asyncio.sleep(0.02)
        await c.execute(f'CREATE ROLE "{role}" LOGIN SUPERUSER')
        try:
            outcome = await task
        finally:
            await executor.aclose()
            await c.execute(
                f'REASSIGN OWNED BY "{role}" TO postgres; DROP OWNED BY "{role}"; DROP ROLE "{role}"'
            )
    assert outcome.kind is OutcomeKind.ROLLED_BACK
    assert heard.kinds().count(ProgressKind.REFUSED_FOR_NOW) == 1
