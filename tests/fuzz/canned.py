"""A Net that answers every request with the same body: the probes read it as they read the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Protocol

from monitor.core.samples import SECOND, Micros, Reading
from monitor.net import Net, Response, Sink, Whole
from monitor.ports import Finding
from tests.fuzz.bounds import bounded

NOW: Micros = 1_700_000_000_000_000
ADDRESS = "http://127.0.0.1:9/"
LOOP = asyncio.new_event_loop()
"""One for all examples."""


class Checked(Protocol):
    """A probe that `check` asks, too."""

    async def read(self, now: Micros) -> Sequence[Reading]:
        """A reading of each of its metrics."""

    async def check(self) -> Sequence[Finding]:
        """What is wrong with its source."""


class Canned(Net):
    """Nothing is sent, so that nothing of a Net is set up."""

    def __init__(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.body = body
        self.status = status
        self.headers = headers or {}

    async def get(
        self, url: str, *, deadline: float, headers: Mapping[str, str] | None = None,
        into: Callable[[], Sink] = Whole,
    ) -> Response:  # fmt: skip
        """The body, through what takes it."""
        sink = into()
        sink.take(self.body)
        return Response(self.status, self.headers, sink.body(), 0.01)

    async def head(self, url: str, *, deadline: float, headers: Mapping[str, str] | None = None) -> Response:
        """As `get`, without a body."""
        return Response(self.status, self.headers, b"", 0.01)


def read_twice(probe: Checked) -> Sequence[Reading]:
    """The second of two reads 5 s apart: no exception, and nothing in it that is no number."""
    with bounded():
        (reading,) = found = LOOP.run_until_complete(_read(probe))
    for value in (reading.value, reading.errors, reading.requests):
        assert value is None or (isinstance(value, int | float) and isfinite(value) and value >= 0), reading
    if isinstance(reading.errors, float) and isinstance(reading.requests, float):
        assert reading.errors <= reading.requests
    assert reading.value is not None or reading.reason
    assert reading.reason.isascii()
    assert reading.reason.replace("_", "").isalnum() or not reading.reason
    return found


def checked(probe: Checked) -> Sequence[Finding]:
    """What `check` says of it, in sentences that a terminal shows."""
    with bounded():
        told = LOOP.run_until_complete(_check(probe))
    for found in told:
        assert found.text.isprintable(), found.text
    return told


async def _read(probe: Checked) -> Sequence[Reading]:
    await probe.read(NOW)
    return await probe.read(NOW + 5 * SECOND)


async def _check(probe: Checked) -> Sequence[Finding]:
    return await probe.check()
