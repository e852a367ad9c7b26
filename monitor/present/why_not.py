"""Why a watch has not rolled back, from where it is now, as paragraphs of the page."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.core.phases import Phase
from monitor.core.samples import SECOND
from monitor.present.ready import Block, View
from monitor.units import show_evidence, show_span

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
    "warming": "It is still warming up: no limit counts yet.",
    "awaiting_approval": "It has not been approved yet.",
    "in_doubt": "Not known yet whether it took effect.",
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
        yield Block("There is no rollback: it only alerts, and manual action is needed.")
    elif view.get("mode") == "observe":
        yield Block("It only observes.")
    for name, metric in (view.get("metrics") or {}).items():
        if metric.get("blind") and any(r["action"] == "rollback" for r in metric.get("rules") or ()):
            yield Block(f"{name} can't be measured: unknown whether its limit is exceeded.")
    if phase == Phase.ROLLING_BACK:
        yield Block((view.get("attempt") or {}).get("sentence") or "It is being rolled back now.")
    elif phase in NOW:
        yield Block(NOW[phase])
    else:
        yield from (_under_way(s) for s in view.get("streaks") or () if s["action"] == "rollback")


def _under_way(streak: View) -> Block:
    counted, hold = weight(streak.get("evidence")), span_of(streak["hold_seconds"])
    said = f"{streak['metric']} has been beyond the rollback limit since {{at}}"
    said += f" ({counted})" if counted else ""
    if streak.get("insufficient_evidence"):
        said += ", with too little traffic to decide"
    elif streak["state"] != "firing":
        young = streak["age_seconds"] < streak["hold_seconds"]
        lacks = (
            f"not for {hold} yet" if young else f"not certain yet that it has been for {hold} and still is"
        )
        said += f": {lacks}"
    return Block(f"{said}.", at=streak["since"])


def weight(evidence: View | None) -> str:
    """`evidence 7.1 of 9: 12 errors in 340 requests`; "" where nothing was counted."""
    if not evidence or "score" not in evidence:
        return ""
    return show_evidence(*(float(evidence[key]) for key in ("errors", "requests", "score", "needed")))


def span_of(seconds: float) -> str:
    return show_span(round(seconds) * SECOND)
