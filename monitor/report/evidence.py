"""What a firing stood on, recomputed from the stored samples so that a reader can do the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.evidence import Z, wilson_lower_bound
from monitor.core.samples import SECOND
from monitor.ports import Json, SampleRow
from monitor.report.rules import LIMIT_OF

FORMULA = (
    "Wilson score interval (1927) at z = 2.576 (99 %), p = errors / requests: "
    "(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)"
)

TOLERANCE = 1e-9


def recomputed(
    event: Mapping[str, Any], limits: Mapping[str, Mapping[str, Any]], rows: Sequence[SampleRow]
) -> Json:
    """One firing: what was recorded of it, the samples it stood on, and the same numbers found again.

    `event` as its view (`at`, `detail`); `rows` of any metric from `since` to its moment, both included.
    """
    detail = event["detail"]
    rule = str(detail["rule"])
    metric, _, action = rule.rpartition(".")
    own = [row for row in rows if row.metric == metric]
    told = detail.get("evidence")
    found = _counted(own) if told else None
    return {
        "rule": rule,
        "metric": metric,
        "at": event["at"],
        "since": detail.get("since"),
        "limit": limits.get(metric, {}).get(LIMIT_OF.get(action, "")),
        "recorded": told,
        "recomputed": found,
        "agrees": None if told is None or found is None else _same(told, found),
        "z": Z,
        "samples": [_sample(row) for row in own],
    }


def _counted(rows: Sequence[SampleRow]) -> Json:
    """Sums over what belongs to a streak: samples with a value, and quiet ones."""
    belongs = [row for row in rows if row.value is not None or row.quiet]
    errors = sum(row.errors or 0.0 for row in belongs if row.requests is not None)
    requests = sum(row.requests or 0.0 for row in belongs)
    return {
        "samples": len(belongs),
        "errors": errors,
        "requests": requests,
        "ratio": errors / requests if requests else None,
        "lower_bound": wilson_lower_bound(errors, requests),
        "upper_bound": 1 - wilson_lower_bound(requests - errors, requests) if requests else 1.0,
    }


def _same(told: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return all(
        abs(float(told[key]) - float(found[key])) <= TOLERANCE * max(1.0, abs(float(told[key])))
        for key in ("errors", "requests", "lower_bound")
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
