"""Where alerts go: one file for each kind of channel, and the sender that empties the outbox.

Rule of the room: a channel delivers one message once, or raises ChannelError; waiting, order and
trying again belong to the sender. A new channel is one file and one line in CHANNELS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from monitor.channels.log import Log
from monitor.channels.pagerduty import PagerDuty
from monitor.channels.slack import Slack
from monitor.channels.slack_bot import API, SlackBot
from monitor.channels.webhook import Webhook
from monitor.errors import OperatorError
from monitor.ports import Channel
from monitor.ports.post import Post

Configured = Callable[[str, Post, Mapping[str, str]], Channel]
"""name, way to the outside, options as the configuration has them -> a channel."""


def slack(name: str, post: Post, options: Mapping[str, str]) -> Channel:
    """Options: `webhook_url`, or `token` and `channel` (and `url`, default: the public API)."""
    if options.get("token"):
        return SlackBot(name, post, options["token"], options["channel"], options.get("url") or API)
    return Slack(name, post, options["webhook_url"])


CHANNELS: Mapping[str, Configured] = {
    "log": Log.configured,
    "slack": slack,
    "pagerduty": PagerDuty.configured,
    "webhook": Webhook.configured,
}


def open_channel(kind: str, name: str, post: Post, options: Mapping[str, str]) -> Channel:
    """A channel of a known kind. Raises OperatorError for an unknown kind or a missing option."""
    if kind not in CHANNELS:
        raise OperatorError(f"there is no channel {kind!r}: use one of {', '.join(CHANNELS)}")
    try:
        return CHANNELS[kind](name, post, options)
    except KeyError as e:
        raise OperatorError(f"channel {name} lacks its {e.args[0]}") from e
