"""The schema as it was before the migration: what the rollback must bring back, and whose it is to differ.

Strict is what the migration or its rollback touches: what differed between the fingerprint and the moment
of registration, what the plan names, and what changed while the plan ran. Anything else that differs later
was changed by others meanwhile (tonight's new partition): that is noted and fails nothing.
This file asks no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.errors import OperatorError
from monitor.schema import fingerprint_file, whole
from monitor.schema.catalogue import Identity
from monitor.schema.difference import How
from monitor.schema.fingerprint_file import AGAIN, Document, Place
from monitor.schema.whole import Objects

NOTES_SHOWN = 20
"""Differences elsewhere that are kept: one is telling, a thousand are a deploy of somebody else."""


OTHER_FORMAT = (
    "the fingerprint from before the migration was taken by an earlier version of migration-monitor, which "
    "read less of the schema: whether it is as before can't be determined"
)


@dataclass(frozen=True, slots=True)
class Before:
    """As stored with the watch. `touched`: labels that differed when the watch was registered.

    Not `readable`: it was stored by an earlier version, which described the same schema otherwise.
    """

    packed: str
    touched: frozenset[str]
    readable: bool = True

    @property
    def objects(self) -> Objects:
        """Unpacked at each call: some ten milliseconds for 400 tables."""
        return fingerprint_file.unpack(self.packed)

    @property
    def changed(self) -> bool:
        """Whether the migration shows in the schema: only then can it be seen undone."""
        return bool(self.touched)

    def compare(self, now: Objects, more: Iterable[str], aside: Iterable[str] = ()) -> Verified:
        """The schema of now, `more` being labels that are strict too, `aside` columns put into quarantine."""
        if not self.readable:
            return Verified((OTHER_FORMAT,), ())
        strict = self.touched | set(more)
        kept = {f"column {name}" for name in aside}
        found = [d for d in whole.differences(self.objects, now) if not (d.how is How.NEW and d.what in kept)]
        return Verified(
            tuple(str(d) for d in found if d.object in strict),
            tuple(str(d) for d in found if d.object not in strict)[:NOTES_SHOWN],
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """How the schema differs from before the migration, in sentences."""

    differences: tuple[str, ...]
    elsewhere: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differences


def of_document(given: Document, now: Objects) -> Before:
    """What is stored with a watch that is registered now."""
    touched = frozenset(d.object for d in whole.differences(given.objects, now))
    return Before(fingerprint_file.pack(given.objects), touched)


def place_of(server: Identity) -> Place:
    return Place(server.version // 10_000, server.system, server.database)


def check_place(given: Place, here: Place) -> None:
    """Raises OperatorError when the fingerprint was taken elsewhere."""
    if given.database != here.database:
        raise OperatorError(
            f"the fingerprint is of database {given.database}, the target's is {here.database}: {AGAIN}"
        )
    both_known = given.system_identifier and here.system_identifier
    if both_known and given.system_identifier != here.system_identifier:
        raise OperatorError(
            f"the fingerprint is of another cluster (system identifier {given.system_identifier}, the "
            f"target's is {here.system_identifier}): {AGAIN}"
        )
    if given.server_major != here.server_major:
        raise OperatorError(
            f"the fingerprint was taken on PostgreSQL {given.server_major}, the target runs "
            f"{here.server_major}, which writes definitions differently: {AGAIN}"
        )


def to_json(before: Before) -> Mapping[str, object]:
    return {"format": fingerprint_file.FORMAT, "packed": before.packed, "touched": sorted(before.touched)}


def from_json(row: Mapping[str, Any]) -> Before:
    """Raises KeyError when it is not what `to_json` made, by this version or an earlier one."""
    return Before(row["packed"], frozenset(row["touched"]), row["format"] == fingerprint_file.FORMAT)


def changed_between(earlier: Objects, later: Objects) -> Sequence[str]:
    """Labels of what differs."""
    return [d.object for d in whole.differences(earlier, later)]
