"""The lock of a store, and the news that comes over the same connection.

The lock is a session advisory lock in the target's database: it lives and dies with its connection,
so that the death of a daemon frees it at once. This file does not read or write tables.
"""

from __future__ import annotations

import asyncio
import hashlib

import structlog

from monitor import pg
from monitor.errors import DatabaseUnreachable
from monitor.store.session import CALL_DEADLINE, connect

STORE = 0x6D6D0001
REGISTRATION = 0x6D6D0002
SCHEMA = 0x6D6D0003
"""First halves of our advisory keys ("mm" and a number)."""

CHANNEL = "migration_monitor"
"""NOTIFY channel; the payload is the target's name."""

TRY = "/* migration-monitor */ SELECT pg_catalog.pg_try_advisory_lock($1, $2)"

HELD = """/* migration-monitor */
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_locks
     WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND pid = $1
       AND classid::bigint = $2::integer AND objid::bigint = $3::integer
       AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
"""

NEVER_IDLE_OUT = """/* migration-monitor */
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'
"""

BACKEND = "/* migration-monitor */ SELECT pg_catalog.pg_backend_pid()"

_log = structlog.get_logger(__name__)


def advisory_key(kind: int, name: str) -> tuple[int, int]:
    """The two halves of an advisory key; the second is 31 bits of the name's sha256."""
    return kind, int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


class StoreLock:
    """The listening connection of one target and the lock it carries.

    `news` is set by a notification for the target, and when the connection is lost.
    """

    def __init__(self, dsn: str, target: str) -> None:
        self.news = asyncio.Event()
        self._dsn = dsn
        self._target = target
        self._key = advisory_key(STORE, target)
        self._connection: pg.Connection | None = None
        self._held = False

    @property
    def holds(self) -> bool:
        return self._held and self.listening

    @property
    def listening(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def acquire(self) -> bool:
        """Listens if it does not, and tries the lock once. Raises DatabaseUnreachable or DatabaseError."""
        if self.holds:
            return True
        try:
            async with pg.translated("taking the store's lock"), asyncio.timeout(CALL_DEADLINE):
                connection = await self._listening()
                self._held = await connection.fetchval(TRY, *self._key)
        except BaseException:
            self.cut()
            raise
        return self.holds

    async def confirmed(self, connection: pg.Connection) -> bool:
        """Whether the server, asked over another connection, still knows that we hold the lock."""
        if not self.holds or self._connection is None:
            return False
        pid = self._connection.get_server_pid()
        return bool(await connection.fetchval(HELD, pid, *self._key))

    def cut(self) -> None:
        """Gives up the connection, and the lock with it."""
        self._held = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def aclose(self) -> None:
        self._held = False
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.remove_termination_listener(self._lost)
        await pg.close(connection)

    async def _listening(self) -> pg.Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._held = False
        connection = self._connection = await connect(self._dsn, "listen")
        await _refuse_pooler(connection)
        connection.add_termination_listener(self._lost)
        await connection.execute(NEVER_IDLE_OUT)
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
