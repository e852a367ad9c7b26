"""Where alerts go: one channel for each configured one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from monitor.net import Net
from monitor.ports import Channel
from monitor.settings import Settings


def channels_of(settings: Settings, net: Net) -> tuple[Channel, ...]:
    """Named by their kind, numbered from the second on: `slack`, `slack-2`."""
    seen: dict[str, int] = {}
    found = []
    for alert in settings.alerts:
        seen[alert.kind] = number = seen.get(alert.kind, 0) + 1
        name = alert.kind if number == 1 else f"{alert.kind}-{number}"
        found.append(alert.channel.open(name, partial(post_by, net)))
    return tuple(found)


async def post_by(
    net: Net, url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
) -> tuple[int, Mapping[str, str], bytes]:
    """One POST, as channels and hooks take it: status, headers, body."""
    answer = await net.post(url, content=content, headers=headers, deadline=deadline)
    return answer.status, answer.headers, answer.body
