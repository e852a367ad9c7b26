"""What a supervisor is told as the decision loops go round, and what it is not told when one stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from monitor.core.samples import SECOND, Micros
from monitor.daemon.process import Daemon
from monitor.daemon.vigil import LONGEST, Vigil, status_line
from monitor.ports import TargetView
from monitor.web.health import Health
from tests.hands import Counting
from tests.unit.test_target_loop import Stage
from tests.virtual import START, LoopClock, run

SHOP = TargetView("shop", START, 30 * SECOND, store_reachable=True, holds_store=True)
BILLING = replace(SHOP, name="billing")


@dataclass
class Told:
    """A supervisor that keeps what it is told; `reachable` may be changed."""

    patience: float = 60.0
    reachable: bool = True
    messages: list[tuple[str, ...]] = field(default_factory=list)

    def tell(self, *news: str) -> bool:
        if self.reachable:
            self.messages.append(news)
        return self.reachable

    def fed(self) -> int:
        return sum("WATCHDOG=1" in message for message in self.messages)


@dataclass
class Views:
    """An overview whose targets and time are ours."""

    views: list[TargetView]
    at: Micros = START

    def now(self) -> Micros:
        return self.at

    def targets(self) -> Sequence[TargetView]:
        return self.views


def vigil(told: Told) -> Vigil:
    health = Health()
    return Vigil(told, lambda views, now: health.report(views, now)[0])


def test_it_is_ready_when_every_loop_has_beaten() -> None:
    """Not before: a target that was not looked at is not watched."""
    told, views = Told(), Views([SHOP, BILLING])
    watching = vigil(told)
    watching.beat("shop", views)
    assert "READY=1" not in told.messages[-1]
    watching.beat("billing", views)
    assert "READY=1" in told.messages[-1]
    assert told.fed() == 2


def test_it_tells_at_most_once_a_second() -> None:
    """A round a millisecond is no news to systemd."""
    told, views = Told(), Views([SHOP])
    watching = vigil(told)
    for at in range(START, START + 3 * SECOND, SECOND // 10):
        views.at = at
        watching.beat("shop", views)
    assert told.fed() == 3


@pytest.mark.promise(18)
def test_a_loop_that_stands_still_is_not_hidden_by_the_others() -> None:
    """The rule of `/healthz`: one stale loop, and nothing is fed however the others go round."""
    told, views = Told(), Views([SHOP, BILLING])
    watching = vigil(told)
    watching.beat("billing", views)
    for seconds in (10, 30):
        views.at = START + seconds * SECOND
        views.views[0] = replace(SHOP, last_decision=views.at)
        watching.beat("shop", views)
    fed = told.fed()
    for seconds in (31, 60, 600):
        views.at = START + seconds * SECOND
        views.views[0] = replace(SHOP, last_decision=views.at)
        watching.beat("shop", views)
    assert (fed, told.fed()) == (3, 3)


def test_a_loop_that_waits_for_its_store_is_alive_and_says_so() -> None:
    """As a follower of another daemon, for as long as it takes."""
    waiting = replace(SHOP, last_decision=None, holds_store=False, trouble="another daemon monitors it")
    told, views = Told(), Views([waiting])
    watching = vigil(told)
    for day in range(3):
        views.at = START + day * 86_400 * SECOND
        watching.beat("shop", views)
    assert told.fed() == 3
    assert told.messages[0] == (
        "READY=1",
        "STATUS=watching 0 of 1 targets, 0 open watches; shop waits: another daemon monitors it",
        "WATCHDOG=1",
    )


@pytest.mark.parametrize(
    ("patience", "asked"), [(0.0, False), (29.9, True), (30.0, False), (60.0, False)], ids=str
)
def test_a_watchdog_more_impatient_than_the_loop_is_told_to_wait(patience: float, asked: bool) -> None:
    """With `interval: 1m` a healthy loop beats once a minute; without a watchdog none is started."""
    told = Told(patience)
    vigil(told).beat("shop", Views([SHOP]))
    assert ("WATCHDOG_USEC=30000000" in told.messages[0]) is asked


def test_what_was_not_handed_over_is_told_again() -> None:
    """A socket that is full when we are ready must not cost the start."""
    told, views = Told(reachable=False), Views([SHOP])
    watching = vigil(told)
    watching.beat("shop", views)
    told.reachable, views.at = True, START + SECOND
    watching.beat("shop", views)
    views.at += SECOND
    watching.beat("shop", views)
    assert [m[0].split("=")[0] for m in told.messages] == ["READY", "WATCHDOG"]


def test_the_status_names_what_is_not_as_usual_in_one_line() -> None:
    """Whatever the reasons say, it stays one line of bounded length."""
    watch = {"phase": "rolling_back"}
    calm = {"phase": "watching"}
    waits = replace(BILLING, holds_store=False, trouble="a\nb " + "c" * 1000)
    line = status_line([replace(SHOP, watches=(watch, calm)), waits])
    assert line.startswith(
        "watching 1 of 2 targets, 2 open watches; shop: rolling_back; billing waits: a b c"
    )
    assert len(line) == LONGEST


def test_a_daemon_beats_with_its_rounds_and_says_that_it_stops() -> None:
    """Half a minute of a target's loop, then its end."""
    told = Told()

    async def main() -> None:
        daemon = Daemon([Stage().build()], LoopClock(), Counting(), vigil(told))
        stop = asyncio.Event()
        running = asyncio.create_task(daemon.run([], stop))
        await asyncio.sleep(30)
        stop.set()
        await running

    run(main())
    assert told.messages[0][0] == "READY=1"
    assert told.fed() >= 6
    assert told.messages[-1] == ("STOPPING=1", "STATUS=stopping")
