"""An application of many small transactions over many tables with keys between them, in any order.

Its sessions never deadlock among themselves: each writes rows of its own. A deadlock is somebody else's.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg

from tests.rollbacks import connected

TABLES = 12
SESSIONS = 8

TOUCHED = 4
"""Tables of one transaction."""

MADE = "".join(
    f"CREATE TABLE t{n} (id int PRIMARY KEY, extra text, parent int {f'REFERENCES t{n - 1}' if n else ''});"
    f"INSERT INTO t{n} SELECT g, 'e', {'g' if n else 'NULL'} FROM generate_series(0, {SESSIONS}) g;"
    for n in range(TABLES)
)

DROP_COLUMNS = ";\n".join(f"ALTER TABLE t{n} DROP COLUMN extra" for n in range(TABLES)).encode()
DROP_TABLES = ";\n".join(f"DROP TABLE t{n}" for n in reversed(range(TABLES))).encode()


@dataclass
class Told:
    """What the application saw."""

    done: int = 0
    victims: int = 0  # transactions that the server ended as the loser of a deadlock
    longest: float = 0.0  # seconds of one statement
    errors: list[str] = field(default_factory=list)  # of other kinds


@contextlib.asynccontextmanager
async def busy(
    dsn: str,
    sessions: int = SESSIONS,
    think: float = 0.002,
    idle: float = 0.0,
    in_order: bool = False,
) -> AsyncIterator[Told]:
    """The application at work for as long as the block lasts. `think`: seconds between two statements,
    `idle`: on the average between two transactions, `in_order`: parents before children."""
    told, stop = Told(), asyncio.Event()
    tasks = [asyncio.create_task(_work(dsn, n, think, idle, in_order, stop, told)) for n in range(sessions)]
    try:
        await asyncio.sleep(0.3)
        yield told
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def _work(
    dsn: str, number: int, think: float, idle: float, in_order: bool, stop: asyncio.Event, told: Told
) -> None:
    chosen = random.Random(number)
    async with connected(dsn) as c:
        while not stop.is_set():
            try:
                async with c.transaction():
                    tables = chosen.sample(range(TABLES), TOUCHED)
                    for n in sorted(tables) if in_order else tables:
                        await _touch(c, n, number, told, alone=in_order)
                        await asyncio.sleep(think)
                told.done += 1
                await asyncio.sleep(idle * chosen.expovariate(1))
            except asyncpg.DeadlockDetectedError:
                told.victims += 1
            except asyncpg.PostgresError as e:  # its tables are gone: the rollback's doing
                told.errors.append(e.sqlstate)
                await asyncio.sleep(think)


async def _touch(
    c: asyncpg.Connection[asyncpg.Record], table: int, row: int, told: Told, *, alone: bool
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await c.execute(f"UPDATE t{table} SET parent = parent WHERE id = {row}")
    if not alone:
        await c.execute(f"SELECT count(*) FROM t{table} JOIN t{(table * 5 + 3) % TABLES} USING (id)")
    told.longest = max(told.longest, loop.time() - began)
