"""A TCP proxy in front of a server that loses what it is told to lose."""

from __future__ import annotations

import asyncio
import contextlib
from enum import Enum
from typing import Self
from urllib.parse import urlsplit, urlunsplit

COMMIT = b"COMMIT\x00"


class Fault(Enum):
    """What happens when COMMIT passes by, once."""

    NONE = "none"
    BEFORE = "reset before COMMIT reaches the server"
    AFTER = "reset after COMMIT reached the server, its answer lost"
    SWALLOW = "the answer to COMMIT never comes"
    SILENT = "nothing is answered any more"


class Proxy:
    """Forwards bytes; `fault` strikes at the next group COMMIT after `skip` others. Port 0: any free one."""

    def __init__(self, dsn: str, port: int = 0) -> None:
        parts = urlsplit(dsn)
        self._port = port
        self._dsn = parts
        self.fault = Fault.NONE
        self.skip = 0
        self.struck = 0
        self.fake_pid = False
        self.delay = 0.0  # seconds that each answer is late: the way there and back
        self.wire: list[tuple[asyncio.StreamWriter, bytes]] | None = None  # what passed, b"": an answer
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def dsn(self) -> str:
        assert self._server is not None
        return self.named(self._server.sockets[0].getsockname()[1])

    def named(self, port: int) -> str:
        """The DSN of the server as seen through the proxy on that port, listening or not."""
        return urlunsplit(self._dsn._replace(netloc=f"{self._dsn.username}@127.0.0.1:{port}"))

    def lead_to(self, dsn: str) -> None:
        """Where new connections go: the name moves, as after a failover."""
        self._dsn = urlsplit(dsn)

    def _note(self, client: asyncio.StreamWriter, data: bytes) -> None:
        if self.wire is not None:
            self.wire.append((client, data))

    def questions(self, word: bytes) -> list[bytes]:
        """Of the connection on which `word` passed last: what was sent behind that, by round trip.

        `wire` must have been set to an empty list before.
        """
        wire = self.wire or []
        client = next(client for client, data in reversed(wire) if word in data)
        asked = [b""]
        for data in (data for of, data in wire if of is client):
            if data:
                asked[-1] += data
            elif asked[-1]:
                asked.append(b"")
        last = max(n for n, data in enumerate(asked) if word in data)
        return [data for data in asked[last + 1 :] if data]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            answers, upstream = await asyncio.open_connection(self._dsn.hostname, self._dsn.port)
            swallow = asyncio.Event()
            both = [
                asyncio.create_task(self._forth(reader, upstream, writer, swallow)),
                asyncio.create_task(self._back(answers, writer, swallow)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for side in both:
                    side.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        except asyncio.CancelledError:
            pass
        except OSError:  # the server is down: whoever connected is hung up on
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, upstream):
                if end is not None:
                    end.close()
                    with contextlib.suppress(OSError):
                        await end.wait_closed()

    async def _forth(
        self,
        reader: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        swallow: asyncio.Event,
    ) -> None:
        while data := await reader.read(65536):
            strike = self._strikes(data)
            if strike is Fault.BEFORE:
                client.transport.abort()
                return
            if strike in {Fault.AFTER, Fault.SWALLOW}:
                swallow.set()
            self._note(client, data)
            upstream.write(data)
            await upstream.drain()
            if strike is Fault.AFTER:
                await asyncio.sleep(0.3)  # a real server commits meanwhile
                client.transport.abort()
                return

    def _strikes(self, data: bytes) -> Fault:
        if self.fault is Fault.NONE or COMMIT not in data:
            return Fault.NONE
        if self.skip:
            self.skip -= 1
            return Fault.NONE
        fault, self.fault = self.fault, Fault.NONE
        self.struck += 1
        return fault

    async def _back(
        self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter, swallow: asyncio.Event
    ) -> None:
        while data := await answers.read(65536):
            self._note(writer, b"")
            if not swallow.is_set():
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(_pooled(data) if self.fake_pid else data)
                await writer.drain()


def _pooled(data: bytes) -> bytes:
    """As a pooler does it: a cancel key of its own (message K, length 12, pid, secret)."""
    at = data.find(b"K\x00\x00\x00\x0c")
    if at < 0:
        return data
    return data[: at + 5] + b"\x00\x0f\x12\x06" + data[at + 9 :]
