"""Data written since the migration while its rollback meets a full disk, or an application that writes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.plan.data_loss import DataLoss
from monitor.plan.prepare import prepare
from monitor.ports import OutcomeKind, ProgressKind
from tests.conftest import Database
from tests.rollbacks import (
    ALLOWING,
    DROP_COLUMN,
    Heard,
    build,
    columns,
    connected,
    executing,
    ledger_rows,
    order,
    registered,
    rolled_back,
    store,
    write_until,
)

FULL_AT = 20 << 20
"""Bytes a file of the session may have: more than a segment of the log, less than the copy."""

WIDE = (
    "CREATE TABLE wide (id int PRIMARY KEY, note text);"
    "INSERT INTO wide SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 30000) n"
)

SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'migration-monitor/rollback/%'"
    " AND datname = current_database()"
)

INSERT = "INSERT INTO contacts (email_address, new_column) VALUES ('x@example.org', 'late')"
"""What the application wrote while it knew the column; it fails once the column is gone."""


def limit_files(pid: int) -> None:
    """As the server's own user, who alone may: its files end at FULL_AT, as they would on a full disk."""
    owner = Path(f"/proc/{pid}").stat()
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    drop: dict[str, Any] = as_owner if os.geteuid() == 0 else {}
    subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={FULL_AT}"], check=True, **drop)


@pytest.mark.fault(16)
@pytest.mark.promise(1, 11)
@pytest.mark.slow
async def test_a_disk_that_is_full_while_salvaging_loses_nothing(database: Database) -> None:
    """The group is rolled back and it stops with a page; with room again a person's order does it."""
    dsn = database.dsn
    await build(dsn, WIDE)
    watch = await registered(dsn, b"ALTER TABLE wide DROP COLUMN note")
    async with connected(dsn) as c, executing(dsn) as executor:
        assert (await executor.ready(watch, full=True)).ok
        await c.execute("VACUUM wide")
        await c.execute("CHECKPOINT")  # else the session may have to write out what others put into `wide`
        for row in await c.fetch(SESSIONS):
            limit_files(row["pid"])
        outcome = await rolled_back(executor, watch)
        assert outcome.kind is OutcomeKind.FAILED, outcome
        assert "File too large" in outcome.reason
        assert await columns(dsn, "wide") == ["id", "note"]
        assert await c.fetchval("SELECT count(note) FROM wide") == 30000
        assert await c.fetchval("SELECT count(*) FROM migration_monitor_salvage.manifest") == 0
        copies = "SELECT count(*) FROM pg_tables WHERE schemaname = 'migration_monitor_salvage'"
        assert await c.fetchval(copies) == 1  # the manifest itself
        assert await ledger_rows(dsn) == 0
    async with connected(dsn) as c, executing(dsn) as again:
        done = await again.execute(order(watch, "dba"), lambda: True, Heard())
        assert done.kind is OutcomeKind.ROLLED_BACK, done
        assert await c.fetchval("SELECT row_count FROM migration_monitor_salvage.manifest") == 30000


@pytest.mark.corner
@pytest.mark.fault(47)
@pytest.mark.parametrize("sqlstate", ["53100", "53200", "53400"])
async def test_what_is_full_is_told_and_tried_again_until_there_is_room(
    database: Database, sqlstate: str
) -> None:
    """Disk, memory or a limit: no verdict; one page with the cause, and done once somebody has made room."""
    dsn = database.dsn
    await build(dsn)
    watch, heard = await registered(dsn, DROP_COLUMN), Heard()
    async with connected(dsn) as c, executing(dsn) as executor:
        await c.execute(
            "CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '{sqlstate}'; END $$;"
            "CREATE EVENT TRIGGER no_room ON ddl_command_start WHEN TAG IN ('ALTER TABLE')"
            " EXECUTE FUNCTION no_room()"
        )
        task = asyncio.create_task(rolled_back(executor, watch, heard))
        async with asyncio.timeout(30):
            while ProgressKind.HINDERED not in heard.kinds():
                await asyncio.sleep(0.02)
        await asyncio.sleep(1.0)
        assert not task.done()
        assert await ledger_rows(dsn) == 0
        await c.execute("DROP EVENT TRIGGER no_room")
        outcome = await task
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert heard.kinds().count(ProgressKind.HINDERED) == 1
    assert "no space left" in next(p.text for p in heard.progress if p.kind is ProgressKind.HINDERED)


@pytest.mark.fault(24)
@pytest.mark.promise(11)
@pytest.mark.parametrize("mode", [DataLoss.SALVAGE, DataLoss.QUARANTINE])
@pytest.mark.slow
async def test_every_value_that_was_committed_is_kept(database: Database, mode: DataLoss) -> None:
    """Written before and during the rollback: as many are kept as the application was told are written."""
    dsn = database.dsn
    await build(dsn)
    watch = await store(dsn, await prepare(dsn, DROP_COLUMN, replace(ALLOWING, data_loss=mode)))
    stop = asyncio.Event()
    writers = [asyncio.create_task(write_until(dsn, stop, INSERT)) for _ in range(4)]
    await asyncio.sleep(0.3)
    async with executing(dsn) as executor:
        outcome = await rolled_back(executor, watch)
    stop.set()
    written = sum(await asyncio.gather(*writers))
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    assert written > 0
    async with connected(dsn) as c:
        kept = await c.fetchrow("SELECT * FROM migration_monitor_salvage.manifest")
        assert kept is not None
        place, column = kept["salvaged_as"], "new_column"
        if mode is DataLoss.QUARANTINE:
            place, column = "contacts", kept["kept_column"]
        assert await c.fetchval(f"SELECT count(*) FROM {place} WHERE {column} = 'late'") == written
        assert await c.fetchval(f"SELECT count({column}) FROM {place}") == written + 100
