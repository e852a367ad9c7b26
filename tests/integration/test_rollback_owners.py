"""Whose is what a rollback makes: the rollback role only acts for the owner of the application's tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.ports import OutcomeKind
from monitor.rollback.executor import RollbackExecutor
from monitor.rollback.prepare import Options, prepare
from monitor.rollback.taking import take
from tests.conftest import Database
from tests.roles import OWNER, Dsns, make_roles
from tests.rollbacks import SCHEMA, connected, order, store

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
