"""What happened to a watch as it is written down: event rows with their details, and lines of the log.

Event names are constant (docs/logs.md lists them); everything variable is a key. This file tells nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import structlog

from monitor.core import decisions as said
from monitor.core.evidence import Evidence
from monitor.core.phases import Phase
from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.core.view import evidence_view
from monitor.ports import EventRow
from monitor.ports.hooks import Call, HookResult
from monitor.present.watched import Watched

log = structlog.get_logger()

KINDS: dict[type, str] = {
    said.StreakPending: "pending",
    said.StreakFiring: "firing",
    said.StreakCleared: "cleared",
    said.EvidenceLacks: "insufficient_evidence",
    said.WentBlind: "blind",
    said.Sighted: "sighted",
    said.ExecuteRollback: "rollback_decided",
    said.RequestApproval: "approval_requested",
    said.WouldRollBack: "would_roll_back",
    said.RollbackWithdrawn: "withdrawn",
    said.ControlIgnored: "control_ignored",
    said.Ended: "ended",
}

LEVELS: Mapping[str, int] = {
    **dict.fromkeys(("outcome_failed", "outcome_unverified", "outcome_refused"), logging.ERROR),
    **dict.fromkeys(("ledger_lost", "outcome_ledger_lost"), logging.ERROR),
    **dict.fromkeys(("firing", "blind", "rollback_decided", "approval_requested"), logging.WARNING),
    **dict.fromkeys(("not_ready", "already_breaching", "instances_missing"), logging.WARNING),
    "insufficient_evidence": logging.WARNING,
    **dict.fromkeys(("rollback_blocked", "rollback_budget_spent", "rollback_retry"), logging.WARNING),
    **dict.fromkeys(("rollback_in_doubt", "rollback_resumed", "rollback_hook_failed"), logging.WARNING),
    **dict.fromkeys(
        ("rollback_hook_blocks", "rollback_refused_for_now", "rollback_hindered"), logging.WARNING
    ),
}
"""Kinds that are no plain information."""


class EventLog:
    """Collects the rows of a round; each is logged too. `take` hands them over."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._rows: list[EventRow] = []

    @property
    def something(self) -> bool:
        return bool(self._rows)

    def take(self) -> tuple[EventRow, ...]:
        found, self._rows = tuple(self._rows), []
        return found

    def happened(
        self, watch: Watched, kind: str, at: Micros, detail: dict[str, Any], number: int = 0
    ) -> None:
        """Of an open watch."""
        what = detail.get("rule") or detail.get("metric") or number
        self._rows.append(EventRow(watch.id, at, kind, detail, f"{watch.id}/{kind}/{what}/{at}"))
        _logged(watch, kind, at, detail)

    def hook(self, call: Call, number: int, result: HookResult, now: Micros) -> None:
        """One after a rollback."""
        detail = {"hook": result.name, "ok": result.ok, "why": result.why, "seconds": result.seconds}
        self._rows.append(EventRow(call.watch_id, now, "hook_after", detail, f"{call.key}/{number}/{now}"))
        log.info("hook.pulled", watch=call.watch_id, target=call.target, moment=seconds(now), **detail)

    def aftermath(self, watch_id: str, until: Micros, detail: dict[str, Any], now: Micros) -> None:
        """Of a watch that has ended."""
        self._rows.append(EventRow(watch_id, now, "aftermath", detail, f"{watch_id}/aftermath/{until}"))
        log.info("watch.aftermath", watch=watch_id, target=self._target, moment=seconds(now), **detail)


def _logged(watch: Watched, kind: str, at: Micros, detail: Mapping[str, Any]) -> None:
    """`watch.KIND`, with who it is about, the phase it is in, and when it was."""
    keys = {"phase": watch.state.life.phase.value, **detail}
    log.log(LEVELS.get(kind, logging.INFO), f"watch.{kind}", **_who(watch), moment=seconds(at), **keys)


def moved(watch: Watched, was: Phase) -> None:
    """`watch.phase_changed`, once for each transition; nothing where the phase is what it was."""
    life = watch.state.life
    if life.phase is was:
        return
    log.info(
        "watch.phase_changed",
        **_who(watch),
        moment=seconds(watch.state.seen.at),
        was=was.value,
        phase=life.phase.value,
        verdict=life.verdict and life.verdict.value,
        by=watch.row.controls.by,
    )


def _who(watch: Watched) -> dict[str, str]:
    return {"watch": watch.id, "migration": watch.row.migration, "target": watch.row.target}


def stands(watch: Watched, decision: said.Decision) -> bool:
    """Whether what a decision says is so still: its streak goes on, its metric is blind."""
    seen, policy = watch.state.seen, watch.policy
    match decision:
        case said.StreakFiring(rule=name, since=since) | said.EvidenceLacks(rule=name, since=since):
            streak = dict(zip((r.name for r in policy.rules), seen.streaks, strict=True))[name]
            return streak is not None and streak.first == since
        case said.WentBlind(metric=metric):
            return seen.tracks[policy.places[metric].index].blind
    return False


def limit_of(watch: Watched, name: object) -> dict[str, Any]:
    """A rule's limit on this watch, and the bound of the baseline, if there is one, that it was made with."""
    found = [rule for rule in watch.policy.rules if rule.name == name]
    if not found:
        return {}
    normal = watch.normals.get(found[0].metric)
    return {"limit": found[0].limit, "baseline": None if normal is None else normal.found.bound}


def detail_of(decision: said.Decision) -> dict[str, Any]:
    """The decision's own values, times in epoch seconds."""
    found = asdict(decision)
    found.pop("at")
    found.pop("until", None)
    evidence = getattr(decision, "evidence", None)
    if isinstance(evidence, Evidence):
        found["evidence"] = evidence_view(evidence)
    if "since" in found:
        found["since"] = seconds(found["since"])
    return found
