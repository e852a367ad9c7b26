"""A second session that looks whom the rollback's own waits for, while it waits.

Afterwards nobody can say it; and the lock need not be on a table that the plan names: it may be on a
partition, on the parent of one, on the other end of a foreign key, on a view. Never in the rollback's way:
what can't be seen, as on a server without a free slot, is not seen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.rollback.blocking import Blocker, waited_for
from monitor.rollback.held import Held, Session, answer

LOOK_AFTER = 0.02
"""Seconds into a try until the first look: one that nobody stalls is about over by then."""

LOOK_EVERY = 0.1
"""Seconds between looks: the first try waits no longer."""

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
    _pid: int = 0  # of the session that may be waiting; 0: none is
    _looking: asyncio.Task[None] | None = None

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
            await asyncio.sleep(LOOK_EVERY)
