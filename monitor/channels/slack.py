"""Slack and what speaks the same (Mattermost, Rocket.Chat, Discord `/slack`): keys, and incoming webhooks.

A webhook can't edit or thread, so it is one message for each stage; with a bot's token there is `slack_bot`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import Field

from monitor.channels.configuration import ChannelKeys
from monitor.channels.message import message_of
from monitor.channels.post import deliver
from monitor.channels.slack_blocks import GAP, payload
from monitor.channels.slack_bot import API, SlackBot
from monitor.errors import OperatorError
from monitor.options import Fault, Secret, Text, Url, key
from monitor.ports import Alert, Channel
from monitor.ports.post import Post

NO_WAY = "names no way to Slack: give `webhook_url`, or `token` and `channel`"


class SlackChannel(ChannelKeys):
    """A bot's token and its channel, or an incoming webhook (Slack's, or Mattermost's, Rocket.Chat's)."""

    webhook_url: Url | None = Field(
        None, description="of the incoming webhook: one message for each stage of a breach"
    )
    token: Secret | None = Field(
        None,
        description="of a bot (xoxb-) with `chat:write`, instead of a webhook: each breach is one message "
        "that is kept up to date, and its thread",
    )
    channel: Text | None = Field(
        None, description="where the bot posts: its id (`C…`) or name; invite the bot"
    )
    url: Url = key(API, "of the Web API that takes the token")

    def faults(self) -> Iterator[Fault]:
        """One way to Slack, and whole."""
        keys = ("webhook_url", "token", "channel")
        if self.token is None and self.webhook_url is None:
            yield Fault("", NO_WAY, keys)
        elif self.token is not None and self.webhook_url is not None:
            yield Fault("", "has a webhook and a token: keep one of `webhook_url` and `token`", keys)
        elif (self.token is None) != (self.channel is None):
            lacks = "`channel`" if self.channel is None else "`token`"
            yield Fault("", f"lacks {lacks}: a bot posts with its `token` to a `channel`", keys)

    def open(self, name: str, post: Post) -> Channel:
        """By the one of its ways that is written."""
        if self.token is not None and self.channel is not None:
            return SlackBot(
                name, post, self.token.get_secret_value(), self.channel, self.url.get_secret_value()
            )
        if self.webhook_url is not None:
            return Slack(name, post, self.webhook_url.get_secret_value())
        raise OperatorError(f"channel {name} {NO_WAY}")


class Slack:
    """Posts to one incoming webhook. The URL is the secret: it appears in no text."""

    gap = GAP
    threads = False

    def __init__(self, name: str, post: Post, webhook_url: str) -> None:
        self.name = name
        self._post = post
        self._url = webhook_url

    def takes(self, alert: Alert) -> bool:
        """What is quiet changes an earlier message, which can't be done here."""
        return not alert.quiet

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:  # noqa: ARG002 - it can't continue one
        content = json.dumps(payload(message_of(alert), key), ensure_ascii=False).encode()
        await deliver(self._post, self._url, content, {})
        return ""

    async def aclose(self) -> None:
        """Nothing is held."""
