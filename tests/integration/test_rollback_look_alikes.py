"""What only has the right name is not what the plan makes: never taken for done by hand, never kept."""

from __future__ import annotations

import re

import pytest

from monitor.errors import PlanRefused
from monitor.plan import conditions, stored
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from monitor.statements.standing import State
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, registered, rolled_back

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c text);
INSERT INTO t SELECT g, g, g, 'c' || g FROM generate_series(1, 5) g;
CREATE INDEX there ON t (a) WHERE b < 5;
CREATE UNIQUE INDEX plain ON t (a DESC, b) INCLUDE (c);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
"""

SAME_NAME = {
    "column": (b"ALTER TABLE t ADD COLUMN z int DEFAULT 1 NOT NULL", "ALTER TABLE t ADD COLUMN z text"),
    "constraint": (
        b"ALTER TABLE t ADD CONSTRAINT ck CHECK (b > 0)", "ALTER TABLE t ADD CONSTRAINT ck CHECK (b < 100)",
    ),
    "predicate": (b"CREATE INDEX i ON t (a) WHERE b > 5", "CREATE INDEX i ON t (a) WHERE b < 5"),
    "predicate outside": (
        b"CREATE INDEX CONCURRENTLY i ON t (a) WHERE b > 5", "CREATE INDEX i ON t (a) WHERE b < 5",
    ),
    "expression": (
        b"CREATE UNIQUE INDEX CONCURRENTLY i ON t (lower(c))", "CREATE UNIQUE INDEX i ON t (md5(c))",
    ),
    "operators": (b"CREATE INDEX CONCURRENTLY i ON t (c text_pattern_ops)", "CREATE INDEX i ON t (c)"),
    "usual operators": (b"CREATE INDEX CONCURRENTLY i ON t (c)", "CREATE INDEX i ON t (c text_pattern_ops)"),
    "table": (b"CREATE TABLE nn (id int PRIMARY KEY, x text)", "CREATE TABLE nn (y int)"),
    "trigger": (
        b"CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE TRIGGER tr AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION touch()",
    ),
    "one for another": (
        b"DROP INDEX CONCURRENTLY there; CREATE INDEX CONCURRENTLY i2 ON t (lower(c))",
        "DROP INDEX there; CREATE INDEX i2 ON t (upper(c))",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.fault(21)
@pytest.mark.promise(14)
@pytest.mark.parametrize("what", SAME_NAME)
async def test_what_has_the_right_name_only_is_not_the_rollback_done_by_hand(
    database: Database, what: str
) -> None:
    """Fault 21: such a schema was changed by somebody: the watch is not ready, pages, and does not end."""
    dsn = database.dsn
    down, by_hand = SAME_NAME[what]
    await build(dsn, TABLES)
    watch = await registered(dsn, down)
    async with connected(dsn) as c:
        await c.execute(by_hand)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).codes[0] in {"drift", "dependents"}
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED


KEPT = [
    ("CREATE INDEX IF NOT EXISTS there ON t (a) WHERE b > 5", "can't be determined: drop it first"),
    ("CREATE INDEX IF NOT EXISTS there ON t (a)", "not the index of the plan"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a, b) INCLUDE (c)", "not the index of the plan"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a DESC, b)", "not the index of the plan"),
    (
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a) WHERE b > 5",
        "can't be determined: drop it first",
    ),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a)", "not the index of the plan"),
]


@pytest.mark.slow
async def test_if_not_exists_does_not_keep_another_index_of_that_name(database: Database) -> None:
    """Refused at registration, in a transaction and outside one; the same index is a notice."""
    dsn = database.dsn
    await build(dsn, TABLES)
    for sql, why in KEPT:
        with pytest.raises(PlanRefused, match=why):
            await prepare(dsn, sql.encode(), ALLOWING)
    for how in (b"", b"CONCURRENTLY "):
        same = b"CREATE UNIQUE INDEX " + how + b"IF NOT EXISTS plain ON t (a DESC, b) INCLUDE (c)"
        assert "will do nothing" in (await prepare(dsn, same, ALLOWING)).notices[0]


AS_WRITTEN = (
    "int", "int4", "bigint", "smallint", "bool", "real", "double precision", "float(20)", "numeric",
    "decimal(8)", "numeric(8, 2)", "text", "varchar", "varchar(20)", "char", "char(3)", "bpchar", '"char"',
    "bytea", "uuid", "jsonb", "date", "time", "timetz(2)", "timestamp(3)", "timestamp with time zone",
    "timestamptz(0)", "interval", "interval(3)", "interval day to second", "interval year[]", "bit", "bit(4)",
    "bit varying(5)", "bit varying", "inet", "int[]", "numeric(5, 1)[][]", "int4range", "mood",
    "public.mood", "other.mood", "other.int4", '"a$b"', "public.serial", "_text", "_int4", "timestamp(9)",
    "numeric(10, 2) DEFAULT NULL", "varchar(20) DEFAULT NULL", "text DEFAULT NULL::text",
    "positive DEFAULT NULL", '"Odd one"', '"Odd one"[]', "serial", "bigserial", "positive",
    "int NOT NULL", "int DEFAULT 7", "int DEFAULT NULL", "int GENERATED ALWAYS AS IDENTITY",
    "int GENERATED BY DEFAULT AS IDENTITY", "int GENERATED ALWAYS AS (a + 1) STORED", "int CHECK (b > 0)",
    "text COLLATE \"C\" DEFAULT 'x' NOT NULL", "int UNIQUE",
)  # fmt: skip
EMPTY = """CREATE TABLE e (a int, b int); CREATE TYPE mood AS ENUM ('calm');
           CREATE TYPE "Odd one" AS ENUM ('x'); CREATE TYPE "a$b" AS ENUM ('x'); CREATE SCHEMA other;
           CREATE TYPE other.mood AS ENUM ('calm'); CREATE DOMAIN other.int4 AS int;
           CREATE DOMAIN public.serial AS int; CREATE DOMAIN positive AS int CHECK (value > 0)"""


@pytest.mark.promise(3)
async def test_if_not_exists_knows_what_the_same_words_made(database: Database) -> None:
    """Columns, and tables of such columns: nothing will be done, which is said of each."""
    dsn = database.dsn
    await build(dsn, EMPTY)
    plan = [f"ALTER TABLE e ADD COLUMN IF NOT EXISTS z{n} {w}" for n, w in enumerate(AS_WRITTEN)]
    plan += [
        f"CREATE TABLE IF NOT EXISTS same{n} (a int, z{n} {w}, b int, PRIMARY KEY (a, b))"
        for n, w in enumerate(AS_WRITTEN)
    ]
    async with connected(dsn) as c:
        await c.execute("SET search_path = public")
        await c.execute(";".join(plan))
    prepared = await prepare(dsn, ";".join(plan).encode(), ALLOWING)
    assert len([n for n in prepared.notices if "will do nothing" in n]) == len(plan)


OTHER_COLUMNS = [
    ("int", "bigint", "it is bigint, not integer"),
    ("int", "int[]", "it is integer[], not integer"),
    ("varchar(20)", "varchar(10)", "it is character varying(10), not character varying(20)"),
    ("timestamptz", "timestamp", "it is timestamp without time zone, not timestamp with time zone"),
    ("interval(3)", "text", "it is text, not interval"),
    ("mood", "text", "it is text, not mood"),
    ("int", "int NOT NULL", "it is NOT NULL, not nullable"),
    ("int NOT NULL", "int", "it is nullable, not NOT NULL"),
    ("int DEFAULT 1", "int", "it has no default, not a default"),
    ("int", "int DEFAULT 1", "it has a default, not no default"),
    ("serial", "int NOT NULL", "it has no default, not a default"),
    (
        "int NOT NULL DEFAULT 1",
        "int GENERATED ALWAYS AS IDENTITY",
        "it has an identity that is always generated, not a default",
    ),
    (
        "int GENERATED ALWAYS AS IDENTITY",
        "int GENERATED BY DEFAULT AS IDENTITY",
        "it has an identity that is generated by default, not",
    ),
    ('text COLLATE "C"', "text", "it has the collation"),
    ("text", 'text COLLATE "C"', "it has the collation"),
    ("other.mood", "public.mood", "it is public.mood, not other.mood"),
    ("int", "other.int4", "it is other.int4, not integer"),
    ("int", "int GENERATED ALWAYS AS (a + 1) STORED", "it has a stored formula, not no default"),
]


@pytest.mark.slow
async def test_if_not_exists_does_not_keep_another_column_of_that_name(database: Database) -> None:
    """Refused at registration, with what differs: the application would meet a column it can't use."""
    dsn = database.dsn
    await build(dsn, EMPTY)
    async with connected(dsn) as c:
        for wanted, there, why in OTHER_COLUMNS:
            await c.execute(f"ALTER TABLE public.e ADD COLUMN z {there}")
            await c.execute(f"CREATE TABLE public.same (a int, z {there})")
            kept = "IF NOT EXISTS would keep it, and "
            for sql, said in (
                (f"ALTER TABLE e ADD COLUMN IF NOT EXISTS z {wanted}", kept + why),
                (
                    f"CREATE TABLE IF NOT EXISTS same (a int, z {wanted})",
                    kept + why.replace("it ", "its column z ", 1),
                ),
            ):
                with pytest.raises(PlanRefused, match=re.escape(said)):
                    await prepare(dsn, sql.encode(), ALLOWING)
            await c.execute("DROP TABLE public.same; ALTER TABLE public.e DROP COLUMN z")


OTHER_RELATIONS = [
    ("CREATE TABLE IF NOT EXISTS v (a int)", "it is a view, no table"),
    ("CREATE SEQUENCE IF NOT EXISTS t", "it is a table, no sequence"),
    ("CREATE TABLE IF NOT EXISTS s (a int)", "it is a sequence, no table"),
    ("CREATE TABLE IF NOT EXISTS u (a int, b int)", "it has no column b, unlike the plan's"),
    ("CREATE TABLE IF NOT EXISTS u ()", "it has column a, unlike the plan's"),
    ("CREATE TABLE IF NOT EXISTS u (a int) PARTITION BY LIST (a)", "it is a table, no partitioned table"),
    ("CREATE UNLOGGED TABLE IF NOT EXISTS u (a int)", "it is logged, not unlogged"),
    ("CREATE TABLE IF NOT EXISTS u (LIKE t)", "whether it is the table of the plan can't be determined"),
    (
        "CREATE TABLE IF NOT EXISTS u () INHERITS (t)",
        "whether it is the table of the plan can't be determined",
    ),
]


@pytest.mark.slow
async def test_if_not_exists_does_not_keep_another_relation_of_that_name(database: Database) -> None:
    """Of another kind, or with other columns; one that appears later makes the watch not ready."""
    dsn = database.dsn
    await build(dsn, TABLES)
    await build(dsn, "CREATE VIEW v AS SELECT a FROM t; CREATE SEQUENCE s; CREATE TABLE u (a int)")
    for sql, why in OTHER_RELATIONS:
        with pytest.raises(PlanRefused, match=why):
            await prepare(dsn, sql.encode(), ALLOWING)
    same = await prepare(dsn, b"CREATE SEQUENCE IF NOT EXISTS s", ALLOWING)
    assert "will do nothing" in same.notices[0]
    watch = await registered(dsn, b"ALTER TABLE t ADD COLUMN IF NOT EXISTS z int")
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute("ALTER TABLE t ADD COLUMN z text")
        assert not (await executor.ready(watch, full=True)).ok
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED


UNLIKE = [
    ("CREATE INDEX CONCURRENTLY i ON t (a) WHERE t.b > 5", "CREATE INDEX i ON t (a) WHERE b < 5"),
    ("CREATE INDEX CONCURRENTLY i ON t (lower(c))", "CREATE INDEX i ON t (md5(c))"),
    ("CREATE INDEX CONCURRENTLY i ON t (c text_pattern_ops)", "CREATE INDEX i ON t (c)"),
    ("CREATE INDEX CONCURRENTLY i ON t (c)", "CREATE INDEX i ON t (c text_pattern_ops)"),
    ('CREATE INDEX CONCURRENTLY i ON t (c COLLATE "C")', "CREATE INDEX i ON t (c)"),
    ("CREATE INDEX CONCURRENTLY i ON t (c) WITH (fillfactor = 50)", "CREATE INDEX i ON t (c)"),
]


@pytest.mark.promise(3)
async def test_an_index_is_the_one_of_the_plan_only_if_the_server_would_build_the_same(
    database: Database,
) -> None:
    """By predicate, expression, operators, collation and options; nothing is left behind by the question."""
    dsn = database.dsn
    await build(dsn, TABLES)
    distinct = [("CREATE UNIQUE INDEX CONCURRENTLY i ON t (c) NULLS NOT DISTINCT",
                 "CREATE UNIQUE INDEX i ON t (c)")] if database.major >= 15 else []  # fmt: skip
    async with connected(dsn) as c:
        for sql, other in [*UNLIKE, *distinct]:
            plan = stored.from_stored((await prepare(dsn, sql.encode(), ALLOWING)).stored)
            await c.execute(other)
            found = await conditions.look(c, plan, plan.statements[0])
            assert found.state is State.FOREIGN, (sql, found)
            await c.execute("DROP INDEX public.i")
            await c.execute("SET search_path = public")
            await c.execute(sql)
            assert (await conditions.look(c, plan, plan.statements[0])).state is State.DONE, sql
            async with c.transaction():
                assert (await conditions.look(c, plan, plan.statements[0])).state is State.DONE, sql
            await c.execute("DROP INDEX public.i")
        assert await c.fetchval("SELECT count(*) FROM pg_catalog.pg_class WHERE relpersistence = 't'") == 0
