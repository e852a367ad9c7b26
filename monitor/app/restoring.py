"""`restore`: which database a watch is of, and what was put back there."""

from __future__ import annotations

from monitor.app.commands import stored_watches
from monitor.app.targets import locks_of
from monitor.ports import Json
from monitor.salvage import giving_back as restoring
from monitor.salvage.filling import Restored
from monitor.salvage.giving_back import Wish
from monitor.settings import Settings


async def restore(
    settings: Settings, name: str, target: str | None, wish: Wish
) -> tuple[Json, tuple[Restored, ...]]:
    """The watch as JSON, and what was put back of each table or column that its rollback kept."""
    async with stored_watches(settings) as stored:
        view = await stored.named(name, target)
    on = str(view["target"])
    dsn = settings.targets[on].rollback_dsn
    return view, await restoring.restore(dsn, str(view["id"]), on, wish, locks_of(settings))
