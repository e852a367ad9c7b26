"""Statements that PostgreSQL runs outside a transaction only: registered, executed, verified."""

from __future__ import annotations

import pytest

from monitor.errors import DatabaseError, PlanRefused
from monitor.plan import stored
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from monitor.rollback import outside_session
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    Heard,
    build,
    columns,
    connected,
    event_kinds,
    executing,
    registered,
    rolled_back,
)

pytestmark = pytest.mark.corner

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


@pytest.mark.slow
@pytest.mark.promise(3)
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


AGAINST: list[tuple[str, str]] = [
    ("CREATE INDEX CONCURRENTLY i ON events (at)", "public.events is a partitioned table"),
    ("CREATE INDEX CONCURRENTLY i ON nope (at)", "public.nope does not exist"),
    ("CREATE INDEX CONCURRENTLY contacts_new ON contacts (id)", "index public.contacts_new already exists"),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS contacts_new ON contacts (id)", "not the index of the plan"),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS broken ON contacts (email_address)", "exists and is invalid"),
    ("CREATE INDEX CONCURRENTLY i ON seen (email_address)", "public.seen is a view"),
    ("DROP INDEX CONCURRENTLY nope", "public.nope does not exist"),
    ("DROP INDEX CONCURRENTLY contacts_pkey", "belongs to a constraint"),
    ("DROP INDEX CONCURRENTLY events_at", "is of a partitioned table"),
    ("DROP INDEX CONCURRENTLY contacts", "is a table, not an index"),
    ("REINDEX TABLE CONCURRENTLY events", "public.events is a partitioned table"),
    ("REINDEX INDEX CONCURRENTLY rooms_at_excl", "exclusion constraint"),
    ("REINDEX TABLE CONCURRENTLY pg_catalog.pg_class", "the system's own"),
    ("ALTER TABLE events DETACH PARTITION contacts CONCURRENTLY", "is not a partition of public.events"),
    ("ALTER TABLE kept DETACH PARTITION kept_1 CONCURRENTLY", "has a default partition"),
    ("VACUUM seen", "public.seen is a view"),
    ("ANALYZE nope", "public.nope does not exist"),
]


async def test_what_could_not_run_outside_a_transaction_is_refused_at_registration(
    database: Database,
) -> None:
    """Each with its reason, so that it is known before anything took effect."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute(MORE)
        await c.execute(
            "CREATE INDEX events_at ON events (at); CREATE VIEW seen AS SELECT email_address FROM contacts;"
            "CREATE TABLE rooms (at int4range, EXCLUDE USING gist (at WITH &&));"
            "CREATE INDEX broken ON contacts (email_address);"
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass"
        )
    for sql, reason in AGAINST:
        with pytest.raises(PlanRefused) as refused:
            await prepare(dsn, sql.encode(), ALLOWING)
        assert reason in str(refused.value), (sql, str(refused.value))


async def test_an_index_may_be_dropped_and_built_anew_under_its_name(database: Database) -> None:
    """Also one that was invalid: the statement before makes room for it."""
    dsn = database.dsn
    await build(dsn)
    async with connected(dsn) as c:
        await c.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'contacts_new'::regclass")
    watch = await registered(
        dsn,
        b"DROP INDEX CONCURRENTLY contacts_new;"
        b"CREATE INDEX CONCURRENTLY contacts_new ON contacts USING hash (new_column)",
    )
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert outcome.detail["verified"] == "plan"


async def test_a_unique_index_built_concurrently_may_become_a_constraint(database: Database) -> None:
    """USING INDEX renames it: the whole is verified all the same."""
    dsn = database.dsn
    await build(dsn)
    watch = await registered(
        dsn,
        b"CREATE UNIQUE INDEX CONCURRENTLY being_built ON contacts (email_address);"
        b"ALTER TABLE contacts ADD CONSTRAINT one_address UNIQUE USING INDEX being_built",
    )
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome


async def test_a_claim_may_not_stand_still_until_it_is_released(database: Database) -> None:
    """Nor between the statement's end and the row that says so: a stopped daemon would keep it for ever."""
    async with connected(database.dsn) as c, connected(database.dsn) as other:
        await build(database.dsn)
        watch = await registered(database.dsn, b"DROP INDEX CONCURRENTLY contacts_new")
        plan = stored.from_stored(watch.plan)
        show = "SHOW idle_session_timeout"
        await outside_session.claim(c, "w-1", 1)
        async with outside_session.applied(c, plan, 0.0, 60.0):
            assert await c.fetchval(show) == "10s"
        assert await c.fetchval(show) == "10s"
        with pytest.raises(DatabaseError, match="another session still runs"):
            await outside_session.claim(other, "w-1", 1)
        await outside_session.release(c, "w-1", 1)
        assert await c.fetchval(show) == "0"
