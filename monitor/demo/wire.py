"""The little HTTP that the demonstration's own clients need: keep-alive requests over asyncio streams.

The load generator stands for the customers and must cost little; it measures, so it is not the
product's client. This file does not know what is asked, nor what an answer means.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

ANSWER_DEADLINE = 5.0
"""Seconds for one answer; a customer who waits longer is gone."""

BODY_LIMIT = 1 << 20
"""Bytes; answers of this demonstration have a few thousand."""


@dataclass(slots=True)
class Client:
    """One keep-alive connection to a loopback port; connects again after any failure."""

    port: int
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, init=False)

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body. Raises OSError (TimeoutError included) when there is no complete answer."""
        try:
            async with asyncio.timeout(ANSWER_DEADLINE):
                return await self._exchange(method, path, body)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError) as e:
            self.close()
            raise ConnectionError("no complete answer") from e
        except BaseException:
            self.close()
            raise

    async def get_json(self, path: str) -> Any:
        """The parsed body of a 200. Raises OSError for anything else."""
        status, body = await self.request("GET", path)
        if status != 200:
            raise ConnectionError(f"{path} answered {status}")
        try:
            return json.loads(body)
        except ValueError as e:
            raise ConnectionError(f"{path} answered something that is not JSON") from e

    async def _exchange(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        status, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {k.strip().lower(): v.strip() for k, _, v in (h.partition(":") for h in headers)}
        length = min(int(fields.get("content-length", "0")), BODY_LIMIT)
        answer = await reader.readexactly(length)
        if fields.get("connection", "").lower() == "close":
            self.close()
        return int(status.split()[1]), answer

    def close(self) -> None:
        """Drops the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
