"""Runs statements on the scratch database and learns from each: time, locks, rewrites, refusals, errors.

Each run of a script is one transaction, like the rollback itself; a statement that refuses a transaction
(25001) is run between two. This file does not judge whether the schema came back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable
from monitor.pg import Connection, quote_literal
from monitor.rehearsal.pieces import Piece

STATEMENT_SECONDS = 120
"""Of one statement on empty tables."""

READ_SECONDS = 20.0
"""Of one look at the catalogue of the clone."""

REFUSES_A_TRANSACTION = "25001"

STRENGTH = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
    "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
"""Weakest first, as PostgreSQL documents them."""

RELATIONS = """/* migration-monitor: relations and their files */
SELECT c.oid::bigint AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS label,
       c.relkind::text AS kind, coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint AS file,
       coalesce(i.indrelid, 0)::bigint AS indexes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"""

LOCKS = """/* migration-monitor: locks of this transaction */
SELECT l.relation::bigint AS oid, l.mode FROM pg_catalog.pg_locks l
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted"""


@dataclass(frozen=True, slots=True)
class Failure:
    """What the server said of a statement; `text` names objects, never values."""

    sqlstate: str
    text: str


@dataclass(frozen=True, slots=True)
class Ran:
    """One statement. `locks`: relation and the modes newly taken, weakest first; unknown (None) outside a
    transaction. `rewrites`: relations whose file was replaced."""

    piece: Piece
    seconds: float
    transactional: bool
    locks: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    rewrites: tuple[str, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    label: str
    kind: str
    file: int
    indexes: int  # oid of the table an index is on, else 0


async def run(dsn: str, pieces: Sequence[Piece], search_path: str) -> tuple[Ran, ...]:
    """Every statement up to the first that fails, which is the last of the answer then.

    Raises DatabaseUnreachable when the scratch server goes away.
    """
    connection = await pg.connect(dsn, name="rehearsal", statement_timeout=f"{STATEMENT_SECONDS}s")
    try:
        async with pg.translated("rehearsing"), asyncio.timeout(READ_SECONDS):
            path = (
                f"{pg.MARK} SELECT pg_catalog.set_config('search_path', {quote_literal(search_path)}, false)"
            )
            await connection.execute(path)
            if connection.get_server_version().major >= 14:  # a killed rehearsal's statement ends soon
                await connection.execute("SET client_connection_check_interval = '2s'")
        return await _Run(connection).all(pieces)
    finally:
        await pg.close(connection)


class _Run:
    """One script on one connection. `_held`: locks of the open transaction so far."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._open = False
        self._held: set[tuple[int, str]] = set()
        self._relations: Mapping[int, Relation] = {}

    async def all(self, pieces: Sequence[Piece]) -> tuple[Ran, ...]:
        done: list[Ran] = []
        for piece in pieces:
            ran = await self._one(piece)
            done.append(ran)
            if ran.failure is not None:
                return tuple(done)
        if (failure := await self._commit()) is not None:
            done.append(Ran(Piece(pieces[-1].line, "COMMIT"), 0.0, True, failure=failure))
        return tuple(done)

    async def _one(self, piece: Piece) -> Ran:
        if not piece.transactional:
            return await self._outside(piece)
        await self._begin()
        await self._send("SAVEPOINT rehearsed")
        ran = await self._timed(piece, transactional=True)
        if ran.failure is not None and ran.failure.sqlstate == REFUSES_A_TRANSACTION:
            await self._send("ROLLBACK TO SAVEPOINT rehearsed")
            return await self._outside(piece)
        return ran

    async def _outside(self, piece: Piece) -> Ran:
        if (failure := await self._commit()) is not None:
            return Ran(piece, 0.0, False, failure=failure)
        return await self._timed(piece, transactional=False)

    async def _timed(self, piece: Piece, *, transactional: bool) -> Ran:
        before = self._relations if transactional else await self._read()
        began = time.monotonic()
        try:
            await self._send(piece.text)
        except DatabaseError as e:
            if isinstance(e, DatabaseUnreachable):
                raise
            return Ran(piece, time.monotonic() - began, transactional, failure=_failure(e))
        seconds = time.monotonic() - began
        locks = await self._new_locks() if transactional else None
        after = self._relations = await self._read()
        return Ran(piece, seconds, transactional, locks, _rewritten(before, after))

    async def _begin(self) -> None:
        if not self._open:
            self._relations = await self._read()
            self._held = set()
            await self._send("BEGIN")
            self._open = True

    async def _commit(self) -> Failure | None:
        if not self._open:
            return None
        self._open = False
        try:
            await self._send("COMMIT")
        except DatabaseError as e:
            if isinstance(e, DatabaseUnreachable):
                raise
            return _failure(e)
        return None

    async def _new_locks(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """On relations that were there before the statement, by label."""
        async with pg.translated("reading locks"):
            held = {
                (row["oid"], row["mode"]) for row in await self._connection.fetch(LOCKS, timeout=READ_SECONDS)
            }
        taken: dict[str, list[str]] = {}
        for oid, mode in held - self._held:
            if oid in self._relations and mode in STRENGTH:
                taken.setdefault(self._relations[oid].label, []).append(mode)
        self._held = held
        return tuple((label, tuple(sorted(taken[label], key=STRENGTH.index))) for label in sorted(taken))

    async def _read(self) -> Mapping[int, Relation]:
        async with pg.translated("reading relations"):
            rows = await self._connection.fetch(RELATIONS, timeout=READ_SECONDS)
        return {r["oid"]: Relation(r["label"], r["kind"], r["file"], r["indexes"]) for r in rows}

    async def _send(self, sql: str) -> None:
        async with pg.translated("rehearsing a statement"), asyncio.timeout(STATEMENT_SECONDS + 10):
            await self._connection.execute(sql)


def _rewritten(before: Mapping[int, Relation], after: Mapping[int, Relation]) -> tuple[str, ...]:
    """Tables with a new file, and indexes with one whose table has none."""
    changed = {oid for oid, r in after.items() if oid in before and before[oid].file != r.file and r.file}
    shown = (
        oid for oid in changed if after[oid].kind in {"r", "m", "i"} and after[oid].indexes not in changed
    )
    return tuple(sorted(after[oid].label for oid in shown))


def _failure(e: DatabaseError) -> Failure:
    return Failure(e.sqlstate, str(e).partition(": ")[2] or str(e))
