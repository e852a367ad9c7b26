"""What the page says of a watch, as data: its own program has no sentence of these, and words nothing again.

Made of the watch's JSON when it is asked for, so of a watch that was stored by an older program too. A moment
stands in a text as `{at}`: the page writes it in the zone that its reader chose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitor.core.phases import Phase
from monitor.core.samples import SECOND
from monitor.ports import Json, risk_from_json
from monitor.present.metrics import Condition, Metrics, condition_of
from monitor.units import show_evidence, show_proven, show_span

View = Mapping[str, Any]

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

MODES = {"auto": "rolls back by itself", "approve": "asks a person first", "observe": "only observes"}

ACTS = {"auto": "Rolls back by itself if", "approve": "Asks a person to approve a rollback if"}

CLASSES = {"lossless": "loses nothing", "lossy": "may lose data", "opaque": "effect unknown"}

ROLLING = frozenset({Phase.ROLLING_BACK.value, Phase.IN_DOUBT.value})
"""Phases in which it is no question any more whether it could roll back."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph and the list under it. `style` and `of`: what they are, for the page to draw them by."""

    text: str = ""
    style: str = ""
    list: Sequence[str] = ()
    of: str = ""
    at: float | None = None


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


def with_words(view: Json) -> Json:
    """The watch's JSON with its sentences beside it, under `told`.

    One that was stored by another version may lack what a sentence names: then it has none, and is shown.
    """
    try:
        return {**view, "told": asdict(told(view))}
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
        f"{name} stays above {metrics.show(name, rule['limit'])} for {_span(rule['hold_seconds'])}"
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


OVER = {
    "rolled_back": "It was rolled back.",
    "unverified": "It was rolled back.",
    "resolved_externally": "It was found rolled back: by hand, or by another watch with the same rollback.",
    "failed": "The rollback failed: {reason}",
    "refused": "The rollback was refused: {reason}",
}
"""Verdicts that answer the question by themselves."""

NOW = {
    "paused": "It is paused: nothing is decided.",
    "warming": "It still warms up: no limit counts yet.",
    "awaiting_approval": "No person has approved it yet.",
    "in_doubt": "Whether it took effect is not known yet.",
}


def why_not(view: View) -> Iterator[Block]:
    """Why it has not rolled back, from where it is now; of an end that answers it, one that is `over`."""
    verdict, phase = view.get("verdict"), str(view.get("phase"))
    if verdict is not None:
        if verdict in OVER:
            yield Block(OVER[verdict].format(reason=view.get("reason")), "over")
        return
    if view.get("superseded"):
        yield Block(f"{view.get('superseded_by') or 'A newer migration'} on this target has taken over.")
    elif view.get("no_rollback"):
        yield Block("There is no rollback: it only alerts, and a person must act.")
    elif view.get("mode") == "observe":
        yield Block("It only observes.")
    for name, metric in (view.get("metrics") or {}).items():
        if metric.get("blind") and any(r["action"] == "rollback" for r in metric.get("rules") or ()):
            yield Block(f"{name} can't be measured: whether its limit is crossed is not known.")
    if phase == Phase.ROLLING_BACK:
        yield Block((view.get("attempt") or {}).get("sentence") or "It is being rolled back now.")
    elif phase in NOW:
        yield Block(NOW[phase])
    else:
        yield from (_under_way(s) for s in view.get("streaks") or () if s["action"] == "rollback")


def _under_way(streak: View) -> Block:
    counted, hold = weight(streak.get("evidence")), _span(streak["hold_seconds"])
    said = f"{streak['metric']} is beyond the rollback limit since {{at}}"
    said += f" ({counted})" if counted else ""
    if streak.get("insufficient_evidence"):
        said += ", with too little traffic to decide"
    elif streak["state"] != "firing":
        young = streak["age_seconds"] < streak["hold_seconds"]
        lacks = f"not for {hold} yet" if young else f"it is not sure that it was so for {hold} and still is"
        said += f": {lacks}"
    return Block(f"{said}.", at=streak["since"])


def ready(view: View) -> Iterator[Block]:
    """Whether it could roll back now; of a rollback that has begun, how it fares."""
    if view.get("phase") in ROLLING:
        yield _fares(view.get("attempt"))
        if view.get("ours"):
            yield Block(f"{view['ours']['said']}.", "ours")
        return
    if view.get("superseded"):
        newer = view.get("superseded_by") or "a newer migration"
        yield Block(f"It is not asked to: {newer} is watched on the same target.", "dim")
        return
    found: View = view.get("readiness") or {}
    if found.get("ok") is True:
        yield Block("✓ Yes, it could roll back now.", "yes")
    else:
        reasons = found.get("reasons") or ["not checked yet"]
        yield Block("✗ No, it could not roll back now:", "no", reasons, "reasons")
    yield Block(list=[*(found.get("notes") or ()), *_remarks(view)], of="notes")
    yield _risks(found.get("at_risk"))
    yield _rehearsed(view.get("rehearsal"))


def _fares(attempt: View | None) -> Block:
    """Who is in its way, each on a line."""
    if not attempt:
        return Block("It is being executed: from here on it can't be stopped.")
    lines = attempt.get("told") or ()
    return Block("In its way:", list=lines, of="reasons") if lines else Block(attempt["sentence"])


def _remarks(view: View) -> Iterator[str]:
    if view.get("already_breaching"):
        yield "a rollback rule had fired before it began: a person must approve until that is over"
    yield from (found["said"] for found in (view.get("baseline") or {}).values())
    if view.get("ledger_lost"):
        yield f"{view['ledger_lost']}: nothing is rolled back without a person"


def _risks(rows: Sequence[View] | None) -> Block:
    if rows is None:
        return Block("How many rows are at risk is not known.", "dim")
    some = [str(risk_from_json(row)) for row in rows if row["count"] != 0]
    return Block("At risk if it rolls back now:", list=some, of="risks") if some else Block(NO_ROWS)


NO_ROWS = "No rows are at risk."

MARKS = {True: "✓", False: "✗", None: "?"}


def _rehearsed(rehearsal: View | None) -> Block:
    if not rehearsal:
        return Block("Not rehearsed.", "dim")
    holds = rehearsal.get("holds")
    style = "no" if holds is False else ""
    return Block(f"{MARKS[holds]} Rehearsed {{at}}: {rehearsal['said']}", style, at=rehearsal["at"])


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


def weight(evidence: View | None) -> str:
    """`evidence 7.1 of 9: 12 errors in 340 requests`; "" where nothing was counted."""
    if not evidence or "score" not in evidence:
        return ""
    return show_evidence(*(float(evidence[key]) for key in ("errors", "requests", "score", "needed")))


def proof(proven: View | None) -> str:
    """`proven normal: 2,140 of 3,000 requests`; "" where nothing was counted."""
    if not proven or proven.get("needed") is None:
        return ""
    counted = (float(proven[key]) for key in ("errors", "requests", "needed"))
    return show_proven(*counted, normal=bool(proven.get("normal")))


def _span(seconds: float) -> str:
    return show_span(round(seconds) * SECOND)
