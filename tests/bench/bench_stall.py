"""How long does the application wait while a rollback is executed with a 6 s reader in the way?

Four workers read and write a table about every millisecond; a report reads it in one transaction of 6 s;
half a second into that the rollback begins. The longest wait of any worker is told, beside the same
statement sent as psql would: without our lock policy, everybody queues behind it for as long as the report.

Then how many of the application's transactions die in a deadlock: a rollback over 12 tables with keys between
them, beside 8 sessions that use four of them in a transaction, in any order. It may be none.

    uv run python -m tests.bench.bench_stall
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

from monitor.ports import OutcomeKind
from monitor.ports.patience import LockPolicy
from monitor.rollback.executor import Limits
from tests import busy, servers
from tests.rollbacks import DROP_COLUMN, build, connected, executing, registered, rolled_back

WORKERS = 4

READER = 6.0
"""Seconds of the report's transaction."""

AHEAD = 0.5
"""Seconds that the report is ahead of the rollback."""

MARGIN = 0.2
"""Seconds over max_app_stall that a wait may take: the machine's own."""

WORK = (
    "SELECT count(email_address) FROM contacts WHERE id < 20",
    "UPDATE contacts SET email_address = email_address WHERE id = 1 + (random() * 90)::int",
)

Rollback = Callable[[str], Awaitable[None]]


async def ours(dsn: str) -> None:
    """The stored rollback, as the daemon executes it."""
    watch = await registered(dsn, DROP_COLUMN)
    async with executing(dsn, Limits()) as executor:
        await asyncio.sleep(AHEAD)
        outcome = await rolled_back(executor, watch)
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome


async def plain(dsn: str) -> None:
    """The same statement, without a lock_timeout."""
    async with connected(dsn) as c:
        await asyncio.sleep(AHEAD)
        await c.execute(DROP_COLUMN.decode())


async def work(dsn: str, stop: asyncio.Event, waits: list[float]) -> None:
    """One worker of the application; keeps how long each statement took."""
    async with connected(dsn) as c:
        while not stop.is_set():
            for statement in WORK:
                began = time.perf_counter()
                await c.execute(statement)
                waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.001)


async def report(dsn: str) -> None:
    async with connected(dsn) as c, c.transaction():
        await c.execute("SELECT count(*) FROM contacts")
        await asyncio.sleep(READER)


async def longest_wait(rollback: Rollback) -> tuple[float, float, int]:
    """The application's longest wait, what the rollback took in all (seconds), statements done."""
    server = servers.server(servers.BINARIES[0].major)
    dsn = server.dsn(await servers.new_database(server))
    await build(dsn)
    stop, waits = asyncio.Event(), list[float]()
    workers = [asyncio.create_task(work(dsn, stop, waits)) for _ in range(WORKERS)]
    await asyncio.sleep(1.0)
    reading = asyncio.create_task(report(dsn))
    began = time.perf_counter()
    await rollback(dsn)
    took = time.perf_counter() - began
    await reading
    stop.set()
    await asyncio.gather(*workers)
    return max(waits), took, len(waits)


async def victims() -> tuple[int, float, float]:
    """Of the application; its longest wait, and what the rollback took in all (seconds)."""
    server = servers.server(servers.BINARIES[0].major)
    dsn = server.dsn(await servers.new_database(server))
    await build(dsn, busy.MADE)
    watch = await registered(dsn, busy.DROP_COLUMNS)
    began = time.perf_counter()
    async with busy.busy(dsn, think=0.005, idle=0.03) as told, executing(dsn, Limits()) as executor:
        outcome = await rolled_back(executor, watch)
        took = time.perf_counter() - began
    assert outcome.kind is OutcomeKind.ROLLED_BACK, outcome
    return told.victims, told.longest, took


async def main() -> int:
    limit = LockPolicy().max_app_stall
    found = {"our rollback": await longest_wait(ours), "plain DROP COLUMN": await longest_wait(plain)}
    print(f"{WORKERS} workers, a reader of {READER:g} s in the way, max_app_stall {limit:g} s")
    for what, (longest, took, statements) in found.items():
        print(f"{what:18} longest wait {longest:.2f} s   done after {took:.1f} s   {statements} statements")
    ours_, plain_ = found["our rollback"][0], found["plain DROP COLUMN"][0]
    print(f"ratio              1 : {plain_ / ours_:.1f}")
    dead, longest, took = await victims()
    print(f"{busy.TABLES} tables, {busy.SESSIONS} busy sessions: {dead} victims of a deadlock   "
          f"longest wait {longest:.2f} s   done after {took:.1f} s")  # fmt: skip
    return 0 if ours_ <= limit + MARGIN and not dead else 1


if __name__ == "__main__":
    try:
        code = asyncio.run(main())
    finally:
        servers.stop_all()
    sys.exit(code)
