"""`restore --create`: what comes back with a table or column beside its rows."""

from __future__ import annotations

import pytest

from monitor.salvage.giving_back import Wish, restore
from tests.conftest import Database
from tests.rollbacks import build, connected, rolled

pytestmark = pytest.mark.corner

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, code text NOT NULL, note text);
CREATE UNIQUE INDEX orders_code ON orders (code);
ALTER TABLE orders ALTER note SET STATISTICS 77, ALTER note SET STORAGE EXTERNAL,
  ALTER note SET (n_distinct = -0.5), REPLICA IDENTITY USING INDEX orders_code;
CREATE RULE silent AS ON DELETE TO orders DO INSTEAD NOTHING;
CREATE RULE never AS ON UPDATE TO orders DO INSTEAD NOTHING;
ALTER TABLE orders DISABLE RULE never;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER always BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER replica BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER off BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE orders ENABLE ALWAYS TRIGGER always, ENABLE REPLICA TRIGGER replica, DISABLE TRIGGER off;
GRANT SELECT ON orders TO PUBLIC;
GRANT UPDATE (note) ON orders TO pg_monitor WITH GRANT OPTION;
GRANT DELETE ON orders TO pg_monitor WITH GRANT OPTION;
INSERT INTO orders VALUES (1, 'a', 'x'), (2, 'b', NULL);
"""

OF_ORDERS = """SELECT x::text FROM (
 SELECT (attname, attstattarget, attstorage, attacl,  -- what else a server notes in its options is its own
         ARRAY(SELECT o FROM unnest(attoptions) o WHERE o ~ '^n_distinct')) AS x FROM pg_attribute
  WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped
 UNION ALL SELECT ROW(relreplident, ARRAY(SELECT unnest(relacl)::text ORDER BY 1))
             FROM pg_class WHERE oid = 'orders'::regclass
 UNION ALL SELECT ROW(indexrelid::regclass, indisreplident) FROM pg_index WHERE indrelid = 'orders'::regclass
 UNION ALL SELECT (rulename, ev_enabled, pg_get_ruledef(oid)) FROM pg_rewrite
            WHERE ev_class = 'orders'::regclass
 UNION ALL SELECT (tgname, tgenabled) FROM pg_trigger
            WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal) all_of_it ORDER BY 1"""


@pytest.mark.promise(11)
@pytest.mark.parametrize("down", ["DROP TABLE orders", "ALTER TABLE orders DROP COLUMN note"])
async def test_what_replication_and_the_planner_were_told_comes_back(database: Database, down: str) -> None:
    """Replica identity, rules, when triggers fire, grants with their option, storage and statistics."""
    dsn = database.dsn
    await build(dsn, SHOP)
    async with connected(dsn) as c:
        before = await c.fetch(OF_ORDERS)
        if down.startswith("ALTER"):
            await c.execute("DROP RULE silent ON orders; DROP RULE never ON orders")
            before = await c.fetch(OF_ORDERS)
        await rolled(dsn, down)
        await restore(dsn, "w-1", "shop", Wish(create=True))
        assert await c.fetch(OF_ORDERS) == before
        assert [tuple(r) for r in await c.fetch("SELECT * FROM orders ORDER BY id")] == [
            (1, "a", "x"), (2, "b", None),
        ]  # fmt: skip


MUTUAL = """
CREATE TABLE parents (id int PRIMARY KEY, favourite int);
CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents);
CREATE TABLE toys (id int PRIMARY KEY, child int REFERENCES children DEFERRABLE INITIALLY DEFERRED);
INSERT INTO parents VALUES (1, 1); INSERT INTO children VALUES (1, 1); INSERT INTO toys VALUES (1, 1);
ALTER TABLE parents ADD CONSTRAINT likes FOREIGN KEY (favourite) REFERENCES children;
"""

FOREIGN = "SELECT conname, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' ORDER BY 1"


@pytest.mark.promise(11)
@pytest.mark.parametrize(
    "down",
    [
        "ALTER TABLE parents DROP CONSTRAINT likes; DROP TABLE toys; DROP TABLE children; DROP TABLE parents",
        "DROP TABLE parents CASCADE; DROP TABLE toys; DROP TABLE children",
        "DROP TABLE parents CASCADE; DROP TABLE children CASCADE",
    ],
)
async def test_tables_that_point_to_each_other_come_back_in_any_order(database: Database, down: str) -> None:
    """Foreign keys last, each once, also one that a CASCADE took from a table that stays."""
    dsn = database.dsn
    await build(dsn, MUTUAL)
    async with connected(dsn) as c:
        before = await c.fetch(FOREIGN)
        await rolled(dsn, down)
        await restore(dsn, "w-1", "shop", Wish(create=True))
        for table in ("parents", "children", "toys"):
            assert await c.fetchval(f"SELECT count(*) FROM {table}") == 1
        assert await c.fetch(FOREIGN) == before


PARTS = """
CREATE TABLE parts (id int, day int, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE INDEX parts_v ON parts (v);
CREATE TABLE one PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE UNLOGGED TABLE two PARTITION OF parts FOR VALUES FROM (10) TO (20) WITH (fillfactor = 70);
CREATE INDEX one_local ON one (day, v); ALTER TABLE one ADD CONSTRAINT known CHECK (v <> '');
COMMENT ON TABLE one IS 'the first';
INSERT INTO parts SELECT n, n, 'v' || n FROM generate_series(0, 19) n;
"""

OF_PARTS = """SELECT x::text FROM (
 SELECT ROW(c.relname, c.relpersistence::text, c.reloptions, c.relispartition,
            obj_description(c.oid, 'pg_class'), pg_get_expr(c.relpartbound, c.oid)) AS x
   FROM pg_class c WHERE relname IN ('parts', 'one', 'two')
 UNION ALL SELECT ROW(pg_get_indexdef(indexrelid), inhparent::regclass) FROM pg_index
             LEFT JOIN pg_inherits ON inhrelid = indexrelid
            WHERE indrelid IN ('parts'::regclass, 'one'::regclass, 'two'::regclass)
 UNION ALL SELECT ROW(conrelid::regclass, conname) FROM pg_constraint
            WHERE contype <> 'n' AND conrelid IN ('parts'::regclass, 'one'::regclass)) p ORDER BY 1"""


@pytest.mark.promise(11)
@pytest.mark.parametrize("down", ["DROP TABLE one", "DROP TABLE two", "DROP TABLE parts"])
async def test_a_partition_is_one_again(database: Database, down: str) -> None:
    """Attached, with its own indexes, checks, comment, and whether it is logged."""
    dsn = database.dsn
    await build(dsn, PARTS)
    async with connected(dsn) as c:
        before = await c.fetch(OF_PARTS)
        await rolled(dsn, down)
        await restore(dsn, "w-1", "shop", Wish(create=True))
        assert await c.fetch(OF_PARTS) == before
        assert await c.fetchval("SELECT count(*) FROM parts") == 20


@pytest.mark.promise(11)
@pytest.mark.parametrize("down", ["DROP TABLE t", "ALTER TABLE t DROP COLUMN a"])
async def test_nulls_that_a_not_null_does_not_know_of_yet_come_back(database: Database, down: str) -> None:
    """NOT NULL … NOT VALID is of PostgreSQL 18; before it NOT NULL has no such state."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, NULL), (2, 5)")
    async with connected(dsn) as c:
        if database.server.binaries.major >= 18:
            await c.execute("ALTER TABLE t ADD CONSTRAINT known NOT NULL a NOT VALID")
        before = await c.fetch("SELECT conname, convalidated FROM pg_constraint WHERE conname = 'known'")
        await rolled(dsn, down)
        await restore(dsn, "w-1", "shop", Wish(create=True))
        assert await c.fetchval("SELECT count(*) FROM t WHERE a IS NULL") == 1
        assert before == await c.fetch(
            "SELECT conname, convalidated FROM pg_constraint WHERE conname = 'known'"
        )
