"""A type that values fit into, or that the server refuses, is no loss; what does not fit is told."""

from __future__ import annotations

import pytest

from monitor.errors import PlanRefused
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind
from tests import rollbacks
from tests.conftest import Database
from tests.rollbacks import ALLOWING, build, connected, executing, rolled_back

TABLE = """
CREATE TABLE goods (
    id int PRIMARY KEY, code varchar(40), name text, many bigint, few smallint, price numeric(12, 2),
    weight numeric
);
INSERT INTO goods VALUES (1, 'short', 'short', 7, 7, 1.25, 1.5);
"""

KEEPS = [
    ("code", "varchar(20)", "code = repeat('x', 21)"),
    ("code", "varchar(60)", ""),
    ("code", "text", ""),
    ("name", "varchar(10)", "name = repeat('x', 11)"),
    ("many", "integer", "many = 2147483648"),
    ("many", "smallint", "many = -32769"),
    ("few", "bigint", ""),
    ("price", "numeric(10, 2)", "price = 123456789.00"),
    ("price", "numeric(14, 3)", ""),
    ("price", "numeric", ""),
]
"""Column, its new type, and what does not fit."""

CHANGES = [
    ("price", "numeric(12, 1)"), ("price", "integer"), ("weight", "numeric(10, 2)"), ("many", "text"),
    ("code", "varchar(20) USING left(code, 20)"), ("code", "char(20)"),
]  # fmt: skip
"""What may become another value."""


async def test_a_type_that_keeps_each_value_needs_no_name(database: Database) -> None:
    """What does not fit is a warning, and the server does refuse it."""
    await build(database.dsn, TABLE)
    async with connected(database.dsn) as c:
        for column, type_, odd in KEEPS:
            sql = f"ALTER TABLE goods ALTER COLUMN {column} TYPE {type_}"
            fine = await prepare(database.dsn, sql.encode(), ALLOWING)
            assert not [w for w in fine.warnings if "does not fit" in w], sql
            assert fine.stored.plan["destroyed"] == []
            if not odd:
                continue
            await c.execute(f"UPDATE goods SET {odd}")
            told = await prepare(database.dsn, sql.encode(), ALLOWING)
            what = f"{column} of at least one row of goods does not fit into the type"
            assert [w for w in told.warnings if what in w], (sql, told.warnings)
            with pytest.raises(Exception, match=r"too long|out of range|overflow"):
                await c.execute(sql)
            await c.execute("UPDATE goods SET code = 'a', name = 'a', many = 1, price = 1")


async def test_a_type_that_changes_values_must_be_named(database: Database) -> None:
    """Rounding, another family of types, and what USING makes."""
    await build(database.dsn, TABLE)
    for column, type_ in CHANGES:
        sql = f"ALTER TABLE goods ALTER COLUMN {column} TYPE {type_}"
        with pytest.raises(PlanRefused, match=f"--accept-loss public.goods.{column}"):
            await prepare(database.dsn, sql.encode(), ALLOWING)


async def test_a_narrower_type_is_rolled_back_and_its_values_stay(database: Database) -> None:
    """Ready, until a row does not fit."""
    await build(database.dsn, TABLE)
    watch = await rollbacks.registered(database.dsn, b"ALTER TABLE goods ALTER COLUMN code TYPE varchar(20)")
    async with connected(database.dsn) as c, executing(database.dsn) as executor:
        await c.execute("UPDATE goods SET code = repeat('x', 21)")
        assert (await executor.ready(watch, full=True)).codes == ("data",)
        await c.execute("UPDATE goods SET code = 'fits'")
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, watch)
        assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
        assert await c.fetchval("SELECT code FROM goods") == "fits"


FUNCTIONS = """
CREATE TABLE x (id int);
CREATE FUNCTION f1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION f2() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION f2();
"""

POINT = "CREATE OR REPLACE TRIGGER tr BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION "


async def test_a_trigger_that_is_pointed_elsewhere_frees_its_function(database: Database) -> None:
    """The old one may be dropped behind it; the one that it points to may not."""
    await build(database.dsn, FUNCTIONS)
    for sql in (f"{POINT} public.f2(); DROP FUNCTION f2()", f"{POINT} f1(); DROP FUNCTION f1()"):
        with pytest.raises(PlanRefused, match=r"is needed by trigger tr on public\.x"):
            await prepare(database.dsn, sql.encode(), ALLOWING)
    watch = await rollbacks.registered(database.dsn, f"{POINT} f1(); DROP FUNCTION f2()".encode())
    async with executing(database.dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome.reason
