"""A rollback as Prometheus, Alertmanager and the dashboards see it: nothing of these is played."""

from __future__ import annotations

import asyncio
import math
import re
import time
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from monitor.web.catalogue import METRICS, PREFIX
from tests.conftest import Database
from tests.dashboards import BUILT, expressions
from tests.peers import listening
from tests.prometheus import said_by
from tests.scenarios.prometheus import HAS_BOTH, Watchers, free_port, listen_on, watching
from tests.scenarios.stage import Receiver, Stage, set_up

LONG = 60.0
"""Seconds for what goes through two further programs, each with its own rounds, on a machine that is busy."""

CHOSEN = {
    "$job": "migration-monitor",
    "$instance": ".+",
    "$target": "shop",
    "$migration": ".+",
    "$__rate_interval": "5s",
    "$__range": "60s",
}


def asked(expression: str) -> str:
    """As Grafana sends it, with everything chosen."""
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    # what is drawn only while something lacks must have data when nothing does: a scrape may miss the moment
    expression = re.sub(r"^(max by .*_not_ready\{.*\)) == 1$", r"\1", expression)
    # annotations are of one kind of verdict each, and a watch has only one
    return re.sub(r', verdict=~"[^"]+"', "", expression)


def told(receiver: Receiver, status: str = "firing") -> dict[str, dict[str, Any]]:
    """What Alertmanager sent, by name; the last of each."""
    every = [alert for body in receiver.alerts for alert in body["alerts"]]
    return {alert["labels"]["alertname"]: alert for alert in every if alert["status"] == status}


async def rolled_back_slowly(stage: Stage, receiver: Receiver) -> None:
    """A reader holds the rollback up until that was alerted on, so that scrapes meet every phase."""
    reader = await asyncpg.connect(stage.dsn)
    await reader.execute("BEGIN; SELECT count(*) FROM contacts")
    stage.app.set(0.05)
    await stage.event("rollback_blocked")

    async def stuck() -> bool:
        return "MigrationMonitorRollbackStuck" in told(receiver)

    await stage.until(stuck, LONG)
    await reader.close()
    assert await stage.verdict() == "rolled_back"


async def without_data(watchers: Watchers, start: float) -> list[str]:
    """Expressions of the dashboards that have no value at any moment."""
    found = []
    for name in BUILT:
        for expression in expressions(name):
            series = await watchers.range(asked(expression), start, time.time())
            values = [float(value) for one in series for _, value in one["values"]]
            if not any(math.isfinite(value) for value in values):
                found.append(f"{name}: {expression}")
    return found


async def _drawn(watchers: Watchers, start: float) -> None:
    """Waits until every expression has had data; the last scrapes may not have come yet."""
    until, lacking = time.monotonic() + LONG, await without_data(watchers, start)
    while lacking and time.monotonic() < until:
        await asyncio.sleep(1)
        lacking = await without_data(watchers, start)
    assert lacking == []


if HAS_BOTH:

    @pytest.mark.slow
    @pytest.mark.timeout(600)
    async def test_a_rollback_is_drawn_and_alerted_on_and_so_is_a_daemon_that_is_gone(
        newest: Database, tmp_path: Path
    ) -> None:
        """Each expression has data; breach, decision, end and absence each reach the receiver."""
        receiver, port, start = Receiver(), free_port(), time.time()
        async with (
            set_up(newest.dsn, tmp_path, hold="8s", max_gap="4s") as stage,
            listening(receiver.serve) as inbox,
        ):
            await listen_on(stage.daemon, port)
            await stage.sampled()
            async with watching(tmp_path, port, f"http://127.0.0.1:{inbox.port}/") as watchers:
                await stage.until(watchers.up, LONG)
                await stage.watch()
                await stage.until(watchers.watching, LONG)
                await rolled_back_slowly(stage, receiver)
                await _drawn(watchers, start)

                names = {f"MigrationMonitor{n}" for n in ("BreachPending", "BreachFiring", "RollbackStarted",
                                                          "RollbackStuck", "RolledBack")}  # fmt: skip

                async def all_told() -> bool:
                    return names <= told(receiver).keys()

                await stage.until(all_told, LONG)
                ended = told(receiver)["MigrationMonitorRolledBack"]
                assert ended["labels"]["migration"] == "rename_email"
                assert ended["annotations"]["description"].startswith(
                    "rename_email on shop ended rolled_back"
                )

                async def breach_is_over() -> bool:
                    return "MigrationMonitorBreachFiring" in told(receiver, "resolved")

                await stage.until(breach_is_over, LONG)
                until_then, receiver.alerts = (
                    receiver.alerts,
                    [],
                )  # it may have been down at the first scrapes
                await stage.daemon.kill()

                async def missed() -> bool:
                    return "MigrationMonitorDown" in told(receiver)

                await stage.until(missed, LONG)
                every = [*until_then, *receiver.alerts]
                pages = [body for body in every if body["receiver"] == "pager"]
                assert {a["labels"]["severity"] for body in pages for a in body["alerts"]} == {"critical"}

                await stage.daemon.start()

                async def back() -> bool:
                    again = told(receiver, "resolved")
                    return "MigrationMonitorDown" in again and await watchers.up()

                await stage.until(back, LONG)

                # verdicts are read from the store, which may be opened after the first scrape
                async def kept() -> bool:
                    page = await watchers.client.get(f"http://127.0.0.1:{port}/metrics")
                    return 'verdict="rolled_back"' in page.text

                await stage.until(kept, LONG)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_daemon_exports_what_is_documented_and_nothing_else(newest: Database, tmp_path: Path) -> None:
    """The names of a real daemon's page, after a rollback, against the table that the README is held to."""
    port = free_port()
    async with set_up(newest.dsn, tmp_path) as stage:
        await listen_on(stage.daemon, port)
        await stage.sampled()
        await stage.watch()
        stage.app.set(0.05)
        assert await stage.verdict() == "rolled_back"
        await stage.watch(migration="again", sql="ALTER TABLE contacts DROP CONSTRAINT IF EXISTS none")
        page = await _page(port)
        shown = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE")}
        ours = {name for name in shown if name.startswith(PREFIX)}
        assert ours == {m.full_name for m in METRICS}
        others = {name for name in shown - ours if not name.startswith(("process_", "python_gc_"))}
        assert others == set()
        if HAS_BOTH:
            (tmp_path / "page").write_text(page)
            assert await said_by("sh", "-c", "promtool check metrics < page", cwd=tmp_path) == (0, "")


async def _page(port: int) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        await asyncio.sleep(2)
        return (await client.get(f"http://127.0.0.1:{port}/metrics")).text
