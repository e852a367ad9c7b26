"""Everything a report says, read from the store alone, as one document ready for `json.dumps`.

The watch ends with its verdict: what a target was measured to be afterwards belongs to somebody else's
migration, but for the time in which a rollback is watched to see whether it helped; that stands apart.
Times are epoch seconds, values in the metric's unit. Works without a daemon, and long after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.ports import AlertTold, EventRow, Json, Registry, SampleSlot, WatchRow
from monitor.report.evidence import recomputed

SLOTS = 480
"""Points of a chart: more than a screen shows."""

TOOK_EFFECT = frozenset({"rolled_back", "unverified"})
"""Verdicts after which the metrics are watched on."""

EVENTS_PAGE, EVENTS_MOST = 1000, 5000
ALERTS_MOST = 1000

FIRINGS_MOST = 20
"""Firings with their samples; of more, the first ones and the last."""

SAMPLES_MOST = 4000
"""Rows read for one firing: six holds of fast reads."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a report is read from: the watch, as stored and as shown, and its target's registry.

    `verify_for`: for how long a rollback is watched after it, to see whether it helped.
    """

    registry: Registry
    row: WatchRow
    view: Json
    verify_for: Micros = 0


async def gather(source: Source, now: Micros) -> Json:
    """The report as a document."""
    row, view = source.row, dict(source.view)
    start = row.started_at
    end = max(now if row.verdict_at is None else row.verdict_at, start + SECOND)
    events = await _events(source)
    judged = _judged_at(source, events)
    after = end if judged is None else max(end, min(now, judged))
    width = max(SECOND, -(-(after - start) // SLOTS))
    slots = await source.registry.slots(start, end + 1, width)
    later = await source.registry.slots(end + 1, after + 1, width) if after > end else ()
    told = await source.registry.told(row.id, ALERTS_MOST)
    return {
        "format": 1,
        "generated_at": now / SECOND,
        "watch": view,
        "since": start / SECOND,
        "until": end / SECOND,
        "step": width / SECOND,
        "coverage": _coverage(view, row, end),
        "worst": _worst(slots, view),
        "evidence": await _evidence(source, events),
        "salvaged": _salvaged(events),
        "changes": await source.registry.changes(row.id),
        "metrics": _series(slots),
        "aftermath": None if judged is None else _aftermath(view, events, later, after, judged),
        "events": events,
        "alerts": [_alert(a) for a in reversed(told)],
    }


def _said(events: Sequence[Json]) -> Mapping[str, Any] | None:
    """The daemon's answer whether the rollback helped."""
    said = [e for e in events if e["kind"] == "aftermath"]
    return said[-1] if said else None


def _judged_at(source: Source, events: Sequence[Json]) -> Micros | None:
    """When it was, or will be, said whether the rollback helped; None where nobody asks."""
    ended, said = source.row.verdict_at, _said(events)
    if ended is None or source.row.verdict not in TOOK_EFFECT:
        return None
    if said is not None:
        return round(float(said["at"]) * SECOND)
    return ended + source.verify_for if source.verify_for else None


def _aftermath(
    view: Mapping[str, Any],
    events: Sequence[Json],
    slots: Sequence[SampleSlot],
    until: Micros,
    judged: Micros,
) -> Json:
    """What was measured after a rollback, and whether it helped."""
    said = _said(events)
    return {
        "until": until / SECOND,
        "judged_at": judged / SECOND,
        "judged": said is not None,
        "helped": None if said is None else said["detail"].get("helped"),
        "newer": "" if said is None else said["detail"].get("newer") or "",
        "worst": _worst(slots, view),
        "metrics": _series(slots),
    }


async def _events(source: Source) -> list[Json]:
    found: list[EventRow] = []
    after = 0
    while len(found) < EVENTS_MOST:
        page = await source.registry.events(source.row.id, after, EVENTS_PAGE)
        found += page
        if len(page) < EVENTS_PAGE:
            break
        after = page[-1].id
    found.sort(key=lambda e: e.at)
    return [{"at": e.at / SECOND, "kind": e.kind, "detail": _mapping(e.detail)} for e in found]


def _mapping(detail: object) -> Any:
    """What was put back is a list of rows: under `of`, so that every detail has keys."""
    return detail if isinstance(detail, Mapping) else {"of": detail}


async def _evidence(source: Source, events: Sequence[Json]) -> list[Json]:
    """Every firing with what it stood on, rollback rules and others alike."""
    firings: list[Any] = [e for e in events if e["kind"] == "firing"]
    if len(firings) > FIRINGS_MOST:
        firings = firings[: FIRINGS_MOST // 2] + firings[-FIRINGS_MOST // 2 :]
    metrics: Any = source.view.get("metrics") or {}
    limits = {name: metric.get("limits") or {} for name, metric in metrics.items()}
    found = []
    for event in firings:
        told: Mapping[str, Any] = event["detail"].get("evidence") or {}
        first = event["detail"].get("since", event["at"])
        since = round(float(told.get("blocks_from", told.get("since", first))) * SECOND)
        until = round(float(event["at"]) * SECOND) + 1
        rows = await source.registry.samples(since, until, SAMPLES_MOST)
        found.append(recomputed(event, limits, rows, _hold(metrics, str(event["detail"]["rule"]))))
    return found


def _hold(metrics: Mapping[str, Any], rule: str) -> Micros:
    """Of a rule, in microseconds; 0 where the view does not say."""
    metric, _, action = rule.rpartition(".")
    rules: Sequence[Mapping[str, Any]] = metrics.get(metric, {}).get("rules") or ()
    return next((round(float(r["hold_seconds"]) * SECOND) for r in rules if r["action"] == action), 0)


def _coverage(view: Mapping[str, Any], row: WatchRow, end: Micros) -> Json:
    """What was unobserved and abnormal of the watch's time, in seconds and as shares."""
    known: Mapping[str, Any] = view.get("coverage") or {}
    length = max(1.0, min(end - row.started_at, row.ends_at - row.started_at) / SECOND)
    shares = {
        name: {
            "seconds": known[f"{name}_seconds"],
            "allowed_seconds": known.get(f"{name}_allowed_seconds"),
            "share": min(1.0, known[f"{name}_seconds"] / length),
        }
        for name in ("unobserved", "abnormal")
        if f"{name}_seconds" in known
    }
    return {"of_seconds": length, **shares}


def _worst(slots: Sequence[SampleSlot], view: Mapping[str, Any]) -> Json:
    """metric -> its highest value, when (within a step of the chart), and what is normal."""
    found: dict[str, Json] = {}
    metrics: Mapping[str, Any] = view.get("metrics") or {}
    for slot in slots:
        best = found.get(slot.metric)
        if slot.high is not None and (best is None or slot.high > float(str(best["value"]))):
            limit = (metrics.get(slot.metric, {}).get("limits") or {}).get("normal_below")
            found[slot.metric] = {"value": slot.high, "at": slot.at / SECOND, "normal_below": limit}
    return found


def _salvaged(events: Sequence[Json]) -> list[Any]:
    """What the rollback copied away or put aside, and where it is."""
    kept: list[Any] = []
    for event in events:
        detail: Any = event["detail"]
        if str(event["kind"]).startswith("outcome_"):
            kept += [k for k in detail.get("salvaged") or () if k.get("into")]
    return kept


def _series(slots: Sequence[SampleSlot]) -> Json:
    """metric -> points of its chart: at, low, high (null: nothing measured), missing, quiet."""
    found: dict[str, list[Json]] = {}
    for slot in slots:
        point = {
            "at": slot.at / SECOND, "low": slot.low, "high": slot.high,
            "missing": slot.missing, "quiet": slot.quiet,
        }  # fmt: skip
        found.setdefault(slot.metric, []).append(point)
    return dict(found)


def _alert(alert: AlertTold) -> Json:
    return {
        "at": alert.at / SECOND,
        "channel": alert.channel,
        "severity": alert.severity,
        "title": alert.title,
        "delivered_at": None if alert.delivered_at is None else alert.delivered_at / SECOND,
        "given_up_at": None if alert.given_up_at is None else alert.given_up_at / SECOND,
        "attempts": alert.attempts,
    }
