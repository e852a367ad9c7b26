"""Every event of a watch in words and units for people; docs/logs.md lists the kinds.

One function a kind, in one table. An unknown kind, of another version, is told by its plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitor.core.events import Verdict
from monitor.present.metrics import Metrics
from monitor.present.times import exact_span as span
from monitor.present.verdicts import ending_of, helped_said
from monitor.units import show_evidence

Detail = Mapping[str, Any]

Say = Callable[[Detail, float, Metrics], str]
"""`at` in epoch seconds, to tell since when."""


def sentence(event: Mapping[str, Any], metrics: Metrics) -> str:
    """What happened, without its moment."""
    detail: Detail = event["detail"]
    say = SENTENCES.get(event["kind"])
    if say is None and str(event["kind"]).startswith("rollback_"):
        say = _progress
    return (say or _plain)(detail, float(event["at"]), metrics)


LONGEST = 400
"""Characters said of one event."""


def said(event: Mapping[str, Any], metrics: Metrics) -> str:
    """The same of any row: one of another version may lack what its sentence names: then ""."""
    try:
        found = sentence(event, metrics)
    except (KeyError, TypeError, ValueError):
        return ""
    return found if len(found) <= LONGEST else f"{found[: LONGEST - 1]}…"


def is_told_by_another(event: Mapping[str, Any], kinds: set[str]) -> bool:
    """Rows of the ledger and of the daemon say the same; `kinds`: those of the whole watch."""
    return bool(TWINS.get(event["kind"], frozenset()) & kinds)


TWINS = {
    "rollback_intent": frozenset({"intent"}),
    "intent_followed": frozenset({"rollback_promoted"}),
    "rollback_effect": frozenset({"outcome_rolled_back", "outcome_unverified"}),
}


def _why(d: Detail, at: float, metrics: Metrics) -> str:
    """`error_rate was above 1 % for 20s, 2404 errors in 40031 requests`."""
    if not d.get("rule"):
        return "requested by a person"
    evidence = d.get("evidence") or {}
    counts = f", {_evidence(evidence)}" if evidence else ""
    return f"{metrics.was(d['rule'], d.get('limit'))}{_for(d, at)}{counts}"


def _evidence(told: Mapping[str, Any]) -> str:
    """`evidence 9.3 of 9: 12 errors in 340 requests`; of an older program the counts alone."""
    if "score" not in told:
        return f"{told['errors']:g} errors in {told['requests']:g} requests"
    return show_evidence(*(float(told[key]) for key in ("errors", "requests", "score", "needed")))


def _lacks(d: Detail, at: float, metrics: Metrics) -> str:
    """The hold is over, and too few requests came to decide."""
    was = metrics.was(d["rule"], d.get("limit"))
    return f"{was}{_for(d, at)} with too little traffic to decide, {_evidence(d['evidence'])}"


def _for(d: Detail, at: float) -> str:
    since = d.get("since")
    return f" for {span(at - since)}" if isinstance(since, int | float) and at > since else ""


def _cleared(d: Detail, at: float, metrics: Metrics) -> str:
    rule = d["rule"]
    fired = "" if d.get("was") == "firing" else f": the {metrics.action(rule)} rule did not fire"
    why = {
        "gap": "was not measured for too long",
        "paused": "is not evaluated while paused",
        "rearmed": "starts afresh",
    }.get(d.get("reason", ""))
    if why is not None:
        return f"{metrics.metric(rule)} {why}, after{_for(d, at)[4:]} {metrics.beyond(rule)}{fired}"
    now = metrics.value(rule, d.get("value"))
    back = f"is at {now} again" if now else "has recovered"
    return f"{metrics.metric(rule)} {back}, after{_for(d, at)[4:]} {metrics.beyond(rule)}{fired}"


def _control(d: Detail, _at: float, _metrics: Metrics) -> str:
    reason = f": {d['reason']}" if d.get("reason") else ""
    return f"{d['control']}, by {d.get('by') or 'somebody'}{reason}"


def _ended(d: Detail, _at: float, _metrics: Metrics) -> str:
    words = ending_of(Verdict(d["verdict"]), bool(d.get("untouched"))).said
    return f"{words}: {d['reason']}" if d.get("reason") else words


def _outcome(d: Detail, _at: float, _metrics: Metrics) -> str:
    return "; ".join(filter(None, (str(d.get("reason") or ""), *_amounts(d))))


def _amounts(d: Detail) -> Sequence[str]:
    """What a rollback took, and what it was held against."""
    against = {"before": "the schema from before the migration", "plan": "what the plan says"}
    tries = d.get("tries")
    return [
        f"{tries} {'try' if tries == 1 else 'tries'}" if tries else "",
        f"{span(d['seconds'])} in all" if d.get("seconds") else "",
        f"locks held for {span(d['locked_seconds'])}" if d.get("locked_seconds") else "",
        f"compared with {against[d['against']]}" if d.get("against") in against else "",
        f"{d['took_effect']} of {d['statements']} statements took effect" if d.get("statements") else "",
        f"elsewhere, not by the rollback: {_joined(d['elsewhere'])}" if d.get("elsewhere") else "",
    ]


def _effect(d: Detail, _at: float, _metrics: Metrics) -> str:
    return "; ".join(filter(None, ("the plan is committed", *_amounts(d))))


def _group(d: Detail, _at: float, _metrics: Metrics) -> str:
    return f"part of the plan is committed: statements {_joined(d.get('steps', ()), ', ')}"


def _progress(d: Detail, _at: float, _metrics: Metrics) -> str:
    tries = f" (try {d['tries']}, {span(d.get('seconds'))})" if d.get("tries") else ""
    return f"{_joined(d.get('text') or 'no blocker was seen')}{tries}"


def _cleared_away(d: Detail, at: float, metrics: Metrics) -> str:
    done = {"cancel": "cancelled", "terminate": "ended"}.get(d.get("policy", ""), "cleared")
    return f"{done}: {_progress(d, at, metrics)}"


def _hook(d: Detail, _at: float, _metrics: Metrics) -> str:
    fate = "succeeded" if d.get("ok") else f"FAILED: {d.get('why') or 'no reason given'}"
    return f"hook {d.get('hook')} after the rollback {fate} ({span(d.get('seconds'))})"


def _instances(d: Detail, _at: float, _metrics: Metrics) -> str:
    return f"{d['metric']}: {d['answering']} of {d['instances']} instances answer"


def _restored(d: Detail, _at: float, _metrics: Metrics) -> str:
    rows = [f"{r['name']}: {r['restored']} of {r['rows']} put back" for r in d.get("of", ())]
    return "; ".join(rows) or "put back"


def _books(d: Detail, _at: float, _metrics: Metrics) -> str:
    return f"{d.get('migration')} is marked as reverted in the table of {d.get('tool')}"


def _plain(d: Detail, _at: float, _metrics: Metrics) -> str:
    """`key value` of what has one."""
    plain = [
        f"{k.replace('_', ' ')} {_joined(v)}"
        for k, v in d.items()
        if isinstance(v, str | int | list | Mapping) and v
    ]
    return ", ".join(plain)


def _joined(value: Any, by: str = "; ") -> str:
    return by.join(texts(value))


def texts(value: Any) -> list[str]:
    """A value of a detail as texts, one for each item: mappings by their keys."""
    if isinstance(value, list | tuple):
        return [_in_words(item) for item in value]
    return [] if value is None or value == "" else [_in_words(value)]


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{str(key).replace('_', ' ')} {_in_words(one)}" for key, one in value.items())
    return ", ".join(map(_in_words, value)) if isinstance(value, list | tuple) else str(value)


def _fixed(words: str) -> Say:
    return lambda d, _at, _metrics: words.format_map(d)


def _decided(d: Detail, at: float, metrics: Metrics) -> str:
    asked = f"{d['by']} asked for it" if d.get("by") else _why(d, at, metrics)
    return f"the rollback will be executed: {asked}"


def _started(d: Detail, _at: float, _m: Metrics) -> str:
    baseline: Mapping[str, Any] = d.get("baseline") or {}
    said = "".join(f"; {found['said']}" for found in baseline.values())
    return f"the daemon monitors it from now on, mode {d['mode']}{said}"


OUTCOMES = (
    "rolled_back", "unverified", "failed", "refused", "withdrawn", "overruled", "ledger_lost",
    "resolved_externally",
)  # fmt: skip

NOT_READY = "it could not be rolled back right now"

SENTENCES: Mapping[str, Say] = {
    "registered": lambda d, _at, _m: f"mode {d['mode']}; the rollback's sha256 begins {d['sha256'][:16]}",
    "started": _started,
    "already_breaching": _fixed(
        "the breach began before the migration: rollbacks need approval until that is over"
    ),
    "rearmed": _fixed("the breach from before the migration is over: automatic rollback is possible again"),
    "pending": lambda d, _at, m: f"{m.metric(d['rule'])} is {m.beyond(d['rule'])}",
    "insufficient_evidence": _lacks,
    "firing": lambda d, at, m: f"{_why(d, at, m)}: the {m.action(d['rule'])} rule fires",
    "cleared": _cleared,
    "blind": _fixed("{metric} has gone unmeasured for too long"),
    "sighted": _fixed("{metric} is measured again"),
    "instances_missing": _instances,
    "instances_back": _instances,
    "not_ready": lambda d, _at, _m: f"{NOT_READY}: {_joined(d.get('reasons', ()))}",
    "ready": _fixed("it can be rolled back again"),
    "superseded": _fixed("a newer watch has taken over the target: this one only observes"),
    "armed_again": _fixed("it monitors the target again; streaks start afresh"),
    "control": _control,
    "control_ignored": lambda d, _at, _m: f"{d['control']} has no effect: {d['phase'].replace('_', ' ')}",
    "promoted": _fixed("a new primary is answering and has the watch: timeline {before}, now {now}"),
    "ledger_lost": _fixed("{text}"),
    "approval_requested": lambda d, at, m: f"approval requested: {_why(d, at, m)}",
    "would_roll_back": lambda d, at, m: f"it would have been rolled back: {_why(d, at, m)}",
    "rollback_decided": _decided,
    "withdrawn": _fixed("the rollback is no longer needed, nothing took effect: {reason}"),
    "intent": _fixed("the intent is committed: too late to pause or cancel"),
    "intent_followed": _fixed(
        "a new primary is answering (timeline {before}, now {timeline}) and has the intent"
    ),
    "intent_withdrawn": _fixed("the intent is withdrawn: {reason}"),
    "rollback_effect": _effect,
    "rollback_group": _group,
    "rollback_cleared": _cleared_away,
    "bookkeeping": _books,
    **{f"outcome_{kind}": _outcome for kind in OUTCOMES},
    "ended": _ended,
    "hook_after": _hook,
    "aftermath": lambda d, _at, _m: helped_said(d.get("helped"), d.get("newer") or ""),
    "restored": _restored,
    "kept_expiring": _fixed("the data kept of {source} will be dropped soon: {place}"),
    "kept_dropped": _fixed("the data kept of {source} was dropped, its retention period ended: {place}"),
}
"""Kind of event -> what is said of it. What the executor reports on its way says it itself."""
