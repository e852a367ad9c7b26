"""The stored watches of one target, as people and programs ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from monitor.core.samples import Micros
from monitor.ports.refusals import Refusal, Refused
from monitor.ports.rehearsals import Rehearsal
from monitor.ports.shapes import Json
from monitor.ports.shown import AlertTold, SampleSlot
from monitor.ports.store import EventRow, SampleRow
from monitor.ports.watches import Control, Registration, WatchRow


class Registry(Protocol):
    """What the command line and the API ask of the stored watches of one target."""

    async def register(self, registration: Registration) -> tuple[WatchRow, bool]:
        """Stores a watch; True if it is new. Same migration, target and hash while open is the same watch.

        Raises PlanRefused when an open watch of the same migration has another hash.
        """

    async def add_refusal(self, refusal: Refusal) -> None:
        """Keeps a refused registration, where there is a store."""

    async def refusals(self, since: Micros) -> Sequence[Refused]:
        """Newest first."""

    async def find(self, name: str) -> WatchRow | None:
        """By id, else the latest watch of the migration of that name."""

    async def looked_after(self) -> bool:
        """Whether a daemon wrote to the target's store a moment ago."""

    async def watches(self, limit: int) -> Sequence[WatchRow]:
        """Newest first."""

    async def control(self, watch_id: str, control: Control, *, by: str, reason: str) -> WatchRow:
        """Commits a person's control under the row lock. Raises ControlRefused when it is too late."""

    async def add_rehearsal(self, rehearsal: Rehearsal) -> Rehearsal:
        """Keeps it in place of an earlier one of the same text; returns it with its time."""

    async def rehearsal(self, plan_sha256: str) -> Rehearsal | None:
        """The latest of a rollback's text, by its hash."""

    async def samples(self, since: Micros, until: Micros, limit: int) -> Sequence[SampleRow]: ...

    async def slots(self, since: Micros, until: Micros, width: Micros) -> Sequence[SampleSlot]:
        """Samples with since <= at < until summed up in slots of `width`; in order of time."""

    async def told(self, watch_id: str, limit: int) -> Sequence[AlertTold]:
        """What people were told of the watch, newest first."""

    async def changes(self, watch_id: str) -> Json | None:
        """What is different in the database since the watch began; None: not known yet."""

    async def events(self, watch_id: str, after: int, limit: int) -> Sequence[EventRow]:
        """In the order written, those with id > `after`."""
