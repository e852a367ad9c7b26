"""The held connection: opened while there is still a slot, checked to be direct and to a writable primary.

One owner at a time. This file executes nothing of a plan.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection
from monitor.plan import role
from monitor.plan.trips import TRIPS, round_trip
from monitor.ports import Lack
from monitor.ports.patience import DeadlockTimeout
from monitor.schema import catalogue
from monitor.schema.catalogue import Identity

T = TypeVar("T")

READ_DEADLINE = 5.0
"""Seconds for one read of ours; the server gets less, so that it answers before we give up."""

SETTINGS = {
    "statement_timeout": "4s",  # below READ_DEADLINE
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
}
"""For what we read; a transaction of the plan's sets its own. None of them is left to the role's settings."""

FAR = 0.005
"""Seconds of a round trip from which on the statements of a group are sent together."""

SURE = 3
"""Round trips of a new session, of which the first was a long one."""

DEADLOCK_TIMEOUT = """/* migration-monitor: how soon whoever waits for us looks for a deadlock */
SELECT s.setting::float8 / 1000 AS own,
       s.source IN ('default', 'configuration file', 'command line', 'environment variable') AS everybodys,
       ARRAY(SELECT pg_catalog.split_part(c, '=', 2)
               FROM pg_catalog.pg_db_role_setting d, unnest(d.setconfig) c
              WHERE c LIKE 'deadlock_timeout=%') AS others
  FROM pg_catalog.pg_settings s WHERE s.name = 'deadlock_timeout'"""

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""Of a setting's text; a bare number is in milliseconds."""


class WrongServer(DatabaseError):
    """Not the registered cluster, a pooler instead of a server, a role too mighty: waiting does not help."""

    def __init__(self, text: str, lack: Lack = Lack.CLUSTER) -> None:
        self.lack = lack
        super().__init__(text)


class Standby(DatabaseUnreachable):
    """The server can't write: until it is promoted, or the name leads to the primary."""


class NotAdmitted(DatabaseUnreachable):
    """The server answers and does not let the role in: a rotated password, a pg_hba.conf, a new database."""


POOLED = "the rollback goes through a connection pooler: rollback_dsn must name the server"

MAY_NOT_CONNECT = frozenset({"28000", "28P01", "3D000", "42501"})
"""SQLSTATEs of a connection that is refused to the role. It shows so for a while after a failover or
while secrets are rotated, so at connecting it is worth another try."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection that was found fit, and what is known of its server."""

    connection: Connection
    server: Identity
    deadlock: DeadlockTimeout
    trips: deque[float] = field(default_factory=lambda: deque(maxlen=TRIPS))

    @property
    def round_trip(self) -> float:
        """Seconds: the median of the last checks."""
        return median(self.trips) if self.trips else 0.0

    @property
    def is_far(self) -> bool:
        """Whether no answer was quick: one that was late may have waited for a processor."""
        return bool(self.trips) and min(self.trips) >= FAR

    async def measure(self) -> None:
        """One more round trip."""
        self.trips.append(await round_trip(self.connection))


class Held:
    """Keeps one session of the rollback role; `session` reopens it when it was lost."""

    def __init__(self, dsn: str, name: str, allow_superuser: str = "") -> None:
        self._dsn = dsn
        self._name = name
        self._allowed = allow_superuser
        self._session: Session | None = None

    async def session(self, system: str) -> Session:
        """The held session, or a new one to the cluster with this system identifier ("" = any).

        Raises DatabaseUnreachable (also while it is a standby), WrongServer or DatabaseError.
        """
        if self._session is None or self._session.connection.is_closed():
            self._session = await fit_session(self._dsn, self._name)
        check_server(self._session, system, self._allowed)
        return self._session

    async def fresh(self, system: str, what: str = "ledger") -> Session:
        """A second session beside the held one, for `what`; the caller closes it."""
        session = await fit_session(self._dsn, f"{self._name}-{what}")
        try:
            check_server(session, system, self._allowed)
        except BaseException:
            session.connection.terminate()
            raise
        return session

    def drop(self) -> None:
        """Cuts the connection without a word; the next `session` opens another."""
        if self._session is not None:
            self._session.connection.terminate()
            self._session = None

    async def aclose(self) -> None:
        session, self._session = self._session, None
        await pg.close(session.connection if session else None)


async def fit_session(dsn: str, name: str) -> Session:
    try:
        connection = await pg.connect(dsn, name=name, deadline=pg.CONNECT_DEADLINE, **SETTINGS)
    except DatabaseError as e:
        if pg.is_pooler(e):
            raise WrongServer(POOLED, Lack.POOLER) from e
        if e.sqlstate in MAY_NOT_CONNECT:
            raise NotAdmitted(str(e), e.sqlstate) from e
        raise
    try:
        await pg.pin(connection)
        server = await answer(connection, catalogue.identity(connection), "looking at the server")
        deadlock = await answer(connection, deadlock_timeout(connection), "reading deadlock_timeout")
    except BaseException:
        connection.terminate()
        raise
    session = Session(connection, server, deadlock)
    try:
        await answer(connection, session.measure(), "measuring a round trip")
        while session.is_far and len(session.trips) < SURE:
            await answer(connection, session.measure(), "measuring a round trip")
    except BaseException:
        connection.terminate()
        raise
    return session


async def deadlock_timeout(connection: Connection) -> DeadlockTimeout:
    """Ours, and the shortest that a session here may have: of a role or a database, as far as it is set."""
    r = await connection.fetchrow(DEADLOCK_TIMEOUT)
    if r is None:
        raise AssertionError
    others = [DeadlockTimeout().shortest] if not r["everybodys"] else []  # what theirs is, does not show
    return DeadlockTimeout(r["own"], min([r["own"], *others, *map(_seconds, r["others"])]))


def _seconds(text: str) -> float:
    number = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = text.strip()[len(number) :].strip() or "ms"
    return float(number) * UNITS[unit]


def check_server(session: Session, system: str, allow_superuser: str = "") -> None:
    """Raises unless it is the writable primary of the registered cluster, without a pooler between."""
    server = session.server
    if server.is_pooled(session.connection):
        session.connection.terminate()
        raise WrongServer(POOLED, Lack.POOLER)
    if why := role.refusal(server, allow_superuser):
        session.connection.terminate()
        raise WrongServer(why, Lack.RIGHTS)
    if system and server.system and server.system != system:
        session.connection.terminate()
        raise WrongServer(f"the server's system identifier is {server.system}, registered was {system}")
    if server.standby:
        session.connection.terminate()
        raise Standby("the server is a standby: waiting for the writable primary")


async def answer(
    connection: Connection, question: Awaitable[T], what: str, deadline: float = READ_DEADLINE
) -> T:
    """One answer within its deadline; a server that stays silent loses the connection."""
    async with pg.translated(what):
        try:
            async with asyncio.timeout(deadline):
                return await question
        except TimeoutError:
            connection.terminate()
            raise
