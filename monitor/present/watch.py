"""A watch as people and programs see it: one typed value, and its JSON. Times are epoch seconds there.

Both who make it are here: `seen` of a watch in a daemon's hands, `registered` of one that no daemon has
seen. What is stored is the JSON of the former; `as_stored` lays over it what others than its daemon may have
changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.core.replay import seconds
from monitor.core.samples import SECOND, Micros
from monitor.core.view import coverage_view, metrics_view, streaks_view, times_view
from monitor.ports import (
    AtRisk,
    Controls,
    Json,
    Lack,
    Readiness,
    Reason,
    WatchRow,
    loss_sentences,
    rehearsal_view,
    risk_from_json,
    risk_to_json,
)
from monitor.present import next_step
from monitor.present.next_step import Next
from monitor.present.reasons import why
from monitor.present.under_way import Attempt, ours, ours_view
from monitor.present.verdicts import How
from monitor.present.watched import Watched
from monitor.units import Kind

STALE_INTERVALS = 6
"""A decision loop that took nothing in for so many intervals is stale."""

NOT_SEEN = Readiness(False, (Reason("the daemon has not picked it up yet", Lack.UNCHECKED),))

PLAN_KEYS = {
    "step": "step",
    "sql": "text",
    "line": "line",
    "sha256": "sha256",
    "class": "class",
    "kind": "kind",
    "transactional": "transactional",
}
"""As shown -> as stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchView:
    """`metrics`, `streaks`, `coverage`, `times`: as the core shows them; `times` None without a known policy.

    `row`: as registered. `digest`: of the registration; None where it was not read.
    """

    row: WatchRow
    mode: str
    phase: str
    verdict: str | None
    verdict_at: Micros | None
    reason: str
    expected_at: Micros
    updated_at: Micros | None
    next: Next
    readiness: Readiness
    superseded: bool
    superseded_by: str = ""
    metrics: Mapping[str, Json]
    streaks: Sequence[Json] = ()
    ours: Json | None = None
    attempt: Attempt | None = None
    coverage: Json
    times: Json | None = None
    paused: bool = False
    how: How = field(default_factory=How)
    already_breaching: bool = False
    baseline: Json
    ledger_lost: str = ""
    digest: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The keys are documented, and stored."""
        row = self.row
        found: dict[str, Any] = {
            "id": row.id,
            "migration": row.migration,
            "target": row.target,
            "mode": self.mode,
            "phase": self.phase,
            "verdict": self.verdict,
            "reason": self.reason,
            "started_at": seconds(row.started_at),
            "ends_at": seconds(row.ends_at),
            "expected_at": seconds(self.expected_at),
            "verdict_at": _seconds(self.verdict_at),
            "updated_at": _seconds(self.updated_at),
            "metrics": self.metrics,
            "streaks": list(self.streaks),
            "next": self.next.view(),
            "ours": self.ours,
            "attempt": None if self.attempt is None else self.attempt.view(),
            "coverage": self.coverage,
            "times": self.times,
            "readiness": readiness_view(self.readiness),
            "superseded": self.superseded,
            "superseded_by": self.superseded_by if self.superseded else "",
            "paused": paused_view(row.controls) if self.paused else None,
            "untouched": self.how.untouched,
            "aftermath": self.how.aftermath,
            "already_breaching": self.already_breaching,
            "baseline": self.baseline,
            "ledger_lost": self.ledger_lost,
            "plan": plan_view(row.plan.plan),
            "no_rollback": row.plan.no_rollback,
            "digest": self.digest,
            "rehearsal": rehearsal_view(row.controls.rehearsal),
        }
        return {key: value for key, value in found.items() if value is not None or key not in UNLESS_KNOWN}


UNLESS_KNOWN = frozenset({"times", "digest"})
"""Keys that are left out where nothing is known of them; the others are null."""


def seen(watch: Watched) -> WatchView:
    """Of a watch in a daemon's hands."""
    life, policy, state = watch.state.life, watch.policy, watch.state
    notes = (*watch.readiness.notes, *((watch.stranger,) if watch.stranger else ()))
    return WatchView(
        row=watch.row,
        mode=life.mode.value,
        phase=life.phase.value,
        verdict=life.verdict and life.verdict.value,
        verdict_at=life.verdict_at,
        reason=life.reason,
        expected_at=next_step.expected_end(policy, state),
        updated_at=watch.now,
        next=next_step.next_step(watch),
        readiness=replace(watch.readiness, notes=notes),
        superseded=not life.armed,
        superseded_by=watch.newer,
        metrics=_metrics(watch),
        streaks=streaks_view(policy, state),
        ours=None if watch.ended else ours_view(policy, state),
        attempt=None if watch.ended else watch.attempt,
        coverage=coverage_view(policy, state),
        times={**times_view(policy, state), "stale_seconds": STALE_INTERVALS * policy.interval / SECOND},
        paused=watch.paused,
        how=watch.how,
        already_breaching=watch.already_breaching,
        baseline={name: normal.to_json() for name, normal in watch.normals.items()},
        ledger_lost=watch.ledger_lost,
    )


def registered(row: WatchRow, now: Micros) -> WatchView:
    """Of a watch as its row says it: no daemon has seen it, or a person ended it without one."""
    at_risk = registered_risk(row.plan.plan)
    return WatchView(
        row=row,
        mode=row.mode.value,
        phase=row.phase,
        verdict=row.verdict,
        verdict_at=row.verdict_at,
        reason=row.reason,
        expected_at=row.ends_at,
        updated_at=None,
        next=next_step.of_row(row, now),
        readiness=replace(NOT_SEEN, notes=loss_sentences(at_risk or ()), at_risk=at_risk),
        superseded=row.controls.superseded,
        metrics={},
        coverage={},
        baseline={},
        digest=row.plan.digest,
    )


STORED = ("phase", "verdict", "reason", "verdict_at", "rehearsal", "digest")
"""Keys of a watch that others than its daemon may have changed since it was last seen."""


def as_stored(row: WatchRow, now: Micros) -> Json:
    """The watch as JSON: as the daemon last saw it, else as it was registered."""
    fresh = registered(row, now).to_json()
    if row.view is None:
        return {**fresh, **_committed(row)}
    stored = STORED if row.verdict is None else (*STORED, "next")
    return {**row.view, **{key: fresh[key] for key in stored}, **_committed(row)}


def _committed(row: WatchRow) -> dict[str, Any]:
    """A person's pause, resume or cancel wins once committed: it is said before the daemon has seen it."""
    asked = row.controls
    if row.verdict is not None or row.intent_at is not None:
        return {}
    if asked.cancelled_at is not None:
        ended = {"phase": "ended", "verdict": "cancelled", "verdict_at": seconds(asked.cancelled_at)}
        told = next_step.ended("cancelled", How(), asked.cancelled_at)
        return {**ended, "reason": asked.reason, "next": told.view()}
    if asked.paused == (row.phase == "paused"):
        return {}
    told = next_step.paused(asked) if asked.paused else Next(next_step.UNSEEN)
    return {"phase": "paused" if asked.paused else "watching", "next": told.view()}


def _metrics(watch: Watched) -> dict[str, Json]:
    """With what our own statements in the queue for a lock have to do with it."""
    caused = () if watch.ended else ours(watch.policy, watch.state)
    found = with_units(metrics_view(watch.policy, watch.state), watch.kinds)
    return {name: {**shown, "in_part_ours": name in caused} for name, shown in found.items()}


def with_units(metrics: Mapping[str, Json], kinds: Mapping[str, Kind]) -> dict[str, Json]:
    """The metrics, each with what its values are (ratio 0-1, time in ms, count), and `why` in words."""
    return {
        name: {**shown, "unit": str(kinds.get(name, Kind.COUNT)), "why": why(str(shown.get("reason") or ""))}
        for name, shown in metrics.items()
    }


def readiness_view(readiness: Readiness) -> Json:
    """ok, reasons and their codes, notes, and what a rollback would take away (null: not known)."""
    risks = readiness.at_risk
    return {
        "ok": readiness.ok,
        "reasons": list(readiness.reasons),
        "codes": list(readiness.codes),
        "notes": list(readiness.notes),
        "at_risk": None if risks is None else [risk_to_json(risk) for risk in risks],
    }


def paused_view(controls: Controls) -> Json:
    """Who paused a watch, why and when."""
    return {"by": controls.by, "reason": controls.reason, "at": _seconds(controls.paused_at)}


def plan_view(plan: Json) -> list[Json]:
    """The statements as they were registered, without the catalogue's details."""
    statements = plan.get("statements", ())
    if not isinstance(statements, list | tuple):
        return []
    return [{shown: s[key] for shown, key in PLAN_KEYS.items() if key in s} for s in statements]


def registered_risk(plan: Json) -> tuple[AtRisk, ...] | None:
    """What a rollback would have taken away when it was registered; None: not known."""
    found: Any = plan.get("at_risk")
    return None if found is None else tuple(risk_from_json(row) for row in found)


def _seconds(at: Micros | None) -> float | None:
    return None if at is None else seconds(at)
