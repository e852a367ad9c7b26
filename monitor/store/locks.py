"""The session that carries a store's lease, and the news that comes over the same connection.

The lease (lease.py) belongs to this session: it is free as soon as the session is gone, so that the death of
a daemon hands over at once, and a daemon that stands still loses it.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import structlog

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.store import lease, sign
from monitor.store.lease import LEASE_SECONDS, Taken
from monitor.store.session import CALL_DEADLINE, connect

CHANNEL = "migration_monitor"
"""NOTIFY channel; the payload is the target's name."""

BEAT_SECONDS = 3.0
"""The session that has the lease says this often that its daemon lives."""

BEAT_DEADLINE = 10.0
"""Seconds for one sign; together with the time between two still less than the lease. A server that is slow
in an incident keeps its daemon: there may be no room for a new session."""

TAKE_SURELY = "/* migration-monitor */ SET synchronous_commit = local"
"""Survives a crash, and waits for no standby: whoever is promoted finds the session gone all the same."""

BEAT_LIGHTLY = "/* migration-monitor */ SET synchronous_commit = off"
"""A sign of life waits for no disk either: what a crash loses of it is older than the crash."""

BACKEND = "/* migration-monitor */ SELECT pg_catalog.pg_backend_pid()"

_log = structlog.get_logger(__name__)


class StoreLock:
    """The listening connection of one target and the lease it carries.

    `news` is set by a notification for the target, and when the connection is lost. `stranger`: who has the
    daemon's advisory lock without being one, as a sentence; "" if nobody, as far as it was asked.
    """

    def __init__(
        self, dsn: str, target: str, holder: str = "", *, lease: float = LEASE_SECONDS,
        beat: float = BEAT_SECONDS,
    ) -> None:  # fmt: skip
        self.news = asyncio.Event()
        self.stranger = ""
        self._dsn = dsn
        self._target = target
        self._holder = holder
        self._lease = lease
        self._beat = beat
        self._connection: pg.Connection | None = None
        self._token = ""  # the last that we wrote; "": none yet
        self._taken: Taken | None = None
        self._signed = False
        self._beating: asyncio.Task[None] | None = None

    @property
    def holds(self) -> bool:
        return self._taken is not None and self.listening

    @property
    def listening(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    async def acquire(self) -> Taken | None:
        """Listens if it does not, and tries the lease once; None: another daemon has it.

        Raises DatabaseUnreachable or DatabaseError.
        """
        if self.holds:
            return self._taken
        try:
            async with pg.translated("taking the store's lease"), asyncio.timeout(CALL_DEADLINE):
                connection = await self._listening()
                token = uuid4().hex
                found = await lease.take(
                    connection, self._target, self._holder, token, self._token, self._lease
                )
                if found is not None:
                    await connection.execute(BEAT_LIGHTLY)
                    self._begin(connection, token, found)
        except BaseException:
            self.cut()
            raise
        return found

    async def confirmed(self, connection: pg.Connection) -> bool:
        """Whether the server, asked over another connection, still knows that the lease is ours.

        Inside a transaction the answer stands until its end.
        """
        return self.holds and await lease.confirmed(connection, self._target, self._token)

    def cut(self) -> None:
        """Gives up the connection, and the lease with it."""
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

    def _begin(self, connection: pg.Connection, token: str, taken: Taken) -> None:
        self._token, self._taken = token, taken
        self._beating = asyncio.create_task(self._keep_alive(connection), name=f"{self._target}/lease")

    def _given_up(self) -> pg.Connection | None:
        self._taken, self._signed = None, False
        connection, self._connection = self._connection, None
        beating, self._beating = self._beating, None
        if beating is not None and beating is not asyncio.current_task():
            beating.cancel()
        return connection

    async def _keep_alive(self, connection: pg.Connection) -> None:
        """Renews the lease until it is lost: to another daemon, or with a session that answers too late.

        What fails otherwise (on a full disk) is tried again: until another daemon comes, nothing is lost.
        """
        failing = False
        while connection is self._connection and self._taken is not None:
            try:
                async with pg.translated("renewing the store's lease"), asyncio.timeout(BEAT_DEADLINE):
                    ours = await lease.renewed(connection, self._target, self._token)
                    await self._look_about(connection)
            except DatabaseUnreachable as e:
                return self._lose(connection, str(e))
            except DatabaseError as e:
                if not failing:
                    _log.warning("store.lease_not_renewed", target=self._target, reason=str(e))
                failing = True
            else:
                failing = False
                if not ours:
                    return self._lose(connection, "another daemon has taken it")
            await asyncio.sleep(self._beat)
        return None

    def _lose(self, connection: pg.Connection, reason: str) -> None:
        if connection is self._connection and self._taken is not None:
            _log.warning("store.lock_lost", target=self._target, reason=reason)
            self.cut()
            self.news.set()

    async def _look_about(self, connection: pg.Connection) -> None:
        """Sets up the sign if it is not; who has it instead of us is named once."""
        self._signed = self._signed or await sign.given(connection, self._target)
        found = "" if self._signed else await sign.stranger(connection, self._target)
        if found and not self.stranger:
            _log.error("store.lock_of_stranger", target=self._target, stranger=found)
        elif self.stranger and not found:
            _log.info("store.stranger_gone", target=self._target)
        self.stranger = found

    async def _listening(self) -> pg.Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._taken, self._signed = None, False
        connection = self._connection = await connect(self._dsn, "listen")
        await _refuse_pooler(connection)
        await connection.execute(TAKE_SURELY)
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
        if self._taken is not None:
            _log.warning("store.lock_lost", target=self._target)
        self._taken = None
        self.news.set()


async def _refuse_pooler(connection: pg.Connection) -> None:
    """News, and the lease that goes with a session, would be those of whichever the pooler gives next."""
    if await connection.fetchval(BACKEND) != connection.get_server_pid():
        raise DatabaseUnreachable("the store goes through a connection pooler: name the server itself")
