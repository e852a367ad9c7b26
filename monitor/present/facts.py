"""Facts of an alert: what decided, what was normal before, what is at stake, and where to look."""

from __future__ import annotations

from collections.abc import Collection

from monitor.core.evidence import Evidence
from monitor.core.phases import Phase
from monitor.core.samples import Micros
from monitor.core.thresholds import Rule
from monitor.present.rehearsals import rehearsal_told
from monitor.present.times import when
from monitor.present.under_way import BECAUSE, STALLED
from monitor.present.watched import Watched
from monitor.units import show_counts, show_score

Fact = tuple[str, str]

OURS = "partly caused by the rollback"
"""Label of the fact that our own statements in the queue for a lock add to what is measured."""


def since(at: Micros) -> Fact:
    return ("since", when(at))


def evidence(watch: Watched, rule: Rule, found: Evidence | None) -> tuple[Fact, ...]:
    """The counts that a streak stands on, and their weight."""
    if found is None:
        return ()
    share = f" ({watch.show(rule.metric, found.errors / found.requests)})" if found.requests else ""
    weight = show_score(found.score, found.needed)
    return (("evidence", f"{weight}, {show_counts(found.errors, found.requests)}{share}"),)


def at_risk(watch: Watched) -> tuple[Fact, ...]:
    """What the rollback would take away, as it was seen last."""
    return tuple(("at risk", str(risk)) for risk in watch.readiness.at_risk or () if risk.count != 0)


def kept(watch: Watched) -> tuple[Fact, ...]:
    """What the rollback took away and where it is."""
    found = [(k["source"], k.get("rows"), k["into"]) for k in watch.kept if k.get("into")]
    return tuple(("kept", f"{_rows(rows)}{name} in {into}") for name, rows, into in found)


def rehearsed(watch: Watched) -> Fact:
    """Whether anybody has seen this rollback work."""
    return ("rehearsal", rehearsal_told(watch.controls.rehearsal))


def baselines(watch: Watched, metrics: Collection[str]) -> tuple[Fact, ...]:
    """What was normal before the migration, and the limit that it led to."""
    return tuple(("baseline", normal.said()) for name, normal in watch.normals.items() if name in metrics)


def ours(watch: Watched, rule: Rule) -> tuple[Fact, ...]:
    """What our own statements in the queue for a lock add to what is measured."""
    if rule.metric not in STALLED or watch.state.life.phase is not Phase.ROLLING_BACK:
        return ()
    return ((OURS, BECAUSE),)


def of_order(watch: Watched, name: str, at: Micros, found: Evidence | None) -> tuple[Fact, ...]:
    """Everything that a person asks before a rollback: why, since when, on what, and what it would take."""
    rule = watch.rule(name)
    counted = evidence(watch, rule, found) if rule else ()
    before = baselines(watch, {rule.metric} if rule else set())
    return (("rule", name), since(at), *counted, *before, *at_risk(watch), rehearsed(watch))


def _rows(count: int | None) -> str:
    return "" if count is None else f"{count:,} row{'' if count == 1 else 's'} of "
