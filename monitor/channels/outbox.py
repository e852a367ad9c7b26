"""Empties the outbox: one task for each channel, so that none delays another, nor the daemon.

The rows are durable in the store before or while they wait here; a crash between sending and
marking repeats the message with the same key. This file does not render messages and does not
decide when to alert.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from math import isfinite

import structlog

from monitor.channels.line import Line, Mark, Pace
from monitor.channels.marks import Marks
from monitor.channels.threads import Threads
from monitor.clock import Clock
from monitor.errors import ChannelError, DatabaseError
from monitor.ports import Alert, AlertRow, Channel, Outbox, Telemetry

LOAD_DEADLINE = 5.0
"""Seconds for reading the undelivered rows. At the start all channels wait for it: a page left over from
before must not be sent after its resolve."""

RELOAD_EVERY = 60.0
"""Seconds between looks into the store for rows that found no room here, or whose mark was lost."""

CLOSE_SECONDS = 8.0
"""What closing may take when nobody says otherwise; less than the daemon gives each of its sides."""

_log = structlog.get_logger("monitor.channels.outbox")


def rows_for(alert: Alert, channels: Sequence[Channel]) -> tuple[AlertRow, ...]:
    """One row for each channel that takes it.

    Key: watch (or target), transition, channel: the same for every repeat.
    """
    about = alert.watch_id or alert.target
    names = [channel.name for channel in channels if channel.takes(alert)]
    return tuple(AlertRow(f"{about}/{alert.transition}/{name}", name, alert) for name in names)


class OutboxSender:
    """`run` until `aclose`; `enqueue` at any time, also before. The channels stay the caller's to close."""

    name = "outbox"

    def __init__(
        self,
        channels: Sequence[Channel],
        outbox: Outbox | None,
        clock: Clock,
        telemetry: Telemetry,
        pace: Pace | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._channels = {c.name: c for c in channels}
        self._pace = pace or Pace()
        self._lines = {c.name: Line(c.name, c.gap, self._pace, jitter) for c in channels}
        self._wake = {name: asyncio.Event() for name in self._lines}
        self._outbox = outbox
        self._marks = Marks(outbox)
        self._threads = Threads(outbox)
        self._marked = asyncio.Event()
        self._looked = asyncio.Event()
        self._progress = asyncio.Event()
        self._clock = clock
        self._telemetry = telemetry
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._strangers: set[str] = set()
        self._full: set[str] = set()
        self._next_look = 0.0

    def enqueue(self, rows: Sequence[AlertRow]) -> None:
        """Takes messages; never waits. A key known already is not sent again."""
        for row in rows:
            left_out = self._put(row)
            if left_out is not None:
                self._telemetry.count("alerts_overflowed_total", channel=left_out.channel)
                self._note_full(left_out.channel)

    def look_soon(self) -> None:
        """Looks into the store at once: another daemon may have died between storing and sending."""
        self._next_look = 0.0
        self._marked.set()

    async def run(self) -> None:
        """Sends until `aclose`. May be run again after it was cancelled: nothing queued is lost."""
        async with asyncio.TaskGroup() as group:
            keep = group.create_task(self._keep(), name="outbox.marks")
            lines = self._lines.values()
            serve = [group.create_task(self._serve(line), name=f"outbox.{line.name}") for line in lines]
            self._tasks = [keep, *serve]

    async def aclose(self, deadline: float = CLOSE_SECONDS) -> None:
        """Sends and marks what can be within `deadline` seconds, then ends `run`; the store has the rest."""
        loop = asyncio.get_running_loop()
        until = loop.time() + deadline
        self._marks.stuck = False  # once more, whatever the store said before
        self._marked.set()
        while self._running() and not self._flushed(until - loop.time()):
            await _within(self._progress, until - loop.time())
            self._progress.clear()
        self._stopping = True
        self._looked.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # ------------------------------------------------------------ queues

    def _put(self, row: AlertRow) -> AlertRow | None:
        line = self._lines.get(row.channel)
        if line is None or line.knows(row.key):
            return None
        before = len(line)
        left_out = line.add(row, self._clock.now())
        self._telemetry.count("alerts_queued", len(line) - before, channel=row.channel)
        self._wake[row.channel].set()
        return left_out

    def _note_full(self, channel: str) -> None:
        if channel not in self._full:
            self._full.add(channel)
            _log.error("outbox.full", channel=channel, room=self._pace.room)

    def _running(self) -> bool:
        return any(not task.done() for task in self._tasks)

    def _flushed(self, left: float) -> bool:
        """Nothing more can be done in `left` seconds: no message is due, no mark can be written."""
        now = self._clock.now()
        idle = all(line.wait(now) > left for line in self._lines.values())
        return left <= 0 or (idle and (self._marks.stuck or not len(self._marks)))

    # ------------------------------------------------------------ one channel

    async def _serve(self, line: Line) -> None:
        wake = self._wake[line.name]
        await self._looked.wait()
        while not self._stopping:
            wake.clear()
            row, seconds = line.next(), line.wait(self._clock.now())
            if row is None or seconds > 0:
                await _within(wake, seconds)
            else:
                await self._attempt(line, row)
                self._progress.set()

    async def _attempt(self, line: Line, row: AlertRow) -> None:
        if line.overdue(row, self._clock.now()):
            return self._give_up(line, row, "it was tried for too long", tried=False)
        threads = self._channels[row.channel].threads
        earlier = await self._threads.earlier(row) if threads else ""
        try:
            receipt = await self._send(row, earlier)
        except ChannelError as e:
            return self._failed(line, row, e)
        self._threads.note(row, receipt)
        return self._delivered(line, row, receipt)

    async def _send(self, row: AlertRow, earlier: str) -> str:
        """Sends within its deadline; whatever goes wrong is a ChannelError, so that the task lives on."""
        try:
            async with asyncio.timeout(self._pace.send_deadline):
                return await self._channels[row.channel].send(row.key, row.alert, earlier)
        except ChannelError:
            raise
        except TimeoutError as e:
            raise ChannelError(f"timeout: cut after {self._pace.send_deadline:g} s") from e
        except Exception as e:  # a bug in a channel must not silence it, nor the others
            raise ChannelError(f"unexpected {type(e).__name__}") from e

    def _delivered(self, line: Line, row: AlertRow, receipt: str) -> None:
        if line.failures:
            _log.info("channel.recovered", channel=line.name, failures=line.failures)
        self._settled(line, line.delivered(row.key, self._clock.now(), receipt), "delivered")

    def _failed(self, line: Line, row: AlertRow, e: ChannelError) -> None:
        self._telemetry.count("alerts_total", channel=line.name, outcome="failed")
        if e.final:
            return self._give_up(line, row, str(e), tried=True)
        if line.failures == 0:
            _log.warning("channel.failing", channel=line.name, error=str(e))
        self._mark(line.failed(row.key, self._clock.now(), str(e), e.retry_after))
        return None

    def _give_up(self, line: Line, row: AlertRow, error: str, *, tried: bool) -> None:
        _log.error("alert.given_up", channel=line.name, key=row.key, title=row.alert.title, error=error)
        mark = line.given_up(row.key, self._clock.now(), error, tried=tried)
        self._settled(line, mark, "given_up")

    def _settled(self, line: Line, mark: Mark, outcome: str) -> None:
        self._telemetry.count("alerts_total", channel=line.name, outcome=outcome)
        self._telemetry.count("alerts_queued", -1, channel=line.name)
        if line.name in self._full and not len(line):
            self._full.discard(line.name)
            self._next_look = 0.0  # there is room again for what was left in the store
        self._mark(mark)

    def _mark(self, mark: Mark) -> None:
        self._marks.put(mark)
        self._marked.set()

    # ------------------------------------------------------------ the store

    async def _keep(self) -> None:
        """Writes marks as they come, and looks for rows we do not know, at once and then now and again."""
        loop = asyncio.get_running_loop()
        self._next_look = 0.0
        while not self._stopping:
            self._marked.clear()
            reachable = await self._marks.write()
            if loop.time() >= self._next_look:
                self._next_look = loop.time() + RELOAD_EVERY
                reachable = await self.look() and reachable
            self._looked.set()
            self._progress.set()
            if not reachable:
                self._next_look = loop.time() + self._pace.store_pause
            await _within(self._marked, self._next_look - loop.time())

    async def look(self) -> bool:
        """Takes over undelivered rows; False when the store did not answer."""
        if self._outbox is None:
            return True
        try:
            async with asyncio.timeout(LOAD_DEADLINE):
                rows = await self._outbox.undelivered()
        except (DatabaseError, TimeoutError, OSError):
            return False
        for row in rows:
            self._take_over(row)
        return True

    def _take_over(self, row: AlertRow) -> None:
        line = self._lines.get(row.channel)
        if line is None:
            self._stranger(row)
        elif (mark := line.settled(row.key)) is not None:
            self._mark(mark)  # sent before the row was in the store: it says so now
        elif self._put(row) is not None:
            self._note_full(row.channel)

    def _stranger(self, row: AlertRow) -> None:
        """A row of a channel that is no longer configured: kept for its time, in case it comes back."""
        if row.channel not in self._strangers:
            self._strangers.add(row.channel)
            _log.warning("outbox.unknown_channel", channel=row.channel, known=sorted(self._lines))
        if self._clock.now() - row.alert.at > self._pace.give_up_after:
            self._mark(Mark(row.key, False, row.attempts, "the channel is not configured", final=True))


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Until `event` is set, at most `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds if isfinite(seconds) else None):
            await event.wait()
