"""What a firing stood on, recomputed from the stored samples so that a reader can do the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.evidence import BLOCKS, Evidence, Scale, retraced, scale_of
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Action, Rule
from monitor.ports import Json, SampleRow
from monitor.present.metrics import LIMIT_OF

FORMULA = (
    "A block of a fifth of the hold with e errors of r requests adds e·ln(p/limit) + "
    "(r − e)·ln((1 − p)/(1 − limit)) for the ratio p, at most a fifth of what is needed, and takes away "
    "at most a tenth; the sum stays above 0."
)

TOLERANCE = 1e-6


def recomputed(
    event: Mapping[str, Any], limits: Mapping[str, Mapping[str, Any]], rows: Sequence[SampleRow], hold: Micros
) -> Json:
    """One firing: what was recorded of it, the samples it stood on, and the same numbers found again.

    `event` as its view (`at`, `detail`); `rows` of any metric from its first block to its moment, both
    included; `hold` of its rule.
    """
    detail = event["detail"]
    rule = str(detail["rule"])
    metric, _, action = rule.rpartition(".")
    limit = detail.get("limit", limits.get(metric, {}).get(LIMIT_OF.get(action, "")))
    own = [row for row in rows if row.metric == metric]
    told = detail.get("evidence")
    scale = _scale(metric, action, limit, hold, told)
    found = None if told is None or scale is None else _counted(told, own, scale)
    return {
        "rule": rule,
        "metric": metric,
        "at": event["at"],
        "since": detail.get("since"),
        "limit": limit,
        "baseline": detail.get("baseline"),
        "recorded": told,
        "recomputed": found,
        "agrees": None if told is None or found is None else _same(told, found),
        "samples": [_sample(row) for row in own],
    }


def _scale(
    metric: str, action: str, limit: object, hold: Micros, told: Mapping[str, Any] | None
) -> Scale | None:
    """None where too little is known: an event of an older program has no score."""
    if not isinstance(limit, int | float) or told is None or "score" not in told or hold < BLOCKS:
        return None
    return scale_of(Rule(metric, Action(action), limit, hold), float(told["needed"]))


def _counted(told: Mapping[str, Any], rows: Sequence[SampleRow], scale: Scale) -> Json:
    """Sums over what was counted since the start, and the way of the score, block by block."""
    start, begun = _moment(told["since"]), _moment(told["blocks_from"])
    evidence = Evidence(start, 0.0, 0.0, 0.0, scale.needed, float(told["ratio"]), begun)
    reads = [
        (row.at, row.errors or 0.0, row.requests or 0.0)
        for row in rows
        if (row.value is not None or row.quiet) and row.at > begun
    ]
    since = [read for read in reads if read[0] >= start]
    errors, requests = sum(e for _, e, _ in since), sum(r for *_, r in since)
    blocks = retraced(scale, evidence, reads)
    return {
        "samples": len(since),
        "errors": errors,
        "requests": requests,
        "ratio": errors / requests if requests else None,
        "score": max(0.0, blocks[-1].sum) if blocks else 0.0,
        "blocks": [
            {
                "at": b.at / SECOND, "errors": b.errors, "requests": b.requests,
                "added": b.added, "sum": max(0.0, b.sum),
            }
            for b in blocks
        ],
    }  # fmt: skip


def _moment(seconds: object) -> Micros:
    return round(float(str(seconds)) * SECOND)


def _same(told: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return all(
        abs(float(told[key]) - float(found[key])) <= TOLERANCE * max(1.0, abs(float(told[key])))
        for key in ("errors", "requests", "score")
    )


def _sample(row: SampleRow) -> Json:
    return {
        "at": row.at / SECOND,
        "value": row.value,
        "errors": row.errors,
        "requests": row.requests,
        "quiet": row.quiet,
        "reason": row.reason,
    }
