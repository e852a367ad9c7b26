"""Reports as files: written when a watch has ended, and once more when it is known whether a rollback helped.

A file that is younger than what it should tell of is left alone, so that a restart writes nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from monitor.clock import Clock
from monitor.core.samples import MINUTE, SECOND, Micros
from monitor.files import write_whole
from monitor.ports import Json
from monitor.report.page import page

log = structlog.get_logger()

SETTLE: Micros = 5 * SECOND
"""After the verdict, until its events and alerts are stored too."""

AFTERMATH: Micros = MINUTE
"""After `verify_for`: the daemon has said by then whether the rollback helped."""

RECENT: Micros = 48 * 60 * MINUTE
"""Watches that ended before this are not looked at any more."""


class Filing:
    """Keeps `folder` up to date. `watches` lists them as JSON, `gather` makes the report of one."""

    def __init__(
        self, folder: Path, watches: Callable[[], Awaitable[Sequence[Json]]],
        gather: Callable[[str], Awaitable[Json]], verify_for: Micros, clock: Clock,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._watches = watches
        self._gather = gather
        self._verify_for = verify_for
        self._clock = clock

    async def run(self) -> None:
        """Writes what is due, atomically. Raises OperatorError when the folder can't be written."""
        now = self._clock.now()
        for watch in await self._watches():
            path = self.path(str(watch["id"]))
            if await asyncio.to_thread(_is_due, path, list(self._moments(watch)), now):
                data = page(await self._gather(str(watch["id"]))).encode()
                await asyncio.to_thread(_write, path, data)
                log.info("report.written", watch=watch["id"], target=watch["target"], file=path.name)

    def path(self, watch_id: str) -> Path:
        return self._folder / f"{watch_id}.html"

    def _moments(self, watch: Mapping[str, Any]) -> Iterator[Micros]:
        """From when on the report should be there, and when it should be written again."""
        ended = watch.get("verdict_at")
        if not isinstance(ended, int | float):
            return
        yield round(ended * SECOND) + SETTLE
        if watch.get("verdict") in {"rolled_back", "unverified"} and self._verify_for:
            yield round(ended * SECOND) + self._verify_for + AFTERMATH


def _is_due(path: Path, moments: Sequence[Micros], now: Micros) -> bool:
    passed = [moment for moment in moments if now - RECENT <= moment <= now]
    if not passed:
        return False
    try:
        written = path.stat().st_mtime_ns // 1000
    except FileNotFoundError:
        return True
    return any(written < moment for moment in passed)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data)
