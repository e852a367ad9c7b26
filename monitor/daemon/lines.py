"""What a watch's life looks like in the log: one line for each thing that happened, one for each transition.

Event names are constant (docs/logs.md lists them); everything variable is a key. This file only writes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import structlog

from monitor.core.phases import Phase
from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.daemon.keeper import Keeper

log = structlog.get_logger()

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


def happened(keeper: Keeper, kind: str, at: Micros, detail: Mapping[str, Any]) -> None:
    """`watch.KIND`, with who it is about, the phase it is in, and when it was."""
    keys = {"phase": keeper.state.life.phase.value, **detail}
    log.log(LEVELS.get(kind, logging.INFO), f"watch.{kind}", **_who(keeper), moment=seconds(at), **keys)


def moved(keeper: Keeper, was: Phase) -> None:
    """`watch.phase_changed`, once for each transition; nothing where the phase is what it was."""
    life = keeper.state.life
    if life.phase is was:
        return
    log.info(
        "watch.phase_changed",
        **_who(keeper),
        moment=seconds(keeper.state.seen.at),
        was=was.value,
        phase=life.phase.value,
        verdict=life.verdict and life.verdict.value,
        by=keeper.row.controls.by,
    )


def _who(keeper: Keeper) -> dict[str, str]:
    return {"watch": keeper.id, "migration": keeper.row.migration, "target": keeper.row.target}
