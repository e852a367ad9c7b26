"""Where alerts go: one file for each kind of channel, and the sender that empties the outbox.

Rule of the room: a channel delivers one message once, or raises ChannelError; waiting, order and
trying again belong to the sender. A new channel is one file, its keys beside its sender, and one line in
CHANNELS: the configuration, its JSON Schema, its table of keys and its problems follow from that.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.channels.configuration import ChannelKeys
from monitor.channels.log import LogChannel
from monitor.channels.pagerduty import PagerDutyChannel
from monitor.channels.slack import SlackChannel
from monitor.channels.webhook import WebhookChannel

CHANNELS: Mapping[str, type[ChannelKeys]] = {
    "slack": SlackChannel,
    "pagerduty": PagerDutyChannel,
    "webhook": WebhookChannel,
    "log": LogChannel,
}
"""Kinds under `alerts`, in the order in which they are named to people."""
