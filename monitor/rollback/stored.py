"""The plan as it stands in a watch: what registration decided, read back for readiness and execution.

`watch.plan` is this value as JSON; the text itself is `plan_sql`. This file does no IO.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from monitor.ports import StoredPlan
from monitor.rollback import plan as plans
from monitor.rollback.compare import differences
from monitor.rollback.effects import EFFECTS
from monitor.rollback.fingerprint import Fingerprint
from monitor.rollback.forecast import Destroyed, Forecast, foresee
from monitor.rollback.kinds import NO_TRACE
from monitor.rollback.losses import DataLoss
from monitor.rollback.plan import Statement

LOCKED_KINDS = {"table", "partitioned table", "foreign table"}
"""LOCK TABLE of a view would lock the tables under it."""


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
    search_path: str
    system_identifier: str
    timeline: int
    fingerprint: Fingerprint

    def forecast(self) -> Forecast:
        """The plan played on the fingerprint of its registration."""
        return foresee(self.fingerprint, self.statements, self.resolution, self.quoted, EFFECTS)

    def unlike(self, now: Fingerprint) -> list[str]:
        """How the schema differs from its registration."""
        return differences(self.fingerprint, now)

    def undone(self, now: Fingerprint) -> list[str]:
        """How the schema differs from what the plan says; [] is the post-condition."""
        forecast = self.forecast()
        return differences(forecast.expected, now, forecast.leeway)

    @property
    def shows(self) -> bool:
        """Whether every statement's effect shows in the schema, so that it can be found done by hand."""
        return not any(a.kind in NO_TRACE for s in self.statements for a in s.actions)

    @property
    def locked(self) -> list[str]:
        """Labels of the existing tables that the plan changes, to be locked in advance, in a fixed order."""
        touched = {
            self.resolution[plans.key_of(a.relation)]
            for s in self.statements
            for a in s.actions
            if a.relation
        }
        relations = self.fingerprint["relations"]
        owners = {relations[t]["table"] or t for t in touched if relations.get(t)}
        return sorted(t for t in owners if (relations.get(t) or {}).get("kind") in LOCKED_KINDS)


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
        search_path=stored.search_path,
        system_identifier=stored.system_identifier,
        timeline=stored.timeline,
        fingerprint=cast(Fingerprint, stored.fingerprint),
    )
