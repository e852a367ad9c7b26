"""How a POST is signed, as the Standard Webhooks specification has it: for channels and hooks.

Headers `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature`: `v1,` and the base64 of
HMAC-SHA256 over `id.timestamp.body`, one for each secret while keys are rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

from monitor.errors import OperatorError

PREFIX = "whsec_"


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
