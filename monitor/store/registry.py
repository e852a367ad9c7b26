"""The stored watches of one target, as commands and the API see them.

Registrations take turns under a lock of the table, so that `seq` is the order of their commits;
a control takes the row lock of its watch, so that it is ordered against the intent of a rollback.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from monitor.core.samples import Micros
from monitor.errors import ControlRefused, DatabaseError, NotFound
from monitor.ports import (
    AlertTold,
    Control,
    EventRow,
    Json,
    Refusal,
    Refused,
    Registration,
    Rehearsal,
    SampleRow,
    SampleSlot,
    WatchRow,
)
from monitor.store import changes, ordering, reading, refusals, showing
from monitor.store.lease import LEASE_SECONDS, is_held
from monitor.store.registering import control_watch, register_watch
from monitor.store.rehearsals import rehearsal_of, save_rehearsal
from monitor.store.schema import SCHEMA_DEADLINE, ensure_schema
from monitor.store.session import Session, clean, transaction

NOT_THERE = frozenset({"42P01", "3F000"})
"""undefined_table, invalid_schema_name: nothing was ever registered."""

LOCK_NOT_AVAILABLE = "55P03"


def new_id() -> str:
    """`w-` and 48 random bits."""
    return f"w-{uuid4().hex[:12]}"


class PgRegistry:
    """Registry of one target in PostgreSQL; connects at its first use.

    `dsn`: the target's database. `history_dsn`: where samples and events go, if not there.
    """

    def __init__(self, target: str, dsn: str, *, history_dsn: str | None = None) -> None:
        self._target = target
        self._home = Session(dsn, "registry")
        self._history = self._home if history_dsn in (None, dsn) else Session(history_dsn or dsn, "history")

    async def register(self, registration: Registration) -> tuple[WatchRow, bool]:
        """Stores a watch, creating the schema if missing; True if it is new.

        Raises PlanRefused when an open watch of the same migration has another hash.
        """
        async with self._home.use("registering the watch", SCHEMA_DEADLINE) as connection:
            await ensure_schema(connection)
            async with transaction(connection):
                return await register_watch(connection, registration, new_id())

    async def add_refusal(self, refusal: Refusal) -> None:
        """Keeps it where the schema is; a refusal creates none."""
        with _EmptyIfMissing():
            async with (
                self._home.use("keeping a refused registration") as connection,
                transaction(connection),
            ):
                await refusals.add(connection, self._target, refusal)

    async def refusals(self, since: Micros) -> Sequence[Refused]:
        """Newest first."""
        with _EmptyIfMissing():
            async with self._home.use("listing refused registrations") as connection:
                return await refusals.latest(connection, self._target, since)
        return ()

    async def find(self, name: str) -> WatchRow | None:
        """By id, else the latest watch of the migration of that name."""
        if name != clean(name):
            return None  # it can't be stored, so nothing has it
        with _EmptyIfMissing():
            async with self._home.use("looking for the watch") as connection:
                return await reading.find_watch(connection, self._target, name)
        return None

    async def looked_after(self) -> bool:
        """Whether a daemon has the lease: its session is there and has renewed it in time."""
        with _EmptyIfMissing():
            async with self._home.use("reading the lease") as connection:
                return await is_held(connection, self._target, LEASE_SECONDS)
        return False

    async def watches(self, limit: int) -> Sequence[WatchRow]:
        """Newest first."""
        with _EmptyIfMissing():
            async with self._home.use("listing the watches") as connection:
                return await reading.latest_watches(connection, self._target, limit)
        return ()

    async def control(self, watch_id: str, control: Control, *, by: str, reason: str) -> WatchRow:
        """Commits a person's control under the row lock, with its event; wakes the daemon.

        Raises ControlRefused when it is too late or does not apply, NotFound for an unknown watch.
        """
        try:
            async with self._home.use(f"{control.value} of the watch") as connection, transaction(connection):
                return await control_watch(connection, watch_id, control, by=by, reason=reason)
        except DatabaseError as e:
            if e.sqlstate == LOCK_NOT_AVAILABLE:
                raise ControlRefused(
                    f"watch {watch_id} is locked by a rollback that is being executed; "
                    f"see `migration-monitor status {watch_id}`"
                ) from e
            if e.sqlstate in NOT_THERE:
                raise NotFound(f"no watch {watch_id} on target {self._target}") from e
            raise

    async def add_rehearsal(self, rehearsal: Rehearsal) -> Rehearsal:
        """Keeps it, creating the schema if missing; returns it with the database's time."""
        async with self._home.use("keeping the rehearsal", SCHEMA_DEADLINE) as connection:
            await ensure_schema(connection)
            async with transaction(connection):
                at = await save_rehearsal(connection, self._target, rehearsal)
        return replace(rehearsal, at=at)

    async def rehearsal(self, plan_sha256: str) -> Rehearsal | None:
        """The latest of a rollback's text, by its hash."""
        with _EmptyIfMissing():
            async with self._home.use("looking for a rehearsal") as connection:
                return await rehearsal_of(connection, self._target, plan_sha256)
        return None

    async def samples(self, since: Micros, until: Micros, limit: int) -> Sequence[SampleRow]:
        """The first `limit` with since <= at < until, in time order."""
        with _EmptyIfMissing():
            async with self._history.use("reading samples") as connection:
                return await reading.samples_between(connection, self._target, since, until, limit)
        return ()

    async def slots(self, since: Micros, until: Micros, width: Micros) -> Sequence[SampleSlot]:
        """Samples with since <= at < until summed up in slots of `width`; in order of time."""
        with _EmptyIfMissing():
            async with self._history.use("summing up samples") as connection:
                return await showing.slots_between(connection, self._target, since, until, width)
        return ()

    async def told(self, watch_id: str, limit: int) -> Sequence[AlertTold]:
        """What people were told of the watch, newest first."""
        with _EmptyIfMissing():
            async with self._history.use("reading alerts") as connection:
                return await showing.alerts_of(connection, self._target, watch_id, limit)
        return ()

    async def changes(self, watch_id: str) -> Json | None:
        """What is different in the database since the watch began; None: not known yet."""
        with _EmptyIfMissing():
            async with self._home.use("reading what changed") as connection:
                return await changes.changes_of(connection, watch_id)
        return None

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[EventRow]:
        """In the order written, those with id > `after`."""
        if self._history is self._home:
            return await self._events(self._home, watch_id, after, limit)
        here, there = ordering.split(after)
        home = await self._events(self._home, watch_id, here, limit)
        history = await self._events(self._history, watch_id, there, limit)
        return ordering.merged(home, history, after)[:limit]

    async def aclose(self) -> None:
        await self._home.aclose()
        await self._history.aclose()

    @staticmethod
    async def _events(session: Session, watch_id: str, after: int, limit: int) -> Sequence[EventRow]:
        with _EmptyIfMissing():
            async with session.use("reading events") as connection:
                return await reading.events_after(connection, watch_id, after, limit)
        return ()


class _EmptyIfMissing(contextlib.AbstractContextManager[None, bool]):
    """Ends its block quietly when the schema was never created: there is nothing to read."""

    def __exit__(self, _kind: object, e: BaseException | None, _trace: object) -> bool:
        return isinstance(e, DatabaseError) and e.sqlstate in NOT_THERE
