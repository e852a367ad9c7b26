"""Two daemons on one target, whole and real: one is killed or stopped, or the channels are down."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests import servers
from tests.chaos.torture.__main__ import run
from tests.conftest import Database
from tests.scenarios.stage import Daemon, Stage, set_up

TAKEN_OVER = 60.0
"""Seconds: the lease of 15 s, and a busy machine."""


@pytest.mark.fault(4)
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("major", [b.major for b in servers.BINARIES])
async def test_random_kills_have_exactly_one_effect_each_round(major: int) -> None:
    """Fault 4: six rounds of the torture run; `make torture` plays as many as you like."""
    assert await run(rounds=6, seed=major, major=major) == 0


async def holder(stage: Stage) -> str:
    """Who holds the lease, as host:pid."""
    return str(await stage.sql.fetchval("SELECT holder FROM migration_monitor.lease"))


async def all_told(stage: Stage) -> bool:
    """Whether the verdict was told, and every stored message has left."""
    told = any("/verdict/" in alert["data"]["key"] for alert in stage.receiver.alerts)
    return told and not await stage.sql.fetchval(
        "SELECT count(*) FROM migration_monitor.alert WHERE delivered_at IS NULL"
    )


@pytest.mark.fault(5)
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_leader_that_was_stopped_does_nothing_when_it_wakes(newest: Database, tmp_path: Path) -> None:
    """Fault 5: stopped in the middle of a breach; the other one takes over and rolls back; then it wakes."""
    async with set_up(newest.dsn, tmp_path) as stage:
        second = Daemon(stage.config)
        await second.start()
        try:
            await stage.watch()
            leader = await holder(stage)
            stage.app.set(0.05)
            await stage.event("pending", "error_rate.rollback")
            assert stage.daemon.process is not None
            os.kill(stage.daemon.process.pid, signal.SIGSTOP)
            began = time.monotonic()
            while await holder(stage) == leader and time.monotonic() - began < TAKEN_OVER:
                await asyncio.sleep(0.1)
            assert await holder(stage) != leader
            assert await stage.verdict() == "rolled_back"
            await stage.until(lambda: all_told(stage), TAKEN_OVER)
            taken, kinds, told = await holder(stage), await stage.kinds(), len(stage.receiver.alerts)
            os.kill(stage.daemon.process.pid, signal.SIGCONT)
            await asyncio.sleep(4)
            assert (await holder(stage), await stage.effects()) == (taken, 1)
            assert [k for k in await stage.kinds() if k != "rehearsal"] == kinds
            assert len(stage.receiver.alerts) == told
            assert stage.daemon.process.returncode is None
        finally:
            await second.kill()


@pytest.mark.fault(32)
@pytest.mark.slow
async def test_a_real_daemon_that_stood_still_needs_a_whole_hold_again(
    newest: Database, tmp_path: Path
) -> None:
    """Fault 32, to the scale of a hold of 3 s: what went before the stop counts for nothing."""
    async with set_up(newest.dsn, tmp_path) as stage:
        await stage.watch()
        stage.app.set(0.05)
        await stage.event("pending", "error_rate.rollback")
        assert stage.daemon.process is not None
        os.kill(stage.daemon.process.pid, signal.SIGSTOP)
        await asyncio.sleep(4)
        woken = time.time()
        os.kill(stage.daemon.process.pid, signal.SIGCONT)
        assert await stage.verdict() == "rolled_back"
        assert (await stage.row())["intent"] - woken >= 3.0
        assert await stage.effects() == 1


@pytest.mark.fault(34)
@pytest.mark.slow
async def test_a_channel_that_is_down_hangs_and_is_busy_delays_nothing_and_hears_it_once(
    newest: Database, tmp_path: Path
) -> None:
    """Fault 34: the rollback is done while the receiver hangs; each message arrives later, once."""
    async with set_up(newest.dsn, tmp_path) as stage:
        stage.receiver.hangs = True
        await stage.watch()
        stage.app.set(0.05)
        assert await stage.verdict() == "rolled_back"
        assert stage.receiver.alerts == []
        stage.receiver.hangs, stage.receiver.busy = False, 2

        await stage.until(lambda: all_told(stage), 100)
        keys = [alert["data"]["key"] for alert in stage.receiver.alerts]
        assert len(keys) == len(set(keys))
        assert any("verdict/rolled_back" in key for key in keys)
