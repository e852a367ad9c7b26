"""Kinds of statement that real rollbacks hold: each brings the schema back, and leaves what was foretold."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, prepare
from monitor.plan.stored import from_stored
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from monitor.sql.classes import Class
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'in, between');
CREATE TYPE place AS (street text, number int);
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE contacts (id int PRIMARY KEY, email text, team int, m mood DEFAULT 'ok', at place, c code);
CREATE TABLE orders (id int PRIMARY KEY, contact int, total numeric);
CREATE INDEX orders_total ON orders (total);
CREATE VIEW felt AS SELECT id, m FROM contacts WHERE m <> 'ok';
CREATE MATERIALIZED VIEW totals AS SELECT contact, sum(total) AS total FROM orders GROUP BY contact;
CREATE UNIQUE INDEX totals_contact ON totals (contact);
CREATE SEQUENCE numbers;
CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';
CREATE FUNCTION feeling(mood) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1::text';
INSERT INTO contacts SELECT n, 'a' || n, n, 'sad', ROW('x', n)::place FROM generate_series(1, 9) n;
INSERT INTO orders SELECT n, n, n FROM generate_series(1, 9) n;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A migration and its rollback. `accept`: losses that have to be named; `before`: what is built first."""

    up: str
    down: str
    before: str = ""
    klass: Class = Class.LOSSLESS
    accept: tuple[str, ...] = ()

    @property
    def options(self) -> Options:
        mode = DataLoss.ACCEPT if self.accept else DataLoss.SALVAGE
        return replace(ALLOWING, data_loss=mode, accept_loss=self.accept)


ROWS = {
    "rename type": Row("ALTER TYPE mood RENAME TO feelings", "ALTER TYPE public.feelings RENAME TO mood"),
    "rename domain": Row("ALTER DOMAIN code RENAME TO codes", "ALTER DOMAIN codes RENAME TO code"),
    "take back a value of an enum": Row(
        "ALTER TYPE mood ADD VALUE 'elated'",
        "DROP VIEW felt; DROP FUNCTION feeling(mood); ALTER TABLE contacts ALTER COLUMN m DROP DEFAULT;"
        "ALTER TYPE mood RENAME TO mood_new; CREATE TYPE mood AS ENUM ('sad', 'ok', 'in, between');"
        "ALTER TABLE contacts ALTER COLUMN m TYPE mood USING m::text::mood;"
        "ALTER TABLE contacts ALTER COLUMN m SET DEFAULT 'ok'; DROP TYPE public.mood_new;"
        "CREATE VIEW felt AS SELECT id, m FROM contacts WHERE m <> 'ok';"
        "CREATE FUNCTION feeling(mood) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1::text'",
        klass=Class.LOSSY, accept=("contacts.m",),
    ),
    "rename value": Row(
        "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'"
    ),
    "rename value beside a table": Row(
        "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'; ALTER TABLE contacts ADD COLUMN n int",
        "ALTER TYPE mood RENAME VALUE 'fine' TO 'ok'; ALTER TABLE contacts DROP COLUMN n", klass=Class.LOSSY,
    ),
    "materialized view": Row(
        "DROP MATERIALIZED VIEW totals",
        "CREATE MATERIALIZED VIEW totals AS SELECT contact, sum(total) AS total FROM orders GROUP BY contact;"
        "CREATE UNIQUE INDEX totals_contact ON totals (contact)",
    ),
    "check without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_total_check",
        "ALTER TABLE orders ADD CHECK (total > 0)", "ALTER TABLE orders ADD CHECK (total > 0);",
    ),
    "second check without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_total_check1",
        "ALTER TABLE orders ADD CHECK (total < 100)",
        "ALTER TABLE orders ADD CHECK (total > 0), ADD CHECK (total < 100);",
    ),
    "check of two columns without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_check",
        "ALTER TABLE orders ADD CHECK (total > 0 OR id > 0)",
        "ALTER TABLE orders ADD CHECK (total > 0 OR id > 0);",
    ),
    "unique without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_contact_total_key",
        "ALTER TABLE orders ADD UNIQUE (contact, total)", "ALTER TABLE orders ADD UNIQUE (contact, total);",
    ),
    "primary key without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey", "ALTER TABLE orders ADD PRIMARY KEY (id)"
    ),
    "unique of an index without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT by_contact; CREATE UNIQUE INDEX by_contact ON orders (contact)",
        "ALTER TABLE orders ADD UNIQUE USING INDEX by_contact",
        "CREATE UNIQUE INDEX by_contact ON orders (contact);"
        "ALTER TABLE orders ADD UNIQUE USING INDEX by_contact;",
    ),
    "foreign key without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_contact_fkey",
        "ALTER TABLE orders ADD FOREIGN KEY (contact) REFERENCES contacts",
        "ALTER TABLE orders ADD FOREIGN KEY (contact) REFERENCES contacts;",
    ),
    "exclusion without a name": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_id_excl",
        "ALTER TABLE orders ADD EXCLUDE (id WITH =)", "ALTER TABLE orders ADD EXCLUDE (id WITH =);",
    ),
    "name of a constraint that the plan frees": Row(
        "ALTER TABLE orders DROP CONSTRAINT orders_total_check, ADD CHECK (total > -1)",
        "ALTER TABLE orders DROP CONSTRAINT orders_total_check; ALTER TABLE orders ADD CHECK (total > 0)",
        "ALTER TABLE orders ADD CHECK (total > 0);",
    ),
    "indexes without a name": Row(
        "DROP INDEX contacts_email_team_idx, contacts_lower_idx, contacts_expr_expr1_idx, contacts_team_idx,"
        " contacts_team_idx1",
        "CREATE INDEX ON contacts (email, team); CREATE INDEX ON contacts (lower(email));"
        "CREATE INDEX ON contacts ((team + 1), (team + 2)); CREATE INDEX ON contacts (team);"
        "CREATE UNIQUE INDEX ON contacts (team)",
        "CREATE INDEX ON contacts (email, team); CREATE INDEX ON contacts (lower(email));"
        "CREATE INDEX ON contacts ((team + 1), (team + 2)); CREATE INDEX ON contacts (team);"
        "CREATE UNIQUE INDEX ON contacts (team);",
    ),
    "index of a column of the plan": Row(
        "DROP INDEX contacts_nick_idx; ALTER TABLE contacts DROP COLUMN nick",
        "ALTER TABLE contacts ADD COLUMN nick text; CREATE INDEX ON contacts (nick)",
        "ALTER TABLE contacts ADD COLUMN nick text; CREATE INDEX ON contacts (nick);",
    ),
    "drop extension": Row("CREATE EXTENSION vector", "DROP EXTENSION vector", klass=Class.LOSSY),
    "create extension": Row(
        "DROP EXTENSION vector", "CREATE EXTENSION IF NOT EXISTS vector", "CREATE EXTENSION vector;"
    ),
    "owner of a sequence": Row(
        "ALTER SEQUENCE numbers OWNED BY orders.id", "ALTER SEQUENCE numbers OWNED BY NONE"
    ),
    "owner of a sequence back": Row(
        "ALTER SEQUENCE numbers OWNED BY NONE", "ALTER SEQUENCE numbers OWNED BY public.orders.id",
        "ALTER SEQUENCE numbers OWNED BY orders.id;",
    ),
    "settings of a sequence": Row(
        "ALTER SEQUENCE numbers AS int MAXVALUE 99 CACHE 5",
        "ALTER SEQUENCE numbers AS bigint NO MAXVALUE CACHE 1",
    ),
    "restart of a sequence": Row(
        "ALTER SEQUENCE numbers INCREMENT 2", "ALTER SEQUENCE numbers INCREMENT 1 RESTART WITH 5",
        klass=Class.LOSSY, accept=("numbers",),
    ),
    "sequence that goes with its table": Row(
        "CREATE TABLE n (id serial); CREATE TABLE m (id serial, x int)",
        "DROP TABLE n; DROP SEQUENCE IF EXISTS n_id_seq; ALTER TABLE m DROP COLUMN id;"
        "DROP SEQUENCE IF EXISTS m_id_seq; DROP TABLE m", klass=Class.LOSSY, accept=("n", "m", "m.id"),
    ),
    "sequence of a renamed table": Row(
        "ALTER TABLE n RENAME TO m; ALTER SEQUENCE n_id_seq RENAME TO m_id_seq;"
        "ALTER TABLE m RENAME id TO no",
        "ALTER TABLE m RENAME no TO id; ALTER SEQUENCE m_id_seq RENAME TO n_id_seq;"
        "ALTER TABLE m RENAME TO n",
        "CREATE TABLE n (id serial);",
    ),
    "types that hang together": Row(
        "CREATE TYPE x AS ENUM ('a'); CREATE DOMAIN y AS x; CREATE FUNCTION z(y) RETURNS y LANGUAGE sql"
        " AS 'SELECT $1'", "DROP FUNCTION z(y); DROP TYPE x, y",
    ),
    "storage parameters": Row(
        "ALTER TABLE orders SET (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);"
        "ALTER INDEX orders_total SET (fillfactor = 50); ALTER VIEW felt SET (security_barrier)",
        "ALTER TABLE orders RESET (fillfactor, toast.autovacuum_enabled);"
        "ALTER TABLE orders SET (autovacuum_enabled); ALTER INDEX orders_total RESET (fillfactor);"
        "ALTER VIEW felt RESET (security_barrier)",
        "ALTER TABLE orders SET (autovacuum_enabled = true);",
    ),
    "lock": Row(
        "ALTER TABLE orders ADD COLUMN n int",
        "LOCK TABLE orders, ONLY contacts IN SHARE MODE; ALTER TABLE orders DROP COLUMN n",
        klass=Class.LOSSY,
    ),
    "target of statistics": Row(
        "ALTER TABLE orders ALTER COLUMN total SET STATISTICS 500",
        "ALTER TABLE orders ALTER COLUMN total SET STATISTICS -1",
    ),
    "target of statistics back, beside a rename": Row(
        "ALTER TABLE orders ALTER COLUMN total SET STATISTICS -1, ALTER COLUMN id SET STATISTICS 9;"
        "ALTER TABLE orders RENAME COLUMN total TO sum",
        "ALTER TABLE orders ALTER COLUMN sum SET STATISTICS 500, ALTER COLUMN id SET STATISTICS -1;"
        "ALTER TABLE orders RENAME COLUMN sum TO total",
        "ALTER TABLE orders ALTER COLUMN total SET STATISTICS 500;",
    ),
    "options of a column": Row(
        "ALTER TABLE orders ALTER COLUMN total SET (n_distinct = 5)",
        "ALTER TABLE orders ALTER COLUMN total RESET (n_distinct)",
    ),
    "refresh": Row(
        "CREATE INDEX totals_total ON totals (total)",
        "DROP INDEX totals_total; REFRESH MATERIALIZED VIEW CONCURRENTLY totals;"
        "REFRESH MATERIALIZED VIEW totals",
    ),
    "drop aggregate": Row(
        "CREATE AGGREGATE product(int) (sfunc = int4mul, stype = int, initcond = 1)",
        "DROP AGGREGATE product(int)",
    ),
    "drop operator": Row(
        "CREATE OPERATOR === (leftarg = int, rightarg = int, function = int4eq)",
        "DROP OPERATOR public.=== (int, int)",
    ),
    "drop statistics": Row(
        "CREATE STATISTICS related ON contact, total FROM orders", "DROP STATISTICS public.related"
    ),
    "drop statistics beside its table": Row(
        "CREATE STATISTICS related ON contact, total FROM orders; ALTER TABLE orders ADD COLUMN n int",
        "DROP STATISTICS related; ALTER TABLE orders DROP COLUMN n", klass=Class.LOSSY,
    ),
    "drop domain": Row("CREATE DOMAIN short AS text", "DROP DOMAIN short"),
    "drop attribute": Row(
        "ALTER TYPE place ADD ATTRIBUTE zip text", "ALTER TYPE place DROP ATTRIBUTE zip",
        klass=Class.LOSSY, accept=("place.zip",),
    ),
    "add attribute": Row(
        "ALTER TYPE place DROP ATTRIBUTE number", "ALTER TYPE place ADD ATTRIBUTE number int"
    ),
    "rename attribute": Row(
        "ALTER TYPE place RENAME ATTRIBUTE number TO no", "ALTER TYPE place RENAME ATTRIBUTE no TO number"
    ),
    "rename composite type and an attribute": Row(
        "ALTER TYPE place RENAME ATTRIBUTE number TO no; ALTER TYPE place RENAME TO spot",
        "ALTER TYPE spot RENAME TO place; ALTER TYPE place RENAME ATTRIBUTE no TO number",
    ),
    "rename sequence of a column": Row(
        "ALTER SEQUENCE made_id_seq RENAME TO counted", "ALTER SEQUENCE counted RENAME TO made_id_seq",
        "CREATE TABLE made (id serial);",
    ),
    "right on a schema": Row(
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC", "GRANT USAGE ON SCHEMA public TO PUBLIC"
    ),
    "row security off": Row(
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON orders USING (contact = 1)",
        "DROP POLICY own ON orders;"
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
    ),
    "row security on": Row(
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY; DROP POLICY own ON orders",
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON orders USING (twice(contact) = 2)",
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON orders USING (twice(contact) = 2);",
    ),
    "alter policy": Row(
        "ALTER POLICY own ON orders USING (true)", "ALTER POLICY own ON orders USING (contact = 1)",
        "CREATE POLICY own ON orders USING (contact = 1);",
    ),
    "create publication": Row(
        "DROP PUBLICATION feed", "CREATE PUBLICATION feed FOR TABLE orders",
        "CREATE PUBLICATION feed FOR TABLE orders;",
    ),
    "drop publication": Row("CREATE PUBLICATION feed FOR TABLE orders", "DROP PUBLICATION feed"),
    "alter publication": Row(
        "ALTER PUBLICATION feed ADD TABLE contacts", "ALTER PUBLICATION feed DROP TABLE contacts",
        "CREATE PUBLICATION feed FOR TABLE orders;",
    ),
    "rename publication": Row(
        "ALTER PUBLICATION feed RENAME TO news", "ALTER PUBLICATION news RENAME TO feed",
        "CREATE PUBLICATION feed FOR TABLE orders;",
    ),
    "rename policy and trigger": Row(
        "ALTER POLICY own ON orders RENAME TO mine; ALTER TRIGGER same ON orders RENAME TO equal",
        "ALTER POLICY mine ON orders RENAME TO own; ALTER TRIGGER equal ON orders RENAME TO same",
        "CREATE POLICY own ON orders USING (contact = 1); CREATE TRIGGER same BEFORE UPDATE ON orders"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();",
    ),
    "alter function": Row(
        "ALTER FUNCTION twice(int) VOLATILE COST 7", "ALTER FUNCTION twice(int) IMMUTABLE COST 100"
    ),
    "rename function": Row(
        "ALTER FUNCTION twice(int) RENAME TO doubled", "ALTER FUNCTION public.doubled(int) RENAME TO twice"
    ),
    "rename column of a view": Row(
        "ALTER VIEW felt RENAME COLUMN m TO feeling", "ALTER VIEW felt RENAME COLUMN feeling TO m"
    ),
    "replica identity": Row(
        "ALTER TABLE orders REPLICA IDENTITY FULL", "ALTER TABLE orders REPLICA IDENTITY DEFAULT"
    ),
    "replica identity back": Row(
        "ALTER TABLE orders REPLICA IDENTITY DEFAULT",
        "ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey",
        "ALTER TABLE orders REPLICA IDENTITY USING INDEX orders_pkey;",
    ),
}  # fmt: skip


async def _row(dsn: str, what: str) -> Row:
    """With an extension that this server has."""
    async with connected(dsn) as c:
        there = await c.fetchval(
            "SELECT min(name) FROM pg_available_extensions WHERE name = ANY ($1)", ["citext", "vector"]
        )
    row = ROWS[what]
    up, down, before = (text.replace("vector", there) for text in (row.up, row.down, row.before))
    return replace(row, up=up, down=down, before=before)


@pytest.mark.parametrize("what", ROWS)
async def test_it_brings_the_schema_back_and_is_verified_against_it(database: Database, what: str) -> None:
    """Registered without a word of what it would leave, executed, and the schema is the one from before."""
    row, dsn = await _row(database.dsn, what), database.dsn
    await build(dsn, SHOP + row.before)
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute(row.up)
    prepared = await prepare(dsn, row.down.encode(), replace(row.options, before=before))
    assert max((s.klass for s in prepared.statements), key=list(Class).index) is row.klass
    assert not [w for w in prepared.warnings if "bring" in w or "fail" in w], prepared.warnings
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (outcome.detail["verified"], outcome.detail["differences"]) == ("before", [])
    assert await take(dsn) == before


@pytest.mark.parametrize("what", ROWS)
async def test_what_it_leaves_is_foretold(database: Database, what: str) -> None:
    """Without a fingerprint from before: the schema is what the plan says."""
    row, dsn = await _row(database.dsn, what), database.dsn
    await build(dsn, SHOP + row.before + row.up)
    watch = await store(dsn, await prepare(dsn, row.down.encode(), row.options))
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert (outcome.detail["verified"], outcome.detail["differences"]) == ("plan", [])


SINCE = ("settings", "sequence", "owned_by", "replica_identity")
"""Parts of a relation's fingerprint that plans of earlier versions do not have."""


async def test_a_plan_of_before_these_were_read_is_executed(database: Database) -> None:
    """Its fingerprint has no such part: nothing is compared there."""
    dsn = database.dsn
    await build(dsn, SHOP + "ALTER TABLE orders ADD COLUMN n int")
    sql = b"ALTER TABLE orders DROP COLUMN n; ALTER TABLE orders RENAME COLUMN total TO sum"
    prepared = await prepare(dsn, sql, ALLOWING)
    print_ = json.loads(json.dumps(prepared.stored.fingerprint))
    for entry in (*print_["relations"].values(), *print_["descendants"].values()):
        for part in SINCE if entry else ():
            del entry[part]
    watch = await store(dsn, replace(prepared, stored=replace(prepared.stored, fingerprint=print_)))
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail["differences"]) == (OutcomeKind.ROLLED_BACK, [])


async def test_what_a_query_reads_counts_as_time_under_the_lock(database: Database) -> None:
    """Of CREATE MATERIALIZED VIEW the tables of its query, unless it is made empty; of REFRESH the view."""
    dsn = database.dsn
    await build(dsn, SHOP)
    scanned = {
        "CREATE MATERIALIZED VIEW m AS SELECT 1 FROM orders JOIN contacts USING (id)": {
            "public.orders", "public.contacts",
        },
        "CREATE MATERIALIZED VIEW m AS SELECT 1 FROM orders WITH NO DATA": set(),
        "REFRESH MATERIALIZED VIEW totals": {"public.totals"},
        "REFRESH MATERIALIZED VIEW totals WITH NO DATA": set(),
    }  # fmt: skip
    for sql, labels in scanned.items():
        plan = from_stored((await prepare(dsn, sql.encode(), ALLOWING)).stored)
        assert {label for _, label in plan.forecast().scanned} == labels, sql


async def test_lock_table_says_itself_how_it_locks(database: Database) -> None:
    """Readers go on where the plan only asks for SHARE."""
    dsn = database.dsn
    await build(dsn, SHOP)
    plan = from_stored((await prepare(dsn, b"LOCK TABLE orders IN SHARE MODE", ALLOWING)).stored)
    assert plan.locked == []
    both = b"LOCK TABLE orders IN SHARE MODE; ALTER TABLE contacts DROP COLUMN team"
    assert from_stored((await prepare(dsn, both, ALLOWING)).stored).locked == ["public.contacts"]
