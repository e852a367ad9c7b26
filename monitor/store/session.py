"""One connection of the store that comes back by itself, and the types that cross it.

Times cross as whole microseconds and jsonb as JSON values, both exactly. After anything that leaves
the state of the connection unknown (loss, deadline, cancellation) it is cut, and the next use connects.
This file does not know tables.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from functools import partial
from math import isfinite

from monitor import encoding, pg
from monitor.core.samples import Micros
from monitor.errors import DatabaseError, DatabaseUnreachable, MonitorError

CALL_DEADLINE = 8.0
"""Seconds for one call of the store: connecting (5 s) and a few indexed statements."""

POSTGRES_EPOCH: Micros = 946_684_800 * 1_000_000
"""2000-01-01 UTC: timestamptz travels as microseconds since then."""

SETTINGS = {
    "search_path": "pg_catalog",
    "statement_timeout": "6s",  # below CALL_DEADLINE: the server gives up first and says why
    "lock_timeout": "3s",  # a rollback holds its watch's row at most about max_app_stall
    "idle_in_transaction_session_timeout": "10s",  # a stopped daemon must not keep a row lock
    "tcp_keepalives_idle": "5",  # the server notices our death in about 11 s and frees our locks
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}

BUSY = frozenset({"57014"})
"""query_canceled: our own statement_timeout."""

WRONG_SERVER = frozenset({"25006"})
"""read_only_sql_transaction: the primary became a standby; a new connection may find the new primary."""


class Session:
    """A connection used by one task at a time. `name` is what a DBA reads in pg_stat_activity."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._connection: pg.Connection | None = None
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def use(self, what: str, deadline: float = CALL_DEADLINE) -> AsyncIterator[pg.Connection]:
        """The connection, for a block that ends within `deadline` seconds.

        Raises DatabaseUnreachable for everything that may work later, else DatabaseError.
        """
        async with pg.translated(what), asyncio.timeout(deadline), self._turn:
            connection = await self._connected()
            try:
                async with pg.translated(what):
                    yield connection
            except DatabaseUnreachable:
                self._cut()
                raise
            except DatabaseError as e:
                raise self._judged(e) from e
            except MonitorError:
                raise  # said by us, between two statements: the connection is in order
            except BaseException:
                self._cut()
                raise

    async def aclose(self) -> None:
        """Says goodbye; a later use connects again."""
        connection, self._connection = self._connection, None
        await pg.close(connection)

    async def _connected(self) -> pg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._dsn, self._name)
        return self._connection

    def _cut(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None

    def _judged(self, e: DatabaseError) -> DatabaseError:
        if e.sqlstate in WRONG_SERVER:
            self._cut()
            return DatabaseUnreachable(str(e), e.sqlstate)
        if pg.is_retryable(e.sqlstate) or e.sqlstate in BUSY:
            return DatabaseUnreachable(str(e), e.sqlstate)
        return e


@contextlib.asynccontextmanager
async def transaction(connection: pg.Connection) -> AsyncIterator[None]:
    """BEGIN ... COMMIT; an exception rolls back. A cancelled one sends nothing: the session is cut.

    Raises DatabaseError when the COMMIT became a ROLLBACK.
    """
    await connection.execute("/* migration-monitor */ BEGIN")
    try:
        yield
    except Exception:
        if not connection.is_closed():
            await connection.execute("/* migration-monitor */ ROLLBACK")
        raise
    tag = await connection.execute("/* migration-monitor */ COMMIT")
    if tag != "COMMIT":
        raise DatabaseError(f"a COMMIT of the store was answered with {tag}: nothing was written")


async def connect(dsn: str, name: str) -> pg.Connection:
    """A connection with the store's settings and types. Raises DatabaseUnreachable or DatabaseError."""
    connection = await pg.connect(dsn, name=name, deadline=pg.CONNECT_DEADLINE, **SETTINGS)
    try:
        await _teach(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _teach(connection: pg.Connection) -> None:
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda at: (at - POSTGRES_EPOCH,),
        decoder=lambda parts: parts[0] + POSTGRES_EPOCH,
    )
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: encoding.dumps(connection, to_json(value)),
        decoder=partial(encoding.loads, connection),
    )


def to_json(value: object) -> str:
    """As JSON that jsonb takes: it knows neither NUL nor half a surrogate pair (`?`), nor NaN (null)."""
    try:
        text = _dumps(value)
    except ValueError:
        return _dumps(_clean(value))
    return _dumps(_clean(value)) if "\\u0000" in text or "\\ud" in text else text


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def clean(text: str) -> str:
    """Text that a UTF8 database takes: what can't be stored becomes a question mark."""
    return text.replace("\x00", "?").encode("utf-8", "replace").decode("utf-8")


def sentence(connection: pg.Connection, text: str) -> str:
    """A sentence, or somebody's name, as a column of text of this database takes it."""
    return encoding.sentence(connection, clean(text))


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {clean(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return value
