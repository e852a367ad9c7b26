"""What must hold before a statement of the plan is sent: the text, the names, the touched objects.

Each check raises `Stop` with its reason. This file changes nothing.
"""

from __future__ import annotations

from typing import Any

from monitor import pg
from monitor.pg import Connection
from monitor.plan import code
from monitor.plan.groups import Standing
from monitor.plan.shadows import names_beside, shadowed
from monitor.plan.stored import Plan, set_path
from monitor.ports import Lack, Order, OutcomeKind
from monitor.rollback import verifying
from monitor.rollback.ledger import Locked
from monitor.schema import catalogue, fingerprint
from monitor.schema.catalogue import Resolved
from monitor.schema.difference import How
from monitor.schema.relation import Fingerprint
from monitor.sql import scripts
from monitor.sql.classes import Class
from monitor.sql.scripts import Written

BY_HAND = "the schema is already as the rollback would leave it: it was rolled back by hand"

ALIEN = "the ledger's rows are not of the registered statements"


CHANGED = "the stored plan, or what it is checked against, is not what was registered"


class Stop(Exception):
    """A check said no. `lack`: what readiness calls it."""

    def __init__(
        self,
        kind: OutcomeKind,
        reason: str,
        detail: dict[str, Any] | None = None,
        lack: Lack = Lack.DRIFT,
    ) -> None:
        self.kind = kind
        self.lack = lack
        self.reason = reason
        self.detail = detail or {}
        super().__init__(reason)


class IntentGoneError(Exception):
    """Another daemon withdrew the intent: it must be committed again first."""


class GroupDoneError(Exception):
    """The ledger says that the plan is further than was thought."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        super().__init__("another daemon did it")


def superseded(migration: str) -> str:
    return f"a later migration is watched on this target: {migration}"


def own(standing: Standing) -> Standing:
    """The same; raises Stop when the ledger's rows are not the plan's."""
    if standing.alien:
        raise Stop(OutcomeKind.REFUSED, ALIEN)
    return standing


def check_text(registered: Plan, order: Order, locked: Locked) -> None:
    """Only the registered text is executed: hash of the whole and of each slice, the plan, the digest."""
    same = locked.sql == registered.sql and locked.sha256 == registered.sha256
    if not (same and scripts.is_intact(locked.sql, registered.sha256, registered.statements)):
        raise Stop(OutcomeKind.REFUSED, "the stored SQL or its hash is not what was registered")
    kept = order.watch.plan
    if dict(locked.plan) != dict(kept.plan) or locked.digest != kept.digest or not locked.intact:
        raise Stop(OutcomeKind.REFUSED, CHANGED)


async def check_schema(
    connection: Connection, registered: Plan, done: int = 0, *, deep: bool = False
) -> Fingerprint:
    """Names mean what they meant, and the touched objects are what `done` statements leave.

    Returns them as they are now. Needs a transaction. `deep`: a plan whose effect does not show in them is
    looked for in the whole schema, where a fingerprint from before the migration tells it.
    """
    async with pg.translated("reading the touched objects"):
        await connection.execute(set_path(registered.search_path))
        resolved, path = await catalogue.resolve(connection, names_of(registered))
        scope = await catalogue.scope(connection, resolved, path, names_beside(registered.statements))
        run = await _new_code(connection, registered, done)
        now = await fingerprint.read(
            connection, registered.labels, registered.others, registered.search_path, registered.below
        )
    left = {s.line for s in registered.statements[done:]}
    shadows = shadowed(
        registered.statements, registered.resolution, registered.quoted, scope, registered.fingerprint
    )
    changed = registered.unlike(now, done)
    found = [
        *_moved(registered, resolved, done),
        *map(str, changed),
        *(p.what for p in shadows if p.line in left),
    ]
    if (found or (deep and not registered.shows)) and await _by_hand(connection, registered, now):
        raise Stop(OutcomeKind.RESOLVED_EXTERNALLY, BY_HAND, lack=Lack.BY_HAND)
    if not found and run:
        raise Stop(OutcomeKind.REFUSED, run, {"differences": [run]})
    if not found:
        return now
    lack = Lack.DEPENDENTS if any(d.how is How.NEW for d in changed) else Lack.DRIFT
    if not done and (missing := registered.part_done(now)):
        parts = [str(d) for d in missing]
        what = f"part of the rollback was done by hand, left is: {'; '.join(parts[:3])}"
        raise Stop(OutcomeKind.REFUSED, what, {"differences": found, "left": parts}, lack)
    since = "since registration" if not done else f"since the rollback's statement {done} took effect"
    what = f"the touched objects changed {since}: {'; '.join(found[:3])}"
    raise Stop(OutcomeKind.REFUSED, what, {"differences": found}, lack)


async def _new_code(connection: Connection, registered: Plan, done: int) -> str:
    """Code that a statement would run and would not have at registration, when nobody allowed it; or ""."""
    left = [s for s in registered.statements[done:] if s.klass is not Class.OPAQUE]
    reasons = await code.reasons(connection, left, registered.resolution, registered.quoted)
    first = next((s for s in left if s.step in reasons), None)
    if first is None:
        return ""
    return (
        f"statement {first.step} (line {first.line}) would run code that it did not run at registration: "
        f"{reasons[first.step][0]}: take it away, or register the rollback again with --allow-opaque"
    )


async def _by_hand(connection: Connection, registered: Plan, now: Fingerprint) -> bool:
    """With a fingerprint from before the migration that decides; else what the plan says, if it shows."""
    if registered.before is not None:
        return await verifying.undone(connection, registered)
    return registered.shows and not registered.undone(now)


def _moved(registered: Plan, resolved: dict[str, Resolved], done: int) -> list[str]:
    """Names that mean something else now; one whose object the plan itself took away means nothing."""
    gone = registered.gone_after(done)
    return [
        f"{key} is now {r.label}"
        for key, r in resolved.items()
        if r.label != registered.resolution[key] and (r.exists or registered.resolution[key] not in gone)
    ]


def names_of(registered: Plan) -> list[Written]:
    """Every name of the plan as written: `"a"."b"` is (a, b)."""
    return [scripts.key_parts(key) for key in registered.resolution]
