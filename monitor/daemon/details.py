"""Decisions of the core as they are written down: kinds of event rows, and their details.

Values in, values out.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from monitor.core import decisions as said
from monitor.core.evidence import Evidence
from monitor.core.replay import seconds
from monitor.core.thresholds import Action, Rule
from monitor.core.view import evidence_view
from monitor.daemon.keeper import Keeper

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


def told_open(keeper: Keeper) -> list[Rule]:
    """Rules whose breach people were told of without being paged, and which still lasts."""
    return [
        rule
        for rule, streak in zip(keeper.policy.rules, keeper.state.seen.streaks, strict=True)
        if streak is not None
        and (streak.firing if rule.action is Action.WARN else rule.name in keeper.told_pending)
    ]


def stands(keeper: Keeper, decision: said.Decision) -> bool:
    """Whether what a decision says is so still: its streak goes on, its metric is blind."""
    seen, policy = keeper.state.seen, keeper.policy
    match decision:
        case said.StreakFiring(rule=name, since=since) | said.EvidenceLacks(rule=name, since=since):
            streak = dict(zip((r.name for r in policy.rules), seen.streaks, strict=True))[name]
            return streak is not None and streak.first == since
        case said.WentBlind(metric=metric):
            return seen.tracks[policy.places[metric].index].blind
    return False


def limit_of(keeper: Keeper, name: object) -> dict[str, Any]:
    """A rule's limit on this watch, and the bound of the baseline, if there is one, that it was made with."""
    found = [rule for rule in keeper.policy.rules if rule.name == name]
    if not found:
        return {}
    baseline = keeper.opening.baselines.get(found[0].metric)
    return {"limit": found[0].limit, "baseline": None if baseline is None else baseline.bound}


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
