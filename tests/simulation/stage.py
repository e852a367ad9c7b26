"""Plays a world: the application, the database and the receivers, the daemons on them, and what befalls them.

Everything happens on one virtual clock, in an order that the world alone decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.errors import ControlRefused, DatabaseError, NotFound
from monitor.ports import Control, EventRow, Order, Registration, WatchRow, WatchUpdate
from tests.hands import PLAN
from tests.simulation.application import Application, Process
from tests.simulation.channel import Delivery, Receiver
from tests.simulation.database import Database
from tests.simulation.executor import Obstacles
from tests.simulation.faults import KINDS, Act
from tests.simulation.process import Adapters, DaemonProcess, policy_of, tracked
from tests.simulation.table import MadeTraffic
from tests.simulation.traffic import DrawnTraffic, Traffic
from tests.simulation.world import Fault, Person, Watch, World
from tests.virtual import START, LoopClock, VirtualLoop

REST, MADE_REST = 5400.0, 900.0
"""Seconds that a world goes on when its watches have ended and nothing more befalls it: what must come in the
end has time to. In one of `tests/worlds` nothing is in the way of it."""

LOOK_EVERY = 300.0
"""Seconds between two looks whether that is so."""


@dataclass(slots=True)
class Seen:
    """What was to be seen from outside, in order; the trace is all of it as lines."""

    lines: list[str] = field(default_factory=list)
    orders: list[tuple[float, Order, str]] = field(default_factory=list)  # "": of a daemon without the lease
    unfounded: list[tuple[float, str]] = field(default_factory=list)  # ordered before anything was read
    statements: list[tuple[float, str, bool]] = field(default_factory=list)  # ... and whether an intent stood
    effects: list[tuple[float, str]] = field(default_factory=list)
    controls: list[tuple[float, str, Control, bool]] = field(default_factory=list)
    events: list[tuple[float, EventRow]] = field(default_factory=list)
    verdicts: list[tuple[float, WatchRow, WatchRow]] = field(default_factory=list)
    conflicts: list[tuple[float, str]] = field(default_factory=list)  # verdicts that were to be changed
    died: list[tuple[float, str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    twice: list[tuple[float, str]] = field(default_factory=list)  # ordered while it was being carried out
    over: float = 0.0  # when the world ended

    def hash(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


class Stage:
    """One world being played."""

    def __init__(
        self, world: World, traffic: Traffic | None = None, adapters: Adapters | None = None
    ) -> None:
        self.world = world
        self._adapters = adapters or Adapters()
        self.seen = Seen()
        self.policy = policy_of(world)
        self.application = Application(
            traffic or traffic_of(world), world.source,
            [Process(n, world.instances) for n in range(world.instances)],
        )  # fmt: skip
        self.receivers = {name: Receiver(name) for name in ("chat", "pager")}
        self.obstacles = Obstacles()
        self.processes: dict[str, DaemonProcess] = {}
        self.jumped = 0.0  # seconds by which the wall clock of the daemons' machine is wrong

    async def play(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(tracked)
        loop.set_exception_handler(self._unexpected)
        self.database = Database(LoopClock(), loop.time)
        self.database.witnessed = self._event
        self.database.updated = self._updated
        self.database.contradicted = self._contradicted
        self.obstacles.witnessed = self._executed
        for receiver in self.receivers.values():
            receiver.witnessed = self._delivered(receiver.name)
        self._start("a")
        for second, act in self._agenda():
            if (left := second - loop.time()) > 0:
                await asyncio.sleep(left)
            await act()
            if self._is_over():
                break
        while (left := self.world.lasts - loop.time()) > 0 and not self._is_over():
            await asyncio.sleep(min(left, LOOK_EVERY))
        self.seen.over = self.now()
        for process in list(self.processes.values()):
            await process.stop()

    def _is_over(self) -> bool:
        """Whether every watch has ended, all that befalls it has, and everything had time to be told."""
        ended = {row.id: at for at, _, row in self.seen.verdicts}
        if len(ended) < len(self.world.watches):
            return False
        rest = REST if self.world.made is None else MADE_REST
        return self.now() >= max(self.world.ends, *ended.values()) + rest

    # ------------------------------------------------------------ what befalls it

    def _agenda(self) -> list[tuple[float, Callable[[], Coroutine[Any, Any, None]]]]:
        """Everything that happens by itself, in order of time; at one second as the world lists it."""
        found: list[tuple[float, Callable[[], Coroutine[Any, Any, None]]]] = []
        found += [(watch.at, partial(self._register, watch)) for watch in self.world.watches]
        for fault in self.world.faults:
            begin, end = KINDS[fault.kind]
            found.append((fault.at, partial(self._befall, fault, "begins", begin)))
            if end is not None:
                found.append((fault.ends, partial(self._befall, fault, "ends", end)))
        found += [(person.at, partial(self._ask, person)) for person in self.world.persons]
        found += [(hour, self._measure) for hour in range(3600, self.world.lasts, 3600)]
        return sorted(found, key=lambda entry: entry[0])

    async def _befall(self, fault: Fault, what: str, act: Act) -> None:
        self.note(f"{fault.kind} {fault.how} {what}")
        await act(self, fault)

    async def _register(self, watch: Watch) -> None:
        now = self.database_now()
        row = self.database.enrol(
            Registration(
                f"migration_{watch.at}", "shop", watch.mode, now, now + self.policy.success_after, PLAN
            )
        )
        self.note(f"{row.id} registered {watch.mode.value}")

    async def _ask(self, person: Person) -> None:
        """Of the watch that was registered last, as people do."""
        control, rows = Control(person.control), list(self.database.rows.values())
        if not rows:
            return
        done = False
        with contextlib.suppress(ControlRefused, DatabaseError, NotFound):
            await self.database.control(rows[-1].id, control, by="dba", reason="")
            done = True
        self.note(f"{rows[-1].id} {control.value} {'done' if done else 'refused'}")
        self.seen.controls.append((self.now(), rows[-1].id, control, done))

    async def _measure(self) -> None:
        """How much is kept of the target."""
        rows = [r for r in self.database.rows.values() if r.verdict is None]
        self.seen.sizes.append(sum(len(repr(r.state)) for r in rows) + len(repr(self.database.memory)))

    # ------------------------------------------------------------ daemons

    def _start(self, name: str) -> None:
        wall = START + round((asyncio.get_running_loop().time() + self.jumped) * SECOND)
        process = self.processes[name] = DaemonProcess(
            name, self.world, self.database, self.application, list(self.receivers.values()),
            self.obstacles, wall, self._adapters,
        )  # fmt: skip
        process.executor.ordered = lambda order: self._ordered(order, name)
        self.note(f"{name} starts")
        process.start(lambda error: self._died(name, error))

    def _died(self, name: str, error: BaseException) -> None:
        self.note(f"{name} died of {type(error).__name__}")
        self.seen.died.append((self.now(), f"{name}: {type(error).__name__}: {error}"))

    async def end(self, name: str, *, gently: bool, silent: bool = False) -> None:
        """`silent`: its machine is gone, and nobody says so to the database."""
        process = self.processes.pop(name, None)
        if process is None:
            return
        if gently:
            await process.stop()
        else:
            held = process.store.token if process.store.holds else 0
            await process.kill()
            if held and not silent:
                self.database.session_ended(held)
        self.note(f"{name} ended")

    def start_again(self, name: str) -> None:
        if name not in self.processes:
            self._start(name)

    # ------------------------------------------------------------ what is seen

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def database_now(self) -> Micros:
        return START + round(self.now() * SECOND)

    def note(self, text: str) -> None:
        self.seen.lines.append(f"{self.now():.3f} {text}")

    def _ordered(self, order: Order, name: str) -> None:
        self.note(f"{order.watch.id} ordered by {name}: {order.rule} since {order.since} {order.evidence}")
        leads = self.processes[name].store.holds
        self.seen.orders.append((self.now(), order, name if leads else ""))
        if not order.by and self.application.answered_at < self.processes[name].began:
            self.seen.unfounded.append((self.now(), order.watch.id))
        if order.watch.id in self.processes[name].executor.under_way:
            self.seen.twice.append((self.now(), order.watch.id))

    def _executed(self, what: str, watch_id: str, at: float) -> None:
        self.note(f"{watch_id} {what}")
        if what == "effect":
            self.application.cured_at = self.application.cured_at or at
            self.seen.effects.append((at, watch_id))
        else:
            intended = any(i.order.watch.id == watch_id for i in self.database.intents)
            self.seen.statements.append((at, watch_id, intended))

    def _event(self, event: EventRow) -> None:
        self.note(f"{event.watch_id} {event.kind} at {event.at}")
        self.seen.events.append((self.now(), event))

    def _updated(self, old: WatchRow, new: WatchRow) -> None:
        if old.verdict != new.verdict:
            self.note(f"{new.id} {new.verdict} at {new.verdict_at}: {new.reason}")
            self.seen.verdicts.append((self.now(), old, new))

    def _contradicted(self, row: WatchRow, update: WatchUpdate) -> None:
        self.note(f"{row.id} is {row.verdict}, and was to be {update.verdict}")
        self.seen.conflicts.append((self.now(), self.seen.lines[-1]))

    def _delivered(self, name: str) -> Callable[[Delivery], None]:
        return lambda delivery: self.note(f"{name} got {delivery.key}")

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        text = f"{context.get('message')}: {type(error).__name__}: {error}"
        self.seen.died.append((self.now(), text))


def traffic_of(world: World) -> Traffic:
    """Drawn here, or made there."""
    return DrawnTraffic(world) if world.made is None else MadeTraffic(world.made)


def play(world: World, traffic: Traffic | None = None, adapters: Adapters | None = None) -> Stage:
    """Plays a world to its end, in virtual time."""
    stage = Stage(world, traffic, adapters)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(stage.play())
    return stage
