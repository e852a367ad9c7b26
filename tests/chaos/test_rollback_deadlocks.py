"""A rollback over many tables beside an application at work: no transaction of it dies for us."""

from __future__ import annotations

import asyncio

import pytest

from monitor.ports import OutcomeKind
from monitor.ports.patience import DeadlockTimeout, LockPolicy
from monitor.rollback.executor import Limits
from monitor.rollback.held import fit_session
from tests import busy
from tests.conftest import Database
from tests.rollbacks import Heard, build, connected, executing, registered, rolled_back

QUICK = Limits(locks=LockPolicy(rest=0.02, rest_max=0.2))


@pytest.mark.slow
@pytest.mark.fault(42)
@pytest.mark.promise(22)
@pytest.mark.parametrize("down", [busy.DROP_COLUMNS, busy.DROP_TABLES], ids=["columns", "tables"])
@pytest.mark.parametrize(
    ("think", "idle", "in_order"),
    [(0.002, 0.0, True), (0.02, 0.0, True), (0.005, 0.05, False)],
    ids=["short transactions without a pause", "long ones", "any order"],
)
async def test_twelve_tables_with_keys_beside_eight_busy_sessions_cost_none_of_their_transactions(
    newest: Database, down: bytes, think: float, idle: float, in_order: bool
) -> None:
    """Fault 42: done in the end, 0 victims, and nobody waits longer than max_app_stall."""
    await build(newest.dsn, busy.MADE)
    watch, heard = await registered(newest.dsn, down), Heard()
    application = busy.busy(newest.dsn, think=think, idle=idle, in_order=in_order)
    async with application as told, executing(newest.dsn, QUICK) as executor:
        outcome = await rolled_back(executor, watch, heard)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (told.victims, told.done > 0) == (0, True)
    assert told.longest < QUICK.locks.max_app_stall + 0.5  # and a busy machine


@pytest.mark.corner
@pytest.mark.fault(42)
@pytest.mark.promise(22)
async def test_whoever_waits_for_a_table_of_ours_and_has_the_next_goes_first(database: Database) -> None:
    """The application has t1 and waits for t0, which the rollback has, while the rollback waits for t1."""
    await build(database.dsn, busy.MADE)
    sql = b"ALTER TABLE t0 DROP COLUMN extra; ALTER TABLE t1 DROP COLUMN extra"
    watch, heard = await registered(database.dsn, sql), Heard()
    async with connected(database.dsn) as app, executing(database.dsn, QUICK) as executor:
        await app.execute("BEGIN; LOCK TABLE t1 IN ROW EXCLUSIVE MODE")
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        loop = asyncio.get_running_loop()
        longest = 0.0
        for _ in range(20):
            began = loop.time()
            await app.execute("LOCK TABLE t0 IN ROW EXCLUSIVE MODE")
            longest = max(longest, loop.time() - began)
            await asyncio.sleep(0.05)
            await app.execute("ROLLBACK; BEGIN; LOCK TABLE t1 IN ROW EXCLUSIVE MODE")
            await asyncio.sleep(0.05)
        await app.execute("ROLLBACK")
        assert (await task).kind is OutcomeKind.ROLLED_BACK
    assert longest < DeadlockTimeout().shortest


@pytest.mark.corner
@pytest.mark.promise(22)
async def test_the_shortest_deadlock_timeout_of_any_role_or_database_is_what_counts(
    database: Database,
) -> None:
    """Somebody else's session looks as soon as its own setting says."""
    async with connected(database.dsn) as c:
        name = await c.fetchval("SELECT quote_ident(current_database())")
        try:
            await c.execute(f"ALTER ROLE postgres IN DATABASE {name} SET deadlock_timeout = '3s'")
            session = await fit_session(database.dsn, "test")
            assert session.deadlock == DeadlockTimeout(3.0, 1.0)  # the server's own does not show
            session.connection.terminate()
            await c.execute(f"ALTER ROLE ALL IN DATABASE {name} SET deadlock_timeout = 250")
            session = await fit_session(database.dsn, "test")
            assert session.deadlock == DeadlockTimeout(3.0, 0.25)
            session.connection.terminate()
        finally:
            await c.execute(f"ALTER ROLE ALL IN DATABASE {name} RESET ALL")
            await c.execute(f"ALTER ROLE postgres IN DATABASE {name} RESET ALL")
