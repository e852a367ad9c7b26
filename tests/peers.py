"""Loopback HTTP peers for tests: well-behaved ones with a scripted answer, and hostile ones."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Peer:
    """What a peer was asked, and how it answers from now on."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.port = 0
        self.scheme = "http"
        self.connections = 0
        self.open = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/metrics"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            await self.behaviour(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.open -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def listening(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A peer on a free loopback port; every connection of it is gone at the end."""
    peer = Peer(behaviour)
    tasks: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await peer.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    peer.scheme = "http" if tls is None else "https"
    try:
        yield peer
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Reads one request's head (and ignores bodies)."""
    return await reader.readuntil(b"\r\n\r\n")


def response(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def answering(*bodies: str | bytes, status: str = "200 OK", headers: str = "") -> Behaviour:
    """Answers each request with the next body, the last one for ever; keeps connections alive."""
    turns = list(bodies)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            body = turns.pop(0) if len(turns) > 1 else turns[0]
            writer.write(response(body if isinstance(body, bytes) else body.encode(), status, headers))
            await writer.drain()

    return behave


def raw(data: bytes) -> Behaviour:
    """Answers one request with these bytes and closes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(data)
        await writer.drain()

    return behave


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, reads, never answers."""
    while await reader.read(65536):
        pass


async def slow_loris(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One byte of the head at a time, for ever."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.02)


async def endless_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A chunked body without an end."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def tiny_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body of one-byte chunks without an end."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n" * 1000)
        await writer.drain()


@functools.cache
def _headers(n: int) -> bytearray:
    """In one buffer: tests measure the memory of the process that this is in."""
    made = bytearray()
    for i in range(n):
        made += b"X-%d: y\r\n" % i
    return made


async def many_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """200,000 headers. It lets go of the loop between pieces: else the reader would wait for its own peer."""
    flood, piece = _headers(200_000), 1 << 16
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for start in range(0, len(flood), piece):
        writer.write(flood[start : start + piece])
        await writer.drain()
        await asyncio.sleep(0)
    writer.write(b"\r\n")
    await writer.drain()
