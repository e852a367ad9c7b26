"""Statements that PostgreSQL runs outside a transaction only: registered, executed, verified."""

from __future__ import annotations

from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import (
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    registered,
    rolled_back,
)

MORE = """
CREATE TABLE events (at int NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
INSERT INTO events SELECT n, 'x' FROM generate_series(0, 19) n;
CREATE TABLE kept (at int) PARTITION BY RANGE (at);
CREATE TABLE kept_1 PARTITION OF kept FOR VALUES FROM (0) TO (10);
CREATE TABLE kept_rest PARTITION OF kept DEFAULT;
"""

EVERYTHING = b"""
ALTER TABLE contacts DROP CONSTRAINT valid_email;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS contacts_email ON contacts (email_address DESC, id)
    INCLUDE (new_column);
CREATE INDEX CONCURRENTLY contacts_lower ON contacts (lower(email_address)) WHERE id > 0;
DROP INDEX CONCURRENTLY IF EXISTS contacts_new;
ALTER TABLE contacts RENAME COLUMN email_address TO email;
REINDEX INDEX CONCURRENTLY contacts_email;
REINDEX TABLE CONCURRENTLY contacts;
ALTER TABLE contacts DROP COLUMN new_column;
ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY;
VACUUM (ANALYZE) contacts
"""


async def test_a_plan_of_transactions_and_statements_outside_takes_effect_whole(database: Database) -> None:
    """P3: ten statements in ten groups; every post-condition was read, the whole is verified."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(MORE)
    watch, heard = await registered(dsn, EVERYTHING), Heard()
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch, heard)
        again = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert again.kind is OutcomeKind.ROLLED_BACK
    assert str(outcome.detail["salvaged"]).count("contacts.new_column") == 1
    assert await columns(dsn) == ["id", "email"]
    async with connected(dsn) as c:
        rows = await c.fetch("SELECT step, state, done_at FROM migration_monitor.rollback_step ORDER BY step")
        assert [(r["step"], r["state"]) for r in rows] == [(n, "done") for n in range(1, 11)]
        assert all(r["done_at"] for r in rows)
        valid = await c.fetch("SELECT indexrelid::regclass::text, indisvalid FROM pg_index"
                              " WHERE indrelid = 'contacts'::regclass ORDER BY 1")  # fmt: skip
        assert [tuple(r) for r in valid] == [
            ("contacts_lower", True), ("contacts_pkey", True),
        ]  # fmt: skip  # the column took the other one with it
        assert await c.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass") == 1
    kinds = await event_kinds(dsn)
    assert kinds[0] == "intent"
    assert kinds.count("rollback_effect") == 1
