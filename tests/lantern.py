"""A made-up kind of hook, as its file would be: what is written of it, and what it does."""

from __future__ import annotations

from pydantic import Field

from monitor.errors import SourceError
from monitor.hooks.configuration import HookKind
from monitor.options import Secret, Section, Url
from monitor.ports.hooks import Call
from monitor.ports.post import Post


class LanternKeys(Section):
    """A lantern that others see from afar."""

    tower: Url = Field(description="where it hangs")
    oil: Secret = Field(description="what it burns")


class Lantern:
    """Shines when it is called; without oil it can't."""

    def __init__(self, keys: LanternKeys, post: Post, timeout: float) -> None:
        self._keys = keys
        self._post = post
        self._timeout = timeout

    async def run(self, call: Call, key: str) -> str:
        headers = {"oil": self._keys.oil.get_secret_value(), "key": key}
        content, tower = call.moment.value.encode(), self._keys.tower.get_secret_value()
        try:
            await self._post(tower, content=content, headers=headers, deadline=self._timeout)
        except SourceError as e:
            return f"{e.reason}: {e}"
        return ""

    def fault(self) -> str:
        return "its oil is water: fill in another" if self._keys.oil.get_secret_value() == "water" else ""


LANTERN = HookKind(LanternKeys, Lantern)
