"""Counters through a real Prometheus server, of real targets that come, go and fail to be scraped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.clock import utc_now
from monitor.core.samples import SECOND, Reading
from monitor.demo.postgres import free_port
from monitor.net import Net
from monitor.sources.counters import Rates
from monitor.sources.endpoints import Pace
from monitor.sources.promql import PromqlProbe, PromqlSpec
from tests import peers
from tests.machine import has

SCRAPES = 0.2
"""Seconds."""

PATIENCE = 60.0

PACE = Pace(deadline=10.0, max_gap=60 * SECOND, rates=Rates(interval=SECOND))

CONFIG = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: [{targets}]}}]
"""


@dataclass
class Target:
    """A process with counters; while it is `away` its scrapes fail."""

    counts: dict[str, float] = field(default_factory=dict)
    away: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await peers.request_of(reader)
            text = "# TYPE r_total counter\n"
            text += "".join(f'r_total{{status="{s}"}} {n}\n' for s, n in self.counts.items())
            kind = "Content-Type: text/plain; version=0.0.4\r\n"
            status = "503 Service Unavailable" if self.away else "200 OK"
            writer.write(peers.response(text.encode(), status, kind))
            await writer.drain()


@dataclass
class World:
    """A Prometheus server and its three targets."""

    url: str
    targets: list[Target]
    client: httpx.AsyncClient

    async def ask(self, query: str) -> list[Any]:
        answer = await self.client.get(f"{self.url}/api/v1/query", params={"query": query})
        found: list[Any] = answer.json()["data"]["result"] if answer.status_code == 200 else []
        return found

    async def until(self, query: str, series: int) -> None:
        """Waits until the server has so many series."""
        async with asyncio.timeout(PATIENCE):
            while len(await self.ask(query)) != series:
                await asyncio.sleep(SCRAPES / 2)

    async def scraped(self) -> None:
        """Waits for two more scrapes of every target that is there."""
        before = utc_now() / SECOND
        there = sum(not target.away for target in self.targets)
        await self.until(f"timestamp(r_total{{status='200'}}) > {before + SCRAPES}", there)


@contextlib.asynccontextmanager
async def world(folder: Path, *counts: dict[str, float]) -> AsyncIterator[World]:
    port, targets = free_port(), [Target(dict(one)) for one in counts]
    async with contextlib.AsyncExitStack() as stack:
        listening = [await stack.enter_async_context(peers.listening(t.serve)) for t in targets]
        addresses = ", ".join(f'"127.0.0.1:{peer.port}"' for peer in listening)
        (folder / "prometheus.yaml").write_text(CONFIG.format(targets=addresses))
        log = stack.enter_context((folder / "prometheus.log").open("wb"))
        server = await asyncio.create_subprocess_exec(
            "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--log.level=warn",
            f"--web.listen-address=127.0.0.1:{port}", cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=20))
        found = World(f"http://127.0.0.1:{port}", targets, client)
        try:
            await _ready(found)
            yield found
        finally:
            server.terminate()
            await asyncio.wait_for(server.wait(), PATIENCE)


async def _ready(found: World) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if await found.ask("count(up == 1)") and len(await found.ask("up == 1")) == len(
                    found.targets
                ):
                    return
            await asyncio.sleep(0.1)


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    made = Net()
    yield made
    await made.aclose()


async def read(probe: PromqlProbe) -> Reading:
    (found,) = await probe.read(utc_now())
    return found


def counters(url: str, net: Net) -> PromqlProbe:
    spec = PromqlSpec((f"{url}/?timeout=5s",), errors='r_total{status=~"5.."}', requests="r_total")
    return PromqlProbe("error_rate", spec, PACE, net)


if has("prometheus"):

    @pytest.mark.slow
    @pytest.mark.timeout(180)
    async def test_a_target_whose_scrapes_fail_off_and_on_adds_nothing(net: Net, tmp_path: Path) -> None:
        """Its series are marked stale and come back with a past of 3 %; the truth is 0 %, then 5 %."""
        old = {"200": 3_233_000.0, "500": 100_000.0}
        async with world(tmp_path, old, old, old) as shop:
            probe = counters(shop.url, net)
            assert (await read(probe)).reason == "baseline"
            found = []
            for n in range(4):
                shop.targets[2].away = n % 2 == 0
                await shop.until("r_total", 4 if n % 2 == 0 else 6)
                for target in shop.targets:
                    target.counts["200"] += 100
                await shop.scraped()
                found.append(await read(probe))
            assert {r.value for r in found} == {0.0}
            assert all(r.requests in {200.0, 300.0} for r in found)
            for target in shop.targets:
                target.counts["200"] += 95
                target.counts["500"] += 5
            await shop.scraped()
            last = await read(probe)
            assert (last.errors, last.requests) == (15, 300)

    @pytest.mark.slow
    @pytest.mark.timeout(180)
    async def test_a_healthy_and_an_idle_application_are_not_blind(net: Net, tmp_path: Path) -> None:
        """No 5xx series is 0 errors; a ratio that is NaN is quiet; a restart is a baseline of its process."""
        async with world(tmp_path, {"200": 5000.0}, {"200": 7000.0}, {"200": 9000.0}) as shop:
            probe = counters(shop.url, net)
            assert (await read(probe)).reason == "baseline"
            assert (await read(probe)).quiet
            ratio = "sum(rate(r_total{status='500'}[5s]) or vector(0)) / sum(rate(r_total[5s]))"
            await shop.until(ratio, 1)
            spec = PromqlSpec((shop.url,), query=ratio, unit="ratio")
            idle = await read(PromqlProbe("m", spec, PACE, net))
            assert (idle.reason, idle.quiet) == ("insufficient_traffic", True)
            for target in shop.targets:
                target.counts["200"] += 100
            shop.targets[0].counts = {"200": 3.0}
            await shop.until("r_total == 3", 1)
            await shop.scraped()
            reading = await read(probe)
            assert (reading.value, reading.errors, reading.requests) == (0, 0, 200)
            assert not any(found.problem for found in await probe.check())

    @pytest.mark.slow
    @pytest.mark.timeout(180)
    async def test_the_servers_own_refusals_are_said(net: Net, tmp_path: Path) -> None:
        """A query that it can't read, a series that it has not, more series than one."""
        async with world(tmp_path, {"200": 5000.0}, {"200": 1.0}) as shop:
            for query, reason in (
                ("sum(", "bad_query"),
                ("nothing", "no_series"),
                ("r_total", "not_one_value"),
            ):
                probe = PromqlProbe("m", PromqlSpec((shop.url,), query=query), PACE, net)
                assert (await read(probe)).reason == reason
                assert await probe.check()

    @pytest.mark.slow
    @pytest.mark.timeout(180)
    async def test_a_name_that_goes_is_no_data_in_spite_of_a_fallback(net: Net, tmp_path: Path) -> None:
        """The query goes on to say 0; what it is about is not there any more."""
        query = '(sum(rate(r_total{status=~"5.."}[20s])) / sum(rate(r_total[20s]))) or vector(0)'
        async with world(tmp_path, {"200": 5.0}) as w:
            await w.scraped()
            probe = PromqlProbe("error_rate", PromqlSpec((w.url,), query=query, unit="ratio"), PACE, net)
            assert (await read(probe)).value == 0.0
            w.targets[0].away = True
            await w.until("r_total", 0)
            assert [row["value"][1] for row in await w.ask(query)] == ["0"]
            assert (await read(probe)).reason == "no_series"
