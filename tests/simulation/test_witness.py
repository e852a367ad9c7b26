"""The witness sees what must not be: each test plays a world with one adapter that breaks a promise."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from monitor.core.thresholds import Mode
from monitor.ports import Alert, Outcome, OutcomeKind, Readiness, Record, Want, WatchRow
from tests.simulation.application import Application, Counted, Process
from tests.simulation.channel import PlayedChannel
from tests.simulation.executor import PlayedExecutor
from tests.simulation.faults import KINDS
from tests.simulation.making import LASTS
from tests.simulation.process import Adapters
from tests.simulation.stage import play
from tests.simulation.store import DaemonStore
from tests.simulation.traffic import DrawnTraffic
from tests.simulation.witness import judged
from tests.simulation.world import Fault, Incident, Person, Watch, World

HOUR = 3600
WORLD = World(
    3, lasts=8 * HOUR, interval=120, watches=(Watch(HOUR),), incidents=(Incident(4 * HOUR, 5400, 1.0),)
)


def broken(world: World = WORLD, **adapters: Any) -> set[int]:
    """The promises that were broken."""
    return {v.promise for v in judged(play(world, adapters=Adapters(**adapters))).violations}


def test_an_incident_in_a_plain_world_is_rolled_back_and_nothing_is_broken() -> None:
    """What the others are compared with."""
    found = judged(play(WORLD))
    assert found.violations == []
    assert found.counts["found 100%"] == 1


class Hasty(PlayedExecutor):
    """Sends statements before the intent."""

    async def execute(self, order: Any, wanted: Any, report: Any) -> Outcome:
        self._obstacles.witnessed("statements", order.watch.id, 0.0)
        return await super().execute(order, wanted, report)


class Wilful(PlayedExecutor):
    """Says that it is done without having done anything."""

    async def execute(self, order: Any, wanted: Any, report: Any) -> Outcome:
        return Outcome(OutcomeKind.ROLLED_BACK, "believe me")


class Stubborn(PlayedExecutor):
    """Goes on trying whatever becomes of the breach."""

    async def execute(self, order: Any, wanted: Any, report: Any) -> Outcome:
        return await super().execute(order, lambda: Want.YES, report)


class Forgetful(PlayedExecutor):
    """Does it again: the ledger has lost that it was done."""

    async def execute(self, order: Any, wanted: Any, report: Any) -> Outcome:
        await super().execute(order, wanted, report)
        self._database.effects.clear()
        return await super().execute(order, lambda: Want.YES, report)


class Confident(PlayedExecutor):
    """Is always ready."""

    async def ready(self, watch: WatchRow, *, full: bool) -> Readiness:
        return Readiness(True)


class Silent(DaemonStore):
    """Forgets the alerts of a round."""

    async def record(self, record: Record) -> None:
        await super().record(replace(record, alerts=()))


class Deaf(PlayedChannel):
    """Takes messages and sends none."""

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        return ""


class Stuttering(PlayedChannel):
    """Sends everything twice."""

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        await super().send(key, alert, earlier)
        return await super().send(key, alert, earlier)


class Blind(DaemonStore):
    """Loses what it was told of blindness."""

    async def record(self, record: Record) -> None:
        await super().record(replace(record, events=tuple(e for e in record.events if e.kind != "blind")))


LOCKED = replace(WORLD, faults=(Fault("locked", 4 * HOUR, 5400 + 900),))
UNREADY = replace(WORLD, incidents=(), faults=(Fault("unready", 3 * HOUR, HOUR),))
UNSEEN = replace(WORLD, incidents=(), faults=(Fault("refuses", 3 * HOUR, HOUR),))


@pytest.mark.parametrize(
    ("promise", "world", "adapters"),
    [
        (2, WORLD, {"executor": Hasty}),
        (1, WORLD, {"executor": Wilful}),
        (1, WORLD, {"executor": Forgetful}),
        (16, LOCKED, {"executor": Stubborn}),
        (7, UNREADY, {"executor": Confident}),
        (10, WORLD, {"store": Silent}),
        (10, WORLD, {"channel": Deaf}),
        (10, WORLD, {"channel": Stuttering}),
        (16, UNSEEN, {"store": Blind}),
    ],
    ids=lambda x: ",".join(v.__name__ for v in x.values()) if isinstance(x, dict) else "",
)
def test_a_broken_promise_is_seen(promise: int, world: World, adapters: dict[str, Any]) -> None:
    """Of one adapter each; the same world with the right one keeps it."""
    assert promise in broken(world, **adapters)
    assert broken(world) == set()


def test_errors_that_did_not_happen_are_seen_in_the_evidence() -> None:
    """The page says that there were more than there were, and the daemon believed it."""

    class Doubled(DrawnTraffic):
        asked = 0

        def counted(self, second: float, cured_at: float | None) -> tuple[int, int]:
            good, bad = super().counted(second, cured_at)
            return good, bad if second == round(second, 6) and self._whole(second) else 3 * bad

        @staticmethod
        def _whole(second: float) -> bool:
            return (second * 1000) % 1000 != 20  # a page is answered twenty milliseconds after a read began

    world = replace(WORLD, incidents=(Incident(4 * HOUR, 5400, 0.02),))
    assert 25 in {v.promise for v in judged(play(world, Doubled(world))).violations}


@pytest.mark.parametrize(("control", "mode"), [("approve", Mode.APPROVE), ("rollback", Mode.OBSERVE)])
def test_what_a_person_asks_for_is_done_in_that_persons_name(control: str, mode: Mode) -> None:
    """And is no violation."""
    world = replace(WORLD, watches=(Watch(HOUR, mode),), persons=(Person(control, 4 * HOUR + 1200),))
    stage = play(world)
    assert [order.by for _, order, _ in stage.seen.orders] == ["dba"]
    assert judged(stage).violations == []


def test_every_kind_of_fault_is_drawn_and_played() -> None:
    """A new one is one line in both tables."""
    assert LASTS.keys() == KINDS.keys()


def test_counters_of_a_world_never_fall_and_hold_the_incident() -> None:
    """With a rollback in its middle, too."""
    world = replace(WORLD, incidents=(Incident(4 * HOUR, 3600, 0.5, traffic=0.3),))
    traffic = DrawnTraffic(world)
    for cured_at in (None, 4 * HOUR + 777.7):
        seen = [traffic.counted(second / 3, cured_at) for second in range(0, 3 * 7 * HOUR, 7)]
        assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(seen))
    good, bad = (
        b - a for a, b in zip(traffic.counted(4 * HOUR, None), traffic.counted(5 * HOUR, None), strict=True)
    )
    assert bad / (good + bad) == pytest.approx(0.5, abs=0.03)


def test_a_page_of_an_application_is_the_sum_of_its_processes() -> None:
    """And each has no more errors than requests."""
    world = replace(WORLD, instances=3)
    traffic = DrawnTraffic(world)
    application = Application(traffic, "json", [Process(n, 3) for n in range(3)])
    pages: list[Counted] = [p.page(traffic.counted(5000.0, None)) for p in application.processes]
    assert Counter(good=sum(int(p.good) for p in pages))["good"] == traffic.counted(5000.0, None)[0]
    assert sum(p.bad for p in pages) == traffic.counted(5000.0, None)[1]
