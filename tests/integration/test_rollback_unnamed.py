"""Constraints and indexes without a name: what is foretold is what the server calls them."""

from __future__ import annotations

import json

import pytest

from monitor.errors import PlanRefused
from monitor.plan.generated_names import choose, distinct, joined, made
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

LONG = "a_table_with_a_name_that_is_as_long_as_a_name_may_ever_be_here"
WIDE = "зелёная_таблица_с_длинным_именем"  # two bytes a letter

TABLES = f"""
CREATE TABLE t (a int, b text, c jsonb, "Odd Name" int, t int, UNIQUE (a));
CREATE TABLE {LONG} (first_column_of_it int, second_column_of_it int, UNIQUE (first_column_of_it));
CREATE TABLE "{WIDE}" ("столбец_с_очень_длинным_именем" int, b int);
CREATE TABLE r (w int, r2 int); CREATE TABLE u (id int PRIMARY KEY, w int CONSTRAINT r_w_check CHECK (w > 0));
CREATE SEQUENCE u_w_idx;
CREATE SCHEMA other; CREATE TABLE other.t (a int); CREATE TYPE other.e AS (x int);
"""

STATEMENTS = (
    "CREATE INDEX ON t (a)", "CREATE INDEX ON t (a)", "CREATE INDEX ON t (lower(b), upper(b), lower(b))",
    "CREATE INDEX ON t ((a + 1), (a * 2), (a IS NULL))", "CREATE INDEX ON t ((b::int), (b || 'x'), a)",
    "CREATE INDEX ON t ((CASE WHEN a > 1 THEN 1 END), (coalesce(a, 0)), (greatest(a, 1)))",
    "CREATE INDEX ON t ((c -> 'x'), ((c ->> 'y')::int))", 'CREATE INDEX ON t ("Odd Name") INCLUDE (b)',
    "CREATE INDEX ON t ((b COLLATE \"C\"), (NULLIF(a, 1)), (least(a, 1)))",
    "CREATE INDEX ON t ((a > 1), (ROW(a, a) = ROW(1, 2)), (1::text || b))",
    "CREATE INDEX ON t ((CASE WHEN a > 1 THEN a ELSE t END), (ARRAY[a]))",
    "CREATE UNIQUE INDEX ON t (a) WHERE a > 5", "ALTER TABLE t ADD UNIQUE (a, b)",
    "ALTER TABLE t ADD UNIQUE (t)",
    "ALTER TABLE t ADD UNIQUE (a) INCLUDE (b)", "ALTER TABLE t ADD PRIMARY KEY (a)",
    "ALTER TABLE t ADD CHECK (a > 0)", "ALTER TABLE t ADD CHECK (a > 1)",
    "ALTER TABLE t ADD CHECK (a > 0 OR t > 1)",
    "ALTER TABLE t ADD CHECK (t.a > 0 AND a > 3)", "ALTER TABLE t ADD CHECK (1 > 0)",
    "ALTER TABLE t ADD CHECK (\"Odd Name\" > 0)", "ALTER TABLE t ADD EXCLUDE (a WITH =, (a + 1) WITH =)",
    "ALTER TABLE r ADD CHECK (w > 0)", "ALTER TABLE r ADD CHECK (r IS NOT NULL)",
    "ALTER TABLE r ADD FOREIGN KEY (w) REFERENCES u", "ALTER TABLE r ADD FOREIGN KEY (w) REFERENCES u (id)",
    "CREATE INDEX ON u (w)", "CREATE INDEX ON u ((id), w)",
    f"CREATE INDEX ON {LONG} (first_column_of_it, second_column_of_it)",
    f"CREATE INDEX ON {LONG} (first_column_of_it, second_column_of_it)",
    f"ALTER TABLE {LONG} ADD UNIQUE (second_column_of_it, first_column_of_it)",
    f"ALTER TABLE {LONG} ADD CHECK (first_column_of_it > 0)",
    f"ALTER TABLE {LONG} ADD PRIMARY KEY (first_column_of_it)",
    f'CREATE INDEX ON "{WIDE}" ("столбец_с_очень_длинным_именем", b)',
    f'ALTER TABLE "{WIDE}" ADD CHECK ("столбец_с_очень_длинным_именем" > 0)',
    "CREATE INDEX ON other.t (a)", "ALTER TABLE other.t ADD UNIQUE (a)",
)  # fmt: skip

NAMES = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('public', 'other') AND c.relkind = 'i'
 UNION SELECT n.nspname || '.' || k.conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
 WHERE n.nspname IN ('public', 'other') AND k.contype <> 'n' """


async def test_the_server_gives_the_names_that_were_foretold(database: Database) -> None:
    """Cut to 63 bytes, also within letters of two, and numbered where they are taken."""
    dsn = database.dsn
    await build(dsn, TABLES)
    async with connected(dsn) as c:
        there = {r[0] for r in await c.fetch(NAMES)}
        prepared = await prepare(dsn, ";\n".join(STATEMENTS).encode(), ALLOWING)
        foretold = [s.actions[0].name for s in prepared.statements]
        given = []
        for sql in STATEMENTS:
            await c.execute(sql)
            now = {r[0] for r in await c.fetch(NAMES)}
            given += [min(now - there).partition(".")[2]]
            there = now
    assert foretold == given
    assert f"line 1: the server will call it {given[0]}" in prepared.notices


async def test_a_name_that_somebody_takes_meanwhile_ends_unverified(database: Database) -> None:
    """The server counts on, and the constraint that was foretold is not there."""
    dsn = database.dsn
    await build(dsn, TABLES)
    watch = await store(dsn, await prepare(dsn, b"ALTER TABLE t ADD CHECK (b <> '')", ALLOWING))
    async with connected(dsn) as c:
        await c.execute("CREATE TABLE elsewhere (x int CONSTRAINT t_b_check CHECK (x > 0))")
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.UNVERIFIED, outcome
    assert "constraint t_b_check1 is new" in json.dumps(outcome.detail["differences"])


async def test_an_index_of_its_name_that_comes_meanwhile_stops_it(database: Database) -> None:
    """What has that name was looked for at registration: it is a change of a touched object."""
    dsn = database.dsn
    await build(dsn, TABLES)
    watch = await store(dsn, await prepare(dsn, b"CREATE INDEX ON t (b)", ALLOWING))
    async with connected(dsn) as c:
        await c.execute("CREATE INDEX t_b_idx ON t (b, a)")
    async with executing(dsn) as executor:
        assert (await rolled_back(executor, watch)).kind is OutcomeKind.REFUSED


async def test_a_name_that_nobody_can_foretell_is_asked_for(database: Database) -> None:
    """What an expression is called is known of those that people index."""
    await build(database.dsn, TABLES)
    with pytest.raises(
        PlanRefused, match="CREATE INDEX needs a name, since the one that the server gives it"
    ):
        await prepare(database.dsn, b"CREATE INDEX ON t ((b IS DOCUMENT))", ALLOWING)
    with pytest.raises(
        PlanRefused, match="CONCURRENTLY needs a name, by which an interrupted build is found"
    ):
        await prepare(database.dsn, b"CREATE INDEX CONCURRENTLY ON t (a)", ALLOWING)


def test_names_are_cut_as_the_server_cuts_them() -> None:
    """The longer part first, byte by byte; a number takes its place from the label's side."""
    assert made("t", "a", "key") == "t_a_key"
    assert made("t", "", "pkey") == "t_pkey"
    assert made("x" * 63, "", "pkey") == "x" * 58 + "_pkey"
    assert made("x" * 40, "y" * 40, "key") == "x" * 29 + "_" + "y" * 29 + "_key"
    assert made("x" * 5, "y" * 80, "key") == "x" * 5 + "_" + "y" * 53 + "_key"
    assert made("ё" * 31, "", "check") == "ё" * 28 + "_check"
    assert choose("t", "a", "idx", {"t_a_idx", "t_a_idx1"}.__contains__) == "t_a_idx2"
    assert distinct(["expr", "expr", "a", "expr"]) == ["expr", "expr1", "a", "expr2"]
    assert joined(["x" * 40, "y" * 40, "z"]) == "x" * 40 + "_" + "y" * 40
