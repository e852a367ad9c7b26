"""A signed POST to any receiver, as the Standard Webhooks specification has it (`monitor.signing`)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from pydantic import Field

from monitor.channels.configuration import ChannelKeys
from monitor.channels.message import iso, message_of
from monitor.channels.post import deliver
from monitor.errors import OperatorError
from monitor.options import Secret, Url
from monitor.ports import Alert, Channel, Json
from monitor.ports.post import Post
from monitor.signing import id_of, signatures, signing_key

GAP = 0.1
"""Seconds between messages, so that a burst does not look like an attack."""


class WebhookChannel(ChannelKeys):
    """Any receiver of Standard Webhooks."""

    url: Url = Field(description="where messages are posted")
    secret: Secret = Field(description="signs every message (Standard Webhooks)")

    def open(self, name: str, post: Post) -> Channel:
        return Webhook(name, post, self.url.get_secret_value(), self.secret.get_secret_value())


class Webhook:
    """`secret`: `whsec_` and base64, as the receiver holds it; several separated by spaces sign all."""

    gap = GAP
    threads = False

    def __init__(
        self, name: str, post: Post, url: str, secret: str, wall: Callable[[], float] = time.time
    ) -> None:
        """Raises OperatorError for a secret that is not base64. `wall`: UTC seconds; receivers check it."""
        self.name = name
        self._post = post
        self._url = url
        self._keys = [signing_key(one) for one in secret.split()]
        self._wall = wall
        if not self._keys:
            raise OperatorError(f"the secret of channel {name} is empty: write whsec_ and base64")

    def takes(self, alert: Alert) -> bool:
        """One message for each stage of a breach."""
        return not alert.quiet

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:  # noqa: ARG002 - one shape for all
        """The id is the same for every repeat of `key`: receivers recognise it."""
        body = json.dumps(body_of(key, alert), ensure_ascii=False).encode()
        message_id, seconds = id_of(key), str(int(self._wall()))
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": signatures(self._keys, message_id, seconds, body),
        }
        await deliver(self._post, self._url, body, headers)
        return ""

    async def aclose(self) -> None:
        """Nothing is held."""


def body_of(key: str, alert: Alert) -> Json:
    """Everything of the alert, in the shape the specification recommends: type, timestamp, data."""
    message = message_of(alert)
    return {
        "type": "alert.resolved" if alert.resolves else "alert.raised",
        "timestamp": iso(alert.at),
        "data": {
            "key": key,
            "transition": alert.transition,
            "condition": alert.subject,
            "story": alert.story,
            "stage": str(alert.stage),
            "target": alert.target,
            "migration": alert.migration,
            "watch_id": alert.watch_id,
            "severity": alert.severity.value,
            "page": alert.page,
            "title": message.headline,
            "facts": [{"label": label, "text": text} for label, text in message.facts],
            "next": message.next,
            "commands": list(message.commands),
        },
    }
