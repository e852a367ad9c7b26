"""What may befall a world: how each kind of fault begins, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.application import STILL
from tests.simulation.world import Fault
from tests.virtual import VirtualLoop

if TYPE_CHECKING:
    from tests.simulation.stage import Stage

Act = Callable[["Stage", Fault], Coroutine[Any, Any, None]]


async def _source_begins(stage: Stage, fault: Fault) -> None:
    if fault.kind in STILL:
        stage.application.freeze(stage.now())
    stage.application.faults.append(fault)


async def _source_ends(stage: Stage, fault: Fault) -> None:
    stage.application.faults.remove(fault)


async def _deploy(stage: Stage, fault: Fault) -> None:
    stage.application.restart(stage.now())


async def _one_restarts(stage: Stage, fault: Fault) -> None:
    stage.application.restart(stage.now(), fault.how % stage.world.instances)


async def _kill(stage: Stage, fault: Fault) -> None:
    await stage.end("a", gently=False, silent=fault.how % 2 == 1)


async def _stop(stage: Stage, fault: Fault) -> None:
    await stage.end("a", gently=True)


async def _start_again(stage: Stage, fault: Fault) -> None:
    stage.start_again("a")


async def _second(stage: Stage, fault: Fault) -> None:
    stage.start_again("b")


async def _second_ends(stage: Stage, fault: Fault) -> None:
    await stage.end("b", gently=fault.how % 2 == 0)


async def _cut(stage: Stage, fault: Fault) -> None:
    if "a" in stage.processes:
        stage.processes["a"].store.cut_off()


async def _mended(stage: Stage, fault: Fault) -> None:
    if "a" in stage.processes:
        stage.processes["a"].line.cut_at = None


async def _clock(stage: Stage, fault: Fault) -> None:
    stage.jumped += fault.how


async def _stand_still(stage: Stage, fault: Fault) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.stand_still(fault.lasts)


async def _away(stage: Stage, fault: Fault) -> None:
    stage.database.go_away()


async def _here(stage: Stage, fault: Fault) -> None:
    stage.database.away = False


def _receiver(state: str, value: bool) -> Act:
    async def act(stage: Stage, fault: Fault) -> None:
        setattr(stage.receivers[("chat", "pager")[fault.how % 2]], state, value)

    return act


def _obstacle(state: str, value: bool) -> Act:
    async def act(stage: Stage, fault: Fault) -> None:
        setattr(stage.obstacles, state, value)

    return act


SOURCES = ("hangs", "refuses", "replica_away", "frozen", "cached", "lies", "shared")
DAEMONS = ("kill", "stop", "second", "cut", "clock", "stand_still")
CHANNELS = ("channel_away", "channel_hangs", "channel_deaf")
OBSTACLES = ("locked", "unready", "drifted", "broken", "lost_before", "lost_after")

KINDS: Mapping[str, tuple[Act, Act | None]] = {
    **dict.fromkeys(SOURCES, (_source_begins, _source_ends)),
    "deploy": (_deploy, None),
    "one_restarts": (_one_restarts, None),
    "kill": (_kill, _start_again),
    "stop": (_stop, _start_again),
    "second": (_second, _second_ends),
    "cut": (_cut, _mended),
    "clock": (_clock, None),
    "stand_still": (_stand_still, None),
    "away": (_away, _here),
    **{f"channel_{s}": (_receiver(s, True), _receiver(s, False)) for s in ("away", "hangs", "deaf")},
    **{state: (_obstacle(state, True), _obstacle(state, False)) for state in OBSTACLES},
}
"""How each kind of fault begins, and how it ends."""
