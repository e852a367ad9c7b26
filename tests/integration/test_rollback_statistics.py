"""Extended statistics on a column that a rollback drops go with it silently: so they are looked at."""

from __future__ import annotations

import pytest

from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, columns, connected, executing, registered, rolled_back, store

pytestmark = pytest.mark.corner

DROP = b"ALTER TABLE contacts DROP COLUMN new_column"
STATISTICS = "CREATE STATISTICS spread ON email_address, new_column FROM contacts"
EXPRESSION = "CREATE STATISTICS spread ON lower(new_column), email_address FROM contacts"


async def test_statistics_made_since_are_not_dropped_silently(database: Database) -> None:
    """It refuses as for a new index, on plain columns and on an expression."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(dsn, DROP)
    for made in (STATISTICS, EXPRESSION):
        async with connected(dsn) as c, executing(dsn) as executor:
            await c.execute(made)
            outcome = await rolled_back(executor, watch)
            await c.execute("DROP STATISTICS spread")
        assert outcome.kind is OutcomeKind.REFUSED
        assert "statistics object spread is new" in outcome.reason
        assert "new_column" in await columns(dsn)


async def test_statistics_of_the_migration_go_with_its_column_and_that_is_said(database: Database) -> None:
    """Those that stay follow a renamed column; the rollback is verified."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(f"{STATISTICS}; CREATE STATISTICS kept ON id, email_address FROM contacts")
    sql = DROP + b"; ALTER TABLE contacts RENAME COLUMN email_address TO email"
    prepared = await prepare(dsn, sql, ALLOWING)
    assert any("silently drops statistics object spread" in n for n in prepared.notices)
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail.get("differences")) == (OutcomeKind.ROLLED_BACK, [])
