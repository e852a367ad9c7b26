"""The channel that is always there: one structured line on the daemon's own log."""

from __future__ import annotations

import logging

import structlog

from monitor.channels.configuration import ChannelKeys
from monitor.channels.message import message_of
from monitor.ports import Alert, Channel, Severity
from monitor.ports.post import Post

_log = structlog.get_logger("monitor.channels.log")

LEVELS = {
    Severity.CRITICAL: logging.CRITICAL,
    Severity.ERROR: logging.ERROR,
    Severity.WARNING: logging.WARNING,
    Severity.INFO: logging.INFO,
}


class LogChannel(ChannelKeys):
    """The daemon's own log."""

    def open(self, name: str, post: Post) -> Channel:  # noqa: ARG002 - one shape for all
        return Log(name)


class Log:
    """Writes `alert.raised`, `alert.updated` or `alert.resolved`."""

    gap = 0.0
    threads = False

    def __init__(self, name: str) -> None:
        self.name = name

    def takes(self, alert: Alert) -> bool:  # noqa: ARG002 - one shape for all
        """Everything."""
        return True

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:  # noqa: ARG002 - one shape for all
        message = message_of(alert)
        _log.log(
            logging.INFO if alert.resolves or alert.quiet else LEVELS[alert.severity],
            "alert.resolved" if alert.resolves else "alert.updated" if alert.quiet else "alert.raised",
            key=key,
            title=message.headline,
            watch=alert.watch_id,
            facts=dict(message.facts),
            next=message.next,
            commands=list(message.commands),
            **({"story": alert.story, "stage": str(alert.stage)} if alert.story else {}),
        )
        return ""

    async def aclose(self) -> None:
        """Nothing is held."""
