"""What changed in a real database since a baseline: statements, lock waits, invalid indexes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from monitor import pg
from monitor.ports import Json
from monitor.rollback.held import fit_session
from monitor.sources.changes import DatabaseChanges
from monitor.sources.session import Session
from monitor.store.gateway import PgStore
from tests.conftest import Database
from tests.roles import OWNER, ROLLBACK, make_roles
from tests.rollbacks import connected

CANARY = "canary-5ecret@example.com"


async def test_statements_lock_waits_and_invalid_indexes_are_told_since_the_baseline(
    database: Database,
) -> None:
    """Slower, new and absent ones without their values; ours are not among them."""
    sql = await asyncpg.connect(database.dsn)
    other = await asyncpg.connect(database.dsn)
    reads = DatabaseChanges(Session(database.dsn, name="changes/test"))
    try:
        await sql.execute("CREATE TABLE contacts (id int, email text)")
        await sql.execute("INSERT INTO contacts SELECT g % 5, g::text FROM generate_series(1, 50) g")
        counted = await has_statements(sql)
        for _ in range(10):
            await sql.fetch("SELECT count(*) FROM contacts WHERE email = $1", CANARY)
        baseline: Any = json.loads(json.dumps(await reads.baseline()))
        assert baseline["known"] is counted
        await sql.execute("INSERT INTO contacts SELECT g, g::text FROM generate_series(100, 60000) g")
        for _ in range(10):
            await sql.fetch("SELECT count(*) FROM contacts WHERE email = $1", CANARY)
            await sql.execute(f"SELECT id FROM contacts WHERE email = '{CANARY}' /* {CANARY} */ LIMIT 1")
        await sql.execute(f"CREATE INDEX ON contacts (email) WHERE email <> '{CANARY}'")
        with pytest.raises(asyncpg.UniqueViolationError):
            await sql.execute("CREATE UNIQUE INDEX CONCURRENTLY contacts_once ON contacts (id)")
        async with sql.transaction():
            await sql.execute("LOCK TABLE contacts")
            waiting = asyncio.create_task(other.fetch("SELECT * FROM contacts LIMIT 1"))
            found = await until_waiting(reads, baseline)
        await waiting
    finally:
        await reads.aclose()
        await other.close()
        await sql.close()
    assert found["lock_waits"][0]["waiting"] == 1
    assert found["invalid_indexes"] == [{"name": "contacts_once", "relation": "contacts", "new": True}]
    assert CANARY not in json.dumps(found)
    if counted:
        statements = found["statements"]
        assert statements["slower"][0]["statement"] == "SELECT count(*) FROM contacts WHERE email = $1"
        assert statements["slower"][0]["mean_ms"] > 2 * statements["slower"][0]["mean_before_ms"]
        new = [s["statement"] for s in statements["new"]]
        assert "SELECT id FROM contacts WHERE email = $1 LIMIT $2" in new
        assert "CREATE …" in new
        assert not any("pg_stat" in text or "pg_locks" in text for text in new)
    else:
        assert found["statements"] is None


async def test_what_our_own_roles_do_is_not_told(database: Database) -> None:
    """Marked or not: nobody else uses them, so nothing of theirs is the application's."""
    dsns = await make_roles(database.dsn)
    async with connected(dsns.admin) as admin, connected(dsns.owner) as shop:
        if not await has_statements(admin):
            return
        await shop.execute(f"CREATE TABLE contacts AS {ROWS}")
        reads = DatabaseChanges(Session(dsns.polling, name="changes/test"), ROLLBACK)
        try:
            baseline = await reads.baseline()
            ours = await pg.connect(dsns.rollback, name="rollback/test")
            await ours.fetch("SELECT max(id) FROM contacts")
            await pg.close(ours)
            await shop.fetch("SELECT min(id) FROM contacts")
            assert await new_statements(reads, baseline) == ["SELECT min(id) FROM contacts"]
        finally:
            await reads.aclose()


async def test_a_role_that_the_application_uses_too_is_told_by_its_statements(database: Database) -> None:
    """Of a small set-up's one role only what is ours, the driver's or the session's is left out."""
    dsns = await make_roles(database.dsn)
    async with connected(dsns.admin) as admin, connected(dsns.owner) as shop:
        if not await has_statements(admin):
            return
        await admin.execute(f"DROP SCHEMA {SCHEMAS}; GRANT CREATE ON DATABASE {database.name} TO {OWNER}")
        reads = DatabaseChanges(Session(dsns.owner, name="changes/test"), OWNER)
        try:
            baseline = await reads.baseline()
            store = PgStore("shop", dsns.owner)
            await store.open()
            await store.aclose()
            for _ in range(20):
                await pg.close((await fit_session(dsns.owner, "rollback/test")).connection)
            async with shop.transaction():
                await shop.execute(f"SET LOCAL work_mem = '8MB'; CREATE TABLE contacts AS {ROWS}")
                await shop.fetch("SELECT min(id) FROM contacts")
            assert await new_statements(reads, baseline) == ["CREATE …", "SELECT min(id) FROM contacts"]
        finally:
            await reads.aclose()


SCHEMAS = "migration_monitor, migration_monitor_salvage, migration_monitor_quarantine"
"""Of a rollback role that is not used here."""

ROWS = "SELECT g AS id, g::text AS email FROM generate_series(1, 60000) g"
"""Enough that reading them takes more than a millisecond."""


async def new_statements(reads: DatabaseChanges, baseline: Json) -> list[str]:
    found: Any = await reads.changes(baseline, [])
    return [s["statement"] for s in found["statements"]["new"]]


async def has_statements(sql: asyncpg.Connection[asyncpg.Record]) -> bool:
    """Whether the server has pg_stat_statements, which is installed then."""
    try:
        await sql.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await sql.fetch("SELECT 1 FROM pg_stat_statements LIMIT 1")
    except asyncpg.PostgresError:
        return False
    return True


async def until_waiting(reads: DatabaseChanges, baseline: Any) -> Any:
    """The changes as soon as somebody waits for the table."""
    async with asyncio.timeout(20):
        while True:
            found: Any = await reads.changes(baseline, ["contacts"])
            if found["lock_waits"]:
                return found
            await asyncio.sleep(0.05)
