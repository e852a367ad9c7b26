"""The main job: a sustained breach is rolled back once, at the right moment, and nothing else is."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import Database
from tests.scenarios.stage import Stage, set_up

HOLD = 3.0


async def since(stage: Stage) -> float:
    """When the streak that fired began, as the intent says."""
    return float(
        await stage.sql.fetchval(
            "SELECT detail->>'since' FROM migration_monitor.event WHERE kind = 'rollback_decided'"
        )
    )


async def test_a_sustained_breach_rolls_back_once_on_every_major(database: Database, tmp_path: Path) -> None:
    """The column has its old name, the ledger one row, and people were told, once each."""
    async with set_up(database.dsn, tmp_path) as stage:
        await stage.watch()
        stage.app.set(0.05)
        assert await stage.verdict() == "rolled_back"
        assert await stage.columns() == ["id", "email"]
        assert await stage.effects() == 1
        row = await stage.row()
        assert row["intent"] - await since(stage) >= HOLD

        async def told() -> bool:
            return any("rolled_back" in alert for alert in stage.receiver.titles())

        await stage.until(told)
        assert len([a for a in stage.receiver.titles() if "verdict/rolled_back" in a]) <= 1
        assert await stage.daemon.kill(signal.SIGTERM) == 0


@pytest.mark.slow
@pytest.mark.promise(11)
async def test_a_sustained_breach_salvages_and_rolls_back_with_the_least_of_rights(
    database: Database, tmp_path: Path
) -> None:
    """The whole daemon with the roles of deploy/roles.sql: what the dropped column held is kept."""
    async with set_up(database.dsn, tmp_path) as stage:
        await stage.watch(sql="ALTER TABLE contacts DROP COLUMN email_address")
        stage.app.set(0.05)
        assert await stage.verdict() == "rolled_back"
        assert await stage.columns() == ["id"]
        kept = await stage.sql.fetchval("SELECT salvaged_as FROM migration_monitor_salvage.manifest")
        assert await stage.sql.fetchval(f"SELECT count(*) FROM {kept}") == 1000
        assert "42501" not in stage.daemon.log()


@pytest.mark.slow
async def test_a_breach_shorter_than_the_hold_does_nothing(stage: Stage) -> None:
    """The streak is pending and then cleared; nothing is executed."""
    await stage.watch()
    stage.app.set(0.05)
    await stage.event("pending", "error_rate.rollback")
    await asyncio.sleep(HOLD - 1.5)
    stage.app.set(0.0)
    await stage.event("cleared")
    await asyncio.sleep(1)
    assert (await stage.row())["verdict"] is None
    assert await stage.effects() == 0


@pytest.mark.slow
async def test_killed_in_mid_streak_and_restarted_within_max_gap_it_rolls_back_at_the_right_moment(
    newest: Database, tmp_path: Path
) -> None:
    """The hold counts from the first bad sample, before the kill."""
    async with set_up(newest.dsn, tmp_path, max_gap="25s") as stage:
        await stage.watch()
        stage.app.set(0.05)
        await stage.event("pending", "error_rate.rollback")
        began = float(
            await stage.sql.fetchval(
                "SELECT extract(epoch FROM at) FROM migration_monitor.event WHERE kind = 'pending'"
                " AND detail->>'rule' = 'error_rate.rollback'"
            )
        )
        await asyncio.sleep(0.6)
        await stage.daemon.kill()
        await stage.daemon.start()
        assert await stage.verdict() == "rolled_back"
        assert await since(stage) == pytest.approx(began, abs=1e-5)
        assert await stage.effects() == 1


@pytest.mark.slow
async def test_restarted_after_max_gap_it_starts_afresh(stage: Stage) -> None:
    """Downtime is time without samples: the streak that was is over, a new hold begins."""
    await stage.watch()
    stage.app.set(0.05)
    await stage.event("pending", "error_rate.rollback")
    await stage.daemon.kill()
    await asyncio.sleep(2.5)
    restarted = float(await stage.sql.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
    await stage.daemon.start()
    assert await stage.verdict() == "rolled_back"
    assert await since(stage) > restarted


@pytest.mark.slow
async def test_all_metrics_normal_is_success(newest: Database, tmp_path: Path) -> None:
    """And `wait` says so by its exit code."""
    async with set_up(newest.dsn, tmp_path, success_after="4s") as stage:
        await stage.watch()
        await stage.cli("wait", "rename_email", "--timeout", "20s", expect=0)
        assert await stage.verdict() == "succeeded"
        assert await stage.columns() == ["id", "email_address"]


@pytest.mark.slow
@pytest.mark.fault(25)
async def test_an_endpoint_that_is_gone_is_an_alert_and_never_a_rollback(stage: Stage) -> None:
    """No data is not a breach, and does not look healthy either."""
    await stage.watch()
    stage.app.answering = False
    await stage.event("blind")

    async def told() -> bool:
        return any("can't be measured" in alert for alert in stage.receiver.titles())

    await stage.until(told)
    assert (await stage.row())["verdict"] is None
    assert await stage.effects() == 0


@pytest.mark.slow
@pytest.mark.fault(12)
async def test_with_every_connection_taken_the_held_one_rolls_back(newest: Database, tmp_path: Path) -> None:
    """A saturated server can't keep us out."""
    async with set_up(newest.dsn, tmp_path) as stage:
        await stage.watch()

        async def ready() -> bool:
            shown = (await stage.row())["view"]
            return shown is not None and '"ok": true' in shown

        await stage.until(ready)
        stage.app.set(0.05)
        taken = await servers.take_all_connections(newest.server)
        try:
            assert await stage.verdict() == "rolled_back"
        finally:
            await servers.give_back(taken)
        assert await stage.columns() == ["id", "email"]
