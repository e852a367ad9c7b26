"""A signed POST to any receiver, as the Standard Webhooks specification has it.

Headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`: `v1,` and the base64 of
HMAC-SHA256 over `id.timestamp.body`, one for each secret while keys are rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

from monitor.channels.message import iso, message_of
from monitor.channels.post import Post, deliver
from monitor.errors import OperatorError
from monitor.ports import Alert, Json

GAP = 0.1
"""Seconds between messages, so that a burst does not look like an attack."""

PREFIX = "whsec_"


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

    @classmethod
    def configured(cls, name: str, post: Post, options: Mapping[str, str]) -> Webhook:
        """Options: `url`, `secret`."""
        return cls(name, post, options["url"], options["secret"])

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


def id_of(key: str) -> str:
    """A header-safe id; the signed string is split at full stops, so the id holds none."""
    return "msg_" + hashlib.sha256(key.encode()).hexdigest()[:32]


def signatures(keys: Iterable[bytes], message_id: str, seconds: str, body: bytes) -> str:
    """The value of `webhook-signature`."""
    at, text = datetime.fromtimestamp(int(seconds), UTC), body.decode()
    return " ".join(Signer(key).sign(message_id, at, text) for key in keys)


def signing_key(secret: str) -> bytes:
    """The bytes of a secret, with or without its prefix. Raises OperatorError; the text never holds it."""
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as e:
        raise OperatorError("the webhook's secret is not base64: write whsec_ and base64") from e
    if not key:
        raise OperatorError("the webhook's secret is empty: write whsec_ and base64")
    return key
