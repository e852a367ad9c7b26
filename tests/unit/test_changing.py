"""The comparison beside the loop: one baseline per watch, across restarts, and its facts in alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from monitor.core.samples import SECOND, Reading
from monitor.core.thresholds import Threshold
from monitor.daemon.checks import ChangeChecks, touched
from monitor.daemon.happenings import ChangesRead, Readings
from monitor.daemon.parts import Outgoing, TargetParts, TargetPorts, TargetRules
from monitor.errors import DatabaseUnreachable
from monitor.ports import Json
from tests.fakes import MemoryStore
from tests.hands import POLICY, START, Counting, Desk, HandClock, IdleExecutor, row, rows_of


class Counted:
    """Statistics that count how often they were asked."""

    def __init__(self) -> None:
        self.baselines = 0
        self.away = False

    async def baseline(self) -> Json:
        if self.away:
            raise DatabaseUnreachable("away")
        self.baselines += 1
        return {"number": self.baselines}

    async def changes(self, baseline: Json, tables: Sequence[str]) -> Json:
        return {"since": baseline["number"], "tables": list(tables)}

    async def aclose(self) -> None:
        """Holds nothing."""


async def looked(statistics: Counted, store: MemoryStore) -> list[ChangesRead]:
    """What a freshly started daemon hears of one open watch in its first moments."""
    parts = TargetParts(
        "shop", TargetRules(replace(POLICY, interval=SECOND // 100), SECOND),
        TargetPorts((), store, IdleExecutor(), statistics=statistics),
        Outgoing(rows_of, lambda rows: None), Counting(), HandClock(),
    )  # fmt: skip
    heard: list[ChangesRead] = []
    task = asyncio.create_task(ChangeChecks(parts, lambda: [row()], heard.append).run())
    async with asyncio.timeout(10):
        while not heard and not statistics.away:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return heard


async def test_a_restart_goes_on_comparing_with_the_first_baseline() -> None:
    """It is taken once, stored, and found again; a comparison follows at once."""
    statistics, store = Counted(), MemoryStore()
    for _ in range(2):
        heard = await looked(statistics, store)
        assert [h.changes["since"] for h in heard] == [1]
    assert statistics.baselines == 1
    assert await store.changes("w-1") == {"since": 1, "tables": []}


async def test_a_database_that_is_away_is_asked_again_later() -> None:
    """Nothing is stored meanwhile, and nothing dies."""
    statistics, store = Counted(), MemoryStore()
    statistics.away = True
    assert await looked(statistics, store) == []
    statistics.away = False
    assert len(await looked(statistics, store)) == 1


def test_the_touched_relations_are_those_that_the_plan_names() -> None:
    """Of actions and of statements, without schemas, each once."""
    plan: Any = {
        "statements": [
            {
                "actions": [{"relation": ["public", "contacts"]}, {"relation": None}],
                "relations": [["orders"]],
            },
            {"actions": [{"relation": ["contacts"]}]},
        ]
    }
    assert touched(plan) == ["contacts", "orders"]


def test_the_investigate_alert_names_the_statements_that_became_slower() -> None:
    """With both means; a warning of it that joins does not."""
    slow = Threshold(
        "response_time", 200, warn_for=5 * SECOND, investigate_above=500, investigate_for=5 * SECOND
    )
    desk = Desk(policy=replace(POLICY, thresholds=(slow,)))
    desk.register()
    statement = {"statement": "SELECT a FROM b", "mean_before_ms": 1.5, "mean_ms": 900.0}
    desk.take(ChangesRead("w-1", {"statements": {"slower": [statement]}}))
    for second in (0, 5, 10):
        desk.clock.moment = START + second * SECOND
        desk.take(Readings([Reading("response_time", 800.0)]))
    facts = {a.transition.split("/")[0]: dict(a.facts) for a in desk.alerts() if "/firing/" in a.transition}
    assert facts["response_time.investigate"]["slower"] == "SELECT a FROM b: 1.5 ms before, now 900 ms"
    assert all("slower" not in told for rule, told in facts.items() if rule != "response_time.investigate")
