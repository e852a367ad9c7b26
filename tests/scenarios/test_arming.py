"""Whether a watch may act by itself, with the whole daemon: what was so before its migration decides."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.scenarios.stage import Stage, set_up

SECONDS_LATE = (1.0, 2.0, 3.0, 4.0, 5.0, 1.5)
"""How long after its migration each of six watches is registered; the hold is 3 s."""


async def migrated(stage: Stage, number: int) -> float:
    """Applies a migration that breaks the application at once; when it began, epoch seconds."""
    began = float(await stage.sql.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
    await stage.sql.execute(f"ALTER TABLE contacts ADD COLUMN extra_{number} text")
    stage.app.set(0.5)
    return began


async def shown(stage: Stage, migration: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await stage.cli("status", migration, "--json"))
    return found


@pytest.mark.slow
async def test_six_watches_registered_seconds_after_a_migration_that_breaks_at_once_all_roll_back(
    newest: Database, tmp_path: Path
) -> None:
    """Under live traffic, one after the other: its own breach demotes none, nor an earlier one's residue."""
    async with set_up(newest.dsn, tmp_path) as stage:
        for number, late in enumerate(SECONDS_LATE):
            name = f"extra_{number}"
            began = await migrated(stage, number)
            await asyncio.sleep(late)
            watch = await stage.watch(
                "--started-at", f"{began:.6f}",
                migration=name, sql=f"ALTER TABLE contacts DROP COLUMN IF EXISTS {name}",
            )  # fmt: skip
            assert (watch["mode"], watch["already_breaching"]) == ("auto", False)
            assert await stage.verdict(name) == "rolled_back"
            stage.app.set(0.0)
            assert name not in await stage.columns()
        kinds = await stage.kinds()
        assert kinds.count("rollback_decided") == len(SECONDS_LATE)
        assert "already_breaching" not in kinds
        since = await stage.sql.fetch(
            "SELECT (detail->>'since')::float8 - extract(epoch FROM w.started_at)::float8 AS after"
            "  FROM migration_monitor.event e JOIN migration_monitor.watch w ON w.id = e.watch_id"
            " WHERE e.kind = 'rollback_decided'"
        )
        assert all(0 <= row["after"] < 1.5 for row in since)


@pytest.mark.slow
async def test_an_outage_from_before_the_migration_asks_a_person_until_it_has_been_over_for_a_hold(
    newest: Database, tmp_path: Path
) -> None:
    """Then the watch acts by itself again, and rolls back what breaks afterwards."""
    async with set_up(newest.dsn, tmp_path) as stage:
        stage.app.set(0.5)
        await asyncio.sleep(5)  # longer than the hold
        watch = await stage.watch()
        assert (watch["mode"], watch["already_breaching"]) == ("approve", True)
        await stage.event("approval_requested")
        assert await stage.effects() == 0
        stage.app.set(0.0)
        over = time.monotonic()
        await stage.event("rearmed")
        assert time.monotonic() - over >= 3
        assert (await shown(stage, "rename_email"))["mode"] == "auto"
        stage.app.set(0.5)
        assert await stage.verdict() == "rolled_back"


@pytest.mark.slow
async def test_the_moment_of_the_fingerprint_is_the_beginning_of_the_watch(
    newest: Database, tmp_path: Path
) -> None:
    """Nothing else has to be said: what broke since then is the migration's."""
    async with set_up(newest.dsn, tmp_path) as stage:
        before = tmp_path / "before.json"
        await stage.cli("fingerprint", "--out", str(before))
        await migrated(stage, 1)
        await asyncio.sleep(4)  # longer than the hold
        sql = "ALTER TABLE contacts DROP COLUMN IF EXISTS extra_1"
        watch = await stage.watch("--before", str(before), migration="extra_1", sql=sql)
        assert any("when its fingerprint was taken" in notice for notice in watch["notices"])
        assert watch["mode"] == "auto"
        assert await stage.verdict("extra_1") == "rolled_back"


@pytest.mark.slow
async def test_a_watch_that_begins_ends_the_question_whether_the_last_rollback_helped(
    newest: Database, tmp_path: Path
) -> None:
    """The next migration breaks too: that is nobody's answer to the first."""
    async with set_up(newest.dsn, tmp_path) as stage:
        for number in (1, 2):
            began = await migrated(stage, number)
            name = f"extra_{number}"
            sql = f"ALTER TABLE contacts DROP COLUMN IF EXISTS {name}"
            await stage.watch("--started-at", f"{began:.6f}", migration=name, sql=sql)
            assert await stage.verdict(name) == "rolled_back"
            stage.app.set(0.0)
        first = await shown(stage, "extra_1")
        assert first["aftermath"]["newer"] == "extra_2"
        assert first["aftermath"]["helped"] is None
        assert "the watch of extra_2 began before that" in first["next"]["text"]
        assert not [alert for alert in stage.receiver.titles() if "did NOT help" in alert]
