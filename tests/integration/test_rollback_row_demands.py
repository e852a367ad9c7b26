"""Rows that the rollback will fail on: told by readiness, and it does fail on them."""

from __future__ import annotations

import pytest

from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, prepare
from monitor.ports import Lack, OutcomeKind
from tests.conftest import Database
from tests.rollbacks import ALLOWING, SUPERUSER, build, connected, executing, rolled_back, store

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE places (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, email text, a int, during int4range);
INSERT INTO places VALUES (1);
INSERT INTO t VALUES (1, 'a', 1, '[1,2)'), (2, 'b', NULL, NULL);
"""

PARTS = """
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a, b);
CREATE TABLE p_rest PARTITION OF p DEFAULT;
INSERT INTO p VALUES (9, 'z'), (10, NULL), (20, 'b');
CREATE TABLE q (a int) PARTITION BY RANGE (a);
CREATE TABLE q_rest PARTITION OF q DEFAULT;
INSERT INTO q VALUES (9), (NULL);
CREATE TABLE l (a text) PARTITION BY LIST (a);
CREATE TABLE l_rest PARTITION OF l DEFAULT;
INSERT INTO l VALUES ('a');
"""

CASES: dict[str, tuple[str, str, str, str]] = {
    "a unique index on an expression": (
        TABLES, "CREATE UNIQUE INDEX u ON t (lower(email), a)",
        "INSERT INTO t VALUES (3, 'A', 1), (4, 'B', NULL)",
        "at least two rows of t have the same lower(email), a",
    ),
    "the same under the name of now": (
        TABLES, "ALTER TABLE t RENAME COLUMN email TO mail; CREATE UNIQUE INDEX u ON t (lower(t.mail))",
        "INSERT INTO t VALUES (3, 'A')", "at least two rows of t have the same lower(t.mail)",
    ),
    "a unique index on a part": (
        TABLES, "CREATE UNIQUE INDEX u ON t (email) WHERE a IS NULL",
        "INSERT INTO t VALUES (3, 'a', 2), (4, 'b', NULL)",
        "at least two rows of t in the part that it is about have the same email",
    ),
    "a unique index with a collation": (
        TABLES, 'CREATE UNIQUE INDEX u ON t (email COLLATE "C")', "INSERT INTO t VALUES (3, 'b')",
        "at least two rows of t have the same email",
    ),
    "a CHECK that the plan adds and validates": (
        TABLES, "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID;ALTER TABLE t VALIDATE CONSTRAINT k",
        "INSERT INTO t VALUES (3, 'c', 0)", "VALIDATE CONSTRAINT k would fail now, since at least one row",
    ),
    "a foreign key that the plan adds and validates": (
        TABLES,
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES places NOT VALID;"
        "ALTER TABLE t VALIDATE CONSTRAINT k",
        "INSERT INTO t VALUES (3, 'c', 2)", "at least one row of t has no parent in places",
    ),
    "a CHECK that is there": (
        TABLES, "ALTER TABLE t VALIDATE CONSTRAINT k",
        "ALTER TABLE t DROP CONSTRAINT k; INSERT INTO t VALUES (3, 'c', 0);"
        "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID", "at least one row of t is against k",
    ),
    "a foreign key that is there": (
        TABLES, "ALTER TABLE t VALIDATE CONSTRAINT k",
        "ALTER TABLE t DROP CONSTRAINT k; INSERT INTO t VALUES (3, 'c', 2);"
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES places NOT VALID",
        "at least one row of t has no parent in places",
    ),
    "a range beside a DEFAULT partition": (
        PARTS, "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10, 'a') TO (20, 'b')",
        "INSERT INTO p VALUES (20, 'a')", "at least one row of p_rest belongs into the new partition",
    ),
    "an open range beside a DEFAULT partition": (
        PARTS, "CREATE TABLE q2 PARTITION OF q FOR VALUES FROM (10) TO (MAXVALUE)",
        "INSERT INTO q VALUES (10)", "at least one row of q_rest belongs into the new partition",
    ),
    "a list beside a DEFAULT partition": (
        PARTS, "CREATE TABLE l2 PARTITION OF l FOR VALUES IN ('b', NULL)",
        "INSERT INTO l VALUES (NULL)", "at least one row of l_rest belongs into the new partition",
    ),
    "an EXCLUDE constraint": (
        TABLES, "ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (during WITH &&) WHERE (id > 0)",
        "INSERT INTO t VALUES (3, 'c', 1, '[1,9)')", "exclude each other by x",
    ),
}  # fmt: skip
"""Tables, the plan, what breaks it, and what is said."""

BEFORE = {
    "a CHECK that is there": "ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
    "a foreign key that is there":
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES places NOT VALID",
}  # fmt: skip


TYPED = """
CREATE TYPE mood AS ENUM ('good', 'bad', 'ugly');
CREATE TYPE two AS ENUM ('good', 'bad');
CREATE TABLE typed (id int, m mood, n text, b bigint);
INSERT INTO typed VALUES (1, 'good', ' 12', 7), (2, NULL, NULL, NULL);
"""

CASTS = [
    ("ALTER TABLE typed ALTER m TYPE two USING m::text::two", "UPDATE typed SET m = 'ugly'", "m"),
    (
        "CREATE TYPE old AS ENUM ('good', 'bad'); ALTER TABLE typed ALTER m TYPE old USING m::text::old",
        "UPDATE typed SET m = 'ugly'",
        "m",
    ),
    (
        "ALTER TYPE mood RENAME TO gone; CREATE TYPE mood AS ENUM ('good', 'bad');"
        "ALTER TABLE typed ALTER m TYPE mood USING m::text::mood",
        "UPDATE typed SET m = 'ugly'",
        "m",
    ),
    ("ALTER TABLE typed ALTER n TYPE int USING n::int", "UPDATE typed SET n = 'x'", "n"),
    ("ALTER TABLE typed ALTER n TYPE smallint USING n::smallint", "UPDATE typed SET n = '40000'", "n"),
    ("ALTER TABLE typed ALTER b TYPE int USING b::int", "UPDATE typed SET b = 3000000000", "b"),
]


@pytest.mark.parametrize("case", range(len(CASTS)))
async def test_values_that_a_cast_refuses_make_it_not_ready(database: Database, case: int) -> None:
    """A smaller enum, made by the plan or there; a whole number."""
    sql, breaking, column = CASTS[case]
    said = f"{column} of at least one row of typed does not fit into the type"
    await breaks(database.dsn, TYPED, sql, breaking, said, f"typed.{column}")


@pytest.mark.parametrize("case", CASES)
async def test_rows_that_the_rollback_will_not_take_make_it_not_ready(database: Database, case: str) -> None:
    """Ready with the rows of then, not with those that were written since; and executed it does fail."""
    tables, sql, breaking, said = CASES[case]
    await breaks(database.dsn, f"{tables};{BEFORE.get(case, '')}", sql, breaking, said)


async def breaks(dsn: str, tables: str, sql: str, breaking: str, said: str, *accepted: str) -> None:
    mode = DataLoss.ACCEPT if accepted else DataLoss.SALVAGE
    options = Options(mode, accepted, allow_superuser=SUPERUSER)
    await build(dsn, tables)
    prepared = await prepare(dsn, sql.encode(), options)
    assert not [w for w in prepared.warnings if "would fail" in w]
    watch = await store(dsn, prepared)
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute(breaking)
        found = await executor.ready(watch, full=True)
        assert Lack.DATA.value in found.codes, found
        assert any(said in reason for reason in found.reasons), found
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.FAILED, outcome


VALIDATED = "ALTER TABLE t ADD CONSTRAINT k NOT NULL email NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k"


async def test_a_not_null_that_is_validated_later_is_asked_about(database: Database) -> None:
    """PostgreSQL 18 has it: one of the plan's own, and one that is there."""
    dsn = database.dsn
    await build(dsn, TABLES)
    async with connected(dsn) as c:
        if c.get_server_version().major < 18:
            with pytest.raises(Exception, match="syntax error"):
                await c.execute(VALIDATED)
            return
        await c.execute("INSERT INTO t VALUES (3, NULL)")
        for first, sql in (("", VALIDATED), tuple(VALIDATED.split("; "))):
            if first:
                await c.execute(first)
            warnings = (await prepare(dsn, sql.encode(), ALLOWING)).warnings
            assert [w for w in warnings if "VALIDATE CONSTRAINT k would fail now" in w and "no email" in w]
