"""Which of a person's controls apply to a watch: a table of rules, each a sentence when it says no.

Values in, values out. The caller holds the row lock that makes the answer true until it commits.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.ports import Control, Controls, WatchRow

Rule = Callable[[WatchRow], str]
"""Why a control is refused; "" when this rule has nothing against it."""


def refusal(watch: WatchRow, control: Control) -> str:
    """Why the control is refused now, as a sentence with the remedy; "" when it applies."""
    return next((why for rule in RULES[control] if (why := rule(watch))), "")


def _ended(watch: WatchRow) -> str:
    return f"watch {watch.id} has ended: {watch.verdict}" if watch.verdict is not None else ""


def _intent(watch: WatchRow) -> str:
    if watch.intent_at is None and watch.phase not in {"rolling_back", "in_doubt"}:
        return ""
    return f"watch {watch.id}: too late, its rollback has begun; see `migration-monitor status {watch.id}`"


def _cancelled(watch: WatchRow) -> str:
    return f"watch {watch.id} is already cancelled" if watch.controls.cancelled_at is not None else ""


def _paused(watch: WatchRow) -> str:
    if not watch.controls.paused:
        return ""
    return f"watch {watch.id} is paused: `migration-monitor resume {watch.id}` first"


def _already_paused(watch: WatchRow) -> str:
    return f"watch {watch.id} is already paused" if watch.controls.paused else ""


def _not_paused(watch: WatchRow) -> str:
    return "" if watch.controls.paused else f"watch {watch.id} is not paused"


def _superseded(watch: WatchRow) -> str:
    if not watch.controls.superseded:
        return ""
    return f"watch {watch.id} only observes: a newer watch is responsible for its target, roll that one back"


def _no_rollback(watch: WatchRow) -> str:
    if not watch.plan.no_rollback:
        return ""
    return f"watch {watch.id} has no rollback (it was registered with --no-rollback): fix it by hand"


def _not_asked(watch: WatchRow) -> str:
    if watch.phase == "awaiting_approval":
        return ""
    return f"watch {watch.id} asks for no approval (it is {watch.phase}); to roll back anyway use `rollback`"


def _already_asked(watch: WatchRow) -> str:
    asked, overruled = watch.controls.rollback_at, watch.controls.paused_at
    if asked is None or (overruled is not None and overruled > asked):
        return ""
    return f"watch {watch.id}: its rollback was already asked for"


RULES: dict[Control, tuple[Rule, ...]] = {
    Control.PAUSE: (_ended, _intent, _cancelled, _already_paused),
    Control.RESUME: (_ended, _cancelled, _not_paused),
    Control.CANCEL: (_ended, _intent, _cancelled),
    Control.APPROVE: (_ended, _no_rollback, _intent, _cancelled, _superseded, _paused, _not_asked),
    Control.ROLLBACK: (_ended, _no_rollback, _intent, _cancelled, _superseded, _paused, _already_asked),
}

COLUMNS: dict[Control, str] = {
    Control.PAUSE: "paused_at",
    Control.RESUME: "resumed_at",
    Control.CANCEL: "cancelled_at",
    Control.APPROVE: "approved_at",
    Control.ROLLBACK: "rollback_at",
}
"""The column of `watch`, and the field of Controls, that a control writes."""

assert set(COLUMNS.values()) <= set(Controls.__dataclass_fields__)  # noqa: S101  one name in both places
