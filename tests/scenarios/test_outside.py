"""A plan with statements outside a transaction, by the whole daemon as the least-privileged role."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.scenarios.stage import RENAME_BACK, set_up

MIXED = f"{RENAME_BACK};\nCREATE INDEX CONCURRENTLY contacts_email ON contacts (email);\nVACUUM contacts"


@pytest.mark.slow
@pytest.mark.fault(2)
@pytest.mark.promise(3, 10)
async def test_a_daemon_killed_half_way_is_followed_by_one_that_finishes_without_a_breach(
    newest: Database, tmp_path: Path
) -> None:
    """The effect had begun: it goes on at once, pages that it does, and says what came of it."""
    async with set_up(newest.dsn, tmp_path, max_gap="25s") as stage:
        shown = await stage.watch(sql=MIXED)
        assert [s["transactional"] for s in shown["plan"]] == [True, False, False]
        await stage.daemon.kill()
        await stage.daemon.start_dying("after_run_2")
        stage.app.set(0.05)
        assert await stage.daemon.ended() == -signal.SIGKILL
        stage.app.set(0.0)
        await stage.daemon.start()
        assert await stage.verdict() == "rolled_back"
        kinds = await stage.kinds()
        assert kinds.count("rollback_effect") == 1
        assert "rollback_resumed" in kinds
        steps = await stage.sql.fetch("SELECT state FROM migration_monitor.rollback_step ORDER BY step")
        assert [r["state"] for r in steps] == ["done"] * 3
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'contacts_email'::regclass"
        assert await stage.sql.fetchval(valid)
