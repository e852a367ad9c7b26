"""Watches that this process saw end: never taken up again, and shown before the store has their end."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from monitor.daemon.keeper import Keeper
from monitor.ports import Json, WatchUpdate

LAST = 20
"""Watches whose end is kept in memory to be shown; the store knows them all, a little later."""


class Ended:
    """Their ids, and the latest as they ended."""

    def __init__(self) -> None:
        self.last: deque[Json] = deque(maxlen=LAST)
        self._ids: set[str] = set()  # the store may still show them open while it is away

    def __contains__(self, watch_id: str) -> bool:
        return watch_id in self._ids

    def revise(self, update: WatchUpdate) -> None:
        """Something is said of a watch after its end."""
        shown = [update.view if view["id"] == update.id else view for view in self.last]
        self.last = deque(shown, maxlen=LAST)

    def parted(self, keepers: Mapping[str, Keeper]) -> dict[str, Keeper]:
        """Takes those that ended; returns the open ones."""
        over = {i: k for i, k in keepers.items() if k.ended}
        self.last.extend(k.view() for k in over.values())
        self._ids |= over.keys()
        return {i: k for i, k in keepers.items() if i not in over}
