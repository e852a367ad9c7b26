"""Rows of other tables that a plan reaches through a foreign key of its own making are a loss, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, prepare
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build

pytestmark = pytest.mark.corner

TABLES = """
CREATE TABLE top (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY REFERENCES top ON DELETE CASCADE, a text);
CREATE TABLE ch (x int PRIMARY KEY, tid int);
CREATE TABLE deep (y int PRIMARY KEY REFERENCES ch ON DELETE CASCADE);
INSERT INTO top VALUES (1); INSERT INTO t VALUES (1, 'x');
INSERT INTO ch VALUES (1, 1); INSERT INTO deep VALUES (1);
"""

KEY = "ALTER TABLE ch ADD CONSTRAINT f FOREIGN KEY (tid) REFERENCES t (id)"

REACHED = [
    (f"{KEY} ON DELETE CASCADE; DELETE FROM t WHERE id = 1", {"ch", "deep"}),
    (f"{KEY} ON DELETE SET NULL; DELETE FROM t WHERE id = 1", {"ch"}),
    (f"{KEY} ON DELETE CASCADE; DELETE FROM top WHERE id = 1", {"t", "ch", "deep"}),
    (f"{KEY} ON UPDATE CASCADE; UPDATE t SET id = 2", {"ch"}),
    (
        "ALTER TABLE ch ADD COLUMN z int DEFAULT 1 REFERENCES t ON DELETE CASCADE; DELETE FROM t",
        {"ch", "deep"},
    ),
    (f"{KEY} ON DELETE CASCADE; ALTER TABLE t RENAME TO u; DELETE FROM u", {"ch", "deep"}),
]

NOT_REACHED = [
    (f"{KEY}; DELETE FROM t WHERE id = 2", "t"),
    (f"{KEY} ON DELETE CASCADE; UPDATE t SET a = 'y'", "t.a"),
    (f"{KEY} ON UPDATE CASCADE; UPDATE t SET a = 'y'", "t.a"),
    (f"DELETE FROM t; {KEY} ON DELETE CASCADE NOT VALID", "t"),
]


def accepting(*names: str) -> Options:
    return replace(ALLOWING, data_loss=DataLoss.ACCEPT, accept_loss=tuple(f"public.{n}" for n in names))


@pytest.mark.promise(11)
async def test_what_a_key_of_the_plan_carries_on_must_be_accepted(database: Database) -> None:
    """CASCADE, SET NULL and what stands behind: each table by name."""
    await build(database.dsn, TABLES)
    for sql, reached in REACHED:
        with pytest.raises(PlanRefused) as e:
            await prepare(database.dsn, sql.encode(), accepting("t", "t.id", "top"))
        said = str(e.value)
        assert reached - {"t"} <= {name for name in ("ch", "deep") if f"destroys public.{name}," in said}, (
            sql,
            said,
        )


async def test_a_key_that_carries_nothing_on_is_no_loss(database: Database) -> None:
    """Another event, another column, or a key that comes after the rows were written."""
    await build(database.dsn, TABLES)
    for sql, written in NOT_REACHED:
        prepared = await prepare(database.dsn, sql.encode(), accepting(written))
        assert not [n for n in prepared.notices if " of ch" in n or " of deep" in n], sql
