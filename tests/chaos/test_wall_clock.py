"""Fault 31 on the real daemon: the wall clock jumps while a breach lasts; nothing comes sooner or later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.scenarios.stage import set_up

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
"""Debian's package faketime, which .ci/run installs."""

HOLD = 3.0


@pytest.mark.fault(31)
@pytest.mark.promise(17)
@pytest.mark.slow
async def test_a_jump_of_the_wall_clock_changes_no_decision(newest: Database, tmp_path: Path) -> None:
    """One hour back, then a day on, within one hold; the daemon's own times and the database's agree."""
    assert LIBRARIES, "install the package faketime"
    wall = tmp_path / "wall"
    wall.write_text("+0")
    async with set_up(newest.dsn, tmp_path, max_gap="8s") as stage:
        await stage.daemon.kill()
        await stage.daemon.start(
            LD_PRELOAD=str(LIBRARIES[0]), FAKETIME_TIMESTAMP_FILE=str(wall), FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )  # fmt: skip
        await stage.sampled()
        await stage.watch()
        stage.app.set(0.05)
        await stage.event("pending", "error_rate.rollback")
        for jump in ("-1h", "+1d"):
            await asyncio.sleep(HOLD / 4)
            wall.write_text(jump)
        assert await stage.row() is not None
        assert (await stage.row())["intent_at"] is None
        assert await stage.verdict() == "rolled_back"
        decided = await stage.sql.fetchrow(
            "SELECT extract(epoch FROM at)::float8 AS at, (detail->>'since')::float8 AS since"
            " FROM migration_monitor.event WHERE kind = 'rollback_decided'"
        )
        assert decided is not None
        assert (await stage.row())["intent"] - decided["since"] >= HOLD
        assert decided["at"] - decided["since"] < HOLD + 20

        async def noticed() -> bool:
            return "clock.jumped" in stage.daemon.log()

        await stage.until(noticed)  # it looks every few seconds
