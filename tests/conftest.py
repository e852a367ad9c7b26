"""Fixtures shared by all tests: a database on every PostgreSQL major found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from monitor.demo.postgres import Server
from tests import servers


@dataclass(frozen=True, slots=True)
class Database:
    """An empty database of one test on a shared server."""

    server: Server
    name: str

    @property
    def dsn(self) -> str:
        """As superuser."""
        return self.server.dsn(self.name)

    @property
    def major(self) -> int:
        return self.server.binaries.major


@pytest.fixture(scope="session", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    servers.stop_all()


@pytest.fixture(params=[b.major for b in servers.BINARIES], ids=lambda major: f"pg{major}")
def pg(request: pytest.FixtureRequest) -> Server:
    """The shared server of each major found."""
    return servers.server(request.param)


@pytest.fixture
async def database(pg: Server) -> AsyncIterator[Database]:
    """An empty database on each major found."""
    name = await servers.new_database(pg)
    yield Database(pg, name)
    await servers.drop_database(pg, name)
