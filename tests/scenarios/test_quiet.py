"""A service that hardly anybody asks: its errors are told, and it is rolled back once there are enough."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from monitor.core.reads import FEW
from tests.conftest import Database
from tests.scenarios.stage import Stage, set_up

LACKS = "SELECT count(*) FROM migration_monitor.event WHERE kind = 'insufficient_evidence'"
EVERY = 0.3
"""Seconds between two requests: ten in a hold of 3 s, two in a block."""


async def fail_until_told(stage: Stage) -> int:
    """Failed requests, one by one, until the store has the event; how many."""
    for asked in range(1, FEW):
        stage.app.fail()
        await asyncio.sleep(EVERY)
        if await stage.sql.fetchval(f"{LACKS} AND detail->>'rule' = 'error_rate.rollback'"):
            return asked
    raise AssertionError(f"nothing was told\n{stage.daemon.log()[-4000:]}")


@pytest.mark.slow
@pytest.mark.promise(16)
async def test_a_quiet_service_of_which_all_fails_is_told_and_rolled_back_with_the_twentieth_request(
    newest: Database, tmp_path: Path
) -> None:
    """One warning in the whole streak, with counts; the rollback stands on no fewer than 20 requests."""
    async with set_up(newest.dsn, tmp_path, max_gap="5s") as stage:
        stage.app.fall_silent()
        await stage.watch()
        asked = await fail_until_told(stage)
        await asyncio.sleep(1)
        assert ((await stage.row())["verdict"], await stage.effects()) == (None, 0)
        shown = await stage.cli("status", "rename_email")
        assert f"{asked} errors in {asked} requests, too little traffic to decide" in " ".join(
            shown.replace("│", " ").split()
        )
        stage.app.fail(FEW - 1 - asked)
        await asyncio.sleep(1)
        assert await stage.effects() == 0
        stage.app.fail()
        assert await stage.verdict() == "rolled_back"
        decided = json.loads(
            await stage.sql.fetchval(
                "SELECT detail->>'evidence' FROM migration_monitor.event WHERE kind = 'rollback_decided'"
            )
        )
        assert (decided["errors"], decided["requests"]) == (FEW, FEW)
        assert await stage.sql.fetchval(f"{LACKS} AND detail->>'rule' = 'error_rate.rollback'") == 1

        async def told() -> list[str]:
            return [
                alert
                for alert in stage.receiver.titles()
                if "with too little traffic to decide" in alert and '"stage": "undecided"' in alert
            ]

        await stage.until(told)
        (alert,) = await told()
        assert '"warning"' in alert
