"""Where alerts arrive: a receiver that outlives the daemons, and a daemon's way to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.errors import ChannelError
from monitor.ports import Alert

TAKES = 0.05
"""Seconds of one message."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that arrived; `told`: the receiver's answer got back."""

    at: float
    key: str
    alert: Alert
    told: bool


@dataclass(slots=True)
class Receiver:
    """`away`: refuses; `hangs`: never answers; `deaf`: takes the message, and its answer is lost."""

    name: str
    away: bool = False
    hangs: bool = False
    deaf: bool = False
    arrived: list[Delivery] = field(default_factory=list)
    witnessed: Callable[[Delivery], None] = lambda delivery: None

    def take(self, key: str, alert: Alert, at: float) -> None:
        delivery = Delivery(at, key, alert, not self.deaf)
        self.arrived.append(delivery)
        self.witnessed(delivery)


@dataclass(slots=True)
class PlayedChannel:
    """One daemon's channel. `pages_only`: takes what wakes people, and what resolves it."""

    receiver: Receiver
    pages_only: bool = False
    gap: float = 0.0
    threads: bool = False
    dead: bool = False

    @property
    def name(self) -> str:
        return self.receiver.name

    def takes(self, alert: Alert) -> bool:
        if self.pages_only:
            return alert.page or alert.resolves
        return not alert.quiet

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        if self.receiver.hangs:
            await asyncio.sleep(3600)
        await asyncio.sleep(TAKES)
        if self.dead:
            raise asyncio.CancelledError
        if self.receiver.away:
            raise ChannelError("the receiver refused the connection")
        self.receiver.take(key, alert, asyncio.get_running_loop().time())
        if self.receiver.deaf:
            raise ChannelError("the answer was lost")
        return ""

    async def aclose(self) -> None:
        """Holds nothing."""
