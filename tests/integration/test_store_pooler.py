"""A store behind a transaction pooler: its lock would be nobody's."""

from __future__ import annotations

import pytest

from monitor.errors import DatabaseUnreachable
from monitor.store.locks import StoreLock
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.rollbacks import build


async def test_a_lock_through_a_pooler_is_refused_by_name(database: Database) -> None:
    """Else it would be taken and lost for ever, and nobody told why."""
    await build(database.dsn)
    async with Proxy(database.dsn) as proxy:
        proxy.fake_pid = True
        lock = StoreLock(proxy.dsn, "shop")
        with pytest.raises(DatabaseUnreachable, match="through a connection pooler: name the server itself"):
            await lock.acquire()
        assert not lock.listening
        proxy.fake_pid = False
        assert await lock.acquire()
        await lock.aclose()
