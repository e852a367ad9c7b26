"""What a plan leaves is foretold as it is: no false warning or `unverified`, and no plan that can't run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE contacts (tenant int NOT NULL, id int UNIQUE, email text, note text,
                       CONSTRAINT contacts_pkey PRIMARY KEY (tenant, id));
CREATE TABLE orders (id int PRIMARY KEY, contact int CONSTRAINT orders_contact_fkey REFERENCES contacts (id));
CREATE VIEW notes AS SELECT note FROM contacts; CREATE VIEW shown AS SELECT note FROM notes;
CREATE TABLE odd (x int CONSTRAINT "check" REFERENCES contacts (id), half int, twice int
                  GENERATED ALWAYS AS (half * 2) STORED);
CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TYPE old_mood AS ENUM ('a');
CREATE FUNCTION plain(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE felt (id int PRIMARY KEY, m mood, t text); CREATE INDEX felt_t ON felt (plain(t));
CREATE TABLE child () INHERITS (felt);
CREATE TABLE p (id int NOT NULL, a text, b int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (9) TO (99);
INSERT INTO contacts VALUES (1, 1, 'a@example.org', 'x');
"""

BACK = {
    "a table put aside": (
        "CREATE TABLE later (id int PRIMARY KEY, t text UNIQUE)", b"DROP TABLE later", DataLoss.QUARANTINE,
    ),
    "a key made again": (
        "ALTER TABLE orders ADD COLUMN shop int NOT NULL DEFAULT 1, DROP CONSTRAINT orders_pkey,"
        " ADD CONSTRAINT orders_pkey PRIMARY KEY (shop, id)",
        b"ALTER TABLE orders DROP COLUMN shop;"
        b"ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id)",
        DataLoss.SALVAGE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BACK)
async def test_a_plan_that_brings_the_schema_back_is_not_warned_of(database: Database, what: str) -> None:
    """Held against the schema from before the migration, at registration and after the rollback."""
    dsn = database.dsn
    up, down, mode = BACK[what]
    await build(dsn, TABLES)
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute(up)
    prepared = await prepare(dsn, down, replace(ALLOWING, before=before, data_loss=mode))
    assert not [w for w in prepared.warnings if "does NOT restore" in w]
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["differences"]) == (OutcomeKind.ROLLED_BACK, [])


VERIFIED = (
    b"COMMENT ON TABLE contacts IS 'of before'; COMMENT ON COLUMN contacts.email IS 'theirs';"
    b"ALTER TABLE contacts RENAME COLUMN email TO mail; ALTER TABLE contacts RENAME TO people",
    b"ALTER TABLE contacts RENAME TO people; COMMENT ON TABLE people IS 'x'; ALTER TABLE people RENAME TO f;"
    b"COMMENT ON TABLE f IS 'y'",
    b"CREATE TABLE scratch (id int); CREATE INDEX scratch_id ON scratch (id); DROP TABLE scratch;"
    b"CREATE VIEW w AS SELECT id FROM contacts; DROP VIEW w;"
    b"CREATE INDEX i ON contacts (email); DROP INDEX i; CREATE INDEX kept ON contacts (email)",
    b"CREATE TABLE scratch (id int); ALTER TABLE scratch RENAME TO scratched",
    b"ALTER VIEW notes RENAME TO old_notes; ALTER TABLE contacts DROP COLUMN note CASCADE",
    b"ALTER TABLE contacts DROP COLUMN id CASCADE; ALTER TABLE orders DROP COLUMN contact",
    b"ALTER TABLE contacts DROP CONSTRAINT contacts_pkey;"
    b"ALTER TABLE contacts ADD CONSTRAINT contacts_pkey PRIMARY KEY (id);"
    b"ALTER TABLE contacts ADD CONSTRAINT valid CHECK (contacts.email <> '' AND contacts IS NOT NULL)",
    b"CREATE INDEX i1 ON contacts (email); ALTER INDEX i1 RENAME TO i2",
    b"ALTER INDEX felt_t RENAME TO aside; CREATE INDEX fresh ON felt (t); ALTER INDEX fresh RENAME TO felt_t;"
    b"DROP INDEX aside",
    b"ALTER TABLE contacts ADD CONSTRAINT u1 UNIQUE (email); ALTER INDEX u1 RENAME TO u2",
    b"ALTER TABLE felt ADD CONSTRAINT c1 FOREIGN KEY (id) REFERENCES contacts (id);"
    b"ALTER TABLE felt RENAME CONSTRAINT c1 TO c2; ALTER TABLE contacts DROP COLUMN email",
    b"ALTER TABLE odd RENAME TO odder; ALTER TABLE contacts DROP COLUMN email",
    b"ALTER TABLE felt ADD COLUMN c int REFERENCES contacts (id); ALTER TABLE contacts DROP COLUMN email",
    b"DROP TABLE child; ALTER TABLE felt DROP COLUMN t",
    b"ALTER TABLE felt DROP COLUMN t; DROP FUNCTION plain(text)",
    b"DROP VIEW notes, shown; DROP TABLE contacts, orders, odd",
    b"ALTER TABLE odd RENAME COLUMN half TO h; ALTER TABLE odd ADD COLUMN z int",
    *(
        f"{of_the_parent}; ALTER TABLE p1 ALTER COLUMN b SET DEFAULT 1".encode()
        for of_the_parent in (
            "ALTER TABLE p ADD COLUMN c int; CREATE INDEX i ON p1 (c); DROP TABLE p2",
            "ALTER TABLE p DROP COLUMN a",
            "ALTER TABLE p RENAME COLUMN a TO aa",
            "ALTER TABLE p ADD COLUMN c int; ALTER TABLE p DROP COLUMN c",
            "ALTER TABLE p ALTER COLUMN b DROP NOT NULL",
            "CREATE INDEX i ON p (b)",
            "ALTER TABLE p ADD CONSTRAINT k PRIMARY KEY (id)",
        )
    ),
)


@pytest.mark.parametrize("sql", VERIFIED, ids=range(len(VERIFIED)))
async def test_a_rollback_that_does_what_it_says_is_verified(database: Database, sql: bytes) -> None:
    """Without a fingerprint from before: against what the plan says."""
    dsn = database.dsn
    await build(dsn, TABLES)
    watch = await store(dsn, await prepare(dsn, sql, ALLOWING))
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["differences"]) == (OutcomeKind.ROLLED_BACK, [])


IMPOSSIBLE = (
    (b"ALTER TABLE contacts ADD CONSTRAINT k PRIMARY KEY (id)", "has a primary key already"),
    (
        b"ALTER TABLE contacts DROP COLUMN id CASCADE;ALTER TABLE orders DROP CONSTRAINT orders_contact_fkey",
        "constraint orders_contact_fkey of public.orders does not exist",
    ),
    (
        b"ALTER TABLE contacts DROP COLUMN email; ALTER TABLE contacts ADD CONSTRAINT e CHECK (email <> '')",
        "column email of public.contacts does not exist",
    ),
    (b"ALTER TABLE contacts ADD CONSTRAINT u UNIQUE (nope)", "column nope of public.contacts does not exist"),
    (b"ALTER VIEW notes RENAME TO n; ALTER TABLE contacts DROP COLUMN note", "is needed by view public.n"),
    (
        b"ALTER TABLE odd RENAME COLUMN half TO h; ALTER TABLE odd DROP COLUMN h",
        "column h of public.odd is needed by the generated column twice",
    ),
    (
        b"ALTER TABLE contacts RENAME TO people; COMMENT ON TABLE contacts IS 'x'",
        "public.contacts does not exist",
    ),
)


async def test_a_plan_that_can_not_run_is_refused(database: Database) -> None:
    """It says why, and needs no server to fail on it."""
    dsn = database.dsn
    await build(dsn, TABLES)
    for sql, why in IMPOSSIBLE:
        with pytest.raises(PlanRefused, match=why):
            await prepare(dsn, sql, ALLOWING)


async def test_a_named_not_null_constraint_is_dropped_where_the_server_has_such(database: Database) -> None:
    """From PostgreSQL 18 on; before, the name is not kept, and dropping it can't work."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE contacts (id int PRIMARY KEY, email text CONSTRAINT nn NOT NULL)")
    sql = b"ALTER TABLE contacts RENAME COLUMN email TO mail; ALTER TABLE contacts DROP CONSTRAINT nn"
    if database.major < 18:
        with pytest.raises(PlanRefused, match="constraint nn of"):
            await prepare(dsn, sql, ALLOWING)
        return
    with pytest.raises(PlanRefused, match="is in the primary key"):
        await prepare(dsn, b"ALTER TABLE contacts DROP CONSTRAINT contacts_id_not_null", ALLOWING)
    watch = await store(dsn, await prepare(dsn, sql, ALLOWING))
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["differences"]) == (OutcomeKind.ROLLED_BACK, [])


async def test_a_type_that_no_column_has_any_longer_may_go(database: Database) -> None:
    """Whatever type the column has then; the loss of its values is accepted."""
    dsn = database.dsn
    await build(dsn, TABLES)
    options = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("public.felt.m",))
    sql = b"ALTER TABLE felt ALTER COLUMN m TYPE old_mood USING m::text::old_mood; DROP TYPE mood"
    watch = await store(dsn, await prepare(dsn, sql, options))
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["differences"]) == (OutcomeKind.ROLLED_BACK, [])
