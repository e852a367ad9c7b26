"""Everything in this folder is chaos: `make chaos` finds it by the marker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import servers
from tests.conftest import Database

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Called once for the whole run, whatever was collected."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.chaos)


@pytest.fixture
async def newest() -> AsyncIterator[Database]:
    """An empty database on the newest major found."""
    server = servers.server(servers.BINARIES[0].major)
    name = await servers.new_database(server)
    yield Database(server, name)
    await servers.drop_database(server, name)
