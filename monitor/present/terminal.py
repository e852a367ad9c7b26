"""A watch in words: what its JSON says, line by line. No colours, no tables, no IO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.ports import Json, is_bad
from monitor.present import times
from monitor.present.metrics import BLIND, Condition, condition_of, value
from monitor.present.rehearsals import rehearsal_told
from monitor.present.silence import silence, silent_since
from monitor.units import show_evidence, show_proven

ROLLING = frozenset({"rolling_back", "in_doubt"})
"""Phases in which it is no question any more whether it could roll back."""

ALREADY = "a rollback rule was firing before the migration began: rollbacks need approval until that is over"


def name(view: Json) -> str:
    """`0042_rename on shop · w-1f3a`."""
    return f"{view['migration']} on {view['target']} · {view['id']}"


def title(view: Json) -> str:
    """`0042_rename on shop · w-1f3a · auto · watching`."""
    state = view.get("verdict") or ("superseded" if view.get("superseded") else view.get("phase"))
    return f"{name(view)} · {view.get('mode')} · {state}"


def watched_for(view: Json, now: float) -> str:
    """Since when, until when, what is left; a watch that was held up is open beyond its earliest success."""
    started, planned = _number(view.get("started_at")), _number(view.get("ends_at"))
    ends = max(planned, _number(view.get("expected_at")))
    since = f"since {times.utc(started)} ({times.until(started, now)})"
    ended = view.get("verdict_at")
    if isinstance(ended, int | float):
        return f"{since}, ended {times.utc(ended)} ({times.until(ended, now)})"
    if silent_since(view, now) is not None:
        return since
    if ends < now:
        return f"{since}, not a success yet (earliest {times.utc(ends)})"
    return f"{since}, until {times.utc(ends)} ({times.until(ends, now)})"


def first(view: Json, now: float) -> str:
    """What happens next, or that nobody is there to do it; of an ended watch, what is so."""
    since = silent_since(view, now)
    return following(view) if since is None else silence(since, now)


def following(view: Json) -> str:
    """The daemon's own sentence."""
    return str(_mapping(view.get("next")).get("text") or "")


def of_when(view: Json, now: float) -> str:
    """The heading over the values: they are of now only while somebody measures."""
    if view.get("verdict") is not None:
        return "at the end"
    return "now" if silent_since(view, now) is None else "last"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric in a table: value, normal below, acts above, and how it is."""

    name: str
    value: str
    normal: str
    acts: str
    condition: Condition


def metric_rows(view: Json, kinds: Mapping[str, str]) -> Iterator[MetricRow]:
    for name, metric in _mapping(view.get("metrics")).items():
        kind, limits = kinds.get(name, "count"), _mapping(metric.get("limits"))
        acts = limits.get("rollback_above", limits.get("investigate_above"))
        yield MetricRow(
            name,
            value(metric.get("value"), kind),
            value(limits.get("normal_below"), kind),
            value(acts, kind),
            condition_of(metric),
        )


def streaks(view: Json) -> Sequence[Any]:
    """Those that go on: of a watch that has ended none does."""
    return _sequence(view.get("streaks")) if view.get("verdict") is None else ()


def streak_lines(view: Json, now: float) -> Iterator[str]:
    """Each streak with its countdown, which stands still while nobody counts."""
    since = silent_since(view, now)
    for streak in streaks(view):
        age, hold = _number(streak.get("age_seconds")), _number(streak.get("hold_seconds"))
        goal = (
            f"of {times.span(hold)}" if streak["state"] == "pending" else f"(acts after {times.span(hold)})"
        )
        line = f"{streak['rule']} exceeded for {times.span(age)} {goal}"
        if since is not None:
            line += f" at {times.moment(since, now)}"
        elif streak["state"] == "pending" and age < hold:
            line += f", {times.span(hold - age)} left"
        if evidence := streak.get("evidence"):
            counted = (_number(evidence.get(key)) for key in ("errors", "requests", "score", "needed"))
            line += f", {show_evidence(*counted)}"
        if streak.get("still_so") is False:
            line += ", but not in the latest reads"
        if streak.get("insufficient_evidence"):
            line += ", too little traffic to decide"
        yield line


class Alarm(str):
    """A line that asks for a person."""

    __slots__ = ()


def condition_lines(view: Json, now: float) -> Iterator[str]:
    """What holds the watch: who is in the way, readiness, supersession, the verdict's reason."""
    if view.get("reason"):
        yield f"reason: {view['reason']}"
    if view.get("verdict") is not None:
        return
    silent = silent_since(view, now) is not None
    if silent:
        yield f"last known: {following(view)}"
        yield "is the daemon (`migration-monitor run`) running?"
    yield from _unmeasured(_mapping(view.get("metrics")))
    if view.get("phase") in ROLLING:
        yield from _way(view)
    elif view.get("superseded"):
        newer = view.get("superseded_by") or "a newer watch"
        yield f"superseded by {newer} on this target: it observes only"
    elif not silent:
        yield from _readiness(_mapping(view.get("readiness")))
    if view.get("already_breaching"):
        yield ALREADY
    yield from baseline_lines(view)
    if "rehearsal" in view and not view.get("no_rollback"):
        summary = _mapping(view["rehearsal"]) or None
        yield Alarm(rehearsal_told(summary)) if is_bad(summary) else rehearsal_told(summary)
    if view.get("ledger_lost"):
        yield f"{view['ledger_lost']}: no automatic rollback"
    yield from _coverage(_mapping(view.get("coverage")))
    yield from _proven(_mapping(view.get("metrics")))


def opening_lines(view: Json) -> Iterator[str]:
    """The mode that is in effect, and why; what the watch began with."""
    if view.get("updated_at") is None:
        yield f"mode: {view.get('mode')}; no daemon has picked up the watch, so it is not in effect yet"
    elif view.get("already_breaching"):
        yield f"mode: {view.get('mode')}, not auto: {ALREADY}"
    else:
        yield f"mode: {view.get('mode')}"
    yield from baseline_lines(view)


def refused_lines(refused: Sequence[Json], now: float) -> Iterator[str]:
    """Registrations that were refused and did not come after all: those migrations are not watched."""
    for one in refused:
        if one.get("watched_since"):
            continue
        at, tries = _number(one.get("at")), int(_number(one.get("times")))
        again = f", {tries} times" if tries > 1 else ""
        when = f"{times.until(at, now)}{again} by {one['by']} ({one['via']})"
        what = "registration REFUSED" if one.get("watched") else "REFUSED, not monitored"
        yield f"{what}: {one['migration']} on {one['target']}, {when}"
        yield from (f"  {reason}" for reason in _sequence(one.get("reasons")))


def baseline_lines(view: Json) -> Iterator[str]:
    """What was normal before the migration, and the limit that it led to."""
    for found in _mapping(view.get("baseline")).values():
        yield f"baseline: {found['said']}"


def _unmeasured(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Why a metric has no value, in words."""
    for name, metric in metrics.items():
        why = metric.get("why") or metric.get("reason")
        if metric.get("normal") is None and not metric.get("quiet") and why:
            yield f"{name} {BLIND}: {why}"


def _way(view: Json) -> Iterator[str]:
    """Who is in the rollback's way, one line each; and what waits behind the rollback itself."""
    yield from (f"blocked by: {line}" for line in _sequence(_mapping(view.get("attempt")).get("told")))
    if said := _mapping(view.get("ours")).get("said"):
        yield str(said)


def _readiness(readiness: Json) -> Iterator[str]:
    yield "ready to roll back" if readiness.get("ok") else Alarm("NOT ready to roll back:")
    yield from (f"  {reason}" for reason in _sequence(readiness.get("reasons")))
    yield from (f"  note: {note}" for note in _sequence(readiness.get("notes")))


def _coverage(coverage: Json) -> Iterator[str]:
    parts = []
    for name in ("unobserved", "abnormal"):
        seconds = coverage.get(f"{name}_seconds")
        if isinstance(seconds, int | float) and seconds > 0:
            allowed = _number(coverage.get(f"{name}_allowed_seconds"))
            parts.append(f"{name} {times.span(seconds)} of {times.span(allowed)} allowed")
    if parts:
        yield f"counted against success: {', '.join(parts)}"


def _proven(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Of each metric that has counts, what success still needs."""
    for name, metric in metrics.items():
        if found := _mapping(metric.get("proven")):
            counted = (_number(found.get(key)) for key in ("errors", "requests", "needed"))
            yield f"{name}: {show_proven(*counted, normal=bool(found.get('normal')))}"


def plan_lines(view: Json) -> Iterator[str]:
    """The statements of the rollback, numbered, each with its class; those outside a transaction say so."""
    yield from (f"{label} {sql}" for label, sql in plan_rows(view))


def plan_rows(view: Json) -> Iterator[tuple[str, str]]:
    """The same in two: `  1. [lossy]`, and the statement on one line."""
    if view.get("no_rollback"):
        yield "  none:", "the watch only alerts, and manual action is needed"
    for number, statement in enumerate(_sequence(view.get("plan")), 1):
        text = " ".join(str(statement.get("sql", "")).split())
        alone = "" if statement.get("transactional", True) else ", outside a transaction"
        yield f"  {statement.get('step', number)}. [{statement.get('class', '?')}{alone}]", text


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
