"""A second session that looks whom the rollback's own waits for, while it waits.

Afterwards nobody can say it; and the lock need not be on a table that the plan names: it may be on a
partition, on the parent of one, on the other end of a foreign key, on a view. Never in the rollback's way:
what can't be seen, as on a server without a free slot, is not seen.

While a try takes its locks it also looks for a deadlock with the application, long before the server does:
then the try is cancelled, and the next one takes its locks in the order in which the application does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.rollback.advance import Lock
from monitor.rollback.blocking import AUTOVACUUM, Blocker, waited_for
from monitor.rollback.embrace import Queue, look
from monitor.rollback.held import Held, Session, answer

LOOK_AFTER = 0.02
"""Seconds into a try until the first look: one that nobody stalls is about over by then."""

LOOK_EVERY = 0.05
"""Seconds between looks: the first try waits twice as long."""

LAST_WORD = 1.0
"""Seconds that a try waits for a look under way, which may still cancel it."""

REST = 1.0
"""Seconds after a look that failed."""


@dataclass(slots=True)
class Lookout:
    """Of one rollback. `seen`: whom the last try waited for, when it was last seen to wait.

    Looks in a task of its own, which no try waits for and which outlives it: on a busy machine opening the
    session takes longer than a first try.
    """

    held: Held
    system: str
    seen: tuple[Blocker, ...] = ()
    embraced: bool = False  # the last try was cancelled: it and the application waited for each other
    awaited: str = ""  # the table that the last try was seen to wait for
    queue: Queue = field(default_factory=Queue)
    _pid: int = 0  # of the session that may be waiting; 0: none is
    _taking: bool = False
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _looking: asyncio.Task[None] | None = None

    @property
    def only_a_vacuum(self) -> bool:
        """Whether an autovacuum, and nobody else, was in the last try's way."""
        return bool(self.seen) and all(b.backend == AUTOVACUUM for b in self.seen)

    def ordered(self, locks: Sequence[Lock], alone: bool) -> list[Lock]:
        """As the application takes them, as far as that was seen. `alone`: first what was waited for last."""
        found = self.queue.ordered(locks)
        first = [lock for lock in found if alone and lock.label == self.awaited]
        return first + [lock for lock in found if lock not in first]

    @contextlib.contextmanager
    def watching(self, session: Session) -> Iterator[None]:
        """Looks for as long as the block lasts."""
        self.seen, self._pid = (), session.server.pid
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="rollback/lookout")
        try:
            yield
        finally:
            self._pid = 0

    @contextlib.asynccontextmanager
    async def taking(self) -> AsyncIterator[None]:
        """While the try takes its locks. Behind the block no cancel of ours is under way."""
        self.embraced, self.awaited, self._taking = False, "", True
        try:
            yield
        finally:
            self._taking = False
            await self._last_word()

    async def _last_word(self) -> None:
        """Of a look under way: whether it cancelled the try."""
        try:
            async with asyncio.timeout(LAST_WORD), self._asking:
                pass
        except TimeoutError as e:
            raise DatabaseError("the deadlock watcher's session does not answer", "55P03") from e

    async def aclose(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        connection: Connection | None = None
        try:
            while True:
                await asyncio.sleep(LOOK_AFTER)
                if not self._pid:
                    continue
                try:
                    if connection is None or connection.is_closed():
                        connection = (await self.held.fresh(self.system, "lookout")).connection
                    await self._ask(connection)
                except DatabaseError:
                    await asyncio.sleep(REST)
        finally:
            if connection is not None:
                connection.terminate()

    async def _ask(self, connection: Connection) -> None:
        """Again and again while a try lasts."""
        while pid := self._pid:
            found = await answer(connection, waited_for(connection, pid), "finding blockers")
            self.seen = found or self.seen
            if found and self._taking and pid == self._pid:
                await self._end_deadlock(connection, pid)
            await asyncio.sleep(LOOK_EVERY)

    async def _end_deadlock(self, connection: Connection, pid: int) -> None:
        async with self._asking:
            if not self._taking:
                return
            found = await answer(connection, look(connection, pid), "looking for a deadlock")
            self.embraced, self.awaited = found.embraced, found.awaited or self.awaited
            if found.embraced:
                self.queue.learn(found)
