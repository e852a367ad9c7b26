"""A made-up kind of channel, as its file would be: its keys, what is wrong with them together, its sender."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from monitor.channels.configuration import ChannelKeys
from monitor.channels.message import message_of
from monitor.channels.post import deliver
from monitor.options import Fault, Secret, Text, Url
from monitor.ports import Alert, Channel
from monitor.ports.post import Post


class PigeonChannel(ChannelKeys):
    """A carrier pigeon."""

    loft: Url = Field(description="where it lands")
    ring: Secret = Field(description="on its leg: the loft lets no other in")
    mate: Text | None = Field(None, description="who flies with it")
    nest: Text | None = Field(None, description="where the two rest")

    def faults(self) -> Iterator[Fault]:
        if self.nest is not None and self.mate is None:
            yield Fault("nest", "is for two: name its `mate`", ("mate",))

    def open(self, name: str, post: Post) -> Channel:
        return Pigeon(name, post, self.loft.get_secret_value(), self.ring.get_secret_value())


class Pigeon:
    """Carries the text of a message."""

    gap = 0.0
    threads = False

    def __init__(self, name: str, post: Post, loft: str, ring: str) -> None:
        self.name = name
        self._post = post
        self._loft = loft
        self._ring = ring

    def takes(self, alert: Alert) -> bool:
        return not alert.quiet

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        await deliver(self._post, self._loft, message_of(alert).text().encode(), {"ring": self._ring})
        return ""

    async def aclose(self) -> None:
        """It flies home by itself."""
