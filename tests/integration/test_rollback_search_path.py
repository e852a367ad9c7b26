"""A name that the plan takes away is the name of another thing from then on, if a later schema has one."""

from __future__ import annotations

import pytest

from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

TWICE = """
CREATE SCHEMA app;
CREATE TABLE public.users (id int PRIMARY KEY, a text); INSERT INTO public.users VALUES (1, 'kept');
CREATE VIEW app.users AS SELECT 1 AS one;
CREATE TABLE public.t (id int, b int); CREATE TABLE app.t (id int, b int);
CREATE INDEX ix ON public.t (b); CREATE INDEX ix ON app.t (b);
CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION public.g() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE public.e AS ENUM ('a'); CREATE TYPE app.e AS ENUM ('a');
CREATE TABLE public.part (id int, b int); CREATE TABLE public.x (id int);
CREATE TABLE app.whole (id int, b int) PARTITION BY RANGE (id);
CREATE TABLE app.middle PARTITION OF app.whole DEFAULT PARTITION BY RANGE (id);
CREATE TABLE app.part PARTITION OF app.middle DEFAULT;
CREATE INDEX part_b ON public.part (b); CREATE INDEX part_b ON app.part (b);
ALTER TABLE app.t ADD CONSTRAINT uq UNIQUE (b); CREATE UNIQUE INDEX uq ON public.t (b);
CREATE SEQUENCE public.s_id_seq; CREATE TABLE app.s (id serial);
CREATE VIEW app.v AS SELECT id FROM app.t; CREATE VIEW public.v AS SELECT 1 AS b;
CREATE STATISTICS public.st ON id, b FROM public.t; CREATE STATISTICS app.st ON id, b FROM app.t;
CREATE FUNCTION app.g(text) RETURNS int LANGUAGE sql AS 'SELECT 2';
"""

TAKES = [
    "DROP VIEW IF EXISTS users; ALTER TABLE IF EXISTS users DROP COLUMN IF EXISTS a",
    "ALTER TABLE t RENAME TO told; DROP TABLE IF EXISTS t",
    "DROP TABLE app.t; DROP TABLE IF EXISTS t",
    "DROP TABLE t; ALTER TABLE IF EXISTS t DROP COLUMN b",
    "DROP INDEX ix; DROP INDEX IF EXISTS ix",
    "DROP INDEX CONCURRENTLY ix; DROP INDEX CONCURRENTLY IF EXISTS ix",
    "DROP FUNCTION f(); DROP FUNCTION IF EXISTS f()",
    "DROP TYPE e; DROP TYPE IF EXISTS e",
    "DROP TABLE whole; DROP TABLE IF EXISTS part",
    "DROP TABLE app.t CASCADE; DROP INDEX IF EXISTS ix",
    "ALTER TABLE t DROP COLUMN b CASCADE; DROP INDEX IF EXISTS ix",
    "ALTER TABLE t DROP CONSTRAINT uq; DROP INDEX IF EXISTS uq",
    "DROP TABLE whole; DROP INDEX IF EXISTS part_b",
    "ALTER TABLE whole DROP COLUMN b; DROP INDEX IF EXISTS part_b",
    "DROP TABLE s; DROP SEQUENCE IF EXISTS s_id_seq",
    "ALTER TABLE s DROP COLUMN id; DROP SEQUENCE IF EXISTS s_id_seq",
    "DROP TABLE app.t CASCADE; DROP VIEW IF EXISTS v",
    "DROP VIEW v; DROP TABLE app.t; DROP STATISTICS IF EXISTS st",
    "DROP TABLE app.t CASCADE; DROP TRIGGER IF EXISTS p ON t",
]
"""Some of them go with what the earlier statement names, as the index, sequence or partition of a table."""

MEANS = [
    "DROP TABLE app.whole; DROP TABLE IF EXISTS app.part",
    "DROP VIEW v; ALTER TABLE t DROP COLUMN b; ALTER TABLE t DROP COLUMN id",
    "ALTER TABLE app.t RENAME TO u; DROP TABLE public.t; ALTER TABLE u RENAME TO t; ALTER TABLE t DROP b",
    "DROP INDEX ix; CREATE INDEX ix ON t (b); DROP INDEX ix",
    "DROP FUNCTION f(); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 3'",
    "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 3'",
    "DROP TABLE public.t; DROP TABLE IF EXISTS public.t",
]


@pytest.fixture
async def twice(database: Database) -> str:
    """A database whose sessions look into `app` first, then into `public`."""
    await build(database.dsn, TWICE)
    async with connected(database.dsn) as c:
        await c.execute(f"ALTER DATABASE {database.name} SET search_path = app, public")
    return database.dsn


@pytest.mark.promise(11)
async def test_a_name_that_an_earlier_statement_took_away_needs_its_schema(twice: str) -> None:
    """The next of that name would be found, which nobody has looked at: its rows would be lost unseen."""
    for sql in TAKES:
        with pytest.raises(PlanRefused) as e:
            await prepare(twice, sql.encode(), ALLOWING)
        assert "the next of that name in the search_path would be found, " in str(e.value), sql


@pytest.mark.promise(11)
async def test_one_that_comes_meanwhile_is_told_by_readiness_and_nothing_happens(twice: str) -> None:
    """At registration the second statement's part of the name was nobody's."""
    sql = b"DROP TABLE whole; DROP TABLE IF EXISTS part, x"
    async with connected(twice) as c:
        await c.execute("ALTER TABLE public.part RENAME TO parted")
    watch = await registered(twice, sql)
    async with executing(twice) as executor:
        assert (await executor.ready(watch, full=True)).reasons == ()
        async with connected(twice) as c:
            await c.execute("ALTER TABLE public.parted RENAME TO part")
        assert "public.part: write the schema" in (await executor.ready(watch, full=True)).reasons[0]
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED
    async with connected(twice) as c:
        assert await c.fetchval("SELECT to_regclass('app.part') IS NOT NULL")


@pytest.mark.promise(11)
async def test_a_function_without_its_arguments_must_be_the_only_one(twice: str) -> None:
    """After the first statement the other overload would be the one that is dropped."""
    for sql in ("DROP FUNCTION public.g(); DROP FUNCTION IF EXISTS g", "DROP FUNCTION IF EXISTS g CASCADE"):
        with pytest.raises(PlanRefused, match="2 functions are called g, and it names none by its arguments"):
            await prepare(twice, sql.encode(), ALLOWING)
    async with connected(twice) as c:
        await c.execute("DROP FUNCTION app.g")
    await registered(twice, b"DROP FUNCTION IF EXISTS g")


async def test_a_function_that_would_be_made_beside_the_one_that_is_meant_needs_its_schema(
    twice: str,
) -> None:
    """CREATE OR REPLACE replaces in the first schema only."""
    for sql in ("CREATE OR REPLACE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 3'",):
        with pytest.raises(PlanRefused, match=r"it makes \"g\"\(\) in app, and .* is public.g\(\) now"):
            await prepare(twice, sql.encode(), ALLOWING)


@pytest.mark.parametrize("sql", MEANS)
async def test_a_name_that_means_one_thing_throughout_is_taken(twice: str, sql: str) -> None:
    """Given away and given again within the plan, or written with its schema."""
    watch = await registered(twice, sql.encode())
    async with executing(twice) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
