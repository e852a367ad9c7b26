"""How a target stands, as JSON for the page: what of the daemon itself people must know."""

from __future__ import annotations

from monitor.core.samples import Micros
from monitor.ports import Json, TargetView
from monitor.web.health import is_stale


def standing_of(target: TargetView, now: Micros) -> Json:
    """Whether it decides, can write down what it decides, and is the one that looks after the target."""
    return {
        "name": target.name,
        "stale": is_stale(target, now),
        "store_reachable": target.store_reachable,
        "holds_store": target.holds_store,
        "trouble": target.trouble,
    }


def target_view(target: TargetView, now: Micros) -> Json:
    """Its standing, its metrics and its open watches."""
    shown = {"metrics": dict(target.metrics), "watches": list(target.watches)}
    return {**standing_of(target, now), **shown}
