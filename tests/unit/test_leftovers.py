"""What reaches the event loop is told now and again, with how often, and never by its text."""

from __future__ import annotations

import asyncio
import gc

from structlog.testing import capture_logs

from monitor.leftovers import QUIET, Leftovers, Watched


class Clock:
    """Seconds, as the test sets them."""

    seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


async def forget(times: int) -> None:
    """Futures with an exception that nobody looks at."""
    for _ in range(times):
        asyncio.get_running_loop().create_future().set_exception(ValueError("CANARY"))
    gc.collect()
    await asyncio.sleep(0)


async def test_many_leftovers_are_one_line_a_minute() -> None:
    """The second line says how many there were since the first."""
    clock = Clock()
    asyncio.get_running_loop().set_exception_handler(Leftovers(clock))
    with capture_logs() as logs:
        await forget(40)
        clock.seconds += QUIET - 0.001
        await forget(40)
        clock.seconds += 0.001
        await forget(1)
    assert [(line["event"], line["count"]) for line in logs] == [("loop.leftover", 1), ("loop.leftover", 80)]
    assert "CANARY" not in "".join(line["said"] for line in logs)


class Waiting(asyncio.Protocol):
    """As asyncpg's, which asks for TLS."""

    def __init__(self) -> None:
        self.on_data: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.on_data.set_exception(ConnectionError())


async def test_the_future_of_a_protocol_that_is_given_up_is_looked_at() -> None:
    """And the connection is the loop's own."""
    left: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: left.append(context))

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        transport, protocol = await Watched(loop).create_connection(Waiting, "127.0.0.1", port)
        assert isinstance(protocol, Waiting)
        transport.abort()
        await asyncio.sleep(0.05)
        del protocol
        gc.collect()
    assert left == []
