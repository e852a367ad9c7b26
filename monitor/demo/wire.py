"""The demonstration's own clients, which send by the product's: keep-alive requests to a loopback port.

This file does not know what is asked, nor what an answer means.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from monitor.errors import SourceError
from monitor.net import Net

ANSWER_DEADLINE = 5.0
"""Seconds for one answer; a customer who waits longer is gone."""


@dataclass(slots=True)
class Client:
    """One customer's connection; connects again after any failure."""

    port: int
    _net: Net = field(default_factory=Net, init=False)

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body. Raises OSError when there is no complete answer."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            if method == "POST":
                answer = await self._net.post(url, deadline=ANSWER_DEADLINE, content=body)
            else:
                answer = await self._net.get(url, deadline=ANSWER_DEADLINE)
        except SourceError as e:
            raise ConnectionError(f"no complete answer: {e}") from e
        return answer.status, answer.body

    async def get_json(self, path: str) -> Any:
        """The parsed body of a 200. Raises OSError for anything else."""
        status, body = await self.request("GET", path)
        if status != 200:
            raise ConnectionError(f"{path} answered {status}")
        try:
            return json.loads(body)
        except ValueError as e:
            raise ConnectionError(f"{path} answered something that is not JSON") from e

    async def aclose(self) -> None:
        """Drops the connection."""
        await self._net.aclose()
