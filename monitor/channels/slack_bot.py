"""Slack by a bot's token: each breach is one message that says how it stands, and its thread the stages.

`chat.postMessage` gives the channel's id and the message's `ts`, which are the receipt. A later message is a
reply to it (shown in the channel too when it wants a person), and `chat.update` writes it anew. The update
goes first: it can be repeated, and it says whether the message is still there. If not, a new one begins.
Slack answers 200 to what it refuses; its word is in the body and never repeated: it is told in our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from monitor.channels.message import message_of
from monitor.channels.post import deliver
from monitor.channels.slack_blocks import GAP, payload
from monitor.errors import ChannelError
from monitor.ports import Alert, Json
from monitor.ports.post import Post

API = "https://slack.com/api"

OVER = "over"
"""The receipt of a resolve that belongs to no story: what comes next begins a new message."""

LOST = frozenset({
    "message_not_found", "thread_not_found", "invalid_thread_ts", "cannot_reply_to_message",
})  # fmt: skip
"""The message is not there any more."""

FIXED = frozenset({"cant_update_message", "edit_window_closed", "update_failed"})
"""It is there, and may not be changed: a reply says the same."""

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"),
        "Slack refuses the token: give the bot token (xoxb-) of an app that is installed",
    ),
    "missing_scope": "the token lacks a scope: give the app `chat:write`",
    "not_allowed_token_type": "Slack does not take this kind of token: give the bot token (xoxb-)",
    "channel_not_found": "Slack shows the bot no such channel: give its id, and invite the bot",
    "not_in_channel": "the bot is not in the channel: invite it",
    "is_archived": "the channel is archived: give another",
    **dict.fromkeys(
        ("restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_locked"),
        "the workspace does not let the bot post there",
    ),
    **dict.fromkeys(
        ("no_text", "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format"),
        "Slack refuses the message as it is",
    ),
}
"""Slack's words for what trying again does not mend; any other is tried again."""


class _Gone(ChannelError):
    """The message that is to be continued is not there; said of a new one, a refusal like any other."""


class SlackBot:
    """Posts to one channel. The token is the secret: it appears in no text."""

    gap = GAP
    threads = True

    def __init__(self, name: str, post: Post, token: str, channel: str, url: str = API) -> None:
        self.name = name
        self._post = post
        self._token = token
        self._channel = channel
        self._url = url.rstrip("/")

    def takes(self, alert: Alert) -> bool:  # noqa: ARG002 - one shape for all
        """Everything: what is quiet changes a message."""
        return True

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        body = payload(message_of(alert), key)
        channel, _, ts = earlier.partition("/")
        if ts:
            try:
                return await self._continued(body, alert, channel, ts)
            except _Gone:
                pass
        return "" if alert.quiet else _receipt(await self._call("chat.postMessage", self._new(body)))

    async def aclose(self) -> None:
        """Nothing is held."""

    async def _continued(self, body: Json, alert: Alert, channel: str, ts: str) -> str:
        """The first message as it stands now, then the reply."""
        await self._call("chat.update", {**body, "channel": channel, "ts": ts})
        if not alert.quiet:
            shown = alert.page and not alert.resolves
            reply = {**self._new(body), "channel": channel, "thread_ts": ts, "reply_broadcast": shown}
            await self._call("chat.postMessage", reply)
        return OVER if alert.resolves and not alert.story else f"{channel}/{ts}"

    def _new(self, body: Json) -> dict[str, object]:
        return {**body, "channel": self._channel, "unfurl_links": False, "unfurl_media": False}

    async def _call(self, method: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        headers = {
            "authorization": f"Bearer {self._token}", "content-type": "application/json; charset=utf-8",
        }  # fmt: skip
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = _answer(await deliver(self._post, f"{self._url}/{method}", content, headers))
        error = "" if answer.get("ok") is True else str(answer.get("error") or "")
        if answer.get("ok") is True or (method == "chat.update" and (error in FIXED or error in REFUSED)):
            return answer  # what can't be written anew is no reason to keep back what follows
        said = REFUSED.get(error)
        kind = _Gone if error in LOST else ChannelError
        raise kind(said or "Slack did not take the message", final=said is not None)


_PLACE = re.compile(r"[A-Za-z0-9]{1,40}/[0-9]{1,20}(?:\.[0-9]{1,20})?")


def _receipt(answer: Mapping[str, Any]) -> str:
    """`C123/1700000000.000100`; "" when Slack did not say where it is. It is stored, so nothing else."""
    receipt = f"{answer.get('channel')}/{answer.get('ts')}"
    return receipt if _PLACE.fullmatch(receipt) else ""


def _answer(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as e:
        raise ChannelError("what answers is not Slack's API: check the channel's `url`") from e
    return found if isinstance(found, dict) else {}
