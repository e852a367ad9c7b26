"""What only has the right name is not what the plan makes: never taken for done by hand, never kept."""

from __future__ import annotations

import pytest

from monitor.errors import PlanRefused
from monitor.ports import OutcomeKind
from monitor.rollback import conditions, stored
from monitor.rollback.conditions import State
from monitor.rollback.registration.prepare import prepare
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
    ("CREATE INDEX IF NOT EXISTS there ON t (a) WHERE b > 5", "can't be told: drop it first"),
    ("CREATE INDEX IF NOT EXISTS there ON t (a)", "not the index of the plan"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a, b) INCLUDE (c)", "not the index of the plan"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS plain ON t (a DESC, b)", "not the index of the plan"),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a) WHERE b > 5", "can't be told: drop it first"),
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS there ON t (a)", "not the index of the plan"),
]


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
