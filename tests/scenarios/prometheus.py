"""A real Prometheus and a real Alertmanager beside a stage, from the example files of deploy/prometheus.

Only addresses and intervals differ from the examples: what takes minutes there takes seconds here.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.machine import has
from tests.prometheus import FOLDER
from tests.scenarios.stage import PATIENCE, Daemon

SCRAPE_SECONDS = 1.0
"""Also the longest that a scrape may take: on a busy machine half a second is not enough for every one."""

HAS_BOTH = has("prometheus", "prometheus-alertmanager")
"""Without them what needs both is not collected; under CI that is a failure."""


def free_port() -> int:
    """A port of loopback that nobody had a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Watchers:
    """Both servers, as a client sees them."""

    client: httpx.AsyncClient
    prometheus: str
    alertmanager: str

    async def range(self, expression: str, start: float, end: float) -> list[Any]:
        """Every series with its values between two moments, second by second."""
        asked = {"query": expression, "start": start, "end": end, "step": SCRAPE_SECONDS}
        answer = await self.client.post(f"{self.prometheus}/api/v1/query_range", data=asked)
        assert answer.status_code == 200, f"{expression}: {answer.text}"
        found: list[Any] = answer.json()["data"]["result"]
        return found

    async def up(self) -> bool:
        """Whether the daemon was scraped just now."""
        return "1" in await self._now("up")

    async def watching(self) -> bool:
        """Whether a scrape has met a watch that is open."""
        return "1" in await self._now('migration_monitor_watch_phase{phase="watching"}')

    async def _now(self, expression: str) -> list[str]:
        answer = await self.client.get(f"{self.prometheus}/api/v1/query", params={"query": expression})
        return [row["value"][1] for row in answer.json()["data"]["result"]]


async def listen_on(daemon: Daemon, port: int) -> None:
    """Starts the daemon again on a port that Prometheus can be told."""
    await daemon.kill()
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace('listen: "127.0.0.1:0"', f'listen: "127.0.0.1:{port}"'))
    await daemon.start()


@contextlib.asynccontextmanager
async def watching(folder: Path, daemon: int, receiver: str) -> AsyncIterator[Watchers]:
    """Prometheus scrapes the daemon's port and tells Alertmanager, which tells the receiver's URL."""
    prometheus, alertmanager = free_port(), free_port()
    _write(folder, daemon, alertmanager, receiver)
    mine = f"127.0.0.1:{prometheus}"
    commands = [
        ["prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=data", "--log.level=warn",
         f"--web.listen-address={mine}"],
        ["prometheus-alertmanager", "--config.file=alertmanager.yaml", "--storage.path=told",
         "--log.level=warn", "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{alertmanager}"],
    ]  # fmt: skip
    async with contextlib.AsyncExitStack() as stack:
        for command in commands:
            await stack.enter_async_context(_running(folder, command))
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=20))
        found = Watchers(client, f"http://{mine}", f"http://127.0.0.1:{alertmanager}")
        await _ready(found)
        yield found


def _write(folder: Path, daemon: int, alertmanager: int, receiver: str) -> None:
    changed = {
        "prometheus.yaml": {
            "15s": f"{round(SCRAPE_SECONDS * 1000)}ms", "127.0.0.1:9878": f"127.0.0.1:{daemon}",
            "127.0.0.1:9093": f"127.0.0.1:{alertmanager}",
        },
        "alertmanager.yaml": {
            "http://127.0.0.1:9099/": receiver, "group_wait: 10s": "group_wait: 1s",
            "group_interval: 1m": "group_interval: 1s",
        },
    }  # fmt: skip
    for name, words in changed.items():
        text = (FOLDER / name).read_text(encoding="utf-8")
        for old, new in words.items():
            assert old in text, f"{name} has no {old}"
            text = text.replace(old, new)
        (folder / name).write_text(text)
    rules = (FOLDER / "rules.yaml").read_text(encoding="utf-8")
    (folder / "rules.yaml").write_text(re.sub(r"^( +)for: \w+$", r"\1for: 2s", rules, flags=re.MULTILINE))


@contextlib.asynccontextmanager
async def _running(folder: Path, command: list[str]) -> AsyncIterator[None]:
    with (folder / f"{command[0]}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=log, stderr=log)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


async def _ready(watchers: Watchers) -> None:
    async with asyncio.timeout(PATIENCE):
        for url in (watchers.prometheus, watchers.alertmanager):
            while not await _answers(watchers.client, f"{url}/-/ready"):
                await asyncio.sleep(0.1)


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False
