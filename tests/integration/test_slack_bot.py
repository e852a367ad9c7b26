"""Slack by a bot's token, against an API on loopback that answers as it is documented to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from monitor.channels.slack import SlackChannel
from monitor.channels.slack_bot import LOST, SlackBot
from monitor.errors import ChannelError
from monitor.net import Net
from monitor.ports import Alert, AlertRow, Channel, Severity
from tests.alerts import (
    FIRING,
    MemoryOutbox,
    NetPost,
    until,
)
from tests.contract.test_outbox_sender import running
from tests.slack import CHANNEL, CHANNEL_ID, TOKEN, SlackApi, slack_api

STORY = "w-1/breach@1767268800000000"
BREACH = replace(
    FIRING, transition="1", story=STORY, stage="breach", severity=Severity.WARNING, page=False,
    title="error_rate 5 % is above 1 %",
)  # fmt: skip
JOINED = replace(BREACH, transition="2", quiet=True, facts=(("also", "connections 70 is not below 60"),))
ROLLING = replace(
    BREACH,
    transition="3",
    stage="rolling_back",
    severity=Severity.CRITICAL,
    page=True,
    title="rolling back now",
)
DONE = replace(ROLLING, transition="4", stage="outcome", title="rolled back", resolves=True)
ALONE = replace(FIRING, transition="5", title="rollback NOT ready", condition="w-1/readiness")
READY = replace(ALONE, transition="6", title="rollback ready again", resolves=True)


@pytest.fixture
async def api() -> AsyncIterator[SlackApi]:
    async with slack_api() as found:
        yield found


@pytest.fixture
async def bot(api: SlackApi) -> AsyncIterator[Channel]:
    net = Net()
    keys = SlackChannel.model_validate({"token": TOKEN, "channel": CHANNEL, "url": api.url})
    yield keys.open("slack", NetPost(net))
    await net.aclose()


def row(alert: Alert) -> AlertRow:
    return AlertRow(f"w-1/{alert.transition}/slack", "slack", alert)


async def sent(bot: Channel, outbox: MemoryOutbox, *alerts: Alert) -> None:
    """By a sender of its own, as after a restart."""
    outbox.open |= {row(a).key: row(a) for a in alerts}
    async with running([Quick(bot)], outbox):
        await until(lambda: not outbox.open)


class Quick:
    """The channel itself, without the second between two messages."""

    def __init__(self, inner: Channel) -> None:
        self.inner, self.name, self.gap, self.threads = inner, inner.name, 0.0, inner.threads

    def takes(self, alert: Alert) -> bool:
        return self.inner.takes(alert)

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        return await self.inner.send(key, alert, earlier)

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_a_story_is_one_message_that_says_how_it_stands_and_its_thread(
    api: SlackApi, bot: Channel
) -> None:
    """The channel shows one message; what wants a person is shown there too."""
    await sent(bot, MemoryOutbox(), BREACH, JOINED, ROLLING, DONE)
    (parent,) = api.parents
    assert parent.text == "RESOLVED: 0042_rename_email on shop: rolled back"
    rolling, done = api.replies(parent)
    assert (rolling.text, rolling.broadcast) == (
        "CRITICAL: 0042_rename_email on shop: rolling back now",
        True,
    )
    assert (done.text, done.broadcast) == (parent.text, False)


async def test_what_joins_quietly_changes_the_message_and_says_nothing_new(
    api: SlackApi, bot: Channel
) -> None:
    """Nobody's phone lights up for it."""
    await sent(bot, MemoryOutbox(), BREACH, JOINED)
    (parent,) = api.posted
    assert "connections 70 is not below 60" in parent.shown()
    assert parent.edits == 1


async def test_after_a_restart_the_thread_is_continued(api: SlackApi, bot: Channel) -> None:
    """Where it is, is kept with the outbox's rows."""
    outbox = MemoryOutbox()
    await sent(bot, outbox, BREACH)
    await sent(bot, outbox, ROLLING)
    (parent,) = api.parents
    assert len(api.replies(parent)) == 1
    assert outbox.receipts == {("slack", STORY): f"{CHANNEL_ID}/{parent.ts}"}


async def test_a_thread_that_is_not_known_any_more_begins_anew(api: SlackApi, bot: Channel) -> None:
    """The message is what counts, not its place."""
    await sent(bot, MemoryOutbox(), BREACH)
    await sent(bot, MemoryOutbox(), ROLLING, DONE)
    assert [p.text.split(":")[0] for p in api.parents] == ["WARNING", "RESOLVED"]
    assert len(api.replies(api.parents[1])) == 1


async def test_a_message_that_somebody_deleted_is_written_anew_and_continued(
    api: SlackApi, bot: Channel
) -> None:
    """A reply to what is gone would be seen by nobody."""
    outbox = MemoryOutbox()
    await sent(bot, outbox, BREACH)
    api.posted.clear()
    await sent(bot, outbox, ROLLING, DONE)
    (parent,) = api.parents
    assert len(api.replies(parent)) == 1


async def test_a_quiet_change_of_what_is_gone_is_no_message(api: SlackApi, bot: Channel) -> None:
    """It told nothing that people must know."""
    await sent(bot, MemoryOutbox(), JOINED)
    assert api.posted == []


@pytest.mark.parametrize("word", ["edit_window_closed", "msg_blocks_too_long"])
async def test_a_message_that_can_not_be_edited_is_answered_all_the_same(
    api: SlackApi, bot: Channel, word: str
) -> None:
    """Some workspaces close the time for edits."""
    api.refuse["chat.update"] = [word]
    await sent(bot, MemoryOutbox(), BREACH, ROLLING)
    assert len(api.replies(api.parents[0])) == 1


async def test_a_resolve_continues_what_it_resolves_and_the_next_raise_is_a_new_message(
    api: SlackApi, bot: Channel
) -> None:
    """Of what is no breach: readiness, a metric that can't be measured."""
    outbox = MemoryOutbox()
    await sent(bot, outbox, ALONE)
    await sent(bot, outbox, READY)
    await sent(bot, outbox, replace(ALONE, transition="7"))
    first, second = api.parents
    assert first.text.startswith("RESOLVED")
    assert second.text.startswith("CRITICAL")
    assert api.replies(second) == []


async def test_a_busy_slack_is_asked_again_and_gets_each_message_once(api: SlackApi, bot: Channel) -> None:
    """429 to the first calls."""
    api.busy = 2
    await sent(bot, MemoryOutbox(), BREACH, ROLLING)
    assert len(api.posted) == 2


async def test_a_reply_that_fails_after_the_edit_is_tried_again_whole(api: SlackApi, bot: Channel) -> None:
    """The edit may be repeated; the reply comes once."""
    outbox = MemoryOutbox()
    await sent(bot, outbox, BREACH)
    api.refuse["chat.postMessage"] = ["internal_error"]
    await sent(bot, outbox, ROLLING)
    assert len(api.replies(api.parents[0])) == 1
    assert api.parents[0].edits == 2


@pytest.mark.parametrize(
    ("word", "final", "says"),
    [
        ("channel_not_found", True, "no such channel"),
        ("not_in_channel", True, "invite it"),
        ("missing_scope", True, "chat:write"),
        ("ratelimited", False, "did not take"),
        ("a_word_of_tomorrow", False, "did not take"),
    ],
)
async def test_a_refusal_is_told_in_our_own_words(
    api: SlackApi, bot: Channel, word: str, final: bool, says: str
) -> None:
    """With the remedy, and whether trying again makes sense; Slack's word is not repeated."""
    api.refuse["chat.postMessage"] = [word]
    with pytest.raises(ChannelError, match=says) as caught:
        await bot.send("key", BREACH)
    assert caught.value.final is final
    assert word not in str(caught.value)


@pytest.mark.parametrize("word", sorted(LOST))
async def test_a_new_message_that_slack_calls_lost_is_refused_and_tried_again(
    api: SlackApi, bot: Channel, word: str
) -> None:
    """It continues nothing that could be gone: the outbox waits and repeats, as for any other refusal."""
    api.refuse["chat.postMessage"] = [word]
    with pytest.raises(ChannelError, match="did not take") as caught:
        await bot.send("key", BREACH)
    assert not caught.value.final
    api.refuse["chat.postMessage"] = [word]
    await sent(bot, MemoryOutbox(), BREACH)
    assert len(api.parents) == 1


async def test_a_lost_thread_whose_new_message_is_refused_too_is_a_failed_attempt(
    api: SlackApi, bot: Channel
) -> None:
    """Never an exception of our own that the outbox does not know."""
    api.refuse["chat.postMessage"] = ["thread_not_found"]
    with pytest.raises(ChannelError, match="did not take"):
        await bot.send("key", ROLLING, f"{CHANNEL_ID}/1.1")


async def test_a_token_that_is_refused_appears_nowhere(api: SlackApi) -> None:
    """Not in the text, not in what is logged of it."""
    net = Net()
    channel = SlackBot("slack", NetPost(net), "xoxb-canary-5ecret", CHANNEL, api.url)
    with pytest.raises(ChannelError, match="refuses the token") as caught:
        await channel.send("key", BREACH)
    assert caught.value.final
    assert "canary" not in repr(caught.value)
    await net.aclose()
