"""What a poll costs: our CPU beside the bare calls of the same libraries, and the database's time.

`uv run python -m tests.bench.bench_poll`. One round is one database statement and two HTTP reads.
Ours and bare rounds alternate in the same run, against peers in a child process; medians are printed.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from statistics import median

import asyncpg
import httpx

from monitor.core.samples import SECOND
from monitor.demo.postgres import Server
from monitor.net import Net
from monitor.sources.database import POLL, DatabaseProbe
from monitor.sources.endpoints import Pace
from monitor.sources.json_document import JsonProbe, JsonSpec
from monitor.sources.prometheus import PrometheusProbe, PrometheusSpec
from monitor.sources.session import Session
from tests import peers, servers

ROUNDS = 300
BATCH = 10
SESSIONS = 60
NOW = 1_700_000_000 * SECOND

PAGE = "".join(
    f'http_requests_total{{handler="/items/{n}",method="GET",status="{status}"}} {n + 1}\n'
    for n in range(4)
    for status in ("2xx", "5xx")
)


def application(pipe: Connection) -> None:
    """Two endpoints in a process of their own, so that only the client's CPU is measured."""

    async def serve() -> None:
        async with (
            peers.listening(peers.answering(PAGE)) as page,
            peers.listening(peers.answering('{"response_time_ms": 12.5}')) as stats,
        ):
            pipe.send((page.url, stats.url))
            await asyncio.Event().wait()

    asyncio.run(serve())


async def cpu_of(rounds: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of this process's CPU for one round."""
    started = time.process_time()
    for _ in range(BATCH):
        await rounds()
    return (time.process_time() - started) / BATCH * 1000


async def compare_cpu(dsn: str, page_url: str, stats_url: str) -> tuple[float, float]:
    """(ours, bare) in milliseconds of CPU a round."""
    net, session = Net(), Session(dsn)
    probes = (
        DatabaseProbe(session),
        PrometheusProbe("error_rate", PrometheusSpec((page_url,), preset="fastapi"), Pace(), net),
        JsonProbe("response_time", JsonSpec((stats_url,), value="response_time_ms", unit="ms"), Pace(), net),
    )
    connection = await asyncpg.connect(dsn)
    statement = await connection.prepare(POLL)
    clients = [httpx.AsyncClient(), httpx.AsyncClient()]

    async def ours() -> None:
        for probe in probes:
            await probe.read(NOW)

    async def bare() -> None:
        await statement.fetch()
        for client, url in zip(clients, (page_url, stats_url), strict=True):
            (await client.get(url)).raise_for_status()

    await ours()
    pairs = [(await cpu_of(ours), await cpu_of(bare)) for _ in range(ROUNDS // BATCH)]
    for client in clients:
        await client.aclose()
    await connection.close()
    await net.aclose()
    await session.aclose()
    return median(o for o, _ in pairs), median(b for _, b in pairs)


async def server_time(dsn: str) -> tuple[float, float]:
    """(poll, select 1): milliseconds the server takes for one execution with SESSIONS sessions."""
    connection = await asyncpg.connect(dsn)
    crowd = [await asyncpg.connect(dsn) for _ in range(SESSIONS)]
    poll, one = await connection.prepare(POLL), await connection.prepare("select 1")
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for statement, found in zip((poll, one), times, strict=True):
            started = time.perf_counter()
            await statement.fetch()
            found.append((time.perf_counter() - started) * 1000)
    for session in (*crowd, connection):
        await session.close()
    return median(times[0]), median(times[1])


async def measure(dsn: str, page_url: str, stats_url: str) -> None:
    """Prints both comparisons."""
    ours, bare = await compare_cpu(dsn, page_url, stats_url)
    print(f"CPU of a round: ours {ours:.2f} ms  bare calls {bare:.2f} ms  {ours / bare:.2f} x  (aim <= 2 x)")
    poll, one = await server_time(dsn)
    print(
        f"database with {SESSIONS} sessions, round trip: poll {poll:.2f} ms  select 1 {one:.2f} ms  "
        f"difference {poll - one:.2f} ms  (aim <= 0.6 ms)"
    )


def main() -> None:
    """Starts a server and an application, measures, stops them."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=application, args=(there,), daemon=True)
    child.start()
    major = servers.BINARIES[0].major
    pg = Server(servers.BINARIES[0], {"max_connections": str(SESSIONS + 20)})
    try:
        pg.start()
        page_url, stats_url = here.recv()
        print(f"PostgreSQL {major}, {ROUNDS} rounds, medians")
        asyncio.run(measure(pg.dsn(), page_url, stats_url))
    finally:
        pg.remove()
        child.terminate()


if __name__ == "__main__":
    main()
