"""What runs beside the requests: telling listeners what changed, measuring the event loop's lag."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from monitor.ports import Json, Overview, Telemetry
from monitor.present.page import with_words
from monitor.web.stream import Stream
from monitor.web.target import standing_of

LOOK_EVERY = 1.0
"""Seconds between looks at the overview; the fastest polls are a second apart."""

LAG_EVERY = 0.5
"""Seconds between measurements of the lag."""


async def follow(overview: Overview, stream: Stream, every: float = LOOK_EVERY) -> None:
    """Publishes `watch` for each open watch that changed, `ended` with the id of one that is gone, and
    `target` for each target that stands otherwise than before.

    Before `ended` comes the watch as it ended, from memory: its end may be stored later than it is asked for.
    Both come again when something is said of it afterwards.
    """
    known: dict[str, Json] = {}
    standing: dict[str, Json] = {}
    over: Mapping[str, Json] = {}
    while True:
        await asyncio.sleep(every)
        targets = overview.targets()
        for target in targets:
            stands = standing_of(target, overview.now())
            if standing.get(target.name) != stands:
                standing[target.name] = stands
                stream.publish("target", stands)
        found = {str(w["id"]): w for target in targets for w in target.watches}
        for watch_id, watch in found.items():
            if known.get(watch_id) != watch:
                stream.publish("watch", with_words(watch))
        ended = {str(w["id"]): w for target in targets for w in target.ended}
        news = {i for i, watch in ended.items() if over.get(i) != watch}
        for watch_id in (known.keys() - found.keys()) | news:
            if watch_id in ended:
                stream.publish("watch", with_words(ended[watch_id]))
            stream.publish("ended", {"id": watch_id})
        known, over = found, ended


async def watch_lag(telemetry: Telemetry, every: float = LAG_EVERY) -> None:
    """Observes how much later than asked for a timer fires."""
    now: Callable[[], float] = asyncio.get_running_loop().time
    while True:
        due = now() + every
        await asyncio.sleep(every)
        telemetry.observe("event_loop_lag_seconds", max(0.0, now() - due))
