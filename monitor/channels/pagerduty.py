"""PagerDuty Events API v2: trigger and resolve, one incident for each condition.

`dedup_key` at most 255 characters, `summary` at most 1,024. Events are accepted with 202 and
processed later; a resolve of what is not open is dropped by the receiver.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from monitor.channels.message import iso, message_of
from monitor.channels.post import Post, deliver
from monitor.ports import Alert, Json, Severity

ENQUEUE = "https://events.pagerduty.com/v2/enqueue"

DEDUP_KEY_MAX = 255
SUMMARY_MAX = 1024

GAP = 0.2
"""Seconds between events; the documented throttle is dynamic, a watch sends a handful an hour."""

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info",
}


class PagerDuty:
    """Pages for alerts with `page`, and closes what was paged; anything else it lets pass."""

    gap = GAP

    def __init__(self, name: str, post: Post, routing_key: str, url: str = ENQUEUE) -> None:
        self.name = name
        self._post = post
        self._routing_key = routing_key
        self._url = url

    @classmethod
    def configured(cls, name: str, post: Post, options: Mapping[str, str]) -> PagerDuty:
        """Options: `routing_key`, `url` (default: the public service)."""
        return cls(name, post, options["routing_key"], options.get("url", ENQUEUE))

    async def send(self, key: str, alert: Alert) -> None:  # noqa: ARG002 - the dedup key makes a repeat harmless
        """A resolve is sent whatever `page` says: it wakes nobody, and without it an incident stays open."""
        if alert.page or alert.resolves:
            event = {"routing_key": self._routing_key, **event_of(alert)}
            await deliver(self._post, self._url, json.dumps(event).encode(), {})

    async def aclose(self) -> None:
        """Nothing is held."""


def event_of(alert: Alert) -> Json:
    """The event without its routing key."""
    if alert.resolves:
        return {"event_action": "resolve", "dedup_key": dedup_key(alert.condition)}
    message = message_of(alert)
    about = ", ".join(part for part in (alert.target, alert.migration) if part)
    details: dict[str, object] = dict(message.facts)
    details |= {"next": message.next, "you can run": list(message.commands), "watch": alert.watch_id}
    return {
        "event_action": "trigger",
        "dedup_key": dedup_key(alert.condition),
        "client": "migration-monitor",
        "payload": {
            "summary": f"{message.headline} ({about})"[:SUMMARY_MAX],
            "source": alert.target,
            "severity": SEVERITIES[alert.severity],
            "timestamp": iso(alert.at),
            "component": alert.migration or alert.target,
            "group": alert.target,
            "class": alert.condition.rpartition("/")[2],
            "custom_details": details,
        },
    }


def dedup_key(condition: str) -> str:
    """The condition itself, or its beginning with its hash when it is too long to be a key."""
    if len(condition) <= DEDUP_KEY_MAX:
        return condition
    digest = hashlib.sha256(condition.encode()).hexdigest()
    return f"{condition[: DEDUP_KEY_MAX - len(digest) - 1]}#{digest}"
