"""A primary with a real streaming standby, and what a failover test does to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from monitor.demo.postgres import Binaries, Server
from tests.rollbacks import connected


@dataclass
class Pair:
    """Two servers of one cluster; the standby follows until it is told not to."""

    primary: Server
    standby: Server

    async def caught_up(self) -> None:
        """Waits until the standby has replayed everything that the primary has written."""
        async with connected(self.primary.dsn()) as one, connected(self.standby.dsn()) as other:
            written = await one.fetchval("SELECT pg_current_wal_insert_lsn()::text")
            async with asyncio.timeout(30):
                while not await other.fetchval(
                    "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)", written
                ):
                    await asyncio.sleep(0.02)

    async def cut(self) -> None:
        """From here on the standby learns nothing more: what is committed now is lost by a failover."""
        await self.caught_up()
        async with connected(self.standby.dsn()) as c:
            await c.execute("ALTER SYSTEM SET primary_conninfo = ''")
            await c.execute("SELECT pg_reload_conf()")
            async with asyncio.timeout(30):
                while await c.fetchval("SELECT count(*) FROM pg_stat_wal_receiver"):
                    await asyncio.sleep(0.02)

    async def fail_over(self) -> None:
        """The primary is gone at once, and the standby is promoted."""
        await asyncio.to_thread(self.primary.stop, "immediate")
        async with connected(self.standby.dsn()) as c:
            assert await c.fetchval("SELECT pg_promote(true, 30)")


@contextlib.asynccontextmanager
async def pair(binaries: Binaries) -> AsyncIterator[Pair]:
    """Of one major; both are removed at the end."""
    primary = Server(binaries, {"max_wal_senders": "4", "client_connection_check_interval": "2s"})
    standby = Server(binaries)
    try:
        await asyncio.to_thread(primary.start)
        await asyncio.to_thread(_follow, primary, standby)
        yield Pair(primary, standby)
    finally:
        await asyncio.to_thread(standby.remove)
        await asyncio.to_thread(primary.remove)


def _follow(primary: Server, standby: Server) -> None:
    copy = ("-D", str(standby.data), "-d", primary.dsn(), "-R", "-X", "stream", "-c", "fast", "--no-sync")
    standby._run("pg_basebackup", *copy)
    standby.configure({"port": str(standby.port), "hot_standby": "on"})
    standby.start()
