"""Fault 1 with the whole daemon: SIGKILL at every named point of the protocol, then a restart."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.scenarios.stage import set_up

POINTS = (
    "before_intent",
    "after_intent",
    "after_statement_1",
    "after_ledger_row",
    "before_commit",
    "after_commit",
)


@pytest.mark.slow  # tests/chaos/test_rollback_once.py has the same points, on every major, and is quicker
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.fault(1)
async def test_a_daemon_killed_there_ends_with_the_effect_exactly_once(
    newest: Database, tmp_path: Path, point: str
) -> None:
    """The next daemon settles what the first one left, and decides again only on fresh evidence."""
    async with set_up(newest.dsn, tmp_path, max_gap="25s") as stage:
        await stage.watch()
        await stage.daemon.kill()
        await stage.daemon.start_dying(point)
        stage.app.set(0.05)
        assert await stage.daemon.ended() == -signal.SIGKILL
        assert await stage.effects() == (1 if point == "after_commit" else 0)
        await stage.daemon.start()
        assert await stage.verdict() == "rolled_back"
        assert await stage.effects() == 1
        assert await stage.columns() == ["id", "email"]
        assert (await stage.kinds()).count("rollback_effect") == 1
