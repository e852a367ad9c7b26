"""A message as Slack shows it: Block Kit with a plain `text` as the fallback for notifications.

Limits are Slack's own: header 150, section 3,000, ten fields of 2,000 characters; about 13,200 in all,
undocumented.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from monitor.channels.message import Message
from monitor.ports import Json

HEADER_MAX = 150
SECTION_MAX = 3000
FIELDS_MAX = 10
FIELD_MAX = 600
"""Slack takes 2,000 for a field; ten of ours and the rest stay under the cap of the whole message."""

COMMANDS_MAX = 2000
"""Characters of the block of commands, for the same cap."""

REFERENCE = 8
"""Characters of the reference to a message; enough that two of a night do not share one."""

GAP = 1.0
"""Seconds between messages: Slack takes about one a second for each channel."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MENTION = re.compile(r"@(?=channel|here|everyone|all\b)", re.IGNORECASE)


def payload(message: Message, key: str) -> Json:
    """The JSON body: fallback text and blocks.

    Slack drops no repeats: the last line is the same in every repeat of a message, for people to tell it by.
    """
    blocks = [*_blocks(message), {"type": "context", "elements": [_markdown(f"ref {reference(key)}")]}]
    return {"text": escape(message.headline, SECTION_MAX), "blocks": blocks}


def reference(key: str) -> str:
    """A short name of an idempotency key."""
    return hashlib.sha256(key.encode()).hexdigest()[:REFERENCE]


def _blocks(message: Message) -> Iterable[Json]:
    header = {"type": "plain_text", "text": escape(message.headline, HEADER_MAX), "emoji": False}
    yield {"type": "header", "text": header}
    fields = [_markdown(f"*{escape(label, 60)}*\n{escape(text, FIELD_MAX)}") for label, text in message.facts]
    for first in range(0, len(fields), FIELDS_MAX):
        yield {"type": "section", "fields": fields[first : first + FIELDS_MAX]}
    if message.next:
        yield {"type": "section", "text": _markdown(f"*Next* {escape(message.next, SECTION_MAX - 10)}")}
    if message.commands:
        yield {"type": "section", "text": _markdown(_code(message.commands))}


def _markdown(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def _code(commands: Iterable[str]) -> str:
    """Commands to copy, in one block that no command can close."""
    lines = "\n".join(commands).replace("```", "` ` `")
    return f"*You can run*\n```{_entities(lines, COMMANDS_MAX)}```"


def escape(text: str, limit: int) -> str:
    """`text` that calls nobody: entities for `&<>` (so `<!channel>` is text), `@channel` taken apart."""
    return _entities(_MENTION.sub("@\u200b", text), limit)


def _entities(text: str, limit: int) -> str:
    """Escaped, and at most `limit` characters after escaping; an entity is never cut in two."""
    pieces = [_ENTITIES.get(c, c) for c in text]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    kept, left = [], limit - 1
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"
