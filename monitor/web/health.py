"""Is the decision loop alive, and could it act? Pure questions about the overview.

Alive (`/healthz`) is what a supervisor restarts for; ready (`/readyz`) is what people are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from monitor.core.samples import SECOND, Micros
from monitor.ports import Json, TargetView


def is_stale(target: TargetView, now: Micros, first_asked: Micros | None = None) -> bool:
    """Whether a round is overdue. Before the first round it is `first_asked` that counts.

    A daemon that waits for a store held by another makes no rounds and is not stale.
    """
    last = target.last_decision
    if last is None:
        last = first_asked if target.holds_store and first_asked is not None else now
    return now - last > target.stale_after


class Health:
    """Remembers since when a target's first round is awaited."""

    def __init__(self) -> None:
        self._awaited: dict[str, Micros] = {}

    def report(self, targets: Sequence[TargetView], now: Micros) -> tuple[bool, Json]:
        """Whether every decision loop is fresh, and the age of each last round in seconds."""
        stale = [t.name for t in targets if is_stale(t, now, self._since(t, now))]
        ages = {
            t.name: None if t.last_decision is None else (now - t.last_decision) / SECOND for t in targets
        }
        status = "stale" if stale else "ok"
        return not stale, {"status": status, "stale": stale, "last_decision_seconds_ago": ages}

    def _since(self, target: TargetView, now: Micros) -> Micros:
        if target.last_decision is not None or not target.holds_store:
            self._awaited.pop(target.name, None)
            return now
        return self._awaited.setdefault(target.name, now)


def readiness(targets: Sequence[TargetView]) -> tuple[bool, Json]:
    """Whether every store is reachable, every armed watch able to roll back and no stranger has the daemon's
    lock; if not, why. What is said here keeps no rollback from happening."""
    reasons = [reason for target in targets for reason in _reasons(target)]
    return not reasons, {"status": "not ready" if reasons else "ok", "reasons": reasons}


def is_armed(watch: Mapping[str, Any]) -> bool:
    """Whether the watch may have to roll back."""
    return watch.get("mode") != "observe" and not watch.get("superseded") and watch.get("phase") != "ended"


def _reasons(target: TargetView) -> Iterator[str]:
    if not target.store_reachable:
        why = f": {target.trouble}" if target.trouble else ""
        yield f"{target.name}: the store is not reachable{why}"
    if target.stranger:
        yield f"{target.name}: {target.stranger}"
    for watch in target.watches:
        state = cast(Mapping[str, Any], watch.get("readiness") or {})
        if is_armed(watch) and state.get("ok") is not True:
            why = "; ".join(map(str, state.get("reasons") or ())) or "not checked yet"
            yield f"{target.name}: {watch.get('migration')} can't be rolled back: {why}"
