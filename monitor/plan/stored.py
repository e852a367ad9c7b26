"""The plan as it stands in a watch: what registration decided, read back for readiness and execution.

`watch.plan` is this value as JSON; the text itself is `plan_sql`. This file does no IO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from monitor.pg import MARK, quote_literal
from monitor.plan import bookkeeping
from monitor.plan.data_loss import DataLoss
from monitor.plan.forecast.schema_after import Destroyed, Forecast, foresee
from monitor.plan.groups import Group, groups_of
from monitor.ports import Bookkeeping, Fate, StoredPlan
from monitor.schema import before as befores
from monitor.schema import relation
from monitor.schema.before import Before
from monitor.schema.compare import Leeway, differences
from monitor.schema.difference import Difference, How
from monitor.schema.relation import Fingerprint
from monitor.sql import scripts as plans
from monitor.sql.classes import Class
from monitor.sql.scripts import Statement
from monitor.statements.kind import Trait
from monitor.statements.quarantine import Quarantined
from monitor.statements.registry import KINDS, kind_of

LOCKED_KINDS = {"table", "partitioned table"}
"""LOCK TABLE of a view would lock the tables under it, and of a foreign table there is none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One registered rollback, with everything its execution is checked against."""

    sql: str
    sha256: str
    statements: tuple[Statement, ...]
    resolution: Mapping[str, str]  # name as written (quoted) -> label
    quoted: Mapping[str, str]  # new name -> as the server writes it
    labels: tuple[str, ...]  # every relation in the fingerprint
    others: tuple[tuple[str, str], ...]
    data_loss: DataLoss
    destroyed: tuple[Destroyed, ...]  # all that the operator's text takes away, whatever becomes of it
    salvaged: tuple[Destroyed, ...]
    quarantined: tuple[Quarantined, ...]
    search_path: str
    system_identifier: str
    timeline: int
    fingerprint: Fingerprint
    bookkeeping: Bookkeeping | None = None
    measured: Mapping[str, float] = field(default_factory=dict)  # name of a loss -> rows copied per second

    @property
    def before(self) -> Before | None:
        """The schema before the migration, if it was given at registration."""
        before = self.fingerprint.before
        return None if before is None else befores.from_json(before)

    @property
    def remade(self) -> Mapping[str, Any]:
        """What it drops and makes again, as it was at registration."""
        return self.fingerprint.remade or {}

    @property
    def named(self) -> set[str]:
        """Labels, as in a fingerprint of the whole schema, of what the plan names."""
        others = (e.label for e in self.fingerprint.others.values() if e)
        return {*self.labels, *others}

    @property
    def aside(self) -> set[str]:
        """Columns that it puts into quarantine, by their new names."""
        return {q.place for q in self.quarantined if q.loss.column}

    @property
    def reaches_further(self) -> bool:
        """Whether it may change more than it names: opaque statements, and CASCADE."""
        return any(s.klass is Class.OPAQUE or any(a.cascade for a in s.actions) for s in self.statements)

    @property
    def groups(self) -> tuple[Group, ...]:
        """In the order in which they take effect."""
        return groups_of(self.statements)

    def forecast(self, done: int | None = None, named_at: int = 0) -> Forecast:
        """The plan, or its first `done` statements, played on the fingerprint of its registration.

        Losses are under the names that their objects have after `named_at` statements.
        """
        return foresee(
            self.fingerprint, self.statements[:done], self.resolution, self.quoted, KINDS, named_at
        )

    @property
    def below(self) -> list[str]:
        """Labels of what was below the touched relations at registration."""
        return sorted(self.fingerprint.descendants)

    def unlike(self, now: Fingerprint, done: int = 0) -> list[Difference]:
        """How the schema differs from what the first `done` statements leave; 0: from its registration."""
        if not done:
            exact = Leeway(gone=_gone(now))
            changed = differences(self.fingerprint, now, exact)
            return changed + self._changed_below(now, exact) + self._taken_along(now)
        forecast = self.forecast(done)
        forecast.leeway.gone |= _gone(now)
        return differences(forecast.expected, now, forecast.leeway)

    def _changed_below(self, now: Fingerprint, exact: Leeway) -> list[Difference]:
        """What is below follows the plan, with all that was built on it since."""
        found = now.descendants
        was = {k: e for k, e in self.fingerprint.descendants.items() if found.get(k)}
        return differences(Fingerprint(was, {}), Fingerprint(found, {}), exact)

    def _taken_along(self, now: Fingerprint) -> list[Difference]:
        """Children that came since to what the plan drops: they would go with it."""
        found: list[Difference] = []
        for label in sorted({d.label for d in self.destroyed if not d.column}):
            before, entry = self.fingerprint.relation(label), now.relation(label)
            new = set(entry.children) - set(before.children) if before and entry else set()
            found += [Difference(label, f"child {child}", How.NEW) for child in sorted(new)]
        return found

    def undone(self, now: Fingerprint) -> list[Difference]:
        """How the schema differs from what the plan says; [] is the post-condition."""
        forecast = self.forecast()
        forecast.leeway.gone |= _gone(now)
        return differences(forecast.expected, now, forecast.leeway)

    def part_done(self, now: Fingerprint) -> list[Difference]:
        """What is left of the plan when part of it, and nothing else, was done by hand; else []."""
        if not self.shows:
            return []
        left, all_of_it = self.undone(now), self.undone(self.fingerprint)
        return (
            left if set(left) < set(all_of_it) and len(self.unlike(now)) + len(left) <= len(all_of_it) else []
        )

    def gone_after(self, done: int) -> set[str]:
        """Labels that the first `done` statements took away."""
        left = self.forecast(done).relations if done else self.fingerprint.relations
        return {label for label, was in self.fingerprint.relations.items() if was and left[label] is None}

    def salvaged_by(self, group: Group) -> tuple[Destroyed, ...]:
        """What this group must copy away, under the names of the moment when it begins."""
        if not any(d.step in group.steps for d in self.salvaged):
            return ()
        names = dict(zip(self.forecast().destroyed, self.forecast(None, group.start).destroyed, strict=True))
        return tuple(names.get(d, d) for d in self.salvaged if d.step in group.steps)

    def quarantined_by(self, group: Group) -> tuple[Quarantined, ...]:
        """What this group puts aside."""
        return tuple(q for q in self.quarantined if q.loss.step in group.steps)

    def fate_of(self, loss: Destroyed) -> Fate:
        """What becomes of what it would take away."""
        if loss in self.salvaged:
            return Fate.SALVAGED
        return Fate.QUARANTINED if loss in [q.loss for q in self.quarantined] else Fate.LOST

    @property
    def keeps(self) -> bool:
        """Whether it needs a place for data that it takes away."""
        return bool(self.salvaged or self.quarantined)

    @property
    def shows(self) -> bool:
        """Whether what it does shows beyond doubt, so that it can be found done by hand; upkeep need not."""
        actions = [a for s in self.statements for a in s.actions if not kind_of(a).has(Trait.UPKEEP)]
        changes = differences(self.forecast().expected, self.fingerprint)
        return bool(changes) and all(kind_of(a).trace(a) for a in actions)

    @property
    def locked(self) -> list[str]:
        """Labels of the existing tables that the plan changes, in a fixed order."""
        return self._owners(self.statements, self.fingerprint)

    def locked_for(self, group: Group) -> list[str]:
        """Labels of the tables that this group changes, to be locked in advance, in a fixed order."""
        now = self.forecast(group.start).expected if group.start else self.fingerprint
        return self._owners(group.statements, now)

    def _owners(self, statements: Sequence[Statement], now: Fingerprint) -> list[str]:
        touched = {
            self.resolution[plans.key_of(a.relation)]
            for s in statements
            for a in s.actions
            if a.relation and not kind_of(a).has(Trait.NOT_LOCKED_FIRST)
        }
        owners = {found.table or t for t in touched if (found := now.relation(t))}
        return sorted(t for t in owners if (found := now.relation(t)) and found.kind in LOCKED_KINDS)


def _gone(now: Fingerprint) -> set[str]:
    """Labels of what was below once and is nowhere now."""
    return {label for label, entry in now.descendants.items() if entry is None}


def set_path(search_path: str) -> str:
    """A statement that makes names mean what they meant at registration, until the transaction ends."""
    return f"{MARK} SELECT pg_catalog.set_config('search_path', {quote_literal(search_path)}, true)"


def to_json(plan: Plan, **more: object) -> dict[str, object]:
    """What goes to `watch.plan`; `more` is for people (warnings, estimate)."""
    return {
        "statements": [plans.to_json(s) for s in plan.statements],
        "resolution": dict(plan.resolution),
        "quoted": dict(plan.quoted),
        "labels": list(plan.labels),
        "others": [list(o) for o in plan.others],
        "data_loss": plan.data_loss.value,
        "destroyed": [asdict(d) for d in plan.destroyed],
        "salvaged": [asdict(d) for d in plan.salvaged],
        "bookkeeping": bookkeeping.to_json(plan.bookkeeping),
        "quarantined": [asdict(q) for q in plan.quarantined],
        "measured": dict(plan.measured),
        **more,
    }


def from_stored(stored: StoredPlan) -> Plan:
    """Raises KeyError, TypeError or ValueError when the JSON is not a plan of ours."""
    row = cast(Mapping[str, Any], stored.plan)
    return Plan(
        sql=stored.sql,
        sha256=stored.sha256,
        statements=tuple(plans.from_json(s) for s in row["statements"]),
        resolution=dict(row["resolution"]),
        quoted=dict(row["quoted"]),
        labels=tuple(row["labels"]),
        others=tuple((k, n) for k, n in row["others"]),
        data_loss=DataLoss(row["data_loss"]),
        destroyed=tuple(Destroyed(**d) for d in row["destroyed"]),
        salvaged=tuple(Destroyed(**d) for d in row["salvaged"]),
        measured=dict(row["measured"]),
        quarantined=tuple(_quarantined(q) for q in row["quarantined"]),
        search_path=stored.search_path,
        system_identifier=stored.system_identifier,
        timeline=stored.timeline,
        fingerprint=relation.from_json(stored.fingerprint),
        bookkeeping=bookkeeping.from_json(row.get("bookkeeping")),
    )


def _quarantined(row: Mapping[str, Any]) -> Quarantined:
    renamed = tuple((kind, old, new) for kind, old, new in row.get("renamed", ()))
    return Quarantined(Destroyed(**row["loss"]), row["place"], renamed)
