"""What will happen next to a watch, and when: the sentence that stands first, for whoever never saw the tool.

Made of the watch's JSON alone. A moment stays a moment (`{"at": epoch seconds}`) so that a page can count
down to it; everything else is text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.ports import Json
from monitor.web.shown import limit_text, metric_words, span

Part = str | Mapping[str, float]
"""Text, or a moment."""

ENDINGS = {
    "succeeded": "Over: the migration succeeded.",
    "rolled_back": "Over: the migration was rolled back.",
    "failed": "Over: the rollback failed, the migration is in place, all or in part. A person is needed.",
    "refused": "Over: the rollback was refused, the migration is still in place. A person is needed.",
    "unverified": "Over: rolled back, but the schema is not what it should be. A person is needed.",
    "inconclusive": "Over: not everything was seen to be normal, so nobody can say. Nothing was changed.",
    "cancelled": "Over: a person cancelled the watch. Nothing is rolled back any more.",
    "resolved_externally": "Over: the migration was found rolled back by hand.",
}

UNHAPPY = frozenset({"failed", "refused", "unverified"})

STANDING = {
    "rolling_back": ("alarm", "Rolling back now: the statements below are being executed."),
    "in_doubt": (
        "alarm",
        "Finding out whether the rollback took effect: the answer to its COMMIT was lost. "
        "It goes on by itself as soon as the database answers.",
    ),
    "paused": ("notice", "Paused: nothing is rolled back until a person resumes it. Measuring goes on."),
}
"""Phases that say it all: level and sentence."""


def outlook(watch: Mapping[str, Any]) -> Json:
    """`level` (calm, notice, alarm, over) and `parts` in order, texts and moments."""
    level, parts = _say(watch)
    return {"level": level, "parts": list(parts)}


def with_outlook(watch: Json) -> Json:
    """The watch with its outlook in it."""
    return {**watch, "outlook": outlook(watch)}


def _say(watch: Mapping[str, Any]) -> tuple[str, Sequence[Part]]:
    verdict, phase = watch.get("verdict"), str(watch.get("phase", ""))
    if verdict is not None:
        text = ENDINGS.get(str(verdict), f"Over: {verdict}.")
        return ("alarm" if verdict in UNHAPPY else "over"), [text]
    if phase in STANDING:
        level, text = STANDING[phase]
        return level, [text]
    if phase == "awaiting_approval":
        return "alarm", ["Waits for a person to approve the rollback. Nothing is changed until then."]
    if phase == "warming":
        return "notice", _warming(watch)
    streaks = [s for s in watch.get("streaks") or () if isinstance(s, Mapping)]
    gravest = next((s for s in streaks if s.get("action") == "rollback"), None)
    if gravest is not None:
        return "alarm", _rollback(watch, gravest)
    if streaks:
        return "notice", _lesser(watch, streaks[0])
    return _steady(watch)


def _warming(watch: Mapping[str, Any]) -> Sequence[Part]:
    until = (watch.get("times") or {}).get("warm_until")
    if isinstance(until, int | float):
        return ["Warming up: measuring, but nothing acts for another ", {"at": until}, "."]
    return ["Warming up: measuring, but nothing acts yet."]


def _rollback(watch: Mapping[str, Any], streak: Mapping[str, Any]) -> Sequence[Part]:
    """A rollback rule is breached: what its hold leads to, unless the metric recovers."""
    metric = metric_words(streak.get("metric"))
    above = f"{metric} stays above {limit_text(watch, streak)}"
    due = {"at": float(streak.get("since", 0)) + float(streak.get("hold_seconds", 0))}
    if watch.get("mode") == "observe" or watch.get("superseded"):
        why = "a newer migration has taken over" if watch.get("superseded") else "it only observes"
        if streak.get("state") == "firing":
            return [
                f"Would have rolled back: {metric} is above {limit_text(watch, streak)}. It does not: {why}."
            ]
        return ["Would roll back in ", due, f" if {above}, but will not: {why}."]
    if streak.get("state") == "firing":
        return [f"{_first(metric)} is above {limit_text(watch, streak)} and the time to act is reached."]
    if streak.get("insufficient_evidence"):
        short = "there were too few requests to be sure. It waits for more, as long as it lasts."
        return [
            f"{_first(metric)} is above {limit_text(watch, streak)} for long enough to roll back, but {short}"
        ]
    if (watch.get("readiness") or {}).get("ok") is not True:
        return ["Due to roll back in ", due, f" if {above}, but it can't now: see “Ready to roll back?”."]
    does = "Rolls back in " if watch.get("mode") == "auto" else "Asks a person to approve the rollback in "
    return [does, due, f" if {above}."]


def _lesser(watch: Mapping[str, Any], streak: Mapping[str, Any]) -> Sequence[Part]:
    """A rule that only tells people is breached."""
    metric = metric_words(streak.get("metric"))
    word = "above" if streak.get("action") == "investigate" else "not below"
    now = f"{_first(metric)} is {word} {limit_text(watch, streak)}"
    due = {"at": float(streak.get("since", 0)) + float(streak.get("hold_seconds", 0))}
    rest = _trigger(watch)
    if streak.get("state") == "firing":
        return [f"{now}, and people were told. Nothing is rolled back for that. {rest}".strip()]
    return [f"{now}: people are told in ", due, f" if it stays so. {rest}".strip()]


def _steady(watch: Mapping[str, Any]) -> tuple[str, Sequence[Part]]:
    """No rule is breached."""
    blind = [n for n, m in (watch.get("metrics") or {}).items() if isinstance(m, Mapping) and m.get("blind")]
    if blind:
        names = ", ".join(metric_words(name) for name in blind)
        return "notice", [f"Can't see {names}: nothing is rolled back for what can't be measured."]
    if watch.get("updated_at") is None:
        return "notice", ["Registered: the daemon has not looked at it yet."]
    ends = watch.get("ends_at")
    moment: Sequence[Part] = ["in ", {"at": ends}] if isinstance(ends, int | float) else ["later"]
    if watch.get("superseded"):
        return "calm", ["Only observes, a newer migration has taken over. Ends as a success ", *moment, "."]
    if watch.get("mode") != "observe" and (watch.get("readiness") or {}).get("ok") is not True:
        return "notice", ["Nothing is wrong now, but it could not roll back: see “Ready to roll back?”."]
    late = isinstance(ends, int | float) and ends < float(watch.get("updated_at") or 0)
    if late:
        return "calm", [
            f"Nothing is wrong now. Ends when enough of its time was seen normal. {_trigger(watch)}"
        ]
    return "calm", [
        "Nothing is wrong. Ends as a success ",
        *moment,
        f" if it stays so. {_trigger(watch)}".rstrip(),
    ]


def _trigger(watch: Mapping[str, Any]) -> str:
    """What it would roll back for: the rules that lead there, with limit and hold."""
    found = [
        f"{metric_words(name)} above {limit_text(watch, {**rule, 'metric': name})} "
        f"for {span(float(rule.get('hold_seconds', 0)))}"
        for name, metric in (watch.get("metrics") or {}).items()
        if isinstance(metric, Mapping)
        for rule in metric.get("rules") or ()
        if rule.get("action") == "rollback"
    ]
    if not found or watch.get("superseded"):
        return ""
    does = {"auto": "Rolls back", "approve": "Asks to roll back"}.get(str(watch.get("mode")), "Would note")
    return f"{does} at {' or '.join(found)}."


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]
