"""Every store a contract holds for: the one in memory, and PostgreSQL of each major found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from tests import servers
from tests.fakes import MemoryStore

MEMORY = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """The daemon's side and the person's side of one target's store."""

    store: PgStore | MemoryStore
    registry: PgRegistry | MemoryStore


@pytest.fixture(
    params=[MEMORY, *(b.major for b in servers.BINARIES)],
    ids=lambda major: f"pg{major}" if major else "memory",
)
async def stored(request: pytest.FixtureRequest) -> AsyncIterator[Stored]:
    """An opened, empty store."""
    if request.param == MEMORY:
        memory = MemoryStore()
        await memory.open()
        yield Stored(memory, memory)
        return
    server = servers.server(request.param)
    name = await servers.new_database(server)
    store, registry = PgStore("shop", server.dsn(name)), PgRegistry("shop", server.dsn(name))
    await store.open()
    yield Stored(store, registry)
    await registry.aclose()
    await store.aclose()
    await servers.drop_database(server, name)
