"""What listeners are told beside the watches: how each target stands, when that changes."""

from __future__ import annotations

import asyncio
import json

from monitor.core.samples import SECOND
from monitor.web.news import follow
from monitor.web.stream import ALIVE, Stream
from tests.site import WATCH, StandingOverview


async def next_event(news: object) -> tuple[str, dict[str, object]]:
    """Kind and data of the next event."""
    (event,) = await next_events(news)
    return event


async def next_events(news: object) -> list[tuple[str, dict[str, object]]]:
    """The same of all that come at once."""
    text = await asyncio.wait_for(anext(news), 10)  # type: ignore[call-overload] # an async generator
    told = [dict(line.split(": ", 1) for line in event.splitlines()) for event in text.strip().split("\n\n")]
    return [(fields["event"], json.loads(fields["data"])) for fields in told]


async def test_a_target_is_told_when_it_stands_otherwise_and_not_again() -> None:
    """The store goes, later the loop stalls: one event each, with both facts."""
    overview, stream = StandingOverview(), Stream()
    overview.change(watches=())
    news = stream.listen(None)
    await anext(news)
    task = asyncio.create_task(follow(overview, stream, every=0.01))
    try:
        kind, first = await next_event(news)
        assert (kind, first["name"], first["store_reachable"]) == ("target", "shop", True)
        overview.change(store_reachable=False, trouble="it does not answer")
        _, gone = await next_event(news)
        assert (gone["store_reachable"], gone["trouble"], gone["stale"]) == (
            False,
            "it does not answer",
            False,
        )
        overview.at += 16 * SECOND
        _, stale = await next_event(news)
        assert (stale["store_reachable"], stale["stale"]) == (False, True)
    finally:
        task.cancel()
        await news.aclose()  # type: ignore[attr-defined] # an async generator


async def test_without_news_a_sign_of_life_comes_that_is_never_replayed() -> None:
    """So that a page knows that the connection stands; it has no id."""
    stream = Stream(keep_alive=0.01)
    news = stream.listen(None)
    await anext(news)
    assert await asyncio.wait_for(anext(news), 10) == ALIVE
    assert "id:" not in ALIVE


async def test_a_watch_that_ends_is_told_as_it_ended_and_then_that_it_is_gone() -> None:
    """The store may say for a while that it is open; who listens must not depend on it."""
    overview, stream = StandingOverview(), Stream()
    news = stream.listen(None)
    await anext(news)
    task = asyncio.create_task(follow(overview, stream, every=0.01))
    try:
        assert [kind for kind, _ in await next_events(news)] == ["target", "watch"]
        overview.change(watches=(), ended=({**WATCH, "phase": "ended", "verdict": "rolled_back"},))
        told = await next_events(news)
        assert [(kind, data.get("verdict")) for kind, data in told] == [
            ("watch", "rolled_back"),
            ("ended", None),
        ]
    finally:
        task.cancel()
        await news.aclose()  # type: ignore[attr-defined] # an async generator
