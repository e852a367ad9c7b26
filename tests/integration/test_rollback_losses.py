"""Each loss of a plan has a treatment of its own: lost where it is named, else kept where it can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Prepared, prepare
from monitor.ports import Fate, OutcomeKind
from tests import rollbacks
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, note text);
CREATE TABLE "Notes" (id int PRIMARY KEY);
INSERT INTO orders SELECT n, 'n' || n FROM generate_series(1, 5) n;
INSERT INTO "Notes" SELECT n FROM generate_series(1, 7) n;
"""

MIXED = 'DELETE FROM orders; ALTER TABLE contacts DROP COLUMN new_column; TRUNCATE "Notes"'


async def prepared(database: Database, sql: str, *accept: str, mode: DataLoss = DataLoss.SALVAGE) -> Prepared:
    return await prepare(database.dsn, sql.encode(), replace(ALLOWING, data_loss=mode, accept_loss=accept))


async def shop(database: Database) -> None:
    await build(database.dsn)
    async with connected(database.dsn) as c:
        await c.execute(SHOP)


def fates(found: Prepared) -> Mapping[str, str]:
    at_risk = found.stored.plan["at_risk"]
    assert isinstance(at_risk, list)
    return {str(risk["name"]): str(risk["fate"]) for risk in at_risk}


@pytest.mark.promise(11)
async def test_what_can_be_kept_is_kept_beside_what_is_named(database: Database) -> None:
    """A statement that needs a name does not cost the dropped column."""
    await shop(database)
    accept = ("public.orders", 'public."Notes"')
    found = await prepared(database, MIXED, *accept)
    assert fates(found) == {"contacts.new_column": "salvaged", "orders": "lost", '"Notes"': "lost"}
    watch = await rollbacks.store(database.dsn, found)
    async with executing(database.dsn) as executor:
        readiness = await executor.ready(watch, full=True)
        assert readiness.at_risk is not None
        assert [risk.fate for risk in readiness.at_risk] == [Fate.LOST, Fate.SALVAGED, Fate.LOST]
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    async with connected(database.dsn) as c:
        kept = await c.fetch(
            "SELECT source, source_column, row_count FROM migration_monitor_salvage.manifest"
        )
        assert [tuple(r) for r in kept] == [("public.contacts", "new_column", 100)]
        assert await c.fetchval('SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM "Notes")') == 0


async def test_the_refusal_says_all_that_must_be_named_at_once(database: Database) -> None:
    """In one line to copy, quoted for the shell; what can be kept is not in it. Each has its own line too."""
    await shop(database)
    with pytest.raises(PlanRefused) as refused:
        await prepared(database, MIXED)
    first, *each = refused.value.problems
    flags = "--accept-loss public.orders --accept-loss 'public.\"Notes\"'"
    assert first.what == f"2 losses can't be salvaged: if all of them may be lost, say {flags}"
    assert [p.what.partition(",")[0] for p in each] == [
        "DELETE destroys public.orders", 'TRUNCATE destroys public."Notes"',
    ]  # fmt: skip
    assert "new_column" not in str(refused.value)


@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.ACCEPT])
async def test_a_column_that_can_be_kept_is_not_lost_with_the_rows_of_its_table(
    database: Database, mode: DataLoss
) -> None:
    """The table's name is asked for by the DELETE; the column must be named itself."""
    await shop(database)
    both = "DELETE FROM orders WHERE id = 1; ALTER TABLE orders DROP COLUMN note"
    found = await prepared(database, both, "orders", mode=mode)
    assert fates(found) == {"orders": "lost", "orders.note": "salvaged"}
    assert fates(await prepared(database, both, "orders", "orders.note", mode=mode))["orders.note"] == "lost"
    alone = "ALTER TABLE orders DROP COLUMN note"
    assert fates(await prepared(database, alone, "orders", mode=mode)) == {"orders.note": "lost"}
    assert fates(await prepared(database, alone, mode=mode)) == {"orders.note": "salvaged"}


async def test_what_is_not_named_is_put_aside_beside_what_is(database: Database) -> None:
    """Of one statement, too: its parts are written apart."""
    await shop(database)
    sql = "DROP TABLE orders, \"Notes\"; UPDATE contacts SET email_address = '@'; " + (
        "ALTER TABLE contacts DROP COLUMN new_column"
    )
    named = ("orders", "contacts.email_address")
    found = await prepared(database, sql, *named, mode=DataLoss.QUARANTINE)
    assert [s.text for s in found.statements] == [
        'DROP TABLE "orders"',
        'ALTER TABLE "Notes" SET SCHEMA migration_monitor_quarantine',
        "UPDATE contacts SET email_address = '@'",
        'DROP INDEX public."contacts_new"',
        'ALTER TABLE "contacts" RENAME COLUMN "new_column" TO "quarantined_1_new_column"',
    ]
    watch = await rollbacks.store(database.dsn, found)
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
    async with connected(database.dsn) as c:
        assert await c.fetchval('SELECT count(*) FROM migration_monitor_quarantine."Notes"') == 7
        assert await c.fetchval("SELECT to_regclass('public.orders') IS NULL")


async def test_a_name_that_is_lost_by_nothing_is_refused_in_every_mode(database: Database) -> None:
    """A wrong name, or one of what nothing destroys."""
    await shop(database)
    for mode in DataLoss:
        with pytest.raises(PlanRefused, match="--accept-loss contact names nothing that the plan destroys"):
            await prepared(database, "ALTER TABLE orders DROP COLUMN note", "contact", mode=mode)
