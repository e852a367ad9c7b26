"""Putting back what a rollback kept: values by key, whole tables, quarantines; twice is once."""

from __future__ import annotations

import json

import pytest

from monitor.errors import NotFound, OperatorError
from monitor.plan.data_loss import DataLoss
from monitor.salvage.filling import Restored
from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.rollbacks import DROP_COLUMN, build, columns, connected, rolled

pytestmark = pytest.mark.corner

SHOP = """
CREATE SEQUENCE elsewhere;
CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY (INCREMENT BY 2) PRIMARY KEY,
    number serial,
    customer int NOT NULL REFERENCES customers,
    code varchar(20) COLLATE "C" NOT NULL DEFAULT 'none' UNIQUE CHECK (code <> ''),
    total numeric(10, 2),
    doubled numeric GENERATED ALWAYS AS (total * 2) STORED
) WITH (fillfactor = 80);
CREATE INDEX orders_code ON orders (lower(code), customer) WHERE total > 0;
CREATE STATISTICS orders_spread (mcv) ON code, customer FROM orders;
COMMENT ON COLUMN orders.code IS 'what the customer''s list says';
GRANT SELECT ON orders TO PUBLIC;
GRANT UPDATE (code, total) ON orders TO PUBLIC;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON orders FOR SELECT USING (customer > 0);
INSERT INTO customers VALUES (1);
INSERT INTO orders (customer, code, total) SELECT 1, 'c' || n, n FROM generate_series(1, 20) n;
"""

WHOLE = """SELECT string_agg(x, E'\\n' ORDER BY x) FROM (
 SELECT concat(attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
               attcollation, attacl, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)) AS x
   FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped
 UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
  WHERE conrelid = 'orders'::regclass AND contype <> 'n'
 UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'orders'::regclass
 UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = 'orders'::regclass
 UNION ALL SELECT polname FROM pg_policy WHERE polrelid = 'orders'::regclass
 UNION ALL SELECT concat(relacl, reloptions, relrowsecurity, relowner) FROM pg_class
  WHERE oid = 'orders'::regclass) all_of_it"""


async def put_back(dsn: str, **wish: bool) -> Restored:
    (found,) = await restore(dsn, "w-1", "shop", Wish(**wish))
    return found


@pytest.mark.promise(11)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.slow
async def test_values_come_back_where_nothing_newer_was_written(database: Database, mode: DataLoss) -> None:
    """Counted, never over a newer value unless asked, never twice; rows that are gone stay gone."""
    dsn = database.dsn
    await build(dsn)
    await rolled(dsn, DROP_COLUMN.decode(), mode)
    with pytest.raises(OperatorError, match="re-apply the migration first, or make it again with --create"):
        await put_back(dsn)
    async with connected(dsn) as c:
        await c.execute(
            "ALTER TABLE contacts ADD COLUMN new_column text;"
            "UPDATE contacts SET new_column = 'newer' WHERE id = 1;"
            "UPDATE contacts SET new_column = 'v2' WHERE id = 2;"
            "DELETE FROM contacts WHERE id = 3; INSERT INTO contacts (email_address) VALUES ('y@example.org')"
        )
        gone, rows = (1, 100) if mode is DataLoss.SALVAGE else (0, 99)
        tried = await put_back(dsn, dry_run=True)
        assert await c.fetchval("SELECT count(new_column) FROM contacts") == 2
        done = await put_back(dsn)
        assert (done.rows, done.restored, done.kept, done.same, done.missing) == (rows, 97, 1, 1, gone)
        assert tried == done
        assert await c.fetchval("SELECT new_column FROM contacts WHERE id = 1") == "newer"
        assert await c.fetchval("SELECT new_column FROM contacts WHERE id = 77") == "v77"
        again = await put_back(dsn)
        assert (again.restored, again.same) == (0, 98)
        assert (await put_back(dsn, overwrite=True)).restored == 1
        assert await c.fetchval("SELECT new_column FROM contacts WHERE id = 1") == "v1"
        event = await c.fetchrow(
            "SELECT detail::text FROM migration_monitor.event WHERE kind = 'restored' ORDER BY id LIMIT 1"
        )
    assert event is not None
    assert json.loads(event["detail"])[0]["restored"] == 97
    assert "v77" not in event["detail"]


@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.parametrize("sql", ["DROP TABLE orders", "ALTER TABLE orders DROP COLUMN code"])
@pytest.mark.slow
async def test_what_was_dropped_is_made_again_as_it_was(database: Database, sql: str, mode: DataLoss) -> None:
    """Keys, defaults, identity, sequences, indexes, statistics, checks, comments, policies, owner, grants."""
    dsn = database.dsn
    await build(dsn, SHOP)
    async with connected(dsn) as c:
        before = await c.fetchval(WHOLE)
        rows = await c.fetch("SELECT id, number, customer, code, total, doubled FROM orders ORDER BY id")
        await rolled(dsn, sql, mode)
        done = await put_back(dsn, create=True)
        assert (done.rows, done.restored, done.created) == (20, 20, True)
        assert await c.fetchval(WHOLE) == before
        await c.execute("INSERT INTO orders (customer, code) VALUES (1, 'next')")
        found = await c.fetch("SELECT id, number, customer, code, total, doubled FROM orders ORDER BY id")
        assert found[:20] == rows
        assert (found[20]["id"], found[20]["number"]) == (41, 21)
        with pytest.raises(Exception, match="violates check constraint"):
            await c.execute("UPDATE orders SET code = ''")


async def test_a_table_without_a_key_keeps_its_copy_until_somebody_says_how(database: Database) -> None:
    """Refused with the place of the copy; a unique key that was added serves."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE notes (a int, b text); INSERT INTO notes VALUES (1, 'x'), (2, 'y')")
    await rolled(dsn, "ALTER TABLE notes DROP COLUMN b")
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE notes ADD COLUMN b int")
        with pytest.raises(OperatorError, match=r"b is integer now and was text: the values don't fit"):
            await put_back(dsn)
        await c.execute("ALTER TABLE notes DROP COLUMN b, ADD COLUMN b varchar(9)")
        with pytest.raises(OperatorError, match=r"has no key .* migration_monitor_salvage\."):
            await put_back(dsn)
        await c.execute("ALTER TABLE notes ADD UNIQUE (a)")
        done = await put_back(dsn)
        assert (done.restored, done.joined_by) == (2, ("a",))
        assert await columns(dsn, "notes") == ["a", "b"]


async def test_rows_of_a_table_come_back_beside_new_ones(database: Database) -> None:
    """A row whose key is there already stays as it is."""
    dsn = database.dsn
    table = "CREATE TABLE tags (id int PRIMARY KEY, t text)"
    await build(dsn, f"{table}; INSERT INTO tags VALUES (1, 'a'), (2, 'b')")
    with pytest.raises(NotFound, match="kept nothing"):
        await put_back(dsn)
    await rolled(dsn, "DROP TABLE tags")
    async with connected(dsn) as c:
        await c.execute(f"{table}; INSERT INTO tags VALUES (2, 'new')")
        done = await put_back(dsn)
        assert (done.rows, done.restored, done.kept) == (2, 1, 1)
        assert [tuple(r) for r in await c.fetch("SELECT * FROM tags ORDER BY id")] == [(1, "a"), (2, "new")]


async def test_values_of_rows_that_share_a_key_are_not_mixed_up(database: Database) -> None:
    """A key does not reach into the tables that inherit: which value is whose nobody can say then."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE base (id int PRIMARY KEY, a int); CREATE TABLE heir () INHERITS (base);"
                     "INSERT INTO base VALUES (1, 10); INSERT INTO heir VALUES (1, 20)")  # fmt: skip
    await rolled(dsn, "ALTER TABLE base DROP COLUMN a")
    async with connected(dsn) as c:
        await c.execute("ALTER TABLE base ADD COLUMN a int")
        with pytest.raises(OperatorError, match=r"has no key .* migration_monitor_salvage\."):
            await put_back(dsn)
        assert await c.fetchval("SELECT count(a) FROM base") == 0


@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
async def test_rows_without_a_value_are_not_counted_as_restored(database: Database, mode: DataLoss) -> None:
    """Of four rows two had said something."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE notes (id int PRIMARY KEY, b text);"
                     "INSERT INTO notes VALUES (1, 'x'), (2, NULL), (3, 'y'), (4, NULL)")  # fmt: skip
    await rolled(dsn, "ALTER TABLE notes DROP COLUMN b", mode)
    done = await put_back(dsn, create=True)
    assert (done.rows, done.restored, done.same, done.kept) == (2, 2, 0, 0)
