"""Whose is what a rollback makes: the rollback role only acts for the owner of the application's tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from monitor.rollback.executor import RollbackExecutor
from tests.conftest import Database
from tests.roles import OWNER, Dsns, make_roles
from tests.rollbacks import SCHEMA, build, connected, executing, order, registered, rolled_back, store

pytestmark = pytest.mark.corner

OLD = """
CREATE TABLE contacts (id int PRIMARY KEY);
CREATE VIEW everybody AS SELECT id FROM contacts;
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n + n';
CREATE TYPE mood AS ENUM ('ok');
CREATE SEQUENCE numbers;
"""

UP = "DROP VIEW everybody; DROP FUNCTION twice; DROP TYPE mood; DROP SEQUENCE numbers; DROP TABLE contacts"

HANDED_OVER = f"""
ALTER TABLE contacts OWNER TO {OWNER};
ALTER VIEW everybody OWNER TO {OWNER};
ALTER FUNCTION twice(int) OWNER TO {OWNER};
ALTER TYPE mood OWNER TO {OWNER};
ALTER SEQUENCE numbers OWNER TO {OWNER};
"""


async def before_and_after(admin: str) -> Dsns:
    """The roles of deploy/roles.sql, the ledger, and the old application."""
    dsns = await make_roles(admin)
    async with connected(dsns.rollback) as c:
        await c.execute(SCHEMA.replace("CREATE SCHEMA IF NOT EXISTS migration_monitor;", ""))
    async with connected(dsns.owner) as c:
        await c.execute(OLD + "CREATE TABLE others (id int)")  # it stays: whom the role acts for is known
    return dsns


@pytest.mark.promise(15)
async def test_what_a_plan_makes_and_does_not_hand_over_is_warned_of_and_what_it_does_is_as_before(
    database: Database,
) -> None:
    """Without OWNER TO the application could not even read it: said for each at registration."""
    dsns = await before_and_after(database.dsn)
    before = await take(dsns.rollback)
    async with connected(dsns.owner) as c:
        await c.execute(UP)
    options = replace(Options(), before=before)
    warnings = (await prepare(dsns.rollback, OLD.encode(), options)).warnings
    assert sum(f"write ALTER … OWNER TO {OWNER} behind it" in w for w in warnings) == 5
    prepared = await prepare(dsns.rollback, (OLD + HANDED_OVER).encode(), options)
    assert prepared.warnings == ()
    watch = await store(dsns.rollback, prepared)
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        outcome = await executor.execute(order(watch), lambda: True, lambda _: None)
    finally:
        await executor.aclose()
    assert (outcome.kind, outcome.detail.get("verified")) == (OutcomeKind.ROLLED_BACK, "before"), outcome
    async with connected(dsns.owner) as c:
        assert await c.fetch("SELECT twice(id) FROM everybody") == []


async def test_replacing_what_is_there_keeps_its_owner_and_warns_of_nothing(database: Database) -> None:
    """CREATE OR REPLACE is the usual way back of a view or a function."""
    dsns = await before_and_after(database.dsn)
    down = (
        b"CREATE OR REPLACE VIEW everybody AS SELECT id FROM contacts;"
        b"CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'"
    )
    assert (await prepare(dsns.rollback, down, Options())).warnings == ()


@pytest.mark.promise(7)
async def test_rows_that_row_security_hides_are_known_before_the_rollback(database: Database) -> None:
    """Forced it holds for the owner too: refused at registration, not ready when it comes later."""
    dsns = await before_and_after(database.dsn)
    async with connected(dsns.owner) as c:
        await c.execute("ALTER TABLE contacts ADD COLUMN phone text, ENABLE ROW LEVEL SECURITY")
    down = b"ALTER TABLE contacts DROP COLUMN phone"
    watch = await store(dsns.rollback, await prepare(dsns.rollback, down, Options()))
    executor = RollbackExecutor(dsns.rollback, "shop")
    try:
        assert (await executor.ready(watch, full=True)).ok
        async with connected(dsns.owner) as c:
            await c.execute("ALTER TABLE contacts FORCE ROW LEVEL SECURITY")
        assert not (await executor.ready(watch, full=True)).ok
    finally:
        await executor.aclose()
    with pytest.raises(
        PlanRefused, match=r"public\.contacts\.phone can't be salvaged: give the role BYPASSRLS"
    ):
        await prepare(dsns.rollback, down, Options())
    await prepare(dsns.rollback, down, Options(data_loss=DataLoss.QUARANTINE))


async def test_a_table_that_is_only_given_to_another_owner_is_rolled_back(database: Database) -> None:
    """Its owner shows and is what the plan makes it."""
    await build(database.dsn)
    watch = await registered(database.dsn, b"ALTER TABLE contacts OWNER TO pg_monitor")
    async with executing(database.dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.ROLLED_BACK
