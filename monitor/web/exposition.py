"""The text of `/metrics`, rendered in a thread of its own and kept for a second.

A thousand watches take hundreds of milliseconds to render: that must not be the loop's time, nor
be multiplied by the number of scrapers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from prometheus_client import CollectorRegistry, generate_latest

from monitor.core.samples import Micros
from monitor.ports import Overview, TargetView
from monitor.web.overview_metrics import OverviewMetrics, Units
from monitor.web.telemetry import PrometheusTelemetry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

KEEP_SECONDS = 1.0
"""How old the text may be: scrapers come every 15 s or so, a second changes nothing for them."""


class Exposition:
    """One rendering at a time; everyone who asks meanwhile gets that one."""

    def __init__(self, telemetry: PrometheusTelemetry, overview: Overview, units: Units) -> None:
        self._telemetry = telemetry
        self._overview = overview
        self._units = units
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        self._rendering: asyncio.Future[bytes] | None = None
        self._at = 0.0

    async def text(self) -> bytes:
        """The page, at most KEEP_SECONDS old when it was asked for."""
        loop = asyncio.get_running_loop()
        if self._rendering is None or (self._rendering.done() and loop.time() - self._at >= KEEP_SECONDS):
            self._at = loop.time()
            snapshot = self._overview.now(), tuple(self._overview.targets())
            self._rendering = loop.run_in_executor(self._thread, self._render, *snapshot)
        return await asyncio.shield(self._rendering)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _render(self, now: Micros, targets: Sequence[TargetView]) -> bytes:
        view = CollectorRegistry(auto_describe=False)
        view.register(OverviewMetrics(now, targets, self._units))
        return generate_latest(self._telemetry.registry) + generate_latest(view)
