"""The lock of a store, and the news that comes over the same connection.

The lock is a session advisory lock in the target's database: it lives and dies with its connection,
so that the death of a daemon frees it at once, and a daemon that stands still loses it (fence.py).
This file does not read or write tables.
"""

from __future__ import annotations

import asyncio

import structlog

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.store.fence import ALIVE, LEASE_SECONDS, end_silent, held_by, taken
from monitor.store.session import CALL_DEADLINE, connect

CHANNEL = "migration_monitor"
"""NOTIFY channel; the payload is the target's name."""

BEAT_SECONDS = 3.0
"""The session that has the lock says this often that its daemon lives."""

BEAT_DEADLINE = 5.0

BACKEND = "/* migration-monitor */ SELECT pg_catalog.pg_backend_pid()"

_log = structlog.get_logger(__name__)


class StoreLock:
    """The listening connection of one target and the lock it carries.

    `news` is set by a notification for the target, and when the connection is lost.
    """

    def __init__(
        self, dsn: str, target: str, *, lease: float = LEASE_SECONDS, beat: float = BEAT_SECONDS
    ) -> None:
        self.news = asyncio.Event()
        self._dsn = dsn
        self._target = target
        self._lease = lease
        self._beat = beat
        self._connection: pg.Connection | None = None
        self._held = False
        self._beating: asyncio.Task[None] | None = None

    @property
    def holds(self) -> bool:
        return self._held and self.listening

    @property
    def listening(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def acquire(self) -> bool:
        """Listens if it does not, and tries the lock once. Raises DatabaseUnreachable or DatabaseError.

        A holder that has been silent for the lease loses it, so that the next try may succeed.
        """
        if self.holds:
            return True
        try:
            async with pg.translated("taking the store's lock"), asyncio.timeout(CALL_DEADLINE):
                connection = await self._listening()
                if await taken(connection, self._target):
                    self._begin(connection)
                elif await end_silent(connection, self._target, self._lease):
                    _log.warning("store.silent_holder_ended", target=self._target, seconds=self._lease)
        except BaseException:
            self.cut()
            raise
        return self.holds

    async def confirmed(self, connection: pg.Connection) -> bool:
        """Whether the server, asked over another connection, still knows that we hold the lock.

        Inside a transaction the answer stands until its end.
        """
        if not self.holds or self._connection is None:
            return False
        return await held_by(connection, self._connection.get_server_pid(), self._target)

    def cut(self) -> None:
        """Gives up the connection, and the lock with it."""
        connection = self._given_up()
        if connection is not None:
            connection.terminate()

    async def aclose(self) -> None:
        beating = self._beating
        connection = self._given_up()
        if beating is not None:
            await asyncio.gather(beating, return_exceptions=True)
        if connection is not None:
            connection.remove_termination_listener(self._lost)
        await pg.close(connection)

    def _begin(self, connection: pg.Connection) -> None:
        self._held = True
        self._beating = asyncio.create_task(self._keep_alive(connection), name=f"{self._target}/lease")

    def _given_up(self) -> pg.Connection | None:
        self._held = False
        connection, self._connection = self._connection, None
        beating, self._beating = self._beating, None
        if beating is not None and beating is not asyncio.current_task():
            beating.cancel()
        return connection

    async def _keep_alive(self, connection: pg.Connection) -> None:
        """Says that we live; a session that does not answer in time is given up, and the lock with it."""
        while True:
            await asyncio.sleep(self._beat)
            try:
                async with pg.translated("keeping the store's lock"), asyncio.timeout(BEAT_DEADLINE):
                    await connection.execute(ALIVE)
            except DatabaseError as e:
                if connection is self._connection and self._held:
                    _log.warning("store.lock_lost", target=self._target, reason=str(e))
                    self.cut()
                    self.news.set()
                return

    async def _listening(self) -> pg.Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._held = False
        connection = self._connection = await connect(self._dsn, "listen")
        await _refuse_pooler(connection)
        connection.add_termination_listener(self._lost)
        await connection.add_listener(CHANNEL, self._heard)
        self.news.set()  # what was committed while nobody listened
        return connection

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        if payload in ("", self._target):
            self.news.set()

    def _lost(self, connection: object) -> None:
        if connection is not self._connection:
            return
        if self._held:
            _log.warning("store.lock_lost", target=self._target)
        self._held = False
        self.news.set()


async def _refuse_pooler(connection: pg.Connection) -> None:
    """A lock of a session would be held by whichever session the pooler gives next."""
    if await connection.fetchval(BACKEND) != connection.get_server_pid():
        raise DatabaseUnreachable("the store goes through a connection pooler: name the server itself")
