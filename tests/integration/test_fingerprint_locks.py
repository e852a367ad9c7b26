"""Describing a view locks what it names: in a large schema little by little, and still as of one moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from monitor.demo.postgres import Server
from monitor.schema import whole
from tests import servers
from tests.conftest import Database
from tests.rollbacks import connected

MANY = """
CREATE TABLE a (x int, y int); CREATE TABLE b (x int); CREATE TABLE c (x int);
CREATE VIEW v1 AS SELECT a.x, b.x AS z FROM a JOIN b USING (x);
CREATE VIEW v2 AS SELECT * FROM v1 JOIN c USING (x);
CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM v2;
CREATE RULE r AS ON INSERT TO v1 DO INSTEAD INSERT INTO b SELECT x FROM c;
CREATE POLICY p ON a USING (x IN (SELECT x FROM b)) WITH CHECK (x > 0);
CREATE POLICY q ON b USING (x > 0);
CREATE FUNCTION f() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM a, b, c; END;
CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';
"""


async def test_what_is_described_in_batches_is_the_same_as_at_once(database: Database) -> None:
    """Views, rules, queries of policies and of functions, one by one."""
    async with connected(database.dsn) as c:
        await c.execute(MANY)
        async with c.transaction(readonly=True):
            at_once = await whole.read(c)
            assert await whole.read(c, (1,)) == at_once
            assert await whole.read(c, (3,)) == at_once
        assert "JOIN public.b" in at_once["public.v1"]["definition"]
        assert "SELECT c.x" in at_once["public.v1"]["rules"]["r"]["definition"]
        assert "public.b" in at_once["public.a"]["policies"]["p"]["using"]
        assert len(at_once["function public.f()"]["definition"]) == 64


async def test_what_others_rename_between_two_batches_is_read_again(database: Database) -> None:
    """A table with its old column and a view with the new one were never there at the same time."""
    stop = asyncio.Event()

    async def rename() -> int:
        names, n = ("y", "why"), 0
        async with connected(database.dsn) as other:
            while not stop.is_set():
                await other.execute(f"ALTER TABLE a RENAME {names[n % 2]} TO {names[(n + 1) % 2]}")
                n += 1
                await asyncio.sleep(0.2)
        return n

    async with connected(database.dsn) as c:
        await c.execute(MANY + "CREATE VIEW v3 AS SELECT y AS renamed FROM a")
        task = asyncio.create_task(rename())
        for _ in range(10):
            async with c.transaction(readonly=True):
                found = await whole.read(c, (1,))
            column = "y" if "y" in found["public.a"]["columns"] else "why"
            assert f"{column} AS renamed" in found["public.v3"]["definition"]
        stop.set()
        assert await task > 0


VIEWS = 900

NARROW = {
    "max_connections": "12", "max_locks_per_transaction": "12", "max_prepared_transactions": "0",
    "max_wal_senders": "0", "max_worker_processes": "2", "autovacuum_max_workers": "1",
}  # fmt: skip


@pytest.fixture(params=servers.BINARIES, ids=lambda b: f"pg{b.major}")
async def narrow(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A server whose sessions share a table of few locks."""
    server = Server(request.param, NARROW)
    server.start()
    try:
        yield server.dsn()
    finally:
        server.remove()


@pytest.mark.slow
async def test_a_schema_of_many_views_is_read_on_a_server_with_room_for_few_locks(narrow: str) -> None:
    """No statement of the application fails for want of a lock because of us."""
    stop = asyncio.Event()

    async def work() -> int:
        n = 0
        async with connected(narrow) as application:
            while not stop.is_set():
                await application.fetchval(" UNION ALL ".join(f"SELECT x FROM t{i}" for i in range(1, 30)))
                n += 1
        return n

    async with connected(narrow) as c:
        for start in range(0, VIEWS, 20):
            await c.execute(
                ";".join(
                    f"CREATE TABLE t{i} (x int); CREATE VIEW v{i} AS SELECT x FROM t{i}"
                    for i in range(start, start + 20)
                )
            )
        task = asyncio.create_task(work())
        await asyncio.sleep(0.2)
        async with c.transaction(readonly=True):
            found = await whole.read(c)
        stop.set()
        assert await task > 0
        assert sum(1 for entry in found.values() if entry.get("kind") == "view") == VIEWS
        assert all(entry["definition"] for entry in found.values() if entry.get("kind") == "view")
        with pytest.raises(asyncpg.OutOfMemoryError):
            await c.fetch("SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND oid > 16384")
