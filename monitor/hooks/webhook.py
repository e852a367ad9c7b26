"""A hook that is a signed POST (Standard Webhooks); any 2xx is success.

Its `webhook-id` is made of the decision, so that a receiver recognises a repeat.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from pydantic import Field

from monitor.errors import SourceError
from monitor.hooks.configuration import HookKind
from monitor.options import Secret, Section, Url
from monitor.ports.hooks import Call
from monitor.ports.post import Post
from monitor.signing import id_of, signatures, signing_key

Sign = Callable[[str, str, bytes], str]
"""Message id, seconds as text and body to the value of `webhook-signature`."""


class HookWebhook(Section):
    """A signed POST."""

    url: Url = Field(description="where it is posted; any 2xx is success")
    secret: Secret = Field(description="signs the message (Standard Webhooks)")


class Webhook:
    """`wall`: UTC seconds; receivers check them."""

    def __init__(
        self, post: Post, sign: Sign, url: str, timeout: float, wall: Callable[[], float] = time.time
    ) -> None:
        self._post = post
        self._sign = sign
        self._url = url
        self._timeout = timeout
        self._wall = wall

    async def run(self, call: Call, key: str) -> str:
        """Never repeated by itself: the next try of the rollback asks again, under the same id."""
        now = self._wall()
        body = body_of(call, key, now)
        try:
            status, _, _ = await self._post(
                self._url, content=body, headers=self._headers(key, now, body), deadline=self._timeout
            )
        except SourceError as e:
            return f"{e.reason}: {e}"
        except TimeoutError:
            return f"no answer within {self._timeout:g} s"
        except OSError:
            return "no connection could be made"
        return "" if 200 <= status < 300 else f"status {status} instead of 2xx"

    def fault(self) -> str:
        """An address is asked only when it is meant."""
        return ""

    def _headers(self, key: str, now: float, body: bytes) -> dict[str, str]:
        message_id, seconds = id_of(key), str(int(now))
        return {
            "content-type": "application/json",
            "idempotency-key": message_id,
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": self._sign(message_id, seconds, body),
        }


def _opened(written: HookWebhook, post: Post, timeout: float) -> Webhook:
    keys = [signing_key(one) for one in written.secret.get_secret_value().split()]
    return Webhook(post, partial(signatures, keys), written.url.get_secret_value(), timeout)


WEBHOOK = HookKind(HookWebhook, _opened)


def body_of(call: Call, key: str, now: float) -> bytes:
    """`{type, timestamp, data}`, as the specification recommends."""
    data = {
        "key": key,
        "migration": call.migration,
        "target": call.target,
        "watch_id": call.watch_id,
        "reason": call.reason,
        "outcome": call.outcome,
    }
    moment = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
    document = {"type": f"rollback.{call.moment.value}", "timestamp": moment, "data": data}
    return json.dumps(document, ensure_ascii=False).encode()
