"""A held connection for reading a target's database.

Connects when it is needed, prepares each statement once per connection, and lets go of a connection
that failed or was cancelled in the middle. Never closes politely what may be frozen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable

STATEMENT_TIMEOUT = "4s"
"""A statement of ours never outlives the read that asked it by much, whatever the role's own value is."""


class Session:
    """One held connection; `rows` is the only thing it does."""

    def __init__(self, dsn: str, *, deadline: float = 4.0, name: str = "probe") -> None:
        self._dsn = dsn
        self._deadline = deadline
        self._name = name
        self._connection: pg.Connection | None = None
        self._prepared: dict[str, Any] = {}
        self._turn = asyncio.Lock()
        self._closed = False
        self.generation = 0

    async def rows(self, sql: str, *arguments: object) -> Sequence[Any]:
        """All rows of a statement, within the deadline in all. Raises DatabaseError."""
        try:
            async with asyncio.timeout(self._deadline), self._turn:
                return await self._rows(sql, arguments)
        except TimeoutError as e:
            raise DatabaseUnreachable(f"the database gave no answer within {self._deadline:g} s") from e

    async def aclose(self) -> None:
        """Closes the connection within pg.CLOSE_DEADLINE."""
        self._closed = True
        connection, self._connection = self._connection, None
        await pg.close(connection)

    async def _rows(self, sql: str, arguments: Sequence[object]) -> Sequence[Any]:
        done = False
        try:
            statement = await self._statement(sql)
            async with pg.translated("polling"):
                found: Sequence[Any] = await statement.fetch(*arguments)
            done = True
        except DatabaseUnreachable:
            raise
        except DatabaseError:
            done = True  # the server answered: the connection is good
            raise
        finally:
            if not done:
                self._drop()
        return found

    async def _statement(self, sql: str) -> Any:
        if self._connection is None or self._connection.is_closed():
            await self._connect()
        if sql not in self._prepared and self._connection is not None:
            async with pg.translated("preparing a poll"):
                self._prepared[sql] = await self._connection.prepare(sql)
        return self._prepared[sql]

    async def _connect(self) -> None:
        if self._closed:
            raise DatabaseUnreachable("the polling connection was closed")
        self._drop()
        self._connection = await pg.connect(
            self._dsn, name=self._name, deadline=self._deadline, statement_timeout=STATEMENT_TIMEOUT,
            default_transaction_read_only="on", idle_in_transaction_session_timeout=STATEMENT_TIMEOUT,
        )  # fmt: skip
        self.generation += 1

    def _drop(self) -> None:
        """Cuts the socket: a cancelled or silent connection can't be talked to."""
        self._prepared.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def reason_of(e: DatabaseError) -> str:
    """A short constant word for a reading."""
    if e.sqlstate == "57014":
        return "timeout"
    if e.sqlstate == "53300":
        return "too_many_connections"
    if e.sqlstate in {"28000", "28P01"}:
        return "authentication"
    if e.sqlstate == "42501":
        return "insufficient_privilege"
    if "within" in str(e):
        return "timeout"
    return "unreachable" if isinstance(e, DatabaseUnreachable) else "database_error"
