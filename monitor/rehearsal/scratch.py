"""The scratch database: one of ours on the server the operator named, or the empty one they named.

Whatever happens it is gone, or empty again, afterwards; what a killed rehearsal left is taken away by the
next one. This file does not know what it is used for.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, urlencode

import structlog

from monitor import pg
from monitor.errors import DatabaseError, OperatorError
from monitor.libpq import parts_of
from monitor.pg import Connection
from monitor.rehearsal import empty as rehearsal_empty
from monitor.schema import catalogue

log = structlog.get_logger()

PREFIX = "migration_monitor_rehearsal_"
"""Of a database of ours; nothing else may be called so."""

DROP_DEADLINE = 30.0
"""Seconds for taking the scratch database away; what is left then is for the next rehearsal."""

LOOK_DEADLINE = 10.0
"""Seconds for a look at a server."""

CREATE_DEADLINE = 60.0
"""Seconds; a checkpoint may come first."""

PLACE = """/* migration-monitor: which database is this */
SELECT pg_catalog.current_database()::text AS name, d.oid::bigint AS oid,
       pg_catalog.pg_postmaster_start_time()::text AS started,
       pg_catalog.pg_encoding_to_char(d.encoding)::text AS encoding,
       (SELECT r.rolcreatedb OR r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
         AS may_create
  FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()"""

LEFTOVERS = """/* migration-monitor: what killed rehearsals left */
SELECT d.datname::text AS name FROM pg_catalog.pg_database d
 WHERE pg_catalog.starts_with(d.datname::text, $1)
   AND d.datdba = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                    WHERE a.datname = d.datname
                       OR a.application_name
                          = 'migration-monitor/rehearsal/' || pg_catalog.substr(d.datname::text, $2))"""

TURN = "/* migration-monitor */ SELECT pg_catalog.pg_try_advisory_lock(7164312, 1)"
"""One rehearsal at a time in a database that is not ours; two integers of no meaning."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """An empty database to play in. `own`: created for this, else the operator's own."""

    dsn: str
    name: str
    major: int
    own: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Which database of which server."""

    name: str
    oid: int
    started: str
    encoding: str
    may_create: bool
    system: str
    major: int

    def is_same(self, other: Place) -> bool:
        """By the cluster's identifier; where a role may not read it, by the moment the server started."""
        same_server = (
            self.system == other.system if self.system and other.system else self.started == other.started
        )
        return same_server and self.name == other.name


async def place_of(connection: Connection, what: str) -> Place:
    """Raises OperatorError for a pooler or a standby; `what` names the connection in the text."""
    async with pg.translated(f"looking at {what}"), asyncio.timeout(LOOK_DEADLINE):
        server = await catalogue.identity(connection)
        row = await connection.fetchrow(PLACE)
    if row is None:  # we are connected to it
        raise AssertionError
    if server.is_pooled(connection):
        raise OperatorError(f"{what} goes through a connection pooler: name the server itself")
    if server.standby:
        raise OperatorError(f"{what} names a standby: name a primary")
    return Place(
        row["name"], row["oid"], row["started"], row["encoding"], row["may_create"], server.system,
        server.version // 10_000,
    )  # fmt: skip


def refuse_place(scratch: Place, target: Place) -> None:
    """Raises OperatorError when a rehearsal there would be dangerous or say nothing."""
    if scratch.is_same(target):
        raise OperatorError(
            f"the scratch database is the watched database itself ({target.name}): name another, as "
            "/postgres of a test server"
        )
    if scratch.major < target.major:
        raise OperatorError(
            f"the scratch server is PostgreSQL {scratch.major}, older than the target's {target.major}: "
            f"rehearse on {target.major}"
        )


async def check_scratch(dsn: str, target_dsn: str) -> list[str]:
    """What stands in the way of a rehearsal there; [] when nothing does. Raises DatabaseError."""
    target = await pg.connect(target_dsn, name="check")
    try:
        scratch = await pg.connect(dsn, name="check")
        try:
            place = await place_of(scratch, "the scratch DSN")
            refuse_place(place, await place_of(target, "rollback_dsn"))
            if not place.may_create:
                await rehearsal_empty.refuse_content(scratch, place.name)
        finally:
            await pg.close(scratch)
    except OperatorError as e:
        return [str(e)]
    finally:
        await pg.close(target)
    return []


@contextlib.asynccontextmanager
async def scratch_database(dsn: str, target: Place) -> AsyncIterator[Scratch]:
    """An empty database for the block, never the watched one. Raises OperatorError, DatabaseError."""
    token = secrets.token_hex(6)
    admin = await pg.connect(dsn, name=f"rehearsal/{token}")
    try:
        place = await place_of(admin, "the scratch DSN")
        refuse_place(place, target)
        entered = _created if place.may_create else _borrowed
        async with entered(admin, dsn, place, target.encoding, token) as scratch:
            yield scratch
    finally:
        await pg.close(admin)


@contextlib.asynccontextmanager
async def _created(
    admin: Connection, dsn: str, place: Place, encoding: str, token: str
) -> AsyncIterator[Scratch]:
    name = PREFIX + token
    await _drop_leftovers(admin)
    provider = " LOCALE_PROVIDER libc" if place.major >= 15 else ""
    try:
        async with pg.translated("creating the scratch database"):
            await admin.execute(
                f"{pg.MARK} CREATE DATABASE {pg.quote_identifier(name)} TEMPLATE template0"
                f" ENCODING {pg.quote_literal(encoding)} LOCALE 'C'{provider}",
                timeout=CREATE_DEADLINE,
            )
        yield Scratch(with_database(dsn, name), name, place.major, own=True)
    finally:
        await _certainly(_drop(admin, name))


@contextlib.asynccontextmanager
async def _borrowed(
    admin: Connection, dsn: str, place: Place, encoding: str, token: str
) -> AsyncIterator[Scratch]:
    del token  # nothing of it gets a name
    if place.encoding != encoding:
        raise OperatorError(
            f"the scratch database {place.name} has encoding {place.encoding}, the target {encoding}: "
            f"create it with ENCODING '{encoding}' TEMPLATE template0, or let the role create databases"
        )
    async with pg.translated("taking the scratch database"), asyncio.timeout(DROP_DEADLINE):
        if not await admin.fetchval(TURN):
            raise OperatorError(f"another rehearsal is using the scratch database {place.name}: wait for it")
        await rehearsal_empty.take(admin, place.name)
    try:
        yield Scratch(dsn, place.name, place.major, own=False)
    finally:
        await _certainly(rehearsal_empty.give_back(admin))


def with_database(dsn: str, name: str) -> str:
    """The same server and role, another database."""
    parts = parts_of(dsn)
    query = [
        (k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in {"dbname", "database"}
    ]
    return str(replace(parts, path=f"/{quote(name)}", query=urlencode(query)))


async def _drop_leftovers(admin: Connection) -> None:
    async with pg.translated("looking for scratch databases that were left behind"):
        names = [
            row["name"]
            for row in await admin.fetch(LEFTOVERS, PREFIX, len(PREFIX) + 1, timeout=LOOK_DEADLINE)
        ]
    for name in names:
        with contextlib.suppress(DatabaseError):  # another rehearsal drops it at this moment
            await _drop(admin, name)


async def _drop(admin: Connection, name: str) -> None:
    sql = f"{pg.MARK} DROP DATABASE IF EXISTS {pg.quote_identifier(name)} WITH (FORCE)"
    async with pg.translated("dropping the scratch database"), asyncio.timeout(DROP_DEADLINE):
        await admin.execute(sql)


async def _certainly(work: Coroutine[None, None, None]) -> None:
    """To its end, also when the rehearsal is cancelled again; a failure is left to the next rehearsal."""
    try:
        await asyncio.shield(asyncio.ensure_future(work))
    except DatabaseError as e:
        log.warning("rehearsal.left_behind", reason=str(e))
