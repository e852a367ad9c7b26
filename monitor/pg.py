"""The only module through which asyncpg enters.

Connections with every deadline named, dead peers noticed by the kernel, errors translated once.
This file does not know what is asked of the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import asyncpg

from monitor import libpq, quoting
from monitor.dsn import place_of
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.leftovers import Watched

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

quote_identifier = quoting.quote_identifier
quote_literal = quoting.quote_literal

CONNECT_DEADLINE = 5.0
"""Seconds for TCP, TLS and authentication; a server that needs longer can't serve a rollback either."""

LEAST_PART = 0.2
"""Seconds that the last of several servers gets at least."""

CACHED_STATEMENT = 1 << 16
"""Bytes of a text that a session prepares once: what reads a schema is longer than asyncpg's own limit, and
would be sent and parsed each time, in a round trip of its own. For as long as the session lasts: a rollback
must not find that its questions have just been forgotten."""

CLOSE_DEADLINE = 2.0
"""Seconds for a polite goodbye; after that the socket is cut (a frozen server never answers)."""

TCP_USER_TIMEOUT_MS = 10_000
"""Unacknowledged data older than this means the peer is gone."""

KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3}
"""An idle connection's dead peer is noticed in about 11 s. Each of the two misses one case: set both."""

WRITING = {
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "standard_conforming_strings": "on",  # it shows in the text of defaults, and in what a plan means
}
"""Set at the start of a session, before what a role or a database is set to: a DBA who makes a database
read-only by default, in an incident, must not stop its rollback. A standby stays one all the same."""

UNBOUND = """/* migration-monitor: no limits of the role's on a session of ours */
SELECT pg_catalog.set_config(s.name, s.value, false)
  FROM (SELECT name, setting, CASE WHEN name OPERATOR(pg_catalog.=) 'synchronous_commit' THEN 'on' ELSE '0'
               END AS value FROM pg_catalog.pg_settings) AS s
 WHERE (s.name OPERATOR(pg_catalog.=) ANY (ARRAY['idle_session_timeout', 'transaction_timeout'])
        AND s.setting OPERATOR(pg_catalog.<>) '0')
    OR (s.name OPERATOR(pg_catalog.=) 'synchronous_commit' AND s.setting OPERATOR(pg_catalog.=) 'off')"""
"""What not every major knows, or what has more than one good value, can't be set at the start."""

RETRYABLE = frozenset({"55P03", "40P01", "40001", "57P01", "57P02", "57P03", "53300"})
"""SQLSTATEs after which the same transaction may be tried again; class 08 (connection) too."""

NO_ROOM = frozenset({"53000", "53100", "53200", "53400"})
"""SQLSTATEs of a disk, a memory or a limit that is full: worth another try once somebody has made room."""

MADE_AT_ONCE = frozenset({"23505", "42P06", "42P07", "42710", "42701", "40P01", "XX000"})
"""SQLSTATEs for those who were not first, when several make the same schema at once: unique_violation, it is
there already, a deadlock, "tuple concurrently updated". They look again. Taking turns would need a lock that
everybody who may connect can take, and keep."""

LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a session that was terminated while it was idle
    asyncpg.PostgresConnectionError,
)


async def connect(dsn: str, *, name: str, deadline: float = CONNECT_DEADLINE, **settings: str) -> Connection:
    """A connection whose session is called `migration-monitor/NAME`.

    `settings` are server settings (`statement_timeout="5s"`), before those of WRITING. Raises
    DatabaseUnreachable or DatabaseError; their texts name the place, never a password.
    """
    options = {"application_name": f"migration-monitor/{name}", **WRITING, **settings}
    place = place_of(dsn)
    async with translated(f"connecting {place and f'to {place} '}as migration-monitor/{name}"):
        async with asyncio.timeout(deadline + 1):
            connection = await _any_of(libpq.ways(dsn), deadline, options)
        try:
            _notice_dead_peers(connection)
            async with asyncio.timeout(deadline):
                await connection.execute(UNBOUND)
        except BaseException:  # cut between its greeting and now, or silent since
            connection.terminate()
            raise
    return connection


async def _any_of(ways: Sequence[libpq.Way], deadline: float, options: Mapping[str, str]) -> Connection:
    """The first that can be used. Each gets its part of the time, so that a silent one hides no other."""
    loop = cast(asyncio.AbstractEventLoop, Watched(asyncio.get_running_loop()))
    failed: BaseException | None = None
    for left, way in zip(range(len(ways), 0, -1), ways, strict=True):
        trust: dict[str, Any] = {"ssl": ssl.create_default_context()} if way.system else {}
        started = loop.time()
        try:
            return await asyncpg.connect(
                way.url, timeout=deadline / left, server_settings=dict(options), loop=loop,
                max_cacheable_statement_size=CACHED_STATEMENT, max_cached_statement_lifetime=0, **trust,
            )  # fmt: skip
        except (
            OSError,
            TimeoutError,
            asyncpg.TargetServerAttributeNotMatched,
            asyncpg.CannotConnectNowError,
        ) as e:
            failed = failed if isinstance(e, asyncpg.TargetServerAttributeNotMatched) and failed else e
            deadline = max(LEAST_PART, deadline - (loop.time() - started))
    raise failed or LookupError("no server is named")


MARK = "/* migration-monitor */"
"""In every statement of ours that no other comment marks: a DBA recognises it in pg_stat_activity."""

PIN = f"{MARK} SELECT pg_catalog.set_config('search_path', 'pg_catalog', {{local}})"

PINNED = PIN.format(local="true")
"""Until the transaction ends, nothing that somebody put into another schema is found instead of ours."""


PLAINLY = f"""{MARK} SELECT pg_catalog.set_config('quote_all_identifiers', 'off', false),
       pg_catalog.set_config('jit', 'off', false)"""
"""Names are written as they were at registration, and the catalogue is read without being compiled for."""


async def pin(connection: Connection) -> None:
    """For the session: what the role's own search_path is, stays its reset value."""
    async with translated("pinning the search_path"):
        await connection.execute(f"{PIN.format(local='false')}; {PLAINLY}")


async def close(connection: Connection | None) -> None:
    """Says goodbye within CLOSE_DEADLINE, else cuts the socket. Never raises."""
    if connection is None or connection.is_closed():
        return
    try:
        await connection.close(timeout=CLOSE_DEADLINE)
    except asyncio.CancelledError:
        connection.terminate()
        raise
    except Exception:  # whatever it was, the socket must go
        connection.terminate()


@contextlib.asynccontextmanager
async def translated(what: str) -> AsyncIterator[None]:
    """Turns asyncpg's and the socket's exceptions into ours; `what` names the step in the text."""
    try:
        yield
    except asyncpg.PostgresError as e:
        raise from_server(what, e) from e
    except TimeoutError as e:
        raise DatabaseUnreachable(f"{what}: no answer within its deadline") from e
    except (*LOST, UnicodeError, LookupError) as e:
        raise DatabaseUnreachable(f"{what}: {_socket_reason(e)}") from e
    except UnicodeDecodeError as e:
        raise DatabaseError(f"{what}: {NOT_UTF8}") from e


NOT_UTF8 = (
    "a name, comment or text is not UTF-8 (a database in SQL_ASCII stores any bytes): "
    "write it again as UTF-8, by COMMENT ON … or ALTER … RENAME"
)


def from_server(what: str, e: asyncpg.PostgresError) -> DatabaseError:
    """Our error for what the server said; its text names objects, never values."""
    sqlstate = getattr(e, "sqlstate", None) or ""
    lost = sqlstate.startswith("08") or sqlstate in {"57P01", "57P02", "57P03", "53300"}
    kind = DatabaseUnreachable if lost else DatabaseError
    text = message_of(e)
    return kind(f"{what}: {text} ({sqlstate or 'no SQLSTATE'}){_remedy(sqlstate, text)}", sqlstate)


POOLED = frozenset({"42P05", "26000"})
"""A prepared statement is there already, or not there: transactions of one session go to many servers."""

READ_ONLY = "25006"

REMEDIES = {READ_ONLY: ": it must be the writable primary", "22021": f": {NOT_UTF8}"}


def is_pooler(error: DatabaseError) -> bool:
    """Whether this is what only a transaction pooler answers."""
    return _pooled(error.sqlstate, str(error))


def _pooled(sqlstate: str, text: str) -> bool:
    return sqlstate in POOLED or (sqlstate == "08P01" and "startup parameter" in text)


def _remedy(sqlstate: str, text: str) -> str:
    """What the server can't know: that it is not the one that was meant."""
    if _pooled(sqlstate, text):
        return ": a connection pooler is in between, name the server itself"
    if sqlstate == "42704" and "configuration parameter" in text:
        return ": take it out of the connection URL"
    return REMEDIES.get(sqlstate, "")


VALUES = ("22", "P0")
"""Classes of SQLSTATEs whose message quotes a value of a row, or is anybody's text (RAISE)."""


def message_of(e: asyncpg.PostgresError) -> str:
    """The server's primary message in one line, without DETAIL (DETAIL can hold row values).

    Where the message itself can hold one, only the name of the error.
    """
    if (getattr(e, "sqlstate", None) or "").startswith(VALUES):
        return " ".join(re.findall("[A-Z][a-z]+", type(e).__name__.removesuffix("Error"))).lower()
    return " ".join(str(getattr(e, "message", None) or type(e).__name__).split())[:500]


def is_retryable(sqlstate: str) -> bool:
    return sqlstate in RETRYABLE or sqlstate.startswith("08")


def _notice_dead_peers(connection: Connection) -> None:
    transport = cast(Any, connection)._transport  # asyncpg 0.32 has no public way to the socket
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in {**KEEPALIVE, "TCP_USER_TIMEOUT": TCP_USER_TIMEOUT_MS}.items():
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _socket_reason(e: BaseException) -> str:
    if isinstance(e, ssl.SSLCertVerificationError):
        return f"the TLS handshake failed: {e.verify_message}"
    if isinstance(e, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(e, ConnectionError) and "SSL upgrade" in str(e):
        return "the server does not speak TLS, and sslmode in the DSN asks for it"
    if isinstance(e, asyncpg.TargetServerAttributeNotMatched):
        return "no server that it names is of the kind that target_session_attrs asks for"
    if isinstance(e, asyncpg.ClientConfigurationError | UnicodeError):
        return "its connection URL can't be used: check the names of hosts and files, and sslmode"
    if isinstance(e, LookupError) and not isinstance(e, KeyError | IndexError):
        return str(e)
    if isinstance(e, OSError):
        return SOCKET.get(e.errno or 0) or _in_words(str(e)) or e.strerror or "the connection was lost"
    return "the connection was lost, or is in the middle of something else"


SOCKET = {
    errno.ECONNREFUSED: "the server refuses connections: nothing is listening there",
    errno.ECONNRESET: "the connection was lost",
    errno.EPIPE: "the connection was lost",
    errno.ETIMEDOUT: "the server does not answer",
    errno.EHOSTUNREACH: "the server's host can't be reached",
    errno.ENETUNREACH: "the server's network can't be reached",
    errno.ENOENT: "the server's socket is not there",
}
"""What a socket's error means to people; of others the system's own words are shown."""


def _in_words(text: str) -> str:
    """For what asyncio says of one or several addresses, as Python writes them; "" for all else."""
    return "no connection could be made" if "Connect call failed" in text else ""
