"""How a target stands, as JSON for the page: what of the daemon itself people must know."""

from __future__ import annotations

from monitor.core.samples import SECOND, Micros
from monitor.ports import Json, TargetView
from monitor.present.page import with_words
from monitor.web.health import is_stale


def standing_of(target: TargetView, now: Micros) -> Json:
    """Whether it decides, can write down what it decides, and who monitors it; what a stranger does to it.

    `decided_at`: of a loop that stands still, when it decided last.
    """
    stale = is_stale(target, now)
    return {
        "name": target.name,
        "stale": stale,
        "store_reachable": target.store_reachable,
        "holds_store": target.holds_store,
        "held_by": target.held_by,
        "stranger": target.stranger,
        "trouble": target.trouble,
        "decided_at": None if target.last_decision is None or not stale else target.last_decision / SECOND,
    }


def target_view(target: TargetView, now: Micros) -> Json:
    """Its standing, its metrics and its open watches."""
    shown = {"metrics": dict(target.metrics), "watches": [with_words(watch) for watch in target.watches]}
    return {**standing_of(target, now), **shown}
