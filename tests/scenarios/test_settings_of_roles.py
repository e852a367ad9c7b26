"""What a DBA has set on a role or a database, for safety or in an incident, does not stop a rollback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Database
from tests.roles import POLLING, ROLLBACK, make_roles
from tests.scenarios.stage import Stage, set_up

SETTINGS = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "statement_timeout": "1s",
    "lock_timeout": "20ms",
    "idle_in_transaction_session_timeout": "500ms",
    "idle_session_timeout": "1s",
    "synchronous_commit": "off",
    "row_security": "off",
    "search_path": "pg_temp, public",
}

SINCE_17 = {"transaction_timeout": "300ms"}

OURS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name LIKE 'migration-monitor/%' AND datname = current_database()"
)


async def rolls_back(stage: Stage) -> None:
    stage.app.set(0.2)
    assert await stage.verdict() == "rolled_back"
    assert await stage.columns() == ["id", "email"]
    assert "store.lock_lost" not in stage.daemon.log()


@pytest.mark.slow
@pytest.mark.fault(15)
async def test_a_role_of_hostile_settings_rolls_back_all_the_same(database: Database, tmp_path: Path) -> None:
    """Read-only by default, serializable, with tiny timeouts: from the first start on, schema included."""
    await make_roles(database.dsn)
    settings = SETTINGS | (SINCE_17 if database.major >= 17 else {})
    async with set_up(database.dsn, tmp_path, started=False) as stage:
        for role in (ROLLBACK, POLLING):
            for name, value in settings.items():
                set_ = f'ALTER ROLE {role} IN DATABASE "{database.name}" SET {name} = '
                await stage.sql.execute(set_ + (value if name == "search_path" else f"'{value}'"))
        await stage.daemon.start()
        await stage.sampled()
        await stage.watch()
        await rolls_back(stage)


@pytest.mark.slow
@pytest.mark.fault(15)
@pytest.mark.promise(1)
async def test_a_database_made_read_only_by_default_later_rolls_back(
    newest: Database, tmp_path: Path
) -> None:
    """In an incident: the sessions of then are ended, those of later begin under the new setting."""
    async with set_up(newest.dsn, tmp_path) as stage:
        await stage.watch()
        read_only = f'ALTER DATABASE "{newest.name}" SET default_transaction_read_only = on'
        await stage.sql.execute(read_only)
        assert await stage.sql.fetchval(OURS) > 0
        await stage.sampled()
        stage.app.set(0.2)
        assert await stage.verdict() == "rolled_back"
        assert await stage.columns() == ["id", "email"]
