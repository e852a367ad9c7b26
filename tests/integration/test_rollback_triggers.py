"""Triggers of the application's database that name things without their schema, as they do for everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    DROP_COLUMN,
    build,
    columns,
    connected,
    executing,
    ledger_rows,
    registered,
    rolled_back,
    store,
)

pytestmark = pytest.mark.corner

AUDIT_OF_DDL = """
CREATE TABLE ddl_log (tag text);
CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO ddl_log VALUES (tg_tag); END';
CREATE EVENT TRIGGER note_ddl ON ddl_command_end EXECUTE FUNCTION note_ddl();
"""

DEFERRED = """
CREATE TABLE orders (id int PRIMARY KEY);
CREATE TABLE audit (id int);
CREATE FUNCTION note_order() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN INSERT INTO audit VALUES (new.id); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER note_order AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION note_order();
CREATE TABLE lines (order_id int REFERENCES orders DEFERRABLE INITIALLY DEFERRED);
"""


@pytest.mark.parametrize(
    ("down", "mode"),
    [
        (DROP_COLUMN, DataLoss.SALVAGE),
        (DROP_COLUMN, DataLoss.QUARANTINE),
        (b"DROP TABLE contacts", DataLoss.QUARANTINE),
    ],
    ids=["salvaged", "quarantined", "moved"],
)
async def test_an_audit_of_all_ddl_does_not_stop_the_keeping_of_data(
    database: Database, down: bytes, mode: DataLoss
) -> None:
    """It meets the rooms and the copies that we make under the path that it meets everybody's with."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(AUDIT_OF_DDL)
        watch = await store(dsn, await prepare(dsn, down, replace(ALLOWING, data_loss=mode)))
        async with executing(dsn) as executor:
            assert (await executor.ready(watch, full=True)).ok
            outcome = await rolled_back(executor, watch)
        assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
        tags = {r["tag"] for r in await c.fetch("SELECT tag FROM ddl_log")}
    assert {"CREATE SCHEMA", "ALTER TABLE"} <= tags


async def test_a_deferred_trigger_runs_where_the_statements_ran(database: Database) -> None:
    """Not at COMMIT, under our path, which its author never met."""
    dsn = database.dsn
    await build(dsn, DEFERRED)
    watch = await registered(dsn, b"INSERT INTO orders VALUES (7)", opaque=True)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.UNVERIFIED, outcome  # nobody can say what code of the schema changes
    assert await ledger_rows(dsn) == 1
    async with connected(dsn) as c:
        assert await c.fetchval("SELECT id FROM audit") == 7


async def test_a_deferred_constraint_that_is_broken_is_said_before_the_ledger_is_written(
    database: Database,
) -> None:
    """The key is missing: what waits for COMMIT is named as such, and nothing took effect."""
    dsn = database.dsn
    await build(dsn, DEFERRED + "CREATE TABLE contacts (id int)")
    watch = await registered(dsn, b"INSERT INTO lines VALUES (1); ALTER TABLE contacts RENAME id TO no")
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.reason.startswith("deferred constraints and triggers, and the ledger: insert or update on")
    assert await columns(dsn) == ["id"]
    assert await ledger_rows(dsn) == 0
