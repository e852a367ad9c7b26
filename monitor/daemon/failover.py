"""What a failover means for a watch: a promotion is a notice, a loss takes the decision from the daemon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from monitor.core import events
from monitor.core.samples import Micros
from monitor.daemon.keeper import Keeper
from monitor.daemon.telling import Telling
from monitor.ports import Outcome, OutcomeKind, Progress, ProgressKind


def follow(keeper: Keeper, telling: Telling, timeline: int, now: Micros) -> Sequence[events.Event]:
    """Another timeline answers: told once. Without an intent that we had committed a person decides,
    and only that is told.

    `timeline`: of the primary that proved the readiness; 0: none did.
    """
    before, intent_on = keeper.timeline, keeper.remembered_intent
    if not timeline or keeper.executing:  # a rollback under way says itself what the failover has lost
        return ()
    keeper.timeline, keeper.remembered_intent = timeline, 0
    if intent_on in {0, timeline}:
        if timeline != before:
            telling.promoted(keeper, before, now)
        return ()
    text = f"a failover from timeline {intent_on} to {timeline} lost the committed intent of a rollback"
    telling.ledger_lost(keeper, text, now)
    return (events.ApprovalNeeded(now),)


def progressed(keeper: Keeper, progress: Progress) -> None:
    """A rollback that went on on another timeline has told of the promotion."""
    if progress.kind is ProgressKind.PROMOTED:
        keeper.timeline = cast(int, progress.detail.get("now") or keeper.timeline)


def lost(keeper: Keeper, telling: Telling, outcome: Outcome, now: Micros) -> Sequence[events.Event]:
    """A rollback that found the loss itself: with that, all is said of this timeline."""
    if outcome.kind is not OutcomeKind.LEDGER_LOST:
        return ()
    keeper.timeline = cast(int, outcome.detail.get("timeline") or keeper.timeline)
    telling.ledger_lost(keeper, outcome.reason, now)
    return (events.ApprovalNeeded(now),)
