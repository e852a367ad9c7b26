"""The sender with the outbox in memory and real receivers: nothing lost, nothing twice, nobody held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from monitor.channels.line import Pace
from monitor.channels.outbox import OutboxSender
from monitor.channels.slack import Slack
from monitor.core.samples import HOUR
from monitor.errors import ChannelError
from monitor.net import Net
from monitor.ports import Alert, AlertRow, Channel
from tests.alerts import (
    HANG,
    NOON,
    SECOND,
    CountingTelemetry,
    MemoryOutbox,
    NetPost,
    SetClock,
    receiver,
    row,
    until,
)

QUICK = Pace(first=0.0, longest=0.0, send_deadline=0.3, store_pause=0.02)


@dataclass
class Scripted:
    """A channel that does what it is told: each entry is raised or awaited, then it delivers."""

    name: str = "chat"
    gap: float = 0.0
    threads: bool = False
    script: list[ChannelError | Callable[[], Awaitable[None]] | Exception] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    tries: int = 0

    def takes(self, alert: Alert) -> bool:
        return True

    async def send(self, key: str, alert: Alert, earlier: str = "") -> str:
        self.tries += 1
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            await step()
        self.sent.append(key)
        return ""

    async def aclose(self) -> None: ...


async def forever() -> None:
    await asyncio.Event().wait()


@dataclass
class Running:
    sender: OutboxSender
    telemetry: CountingTelemetry
    clock: SetClock


@asynccontextmanager
async def running(
    channels: Sequence[Channel], outbox: MemoryOutbox | None, pace: Pace = QUICK
) -> AsyncIterator[Running]:
    telemetry, clock = CountingTelemetry(), SetClock()
    sender = OutboxSender(channels, outbox, clock, telemetry, pace, lambda: 1.0)
    task = asyncio.create_task(sender.run())
    try:
        yield Running(sender, telemetry, clock)
    finally:
        await sender.aclose(2.0)
        await asyncio.wait_for(task, 5)


def stored(*rows: AlertRow) -> MemoryOutbox:
    return MemoryOutbox(rows)


async def test_messages_are_sent_in_order_and_marked() -> None:
    """Each once, each marked delivered in the store."""
    rows = [row(n) for n in range(5)]
    outbox, chat = stored(*rows), Scripted()
    async with running([chat], outbox) as it:
        it.sender.enqueue(rows)
        await until(lambda: len(outbox.delivered) == 5)
    assert chat.sent == [r.key for r in rows]
    assert it.telemetry.counted["alerts_total", "chat", "delivered"] == 5
    assert it.telemetry.counted["alerts_queued", "chat"] == 0


async def test_rows_of_an_earlier_life_are_sent_at_the_start() -> None:
    """Nobody has to enqueue them."""
    outbox, chat = stored(row(1), row(2)), Scripted()
    async with running([chat], outbox):
        await until(lambda: len(outbox.delivered) == 2)
    assert chat.sent == [row(1).key, row(2).key]


async def test_a_crash_between_sending_and_marking_repeats_with_the_same_key() -> None:
    """The receiver can recognise the repeat; the message is never lost."""
    outbox, chat = stored(row(1)), Scripted()

    async def store_goes_away() -> None:
        outbox.away = True

    chat.script = [store_goes_away]
    async with running([chat], outbox):
        await until(lambda: len(chat.sent) == 1)
    outbox.away = False
    async with running([chat], outbox):
        await until(lambda: outbox.delivered == [row(1).key])
    assert chat.sent == [row(1).key, row(1).key]


async def test_marks_wait_for_a_store_that_is_away() -> None:
    """Sent once, marked when the store is back, not sent again."""
    outbox, chat = stored(row(1)), Scripted()
    async with running([chat], outbox) as it:
        outbox.away = True
        it.sender.enqueue([row(1)])
        await until(lambda: len(chat.sent) == 1)
        outbox.away = False
        await until(lambda: outbox.delivered == [row(1).key])
    assert chat.sent == [row(1).key]


async def test_a_row_that_reaches_the_store_after_it_was_sent_is_marked_all_the_same() -> None:
    """A message goes out while the store is away; the row written later is not sent again."""
    outbox, chat = stored(), Scripted()
    async with running([chat], outbox) as it:
        it.sender.enqueue([row(1)])
        await until(lambda: len(chat.sent) == 1)
        outbox.open[row(1).key] = row(1)
        await it.sender.look()
        await until(lambda: outbox.delivered == [row(1).key])
    assert chat.sent == [row(1).key]


async def test_the_same_key_twice_is_sent_once() -> None:
    """While it waits, and after it was sent."""
    chat = Scripted()
    async with running([chat], None) as it:
        it.sender.enqueue([row(1), row(1)])
        await until(lambda: len(chat.sent) == 1)
        it.sender.enqueue([row(1), row(2)])
        await until(lambda: len(chat.sent) == 2)
    assert chat.sent == [row(1).key, row(2).key]


async def test_a_failing_channel_is_tried_again_until_it_delivers() -> None:
    """Each failed attempt is counted and marked."""
    outbox = stored(row(1))
    chat = Scripted(script=[ChannelError("status 500"), ChannelError("timeout"), RuntimeError("a bug")])
    async with running([chat], outbox) as it:
        await until(lambda: outbox.delivered == [row(1).key])
    assert chat.tries == 4
    assert it.telemetry.counted["alerts_total", "chat", "failed"] == 3


async def test_a_refused_message_is_given_up_and_the_next_goes_out() -> None:
    """A 4xx says this message is unwelcome, not the next one."""
    outbox = stored(row(1), row(2))
    chat = Scripted(script=[ChannelError("status 400", final=True)])
    async with running([chat], outbox) as it:
        await until(lambda: outbox.delivered == [row(2).key])
    assert outbox.given_up == [row(1).key]
    assert it.telemetry.counted["alerts_total", "chat", "given_up"] == 1


@pytest.mark.parametrize(("age", "sent"), [(24 * HOUR - 1, 1), (24 * HOUR, 1), (24 * HOUR + 1, 0)])
async def test_a_message_tried_and_older_than_a_day_is_given_up(age: int, sent: int) -> None:
    """At exactly 24 h it is still sent."""
    outbox, chat = stored(replace(row(1, at=NOON - age), attempts=5)), Scripted()
    async with running([chat], outbox):
        await until(lambda: not outbox.open)
    assert len(chat.sent) == sent


@pytest.mark.promise(10)
async def test_what_began_days_ago_and_was_never_told_is_told() -> None:
    """A watch that is registered for the day before yesterday may be blind since then."""
    outbox, chat = stored(row(1, at=NOON - 48 * HOUR)), Scripted()
    async with running([chat], outbox):
        await until(lambda: outbox.delivered == [row(1).key])


@pytest.mark.fault(34)
async def test_a_hanging_channel_is_cut_and_holds_up_no_other() -> None:
    """The named deadline ends it; the other channel has long delivered."""
    slow, quick = Scripted("slow", script=[forever]), Scripted("quick")
    async with running([slow, quick], None) as it:
        it.sender.enqueue([row(1, "slow"), row(1, "quick")])
        await until(lambda: quick.sent == [row(1, "quick").key])
        assert slow.sent == []
        await until(lambda: slow.sent == [row(1, "slow").key])
    assert slow.tries == 2


@pytest.mark.fault(34)
async def test_a_real_receiver_that_is_busy_hangs_and_breaks_gets_the_message_in_the_end() -> None:
    """429, silence, 500, then 200: four requests, one message delivered."""
    net = Net()
    async with (
        receiver((429, {"retry-after": "0"}), (HANG, {}), (500, {})) as chat,
        running([Slack("chat", NetPost(net), chat.url())], None) as it,
    ):
        it.sender.enqueue([row(1)])
        await until(lambda: it.telemetry.counted["alerts_total", "chat", "delivered"] == 1)
    await net.aclose()
    assert len(chat.got) == 4


async def test_enqueue_is_bounded_and_what_found_no_room_is_loaded_from_the_store() -> None:
    """Memory holds `room` messages; the store holds them all."""
    rows = [row(n) for n in range(20)]
    outbox, chat = stored(*rows), Scripted()
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    chat.script = [wait]
    pace = Pace(first=0.0, room=4, send_deadline=10)
    async with running([chat], outbox, pace) as it:
        it.sender.enqueue(rows)
        assert it.telemetry.counted["alerts_overflowed_total", "chat"] == 16
        gate.set()
        await until(lambda: len(outbox.delivered) == 20)
    assert sorted(chat.sent) == sorted(r.key for r in rows)


async def test_closing_sends_what_is_due_and_leaves_what_must_wait() -> None:
    """A channel in its pause does not hold up the end of the daemon; its row stays in the store."""
    outbox = stored(row(1, "down"), row(1, "up"))
    down = Scripted("down", script=[ChannelError("status 503", retry_after=600.0)])
    up = Scripted("up")
    async with running([down, up], outbox):
        await until(lambda: down.tries == 1)
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < 1.5
    assert outbox.delivered == [row(1, "up").key]
    assert list(outbox.open) == [row(1, "down").key]


async def test_closing_cuts_a_channel_that_hangs() -> None:
    """Within the deadline it was given."""
    chat = Scripted(script=[forever])
    sender = OutboxSender([chat], None, SetClock(), CountingTelemetry(), Pace(send_deadline=60))
    task = asyncio.create_task(sender.run())
    sender.enqueue([row(1)])
    await until(lambda: chat.tries == 1)
    await sender.aclose(0.05)
    await asyncio.wait_for(task, 5)


async def test_a_row_of_a_channel_no_longer_configured_is_kept_for_its_time() -> None:
    """It may come back; after a day it is given up."""
    outbox = stored(row(1, "gone"), row(2, "gone", at=NOON - 25 * HOUR))
    async with running([Scripted()], outbox):
        await until(lambda: outbox.given_up == [row(2, "gone").key])
    assert list(outbox.open) == [row(1, "gone").key]


async def test_a_sender_that_was_cancelled_runs_again_without_loss() -> None:
    """What the supervisor does after a bug."""
    chat = Scripted(script=[forever])
    sender = OutboxSender([chat], None, SetClock(NOON + SECOND), CountingTelemetry(), QUICK)
    task = asyncio.create_task(sender.run())
    sender.enqueue([row(1)])
    await until(lambda: chat.tries == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = asyncio.create_task(sender.run())
    await until(lambda: chat.sent == [row(1).key])
    await sender.aclose(1.0)
    await again
