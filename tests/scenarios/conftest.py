"""Fixtures of the scenarios: a stage on the newest PostgreSQL found, or on every one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import Database
from tests.scenarios.stage import Stage, set_up


@pytest.fixture
async def newest() -> AsyncIterator[Database]:
    """An empty database on the newest major found."""
    server = servers.server(servers.BINARIES[0].major)
    name = await servers.new_database(server)
    yield Database(server, name)
    await servers.drop_database(server, name)


@pytest.fixture
async def stage(newest: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything runs; the migration is applied, the watch not yet registered."""
    async with set_up(newest.dsn, tmp_path) as ready:
        yield ready
