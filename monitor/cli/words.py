"""A watch in words: what its JSON says, line by line. No colours, no tables, no IO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.cli import told
from monitor.ports import Json, rehearsal_told

STALE_SECONDS = 60.0
"""A daemon that decides at least every interval was not heard of for this long."""


def name(view: Json) -> str:
    """`0042_rename on shop · w-1f3a`."""
    return f"{view['migration']} on {view['target']} · {view['id']}"


def title(view: Json) -> str:
    """`0042_rename on shop · w-1f3a · auto · watching`."""
    state = view.get("verdict") or view.get("phase")
    return f"{name(view)} · {view.get('mode')} · {state}"


def times(view: Json, now: float) -> str:
    """Since when, until when, what is left; a watch that was held up is open beyond its earliest success."""
    started, ends = _number(view.get("started_at")), _number(view.get("ends_at"))
    since = f"since {told.utc(started)} ({told.until(started, now)})"
    ended = view.get("verdict_at")
    if isinstance(ended, int | float):
        return f"{since}, ended {told.utc(ended)} ({told.until(ended, now)})"
    if ends < now:
        return f"{since}, not a success yet (earliest {told.utc(ends)})"
    return f"{since}, until {told.utc(ends)} ({told.until(ends, now)})"


def metric_rows(view: Json, kinds: Mapping[str, str]) -> Iterator[tuple[str, str, str, str, str]]:
    """Metric, value, normal below, acts above, how it is."""
    for name, metric in _mapping(view.get("metrics")).items():
        kind, limits = kinds.get(name, "count"), _mapping(metric.get("limits"))
        acts = limits.get("rollback_above", limits.get("investigate_above"))
        yield (
            name,
            told.value(metric.get("value"), kind),
            told.value(limits.get("normal_below"), kind),
            told.value(acts, kind),
            _how(metric),
        )


def _how(metric: Json) -> str:
    if metric.get("blind"):
        return f"blind ({metric.get('reason') or 'no sample'})"
    if metric.get("quiet"):
        return "too little traffic to judge"
    if metric.get("normal") is None:
        return f"no data ({metric['reason']})" if metric.get("reason") else "no data yet"
    return "normal" if metric["normal"] else "not normal"


def streak_lines(view: Json) -> Iterator[str]:
    """Each streak with its countdown."""
    for streak in _sequence(view.get("streaks")):
        age, hold = _number(streak.get("age_seconds")), _number(streak.get("hold_seconds"))
        line = f"{streak['rule']} {streak['state']} for {told.span(age)} of {told.span(hold)}"
        if streak["state"] == "pending" and age < hold:
            line += f", {told.span(hold - age)} left"
        if streak.get("insufficient_evidence"):
            line += ", not enough requests yet to be sure"
        yield line


def condition_lines(view: Json, now: float) -> Iterator[str]:
    """What holds the watch: readiness, supersession, an absent daemon, the verdict's reason."""
    if view.get("reason"):
        yield f"reason: {view['reason']}"
    if view.get("verdict") is not None:
        return
    readiness = _mapping(view.get("readiness"))
    yield "ready to roll back" if readiness.get("ok") else "NOT ready to roll back:"
    yield from (f"  {reason}" for reason in _sequence(readiness.get("reasons")))
    yield from (f"  note: {note}" for note in _sequence(readiness.get("notes")))
    if view.get("superseded"):
        yield "superseded by a newer watch on this target: it observes only"
    if view.get("already_breaching"):
        yield "a rollback rule was breached already when it started: it waits for approval"
    if "rehearsal" in view:
        yield rehearsal_told(_mapping(view["rehearsal"]) or None)
    if view.get("ledger_lost"):
        yield f"{view['ledger_lost']}: nothing is rolled back without a person"
    yield from _coverage(_mapping(view.get("coverage")))
    updated = view.get("updated_at")
    if isinstance(updated, int | float) and now - updated > STALE_SECONDS:
        yield f"last decision {told.until(updated, now)}: is the daemon (`migration-monitor run`) running?"


def _coverage(coverage: Json) -> Iterator[str]:
    parts = []
    for name in ("unobserved", "quiet", "abnormal"):
        seconds = coverage.get(f"{name}_seconds")
        if isinstance(seconds, int | float) and seconds > 0:
            allowed = _number(coverage.get(f"{name}_allowed_seconds"))
            parts.append(f"{name} {told.span(seconds)} of {told.span(allowed)} allowed")
    if parts:
        yield f"counted against success: {', '.join(parts)}"


def changed_lines(changes: Json | None) -> Iterator[str]:
    """What changed in the database since the watch began: three of each kind, statements without values."""
    found = _mapping(changes)
    statements = _mapping(found.get("statements"))
    for s in _sequence(statements.get("slower"))[:3]:
        yield f"slower: {s['mean_before_ms']:.3g} ms before, now {s['mean_ms']:.3g} ms: {s['statement']}"
    for s in _sequence(statements.get("gone"))[:3]:
        yield f"ran steadily before, not once since: {s['statement']}"
    for wait in _sequence(found.get("lock_waits"))[:3]:
        yield f"{wait['waiting']} sessions wait for a lock on {wait['relation']}"
    for index in _sequence(found.get("invalid_indexes")):
        if index["new"]:
            yield f"index {index['name']} on {index['relation']} became invalid"


def plan_lines(view: Json) -> Iterator[str]:
    """The statements of the rollback, numbered, each with its class; those outside a transaction say so."""
    for number, statement in enumerate(_sequence(view.get("plan")), 1):
        text = " ".join(str(statement.get("sql", "")).split())
        alone = "" if statement.get("transactional", True) else ", outside a transaction"
        yield f"  {statement.get('step', number)}. [{statement.get('class', '?')}{alone}] {text}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
