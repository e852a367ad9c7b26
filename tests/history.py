"""A month of a service in a real Prometheus: seeded traffic with known incidents, written as its blocks.

Requests follow a day's curve, background errors come in small clusters, and the incidents are where the
caller says. The process restarts once, so that its counters begin anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import httpx

from monitor.demo.postgres import free_port

DAY = 86_400
PATIENCE = 60.0

BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds; upper bounds of the histogram."""

DIM = (0.7, 0.97, 0.99, 0.998, 0.999)
"""Shares under each bound on a normal minute, and on a slow one."""
SLOW = (0.05, 0.1, 0.3, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Incident:
    """From `at` on (seconds after the beginning), `lasts` seconds: so many requests fail, or all are slow."""

    at: int
    lasts: int
    failing: float = 0.0
    slow: bool = False

    def holds(self, second: int) -> bool:
        return self.at <= second < self.at + self.lasts


@dataclass(frozen=True, slots=True)
class Service:
    """What is scraped. `per_minute`: mean requests; `background`: share that always fails."""

    days: int
    step: int = 15
    per_minute: float = 300
    background: float = 0.0003
    incidents: Sequence[Incident] = ()
    restarts: Sequence[int] = ()
    away: Sequence[tuple[int, int]] = ()
    job: str = "shop"
    seed: int = 1

    def reads(self) -> Iterator[tuple[int, int, int, bool]]:
        """Second, requests and errors since the read before, whether they were slow."""
        chance = random.Random(self.seed)
        for second in range(0, self.days * DAY, self.step):
            curve = 1 + 0.5 * math.sin(2 * math.pi * (second % DAY) / DAY)
            mean = self.per_minute * self.step / 60 * curve
            requests = max(0, round(chance.gauss(mean, math.sqrt(mean))))
            now = [i for i in self.incidents if i.holds(second)]
            failing = max([i.failing for i in now], default=0.0)
            errors = _drawn(chance, requests, max(failing, 0.0)) if failing else 0
            if chance.random() < self.background * requests / 2:  # clusters of two in the mean
                errors += min(requests - errors, chance.choice((1, 1, 2, 4)))
            yield second, requests, errors, any(i.slow for i in now)


def _drawn(chance: random.Random, n: int, p: float) -> int:
    return min(n, sum(chance.random() < p for _ in range(n)))


def write(service: Service, begin: int, into: TextIO) -> None:
    """OpenMetrics with timestamps, one family after the other, as promtool reads them."""
    labels = f'job="{service.job}",instance="10.0.0.1:8000"'
    counters = {"200": 0, "500": 0}
    total, buckets = 0.0, [0] * (len(BOUNDS) + 1)
    lines: dict[str, list[str]] = {"requests": [], "duration": []}
    restarts = set(service.restarts)
    for second, requests, errors, slow in service.reads():
        if second in restarts:
            counters, total, buckets = {"200": 0, "500": 0}, 0.0, [0] * (len(BOUNDS) + 1)
        counters["200"] += requests - errors
        counters["500"] += errors
        shares = SLOW if slow else DIM
        for n, share in enumerate((*shares, 1.0)):
            buckets[n] += round(requests * share)
        total += requests * (0.6 if slow else 0.06)
        if any(a <= second < b for a, b in service.away):
            continue
        at = begin + second
        for status, value in counters.items():
            if value or status == "200":
                lines["requests"].append(f'http_requests_total{{{labels},status="{status}"}} {value} {at}\n')
        for bound, value in zip((*BOUNDS, "+Inf"), buckets, strict=True):
            name = f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}}'
            lines["duration"].append(f"{name} {value} {at}\n")
        lines["duration"].append(f"http_request_duration_seconds_sum{{{labels}}} {total:.3f} {at}\n")
        lines["duration"].append(f"http_request_duration_seconds_count{{{labels}}} {buckets[-1]} {at}\n")
    into.write("# TYPE http_requests counter\n")
    into.writelines(lines["requests"])
    into.write("# TYPE http_request_duration_seconds histogram\n")
    into.writelines(lines["duration"])


def blocks(folder: Path, *written: str) -> None:
    """Prometheus' own tool makes blocks of them in `folder`/data."""
    for n, text in enumerate(written):
        (folder / f"{n}.om").write_text(f"{text}# EOF\n")
        how = ("create-blocks-from", "openmetrics", "--max-block-duration=768h")
        command = ["promtool", "tsdb", *how, f"{n}.om", "data"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=600)


@contextlib.asynccontextmanager
async def server(folder: Path, *options: str) -> AsyncIterator[str]:
    """A Prometheus over `folder`/data, which scrapes nothing; its address."""
    (folder / "prometheus.yaml").write_text("global: {scrape_interval: 15s}\n")
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--log.level=warn",
            "--storage.tsdb.retention.time=10y", f"--web.listen-address=127.0.0.1:{port}", *options,
            cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        await _ready(url)
        yield url
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


async def _ready(url: str) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"{url}/-/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.1)
