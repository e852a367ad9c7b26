"""How a channel posts, and what an answer means for trying again.

Rule of the room: channels know a URL, a body and this port; they do not know which HTTP client
is behind it. No text made here carries a URL, a key or anything the receiver wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from monitor.errors import ChannelError, SourceError
from monitor.ports.post import Post

POST_DEADLINE = 10.0
"""Seconds for one POST in all; receivers answer in milliseconds or are in trouble."""

RETRY_AFTER_MAX = 3600.0
"""Seconds; a receiver can't silence a channel for longer than that."""

RETRIED_4XX = frozenset({408, 429})
"""Request timeout and too many requests pass; every other 4xx says the message itself is unwelcome."""

NEVER_RETRIED = frozenset({"url", "redirect"})
"""Reasons of SourceError that only a change of the configuration mends."""


async def deliver(post: Post, url: str, content: bytes, headers: Mapping[str, str]) -> bytes:
    """Posts JSON; the answer's body on 2xx, else raises ChannelError that says whether to try again."""
    sent = {"content-type": "application/json", **headers}
    try:
        status, answered, body = await post(url, content=content, headers=sent, deadline=POST_DEADLINE)
    except SourceError as e:
        raise ChannelError(f"{e.reason}: {e}", final=e.reason in NEVER_RETRIED) from e
    except TimeoutError as e:
        raise ChannelError(f"timeout: no answer within {POST_DEADLINE:g} s") from e
    except OSError as e:
        raise ChannelError("unreachable: no connection could be made") from e
    if not 200 <= status < 300:
        raise refusal(status, answered.get("retry-after", ""))
    return body


def refusal(status: int, retry_after: str, now: datetime | None = None) -> ChannelError:
    """What a status that is not 2xx means: 3xx and 4xx are final, except 408 and 429; 5xx is tried again."""
    final = 300 <= status < 500 and status not in RETRIED_4XX
    remedy = ": check the channel's URL and key" if final else ""
    wait = None if final else seconds_of(retry_after, now or datetime.now(UTC))
    return ChannelError(f"status {status} instead of 2xx{remedy}", retry_after=wait, final=final)


def seconds_of(retry_after: str, now: datetime) -> float | None:
    """Seconds of a Retry-After header (a number or a date), 0 to RETRY_AFTER_MAX; None if it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # a year of twenty digits is the last
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), RETRY_AFTER_MAX)
