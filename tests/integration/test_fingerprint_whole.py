"""The fingerprint of a whole schema: what it sees, what it names, and what it leaves out."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from monitor.errors import DatabaseError
from monitor.schema import whole
from monitor.schema.steady import steadily
from monitor.schema.whole import Objects
from tests.conftest import Database
from tests.rollbacks import SCHEMA, connected

SHOP = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE parents (id int PRIMARY KEY, at timestamptz DEFAULT '2020-01-01 00:00+00');
CREATE TABLE contacts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL DEFAULT 'x',
    mood mood,
    parent int REFERENCES parents,
    CONSTRAINT valid_email CHECK (email <> '')
);
CREATE INDEX contacts_email ON contacts (email);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION touch();
CREATE RULE quiet AS ON DELETE TO parents DO INSTEAD NOTHING;
CREATE POLICY mine ON contacts USING (email <> '');
CREATE STATISTICS both_columns ON email, parent FROM contacts;
CREATE VIEW emails AS SELECT c.email, p.at FROM contacts c JOIN parents p ON p.id = c.parent;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM contacts;
CREATE SEQUENCE tickets START 5;
CREATE TABLE days (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
CREATE AGGREGATE longest(int) (SFUNC = int4larger, STYPE = int);
COMMENT ON COLUMN contacts.email IS 'where to';
CREATE SCHEMA "Odd";
CREATE TABLE "Odd"."a b" ("c""d" int)
"""

CHANGES = {
    "ALTER TABLE contacts DROP COLUMN mood": "public.contacts: column mood is missing",
    "ALTER TABLE contacts ADD COLUMN phone text": "public.contacts: column phone is new",
    "ALTER TABLE contacts ALTER COLUMN email TYPE varchar(9)": None,
    "ALTER TABLE parents ALTER COLUMN at DROP DEFAULT": "public.parents: column at has changed"
        " (default: '2020-01-01 00:00:00+00'::timestamp with time zone → none)",
    "ALTER TABLE contacts ALTER COLUMN email DROP NOT NULL":
        "public.contacts: column email has changed (not null: yes → none)",
    "COMMENT ON COLUMN contacts.email IS NULL":
        "public.contacts: column email has changed (comment: where to → none)",
    "ALTER TABLE contacts ALTER email SET STATISTICS 7":
        "public.contacts: column email has changed (statistics: none → 7)",
    "ALTER TABLE contacts ALTER email SET (n_distinct = 5)":
        "public.contacts: column email has changed (options: +n_distinct=5)",
    "ALTER TABLE contacts DROP CONSTRAINT valid_email": "public.contacts: constraint valid_email is missing",
    "DROP INDEX contacts_email": "public.contacts: index contacts_email is missing",
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'contacts_email'::regclass":
        "public.contacts: index contacts_email has changed (valid: yes → no)",
    "ALTER TABLE contacts DISABLE TRIGGER touch":
        "public.contacts: trigger touch has changed (enabled: O → D)",
    "ALTER TABLE parents DISABLE TRIGGER ALL":
        "public.parents: key triggers has changed (+contacts_parent_fkey of public.contacts: disabled)",
    "DROP RULE quiet ON parents": "public.parents: rule quiet is missing",
    "ALTER POLICY mine ON contacts USING (true)": "public.contacts: policy mine has changed"
        " (using: (email <> ''::text) → true)",
    "DROP STATISTICS both_columns": "public.contacts: statistics object both_columns is missing",
    "ALTER STATISTICS both_columns SET STATISTICS 9":
        "public.contacts: statistics object both_columns has changed (target: none → 9)",
    "ALTER TABLE contacts ENABLE ROW LEVEL SECURITY":
        "public.contacts: row security has changed (none → enabled)",
    "ALTER TABLE contacts FORCE ROW LEVEL SECURITY":
        "public.contacts: row security has changed (none → forced when enabled)",
    "ALTER TABLE contacts SET (fillfactor = 50)": "public.contacts: options has changed (+fillfactor=50)",
    "ALTER TABLE contacts SET (toast.autovacuum_enabled = off)":
        "public.contacts: toast options has changed (+autovacuum_enabled=off)",
    "ALTER TABLE contacts REPLICA IDENTITY FULL":
        "public.contacts: replica identity has changed (none → full)",
    "ALTER TABLE contacts REPLICA IDENTITY NOTHING":
        "public.contacts: replica identity has changed (none → nothing)",
    "GRANT SELECT ON contacts TO PUBLIC": None,
    "GRANT SELECT (email) ON contacts TO PUBLIC":
        "public.contacts: column email has changed (privileges: +=r/postgres)",
    "REVOKE ALL ON FUNCTION touch() FROM PUBLIC, postgres":
        "function public.touch(): privileges has changed (none → {})",
    "COMMENT ON TABLE contacts IS 'people'": "public.contacts: comment has changed (none → people)",
    "CREATE OR REPLACE VIEW emails AS SELECT c.email, p.at FROM contacts c, parents p": None,
    "DROP MATERIALIZED VIEW counted": "public.counted is missing",
    "REFRESH MATERIALIZED VIEW counted WITH NO DATA":
        "public.counted: populated has changed (none → no)",
    "ALTER SEQUENCE tickets INCREMENT 2": None,
    "CREATE TABLE days_2 PARTITION OF days DEFAULT": "public.days_2 is new",
    "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'": None,
    "CREATE FUNCTION touch(int) RETURNS int LANGUAGE sql AS 'SELECT 1'":
        "function public.touch(integer) is new",
    "DROP AGGREGATE longest(int)": "function public.longest(integer) is missing",
    "ALTER TYPE mood ADD VALUE 'fair'": "type public.mood: labels has changed (+fair)",
    "ALTER DOMAIN positive SET NOT NULL": "type public.positive: not null has changed (none → yes)",
    "ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 9)":
        "type public.positive: constraint small is new",
    "ALTER DOMAIN positive DROP CONSTRAINT positive_check;"
    "ALTER DOMAIN positive ADD CONSTRAINT positive_check CHECK (VALUE > 1)":
        "type public.positive: constraint positive_check has changed"
        " (definition: CHECK ((VALUE > 0)) → CHECK ((VALUE > 1)))",
    "COMMENT ON CONSTRAINT positive_check ON DOMAIN positive IS 'p'":
        "type public.positive: constraint positive_check has changed (comment: none → p)",
    "ALTER TYPE pair ADD ATTRIBUTE c int": "type public.pair: attributes has changed (+c integer)",
    "CREATE SCHEMA other": "schema other is new",
    "COMMENT ON SCHEMA public IS 'ours'":
        "schema public: comment has changed (standard public schema → ours)",
    "ALTER TABLE \"Odd\".\"a b\" ADD COLUMN e int": '"Odd"."a b": column e is new',
    "CREATE EXTENSION pg_trgm": "extension pg_trgm is new",
    "CREATE ROLE app_of_tests; ALTER ROLE app_of_tests SET work_mem = '1MB'":
        "settings of role app_of_tests is new",
}  # fmt: skip
"""A change, and the one sentence that names it with its old and new value; None: it is long, or varies."""

SINCE = {
    18: {
        "ALTER TABLE parents ADD CONSTRAINT there NOT NULL at NOT VALID":
            "public.parents: column at has changed (not null: none → not valid)",
        "ALTER TABLE contacts ALTER CONSTRAINT contacts_parent_fkey NOT ENFORCED":
            "public.contacts: constraint contacts_parent_fkey has changed"
            " (definition: …lic.parents(id) → …lic.parents(id) NOT ENFORCED)",
    },
}  # fmt: skip
"""What a major brought."""

LONG = {
    "ALTER TABLE contacts ALTER COLUMN email TYPE varchar(9)":
        "public.contacts: column email has changed (type: text → character varying(9))",
    "GRANT SELECT ON contacts TO PUBLIC": "public.contacts: privileges has changed (+=r/postgres, ",
    "CREATE OR REPLACE VIEW emails AS SELECT c.email, p.at FROM contacts c, parents p":
        "public.emails: definition has changed (…",
    "ALTER SEQUENCE tickets INCREMENT 2": "public.tickets: sequence has changed (…rt 5 increment 1 min 1",
    "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'":
        "function public.touch(): definition has changed (",
}  # fmt: skip
"""How one of the sentences begins."""


async def print_of(connection: asyncpg.Connection[asyncpg.Record]) -> Objects:
    async with connection.transaction(readonly=True):
        return await whole.read(connection)


@pytest.fixture
async def schema(database: Database) -> Database:
    async with connected(database.dsn) as c:
        await c.execute(SHOP)
    return database


async def test_every_change_is_named_by_object_and_aspect_and_nothing_else_is(schema: Database) -> None:
    """Each change alone, undone again: its own sentence, and no other."""
    async with connected(schema.dsn) as c:
        before = await print_of(c)
        extensions = {r["name"] for r in await c.fetch("SELECT name FROM pg_available_extensions")}
        changes = CHANGES | SINCE.get(schema.major, {})
        for change, sentence in changes.items():
            if "EXTENSION" in change and "pg_trgm" not in extensions:
                continue
            transaction = c.transaction()
            await transaction.start()
            if "email TYPE" in change:
                await c.execute(
                    "DROP VIEW emails; DROP POLICY mine ON contacts; DROP STATISTICS both_columns"
                )
            await c.execute(change)
            now = await whole.read(c)
            await transaction.rollback()
            found = [str(d) for d in whole.differences(before, now)]
            if sentence is None:
                assert [s for s in found if s.startswith(LONG[change])], found
            else:
                assert [s[: len(sentence)] for s in found] == [sentence], (change, found)
        assert await print_of(c) == before


async def test_up_and_down_is_the_same_schema_although_the_column_stands_last(schema: Database) -> None:
    """Names and definitions count; oids, the order of columns and a sequence's value do not."""
    async with connected(schema.dsn) as c:
        before = await print_of(c)
        await c.execute(
            "ALTER TABLE contacts DROP COLUMN mood; ALTER TABLE contacts ADD COLUMN mood mood;"
            "ALTER TABLE contacts RENAME COLUMN email TO address;"
            "ALTER TABLE contacts RENAME COLUMN address TO email;"
            "DROP TRIGGER touch ON contacts; DROP FUNCTION touch();"
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER touch BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION touch();"
            "SELECT nextval('tickets'); REFRESH MATERIALIZED VIEW counted;"
            "GRANT SELECT ON contacts TO PUBLIC; REVOKE SELECT ON contacts FROM PUBLIC"
        )
        assert whole.differences(before, await print_of(c)) == []


async def test_the_session_that_asks_and_our_own_schemas_make_no_difference(schema: Database) -> None:
    """Search path, time zone and date style decide how a definition is written; they are pinned."""
    async with connected(schema.dsn) as c:
        before = await print_of(c)
        await c.execute(SCHEMA)
        await c.execute(
            "CREATE SCHEMA migration_monitor_salvage; CREATE TABLE migration_monitor_salvage.x (a int);"
            "CREATE SCHEMA migration_monitor_quarantine; CREATE TEMP TABLE t (a int);"
            "SET search_path = public, \"Odd\"; SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German';"
            "SET quote_all_identifiers = on"
        )
        assert whole.differences(before, await print_of(c)) == []
        assert await c.fetchval("SHOW TimeZone") == "Asia/Tokyo"


async def test_reading_leaves_the_transaction_as_it_was(schema: Database) -> None:
    """Settings and locks are given back: what comes after it in a rollback means what it meant."""
    async with connected(schema.dsn) as c, c.transaction():
        await c.execute("SET LOCAL search_path = \"Odd\"; SET LOCAL TimeZone = 'Asia/Tokyo'")
        await whole.read(c)
        assert await c.fetchval("SHOW TimeZone") == "Asia/Tokyo"
        assert await c.fetchval("SHOW search_path") == '"Odd"'
        held = await c.fetchval(
            "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
            " AND relation >= 16384"
        )
        assert held == 0


async def test_objects_dropped_while_they_are_described_do_no_harm(schema: Database) -> None:
    """Another session's DDL, all the time."""
    stop = asyncio.Event()

    async def churn() -> int:
        n = 0
        async with connected(schema.dsn) as other:
            while not stop.is_set():
                n += 1
                await other.execute(
                    "CREATE TABLE churn (a int DEFAULT 1); CREATE VIEW churned AS TABLE churn"
                )
                await other.execute("DROP VIEW churned; DROP TABLE churn")
                await asyncio.sleep(0.005)
        return n

    task = asyncio.create_task(churn())
    async with connected(schema.dsn) as c:
        for _ in range(15):
            assert "public.contacts" in await print_of(c)
    stop.set()
    assert await task > 0


@pytest.mark.parametrize(("failing", "asked"), [("TABLE gone", 3), ("SELECT 1 / 0", 1)])
async def test_what_went_while_it_was_described_is_read_again_and_nothing_else_is(
    schema: Database, failing: str, asked: int
) -> None:
    """Or a look at the wrong moment would end a rollback as failed; the transaction goes on."""
    calls: list[int] = []
    async with connected(schema.dsn) as c, c.transaction():

        async def work() -> object:
            calls.append(1)
            return await c.fetchval(failing if len(calls) < 3 else "SHOW search_path")

        if asked == 1:
            with pytest.raises(DatabaseError, match=r"reading it: .*22012"):
                await steadily(c, "reading it", work)
        else:
            assert await steadily(c, "reading it", work) == ""
        assert len(calls) == asked
        assert await c.fetchval("SHOW search_path") != ""


async def test_what_can_never_be_read_is_an_error_in_the_end(schema: Database) -> None:
    """Not for ever."""
    async with connected(schema.dsn) as c, c.transaction():
        with pytest.raises(DatabaseError, match="42P01"):
            await steadily(c, "reading it", lambda: c.fetchval("TABLE gone"))
