"""Registration's side of a fingerprint from before the migration.

Is it of this database, and does the plan lead back to it? Reads the whole schema once.
This file stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.pg import Connection
from monitor.plan import remade as remades
from monitor.plan.remains import remaining
from monitor.plan.stored import Plan
from monitor.schema import before as befores
from monitor.schema import whole
from monitor.schema.before import Before
from monitor.schema.catalogue import Identity
from monitor.schema.fingerprint_file import Document
from monitor.schema.relation import Fingerprint
from monitor.schema.whole import Objects
from monitor.sql.scripts import Statement

SHOWN = 5
"""Differences in a warning; the whole list would hide the rest of the registration."""

NOT_APPLIED = (
    "the fingerprint from before the migration equals the current schema: either the migration is not "
    "applied yet (register the watch after it), or it changes nothing in the schema"
)


@dataclass(frozen=True, slots=True)
class Remembered:
    """The schema before the migration and now; both None without a fingerprint."""

    before: Before | None = None
    now: Objects | None = None

    def beside(self, touched: Fingerprint) -> Fingerprint:
        """What is stored: the fingerprint of the touched objects, and with it the schema from before."""
        return touched if self.before is None else replace(touched, before=befores.to_json(self.before))

    def warnings(self, registered: Plan) -> tuple[str, ...]:
        """Why the plan would end `unverified`, as far as it can be foretold."""
        if self.before is None or self.now is None:
            return ()
        if not self.before.changed:
            return (NOT_APPLIED,)
        left = remaining(registered, self.before.objects, self.now)
        if not left:
            return ()
        more = f"; and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        return (
            f"the plan does NOT restore the schema: after it {'; '.join(left[:SHOWN])}{more}. Executed as "
            "it is, the watch would end `unverified` and page: fix the rollback and register it again",
        )


async def remade(
    connection: Connection, statements: Sequence[Statement], print_: Fingerprint,
    resolution: Mapping[str, str], remembered: Remembered,
) -> dict[str, Any] | None:  # fmt: skip
    """What is stored of what the plan drops and makes again, by its name; None: there is no such thing."""
    things = remades.found(statements, print_, resolution)
    if not things:
        return None
    was = remembered.before.objects if remembered.before else await whole.read(connection)
    return remades.kept(things, was)


async def read(connection: Connection, server: Identity, given: Document | None) -> Remembered:
    """Needs an open transaction. Raises OperatorError when the fingerprint was taken elsewhere."""
    if given is None:
        return Remembered()
    befores.check_place(given.place, befores.place_of(server))
    now = await whole.read(connection)
    return Remembered(befores.of_document(given, now), now)
