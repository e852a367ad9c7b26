"""Quarantine: what would be dropped is put aside by statements that are shown and hashed at registration."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from monitor.errors import PlanRefused
from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import Options, Prepared, prepare
from monitor.plan.take_fingerprint import take
from monitor.ports import OutcomeKind
from monitor.rollback.executor import RollbackExecutor
from monitor.salvage.giving_back import Wish, restore
from monitor.sql.scripts import sha256_of
from monitor.store.gateway import PgStore
from tests.conftest import Database
from tests.roles import ROLLBACK, make_roles
from tests.rollbacks import build, columns, connected, executing, load, rolled, rolled_back, store

pytestmark = pytest.mark.corner

SHOP = """
CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    customer int REFERENCES customers,
    code text NOT NULL DEFAULT 'none' UNIQUE CHECK (code <> ''),
    total numeric(10, 2),
    doubled numeric GENERATED ALWAYS AS (total * 2) STORED
);
CREATE INDEX orders_code ON orders (lower(code), customer);
INSERT INTO customers VALUES (1);
INSERT INTO orders (customer, code, total) SELECT 1, 'c' || n, n FROM generate_series(1, 20) n;
"""

QUARANTINE = Options(DataLoss.QUARANTINE, allow_superuser="postgres")


async def quarantined(dsn: str, sql: bytes) -> Prepared:
    await build(dsn, SHOP)
    return await prepare(dsn, sql, QUARANTINE)


def texts(prepared: Prepared) -> list[str]:
    return [s.text for s in prepared.statements]


async def test_a_dropped_column_is_renamed_and_stands_in_nobodys_way(database: Database) -> None:
    """Its key, check, index, default and NOT NULL go, as with DROP COLUMN; inserts work; values are kept."""
    dsn = database.dsn
    sql = b"--\nALTER TABLE orders\n  DROP COLUMN IF EXISTS code;\nALTER TABLE orders DROP COLUMN doubled"
    prepared = await quarantined(dsn, sql)
    assert texts(prepared) == [
        'ALTER TABLE "orders" DROP CONSTRAINT "orders_code_check"',
        'ALTER TABLE "orders" DROP CONSTRAINT "orders_code_key"',
        'DROP INDEX public."orders_code"',
        'ALTER TABLE "orders" ALTER COLUMN "code" DROP NOT NULL, ALTER COLUMN "code" DROP DEFAULT',
        'ALTER TABLE "orders" RENAME COLUMN "code" TO "quarantined_1_code"',
        "ALTER TABLE orders DROP COLUMN doubled",
    ]
    assert prepared.statements[-1].line == 4
    plan: dict[str, Any] = dict(prepared.stored.plan)
    assert (plan["given"], plan["given_sha256"]) == (sql.decode(), sha256_of(sql.decode()))
    assert prepared.stored.sha256 != plan["given_sha256"]
    again = await prepare(dsn, sql, QUARANTINE)
    assert again.stored.sha256 == prepared.stored.sha256
    assert "rollback drops 20 values of orders.code (kept in quarantine)" in prepared.notices
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        outcome = await rolled_back(executor, await load(dsn))
    assert (outcome.kind, outcome.detail.get("verified")) == (OutcomeKind.ROLLED_BACK, "plan"), outcome
    assert await columns(dsn, "orders") == ["id", "customer", "quarantined_1_code", "total"]
    async with connected(dsn) as c:
        await c.execute("INSERT INTO orders (customer, total) VALUES (1, 5), (1, 5)")
        assert await c.fetchval("SELECT count(quarantined_1_code) FROM orders") == 20
        kept = await c.fetchrow("SELECT * FROM migration_monitor_salvage.manifest")
    assert kept is not None
    assert (kept["how"], kept["kept_column"]) == ("quarantined", "quarantined_1_code")
    assert "ADD CONSTRAINT orders_code_key UNIQUE (code)" in kept["finish_sql"]


async def test_a_dropped_table_moves_to_a_closed_schema(database: Database) -> None:
    """With its rows; its foreign keys go, so that nobody else's rows are held by it."""
    dsn = database.dsn
    prepared = await quarantined(dsn, b"DROP TABLE IF EXISTS absent, orders")
    assert texts(prepared) == [
        'ALTER TABLE "orders" DROP CONSTRAINT "orders_customer_fkey"',
        'ALTER TABLE "orders" SET SCHEMA migration_monitor_quarantine',
    ]
    watch = await store(dsn, prepared)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
        assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    async with connected(dsn) as c:
        await c.execute("DELETE FROM customers")
        assert await c.fetchval("SELECT count(*) FROM migration_monitor_quarantine.orders") == 20
        opened = "SELECT has_schema_privilege('public', 'migration_monitor_quarantine', 'USAGE')"
        assert await c.fetchval(opened) is False
        restore = await c.fetchval("SELECT create_sql FROM migration_monitor_salvage.manifest")
        assert restore == 'ALTER TABLE "migration_monitor_quarantine".orders SET SCHEMA public;\n'
        await c.execute("CREATE TABLE orders (id int PRIMARY KEY)")
    second = await prepare(dsn, b"DROP TABLE orders", QUARANTINE)
    assert texts(second) == [
        'ALTER INDEX public."orders_pkey" RENAME TO "quarantined_2_orders_pkey"',
        'ALTER TABLE public."orders" RENAME TO "quarantined_2_orders"',
        'ALTER TABLE public."quarantined_2_orders" SET SCHEMA migration_monitor_quarantine',
    ]


NAMES = """SELECT relname::text, relkind::text, relnamespace::regnamespace::text FROM pg_class
            WHERE relname LIKE '%items%' ORDER BY 3, 1"""


@pytest.mark.promise(11)
async def test_a_table_is_quarantined_again_and_again_by_a_role_that_makes_no_schema(
    database: Database,
) -> None:
    """All under free names in the one schema, and under their own when they are taken back."""
    dsns = await make_roles(database.dsn)
    opened = PgStore("shop", dsns.rollback)
    await opened.open()
    await opened.aclose()
    items = (
        "CREATE TABLE items (id serial PRIMARY KEY, k int GENERATED ALWAYS AS IDENTITY,"
        " code text UNIQUE REFERENCES items (code)); INSERT INTO items (code) VALUES ('{}')"
    )
    async with connected(dsns.owner) as c:
        await c.execute(items.format("first"))
        before = [tuple(r) for r in await c.fetch(NAMES)]
        await c.execute("DROP TABLE items")
        for n in range(1, 4):
            await c.execute(items.format(n))
            prepared = await prepare(dsns.rollback, b"DROP TABLE items", Options(DataLoss.QUARANTINE))
            watch = await store(dsns.rollback, prepared, f"w-{n}")
            executor = RollbackExecutor(dsns.rollback, "shop")
            try:
                assert (await executor.ready(watch, full=True)).reasons == ()
                outcome = await rolled_back(executor, watch)
            finally:
                await executor.aclose()
            assert (outcome.kind, outcome.detail.get("verified")) == (OutcomeKind.ROLLED_BACK, "plan"), (
                outcome
            )
        for n in (3, 1, 2):
            (done,) = await restore(dsns.rollback, f"w-{n}", "shop", Wish(create=True))
            assert (done.rows, done.created) == (1, True)
            assert await c.fetchval("SELECT code FROM items") == str(n)
            assert [tuple(r) for r in await c.fetch(NAMES) if r[2] == "public"] == before
            await c.execute("DROP TABLE items")


@pytest.mark.promise(7)
async def test_a_table_that_may_not_be_put_aside_is_known_at_registration(database: Database) -> None:
    """The remedy is one GRANT."""
    dsns = await make_roles(database.dsn)
    async with connected(dsns.owner) as c:
        await c.execute("CREATE TABLE items (id int)")
    async with connected(database.dsn) as c:
        await c.execute(f"REVOKE CREATE ON SCHEMA migration_monitor_quarantine FROM {ROLLBACK}")
        with pytest.raises(PlanRefused, match="GRANT CREATE ON SCHEMA migration_monitor_quarantine"):
            await prepare(dsns.rollback, b"DROP TABLE items", Options(DataLoss.QUARANTINE))


@pytest.mark.promise(11)
@pytest.mark.parametrize("length", [40, 60])
async def test_columns_with_long_names_that_begin_alike_are_kept_apart(
    database: Database, length: int
) -> None:
    """And a column that is dropped, added and dropped again, each under a name of its own."""
    dsn, stem = database.dsn, "é" * (length // 2)
    names = (f"{stem}aa", f"{stem}bb")
    await build(
        dsn,
        f'CREATE TABLE t (id int PRIMARY KEY, "{names[0]}" text, "{names[1]}" text);'
        "INSERT INTO t VALUES (1, 'A', 'B')",
    )
    drop = "; ".join(f'ALTER TABLE t DROP COLUMN "{n}"' for n in names)
    again = f'ALTER TABLE t ADD COLUMN "{names[0]}" int; ALTER TABLE t DROP COLUMN "{names[0]}"'
    await rolled(dsn, f"{drop}; {again}", DataLoss.QUARANTINE)
    aside = [n for n in await columns(dsn, "t") if n != "id"]
    assert len(aside) >= 2
    async with connected(dsn) as c:
        await restore(dsn, "w-1", "shop", Wish(create=True))
        found = await c.fetchrow(f'SELECT "{names[0]}", "{names[1]}" FROM t')
    assert tuple(found or ()) == ("A", "B")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (b"ALTER TABLE orders DROP COLUMN code, ADD COLUMN x int", "write each as its own statement"),
        (b"DELETE FROM orders", "can't be quarantined: if it may be lost, say --accept-loss public.orders"),
        (
            b"\nDROP TABLE customers CASCADE",
            "line 2: CASCADE would take table constraint orders_",
        ),
        (b"ALTER TABLE orders SET SCHEMA elsewhere", "SET SCHEMA is not a known kind"),
        (b"DROP TABLE nowhere", "nowhere does not exist"),
    ],
)
async def test_what_can_not_be_put_aside_is_refused(database: Database, sql: bytes, why: str) -> None:
    """With the line of the operator's text and the remedy."""
    with pytest.raises(PlanRefused, match=re.escape(why)):
        await quarantined(database.dsn, sql)


async def test_what_is_put_aside_is_no_difference_to_the_schema_from_before(database: Database) -> None:
    """A column, a table that moves away, and what stood on them: verified by the fingerprint of before."""
    dsn = database.dsn
    await build(dsn, "CREATE TABLE customers (id int PRIMARY KEY)")
    before = await take(dsn)
    async with connected(dsn) as c:
        await c.execute(SHOP.replace("CREATE TABLE customers (id int PRIMARY KEY);", ""))
        await c.execute("ALTER TABLE customers ADD COLUMN code text NOT NULL DEFAULT '' UNIQUE")
    sql = b"DROP TABLE orders; ALTER TABLE customers DROP COLUMN code"
    watch = await store(dsn, await prepare(dsn, sql, replace(QUARANTINE, before=before)))
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    assert (outcome.kind, outcome.detail.get("verified")) == (OutcomeKind.ROLLED_BACK, "before"), outcome
