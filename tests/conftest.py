"""Fixtures shared by all tests: a database on every PostgreSQL major found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from monitor.demo.postgres import Server
from tests import servers
from tests.machine import left_out
from tests.memory import use_memory

use_memory()  # before anything asks for a temporary folder


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


SLOW_SECONDS = 300  # a test of 70 s alone takes twice that beside two others on two cores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Corners run on the newest PostgreSQL at once, on the oldest as slow ones; these may take longer."""
    for item in items:
        if (
            item.get_closest_marker("corner")
            and isinstance(item, pytest.Function)
            and hasattr(item, "callspec")
        ):
            major = item.callspec.params.get("pg")
            if major is not None and major != servers.BINARIES[0].major:
                item.add_marker(pytest.mark.slow)
                if major != servers.BINARIES[-1].major:
                    item.add_marker(pytest.mark.between)
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of a run says what was not collected: nothing of it can be seen in the report."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput") or not (said := left_out()):
        return
    reporter.write_line(said, red=True, bold=True)


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
