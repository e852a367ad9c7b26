"""A rollback is rehearsed on a clone: what is learnt, and what is refused before anything runs."""

from __future__ import annotations

import pytest

from monitor.ports import RehearsalOutcome
from tests import servers
from tests.conftest import Database
from tests.rehearsals import rehearsed, scratch_databases, shop, statements
from tests.rollbacks import columns

NEWEST = servers.BINARIES[0].major
OLDEST = servers.BINARIES[-1].major


@pytest.fixture
async def target(database: Database) -> str:
    """The small application's schema, before its migration."""
    return await shop(database)


async def test_up_down_up_shows_that_the_schema_comes_back(database: Database, target: str) -> None:
    """On every major; the target keeps its schema and its rows, and no database is left behind."""
    found = await rehearsed(target, database.server.dsn())
    assert (found.outcome, found.said) == (
        RehearsalOutcome.REVERSED, "the schema came back each time (up, down, up)",
    )  # fmt: skip
    (ran,) = statements(found, 1)
    assert ran["locks"] == {"public.contacts": ["AccessExclusiveLock"]}
    assert (ran["transactional"], ran["rewrites"], ran["error"]) == (True, [], None)
    assert found.detail["notes"] == []
    assert found.before is not None
    assert "email" in found.before["public.contacts"]["columns"]  # type: ignore[index]
    assert "email_address" in found.after["public.contacts"]["columns"]  # type: ignore[index]
    assert await columns(target) == ["id", "email", "feels"]
    assert await scratch_databases(database.server) == []
