"""What changed in a real database since a baseline: statements, lock waits, invalid indexes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from monitor.probes.changes import DatabaseChanges
from monitor.probes.session import Session
from tests.conftest import Database

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
        await sql.execute(f"COMMENT ON TABLE contacts IS '{CANARY}'")
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
        assert "COMMENT …" in new
        assert not any("pg_stat" in text or "pg_locks" in text for text in new)
    else:
        assert found["statements"] is None


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
