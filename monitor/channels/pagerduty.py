"""PagerDuty Events API v2: trigger and resolve, one incident for each thing that wants a person.

Of one breach at most one incident is open: to look at it, to follow or approve its rollback, to see what
holds the rollback up, to mend what it left. The next one rings anew and resolves the one before, since an
incident that somebody has acknowledged rings no more, whatever is added to it.

`dedup_key` at most 255 characters, `summary` at most 1,024. Events are accepted with 202 and
processed later; a resolve of what is not open is dropped by the receiver.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from pydantic import Field

from monitor.channels.configuration import ChannelKeys
from monitor.channels.message import iso, message_of
from monitor.channels.post import deliver
from monitor.options import Secret, Url, key
from monitor.ports import Alert, Channel, Json, Severity
from monitor.ports.post import Post

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


class PagerDutyChannel(ChannelKeys):
    """PagerDuty Events v2."""

    routing_key: Secret = Field(description="of the service's Events v2 integration")
    url: Url = key(ENQUEUE, "of the events API")

    def open(self, name: str, post: Post) -> Channel:
        return PagerDuty(name, post, self.routing_key.get_secret_value(), self.url.get_secret_value())


class PagerDuty:
    """Pages for alerts with `page`, and closes what was paged; anything else it lets pass."""

    gap = GAP
    threads = False

    def __init__(self, name: str, post: Post, routing_key: str, url: str = ENQUEUE) -> None:
        self.name = name
        self._post = post
        self._routing_key = routing_key
        self._url = url

    def takes(self, alert: Alert) -> bool:
        """A resolve is taken whatever `page` says: it wakes nobody, and without it an incident stays open."""
        return bool((alert.page and not alert.resolves) or _over(alert))

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:  # noqa: ARG002 - see `dedup_key`
        """The new incident first: between the two there is never none. A repeat changes nothing."""
        if not self.takes(alert):
            return ""
        for event in events_of(alert):
            content = json.dumps({"routing_key": self._routing_key, **event}).encode()
            await deliver(self._post, self._url, content, {})
        return ""

    async def aclose(self) -> None:
        """Nothing is held."""


def events_of(alert: Alert) -> Iterator[Json]:
    """What is triggered, then what is resolved; without the routing key."""
    if alert.page and not alert.resolves:
        yield trigger_of(alert, alert.incident or alert.condition)
    for incident in _over(alert):
        yield {"event_action": "resolve", "dedup_key": dedup_key(incident)}


def _over(alert: Alert) -> tuple[str, ...]:
    """Incidents that are over with this."""
    own = (alert.incident or alert.condition,) if alert.resolves else ()
    return tuple(dict.fromkeys((*own, *alert.closes)))


def trigger_of(alert: Alert, incident: str) -> Json:
    """Opens the incident, or adds to it."""
    message = message_of(alert)
    details: dict[str, object] = dict(message.facts)
    details |= {"next": message.next, "you can run": list(message.commands), "watch": alert.watch_id}
    return {
        "event_action": "trigger",
        "dedup_key": dedup_key(incident),
        "client": "migration-monitor",
        "payload": {
            "summary": message.headline[:SUMMARY_MAX],
            "source": alert.target,
            "severity": SEVERITIES[alert.severity],
            "timestamp": iso(alert.at),
            "component": alert.migration or alert.target,
            "group": alert.target,
            "class": incident.rpartition("/")[2],
            "custom_details": details,
        },
        "links": [{"href": url, "text": label} for label, url in message.links()],
    }


def dedup_key(condition: str) -> str:
    """The condition itself, or its beginning with its hash when it is too long to be a key."""
    if len(condition) <= DEDUP_KEY_MAX:
        return condition
    digest = hashlib.sha256(condition.encode()).hexdigest()
    return f"{condition[: DEDUP_KEY_MAX - len(digest) - 1]}#{digest}"
