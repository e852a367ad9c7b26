"""What the page says of a watch, as data: its own program has no sentence of these, and words nothing again.

Made of the watch's JSON when it is asked for, so of a watch that was stored by an older program too. A moment
stands in a text as `{at}`: the page writes it in the zone that its reader chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.core.phases import Phase
from monitor.ports import Json
from monitor.present.metrics import Condition, Metrics, condition_of
from monitor.present.ready import Block, View, ready
from monitor.present.why_not import span_of, weight, why_not
from monitor.units import show_proven

PHASES = {
    "warming": "warming up",
    "watching": "watching",
    "awaiting_approval": "waits for approval",
    "rolling_back": "rolling back",
    "in_doubt": "in doubt",
    "paused": "paused",
    "ended": "ended",
}

VERDICTS = {
    "succeeded": "succeeded",
    "rolled_back": "rolled back",
    "failed": "rollback failed",
    "refused": "rollback refused",
    "unverified": "rolled back, unverified",
    "inconclusive": "inconclusive",
    "cancelled": "cancelled",
    "resolved_externally": "rolled back by hand",
}

MODES = {"auto": "rolls back automatically", "approve": "asks a person first", "observe": "only observes"}

ACTS = {"auto": "Rolls back automatically if", "approve": "Asks a person to approve a rollback if"}

CLASSES = {"lossless": "loses nothing", "lossy": "may lose data", "opaque": "effect unknown"}


@dataclass(frozen=True, slots=True)
class Told:
    """`conditions`: how each metric is, and a style. `evidence`: of each streak, by its rule.

    `proven`: by metric. `plan`: what each statement does to data.
    """

    state: str
    mode: str
    trigger: str
    why_not: Sequence[Block]
    ready: Sequence[Block]
    conditions: Mapping[str, tuple[str, str]]
    evidence: Mapping[str, str]
    proven: Mapping[str, str]
    plan: Sequence[str]

    def to_json(self) -> Json:
        """Made for every watch of a list: no deep copy."""
        return {
            "state": self.state,
            "mode": self.mode,
            "trigger": self.trigger,
            "why_not": [block.to_json() for block in self.why_not],
            "ready": [block.to_json() for block in self.ready],
            "conditions": self.conditions,
            "evidence": self.evidence,
            "proven": self.proven,
            "plan": self.plan,
        }


def with_words(view: Json) -> Json:
    """The watch's JSON with its sentences beside it, under `told`.

    One that was stored by another version may lack what a sentence names: then it has none, and is shown.
    """
    try:
        return {**view, "told": told(view).to_json()}
    except (KeyError, TypeError, ValueError):
        return {**view, "told": None}


def told(view: View) -> Told:
    metrics, mode = Metrics(view.get("metrics") or {}), str(view.get("mode"))
    return Told(
        state(view),
        "" if view.get("superseded") and view.get("verdict") is None else MODES.get(mode, mode),
        trigger(view, metrics),
        list(why_not(view)),
        list(ready(view)),
        {name: condition(metric) for name, metric in metrics.known.items()},
        {s["rule"]: weight(s.get("evidence")) for s in view.get("streaks") or ()},
        {name: proof(metric.get("proven")) for name, metric in metrics.known.items()},
        [in_one_word(statement) for statement in view.get("plan") or ()],
    )


def state(view: View) -> str:
    """Where the watch is, or how it ended."""
    verdict, phase = view.get("verdict"), str(view.get("phase"))
    if verdict is not None:
        return VERDICTS.get(verdict, str(verdict))
    return "only observes" if view.get("superseded") else PHASES.get(phase, phase)


def trigger(view: View, metrics: Metrics) -> str:
    """The rules that lead to a rollback, in one sentence; "" when none does, or none does now."""
    rules = [
        f"{name} stays above {metrics.show(name, rule['limit'])} for {span_of(rule['hold_seconds'])}"
        for name, metric in metrics.known.items()
        for rule in metric.get("rules") or ()
        if rule["action"] == "rollback" and not metric.get("blind")
    ]
    over = view.get("verdict") is not None or view.get("superseded") or view.get("phase") == Phase.PAUSED
    if over or not rules:
        return ""
    does = ACTS.get(str(view.get("mode")), "Only observes, and notes if")
    if view.get("no_rollback"):
        does = "Has no rollback, and alerts a person if"
    return f"{does} {', or '.join(rules)}."


def condition(metric: View) -> tuple[str, str]:
    """How a metric is, with its reason, and the style of it: only a known, normal value looks healthy."""
    found = condition_of(metric)
    why = metric.get("why") or str(metric.get("reason") or "").replace("_", " ")
    match found:
        case Condition.BLIND:
            return f"{found}: {why}" if why else found, "no"
        case Condition.QUIET:
            return found, "dim"
        case Condition.NO_DATA:
            return f"no data: {why}", "no"
        case Condition.NORMAL:
            return f"✓ {found}", "yes"
        case Condition.NOT_YET:
            return found, "no"
    return f"✗ {found}", "no"


def in_one_word(statement: View) -> str:
    """`lossy: may lose data, outside a transaction`."""
    kind = statement.get("class")
    known = f"{kind}: {CLASSES.get(kind, 'effect unknown')}" if kind else ""
    alone = "outside a transaction" if statement.get("transactional") is False else ""
    return ", ".join(filter(None, (known, alone)))


def proof(proven: View | None) -> str:
    """`proven normal: 2,140 of 3,000 requests`; "" where nothing was counted."""
    if not proven or proven.get("needed") is None:
        return ""
    counted = (float(proven[key]) for key in ("errors", "requests", "needed"))
    return show_proven(*counted, normal=bool(proven.get("normal")))
