"""A statement that the server would not take, by what the catalogue says, is refused at registration."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);
CREATE UNIQUE INDEX partial ON t (b) WHERE b > 0;
CREATE TABLE f (x int, y bigint);
CREATE TABLE pair (a int, b int, UNIQUE (b, a));
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE moods (m mood);
CREATE VIEW v AS SELECT id, a, b FROM t;
CREATE FUNCTION fn(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION named(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION outs(a int, OUT x int, OUT y text) LANGUAGE sql AS $$SELECT 1, ''$$;
CREATE FUNCTION one(a int, OUT x int) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION rows_of(a int) RETURNS TABLE (x int, y text) LANGUAGE sql AS $$SELECT 1, ''$$;
CREATE PROCEDURE plain(a int) LANGUAGE plpgsql AS 'BEGIN END';
CREATE PROCEDURE done(INOUT a int) LANGUAGE plpgsql AS 'BEGIN END';
CREATE TABLE used (id int, n int);
CREATE TABLE user_of (was used[]);
CREATE TABLE filled (m mood DEFAULT 'good', b bool DEFAULT true, n int DEFAULT 1, t text DEFAULT '1', o bool);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""
ANYWAY = contextlib.nullcontext()

IMPOSSIBLE = [
    ("CREATE OR REPLACE VIEW v AS SELECT id, a FROM t", "public.v would lose column b"),
    ("CREATE OR REPLACE VIEW v AS SELECT id, c AS a, b FROM t", "a of public.v would be of another type"),
    ("CREATE OR REPLACE VIEW v AS SELECT id, b, a FROM t", "a of public.v would be called b"),
    ("CREATE OR REPLACE VIEW v (id, z) AS SELECT id, a, b FROM t", "a of public.v would be called z"),
    ("CREATE OR REPLACE VIEW v AS SELECT id, a, nope FROM t", 'column "nope" does not exist'),
    ("CREATE OR REPLACE FUNCTION fn(int) RETURNS text LANGUAGE sql AS $$SELECT 'x'::text$$",
     "returns integer, which OR REPLACE can't change"),
    ("CREATE OR REPLACE FUNCTION fn(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'", "returns integer"),
    ("CREATE OR REPLACE FUNCTION named(z int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "parameter 1 of function .*named.* is called a"),
    ("CREATE OR REPLACE FUNCTION named(int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "parameter 1 of function .*named.* is called a"),
    ("CREATE OR REPLACE FUNCTION named(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "1 of the parameters of function .*named.* have a default and 0 would"),
    ("CREATE OR REPLACE FUNCTION outs(a int, OUT x int, OUT z text) LANGUAGE sql AS $$SELECT 1, ''$$",
     "returns record, which OR REPLACE can't change"),
    ("CREATE OR REPLACE FUNCTION outs(a int, OUT x int) LANGUAGE sql AS 'SELECT 1'", "returns record"),
    ("CREATE OR REPLACE FUNCTION rows_of(a int) RETURNS TABLE (x int, y int) LANGUAGE sql AS 'SELECT 1, 1'",
     r"returns TABLE\(x integer, y text\)"),
    ("CREATE OR REPLACE FUNCTION rows_of(a int) RETURNS TABLE (x int) LANGUAGE sql AS 'SELECT 1'",
     r"returns TABLE\(x integer, y text\)"),
    ("CREATE OR REPLACE PROCEDURE done(INOUT b int) LANGUAGE plpgsql AS 'BEGIN END'", "OR REPLACE can't"),
    ("ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t (b)", "public.t is not unique by .b."),
    ("ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES moods", "not unique by its primary key"),
    ("ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES pair (a)", "not unique by .a."),
    ("CREATE TABLE n (x int REFERENCES nosuch)", "which a foreign key refers to, does not exist"),
    ("CREATE TABLE n (x int, FOREIGN KEY (x) REFERENCES pair (a))", "public.pair is not unique by .a."),
    ("ALTER TABLE t ADD COLUMN x int REFERENCES nosuch", "public.nosuch, which a foreign key refers to"),
    ("ALTER TABLE f ADD COLUMN z int REFERENCES t (b)", "public.t is not unique by .b."),
    ("ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES nosuch", "public.nosuch, which a foreign"),
    ("ALTER TABLE used ADD COLUMN z float DEFAULT random()", "column was of public.user_of has the row"),
    ("ALTER TABLE used ADD COLUMN z int DEFAULT 1", "column was of public.user_of has the row type"),
    ("ALTER TABLE used ADD COLUMN z serial", "column was of public.user_of has the row type"),
    ("ALTER TABLE used ADD COLUMN z int GENERATED ALWAYS AS (n + 1) STORED", "public.user_of has the row"),
    ("ALTER TABLE used ALTER COLUMN n TYPE bigint", "column was of public.user_of has the row"),
    ("ALTER TABLE t ALTER COLUMN c TYPE int", r"t\.c do not become integer by themselves"),
    ("ALTER TABLE t ADD COLUMN z nosuch", 'type "nosuch" does not exist'),
    ("GRANT SELECT ON t TO nosuch", "role nosuch does not exist"),
    ("ALTER TABLE t OWNER TO nosuch", "role nosuch does not exist"),
    ("CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION nosuch()",
     'function "nosuch" does not'),
    ("INSERT INTO t (nosuch) VALUES (1)", 'column "nosuch" of relation "t" does not exist'),
    ("INSERT INTO t (id) VALUES (true)", "is of type integer but expression is of type boolean"),
    ("INSERT INTO moods VALUES ('ugly')", "invalid text representation"),
    ("DELETE FROM t WHERE nosuch = 1", 'column "nosuch" does not exist'),
]  # fmt: skip


@pytest.mark.slow
async def test_a_statement_that_the_server_would_not_take_is_refused(database: Database) -> None:
    """And the server does not take it."""
    dsn = database.dsn
    await build(dsn, TABLES)
    async with connected(dsn) as c:
        for sql, why in IMPOSSIBLE:
            lossy = sql.startswith("DELETE") or "TYPE int" in sql
            named = ("t",) if lossy else ()
            mode = DataLoss.ACCEPT if lossy else DataLoss.SALVAGE
            with pytest.raises(PlanRefused, match=why):
                await prepare(dsn, sql.encode(), replace(ALLOWING, data_loss=mode, accept_loss=named))
            with pytest.raises(Exception, match=r"exist|cannot|unique|type|enum|primary key"):
                await c.execute(sql)


MOODS = "CREATE TYPE moods_old AS ENUM ('good');"

UNCAST = [
    f"{MOODS} ALTER TABLE filled ALTER COLUMN m TYPE moods_old USING m::text::moods_old",
    "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('good');"
    "ALTER TABLE filled ALTER COLUMN m TYPE mood USING m::text::mood",
    "ALTER TABLE filled ALTER COLUMN b TYPE int USING b::int",
    "ALTER TABLE filled ALTER COLUMN t TYPE int USING t::int, ALTER COLUMN t SET DEFAULT 1",
    "ALTER TABLE filled ALTER COLUMN n TYPE bool USING n = 1",
]

CAST = [
    f"{MOODS} ALTER TABLE filled ALTER COLUMN m DROP DEFAULT;"
    "ALTER TABLE filled ALTER COLUMN m TYPE moods_old USING m::text::moods_old",
    f"{MOODS} ALTER TABLE filled ALTER COLUMN m TYPE moods_old USING m::text::moods_old,"
    " ALTER COLUMN m DROP DEFAULT",
    "ALTER TABLE filled ALTER COLUMN b DROP DEFAULT, ALTER COLUMN b TYPE int USING b::int,"
    " ALTER COLUMN b SET DEFAULT 1",
    "ALTER TABLE filled ALTER COLUMN o TYPE int USING o::int",
    "ALTER TABLE filled ALTER COLUMN n TYPE bigint USING n + 1",
    "ALTER TABLE filled ALTER COLUMN m TYPE text USING m::text",
]


async def test_a_default_that_does_not_become_the_new_type_is_told(database: Database) -> None:
    """USING is about rows: the server agrees with each."""
    dsn = database.dsn
    await build(dsn, TABLES)
    accepting = replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=("filled",))
    async with connected(dsn) as c:
        for sql in (*UNCAST, *CAST):
            transaction = c.transaction()
            await transaction.start()
            with pytest.raises(Exception, match=r"default .* cannot be cast") if sql in UNCAST else ANYWAY:
                await c.execute(sql)
            await transaction.rollback()
            with pytest.raises(PlanRefused, match="the default of column") if sql in UNCAST else ANYWAY:
                await prepare(dsn, sql.encode(), accepting)


LATER = [
    "CREATE TABLE later (was f)",
    "CREATE TABLE later (was f[])",
    "CREATE TABLE later (was kid)",
    "CREATE TYPE held AS (was f); CREATE TABLE later (was held)",
]


async def test_a_row_type_that_is_used_meanwhile_is_told_by_readiness(database: Database) -> None:
    """Its rows can't be written anew then, nor those of what inherits from it."""
    dsn = database.dsn
    await build(dsn, f"{TABLES} CREATE TABLE kid () INHERITS (f);")
    watch = await registered(dsn, b"ALTER TABLE f ADD COLUMN z int DEFAULT 1")
    async with executing(dsn) as executor, connected(dsn) as c:
        for sql in LATER:
            assert (await executor.ready(watch, full=True)).reasons == ()
            await c.execute(sql)
            assert "the touched objects changed" in (await executor.ready(watch, full=True)).reasons[0], sql
            await c.execute("DROP TABLE later; DROP TYPE IF EXISTS held")
        await c.execute(LATER[0])
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED


POSSIBLE = [
    "CREATE OR REPLACE VIEW v AS SELECT id, a, b, c FROM t",
    "CREATE OR REPLACE VIEW v (id, a, b) AS SELECT a, b, id FROM t",
    "DROP VIEW v; CREATE OR REPLACE VIEW v AS SELECT id FROM t",
    "ALTER TABLE t ADD COLUMN d int; CREATE OR REPLACE VIEW v AS SELECT id, a, b, d FROM t",
    "CREATE OR REPLACE FUNCTION fn(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION fn(z int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION named(a int DEFAULT 2, b int DEFAULT 1) RETURNS int LANGUAGE sql"
    " AS 'SELECT 2'",
    "CREATE OR REPLACE FUNCTION outs(a int, OUT x int, OUT y text) LANGUAGE sql AS $$SELECT 2, ''$$",
    "CREATE OR REPLACE FUNCTION one(a int, OUT z int) LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION rows_of(a int, OUT x int, OUT y text) RETURNS SETOF record LANGUAGE sql"
    " AS $$SELECT 2, ''$$",
    "CREATE OR REPLACE PROCEDURE plain(a int) LANGUAGE plpgsql AS 'BEGIN NULL; END'",
    "CREATE OR REPLACE FUNCTION fn(int) RETURNS int LANGUAGE sql AS 'SELECT 3'",
    "CREATE OR REPLACE PROCEDURE done(INOUT a int) LANGUAGE plpgsql AS 'BEGIN a := 1; END'",
    "DROP FUNCTION fn(int); CREATE FUNCTION fn(int) RETURNS text LANGUAGE sql AS $$SELECT 'x'::text$$",
    "ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x, y) REFERENCES pair (a, b)",
    "ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t",
    "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a);"
    "ALTER TABLE f ADD CONSTRAINT fk FOREIGN KEY (x) REFERENCES t (a)",
    "CREATE TABLE n (id int PRIMARY KEY, up int REFERENCES n); CREATE TABLE m (x int REFERENCES n)",
    "CREATE TABLE IF NOT EXISTS f (x int, y bigint REFERENCES nosuch)",
    "ALTER TABLE f ADD COLUMN IF NOT EXISTS x int REFERENCES nosuch",
    "ALTER TABLE f ADD COLUMN z int REFERENCES t",
    "ALTER TABLE used ADD COLUMN z int, ADD COLUMN y int CHECK (y > 0)",
    "DROP TABLE user_of; ALTER TABLE used ADD COLUMN z float DEFAULT random()",
    "CREATE TYPE new AS ENUM ('x'); ALTER TABLE t ADD COLUMN z new, ADD COLUMN s serial, ADD COLUMN y mood[]",
    "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()",
    "GRANT SELECT ON t TO PUBLIC, CURRENT_USER, postgres",
    "ALTER TABLE t ADD COLUMN d int; INSERT INTO t (id, d) VALUES (100, 1)",
    "INSERT INTO moods VALUES ('good'); INSERT INTO t (id) SELECT x + 100 FROM f",
]


CHANGING = {("a", "text"), ("c", "int USING c::int")}
"""Of those below: what may make another value."""


@pytest.mark.slow
async def test_a_statement_that_the_server_takes_is_not_refused(database: Database) -> None:
    """Also where an earlier one makes it possible; and the server takes each."""
    dsn = database.dsn
    await build(dsn, TABLES)
    async with connected(dsn) as c:
        for sql in POSSIBLE:
            await prepare(dsn, sql.encode(), ALLOWING)
            transaction = c.transaction()
            await transaction.start()
            await c.execute(sql)
            await transaction.rollback()
        for column, to in (("a", "bigint"), ("a", "text"), ("c", "int USING c::int"), ("c", "varchar(9)")):
            sql = f"DROP VIEW v; ALTER TABLE t ALTER COLUMN {column} TYPE {to}"
            named = ("t",) if (column, to) in CHANGING else ()  # the others keep each value, or fail
            await prepare(dsn, sql.encode(), replace(ALLOWING, accept_loss=named))
