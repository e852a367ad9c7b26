"""The answer as one document, ready for `json.dumps`: what page and terminal show, and nothing else.

Times are epoch seconds, durations seconds, values in the metric's unit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from monitor.backtest.history import Asked
from monitor.backtest.hours import Hour, Hours
from monitor.backtest.passing import Firing, incidents
from monitor.backtest.screened import MOST
from monitor.backtest.trial import Found
from monitor.backtest.variants import Variant
from monitor.backtest.watches import Outcome, Watch
from monitor.core.replay import seconds
from monitor.core.samples import HOUR, SECOND, Micros
from monitor.core.thresholds import Action, Policy, Rule
from monitor.core.view import evidence_view

Json = dict[str, Any]

SHOWN = 1000
"""Firings of one rule that the document has; of more, the first ones. All are counted."""


def document(asked: Asked, found: Found, notes: Sequence[str], kinds: dict[str, str]) -> Json:
    """`kinds`: metric -> ratio, time or count."""
    rollbacks = _rollbacks(found)
    return {
        "format": 1,
        "source": asked.source,
        "target": asked.target,
        "begin": seconds(found.begin),
        "end": seconds(found.end),
        "days": (found.end - found.begin) / SECOND / 86400,
        "step_seconds": asked.step / SECOND,
        "policy": _policy(found.policy, kinds),
        "policy_acts": any(rule.action is Action.ROLLBACK for rule in found.policy.rules),
        "left_out": asked.left_out,
        "metrics": {name: _metric(hours, found) for name, hours in found.hours.items()},
        "rollbacks": rollbacks,
        "firings": [_rule(found, rule) for rule in found.policy.rules if rule.action is not Action.ROLLBACK],
        "watches": _watches(found),
        "baselines": [_baseline(w) for w in found.watches],
        "limits": {metric: [_variant(v) for v in all_] for metric, all_ in found.variants.items()},
        "hours": {name: [_hour(h) for h in hours.whole()] for name, hours in found.hours.items()},
        "notes": list(notes),
    }


def _policy(policy: Policy, kinds: dict[str, str]) -> Json:
    return {
        "success_after_seconds": policy.success_after / SECOND,
        "give_up_after_seconds": policy.give_up_after / SECOND,
        "baseline_seconds": policy.baseline / SECOND,
        "metrics": {
            t.metric: {
                "kind": kinds.get(t.metric, "count"),
                "normal_below": t.normal_below,
                "warn_for_seconds": t.warn_for / SECOND,
                "investigate_above": t.investigate_above,
                "investigate_for_seconds": t.investigate_for / SECOND,
                "rollback_above": t.rollback_above,
                "rollback_for_seconds": t.rollback_for / SECOND,
            }
            for t in policy.thresholds
        },
    }


def _metric(hours: Hours, found: Found) -> Json:
    """Totals; `measured`: share of the reads that gave something."""
    all_ = hours.whole()
    usable, errors, requests = (
        sum(getattr(h, key) for h in all_) for key in ("usable", "errors", "requests")
    )
    return {
        "measured": usable / max(found.rounds, 1),
        "reasons": dict(sorted(hours.why.items(), key=lambda pair: -pair[1])),
        "errors": errors if hours.counted else None,
        "requests": requests if hours.counted else None,
        "ratio": errors / requests if hours.counted and requests else None,
        "highest": max((h.high for h in all_ if h.high is not None), default=None),
    }


def _rollbacks(found: Found) -> list[Json]:
    """Each breach on which a rollback rule fired at its limit as written, and what became of watches then.

    `fired`: how often in it. `watches`: how many could have been open; `rolled_back`: how many of them it
    rolls back. A watch with a limit of its own may act later, or not at all.
    """
    rules = [r for r in found.policy.rules if r.action is Action.ROLLBACK]
    all_ = [
        (rule, breach)
        for rule in rules
        for breach in incidents((f for f in found.firings if f.rule == rule.name), rule.hold)
    ]
    all_.sort(key=lambda pair: pair[1][0].at)
    return [_rollback(found, rule, breach) for rule, breach in all_[:SHOWN]]


def _rollback(found: Found, rule: Rule, breach: Sequence[Firing]) -> Json:
    first, last = breach[0], breach[-1]
    began, until = first.since - rule.hold, (last.cleared or found.end) + rule.hold
    hit = [w for w in found.watches if w.rule == rule.name and began <= w.ended <= until]
    open_ = [w for w in found.watches if w.began <= first.at <= w.ended]
    return {
        **_firing(replace(first, until=last.until), rule),
        "fired": len(breach),
        "watches": len({w.began for w in [*open_, *hit]}),
        "rolled_back": sum(w.outcome is Outcome.ROLLED_BACK for w in hit),
        "asked": sum(w.outcome is Outcome.ASKED for w in hit),
    }


def _firing(firing: Firing, rule: Rule) -> Json:
    return {
        "rule": firing.rule,
        "metric": rule.metric,
        "at": seconds(firing.at),
        "since": seconds(firing.since),
        "until": None if firing.until is None else seconds(firing.until),
        "limit": rule.limit,
        "value": firing.value,
        "evidence": evidence_view(firing.evidence),
    }


def _rule(found: Found, rule: Rule) -> Json:
    """How often a rule fired that only tells people; for how long in all."""
    mine = [f for f in found.firings if f.rule == rule.name]
    lasted = sum((found.end if f.until is None else f.until) - f.since for f in mine)
    return {
        "rule": rule.name,
        "action": rule.action.value,
        "times": len(mine),
        "seconds": lasted / SECOND,
        "last": seconds(mine[-1].at) if mine else None,
        "firings": [_firing(f, rule) for f in mine[:SHOWN]],
    }


def _watches(found: Found) -> Json:
    """Of the watches that could have begun, and were over before the history was."""
    over = [w for w in found.watches if w.outcome is not Outcome.OPEN]
    by: dict[Outcome, list[Watch]] = {o: [w for w in over if w.outcome is o] for o in Outcome}
    soon = found.policy.success_after + HOUR
    late = [w for w in by[Outcome.SUCCEEDED] if w.ended - w.began > soon]
    times = sorted(w.ended - w.began for w in by[Outcome.SUCCEEDED])
    return {
        "every_seconds": _every(found.watches) / SECOND,
        "judged": len(over),
        "open": len(found.watches) - len(over),
        "succeeded": len(by[Outcome.SUCCEEDED]),
        "succeeded_at_once": len(by[Outcome.SUCCEEDED]) - len(late),
        "succeeded_later": len(late),
        "success_seconds": _spread(times),
        "rolled_back": len(by[Outcome.ROLLED_BACK]),
        "asked": len(by[Outcome.ASKED]),
        "inconclusive": len(by[Outcome.INCONCLUSIVE]),
        "held_up": _reasons(
            [
                *late,
                *by[Outcome.INCONCLUSIVE],
                *(w for w in found.watches if w.outcome is Outcome.OPEN and w.held),
            ]
        ),
    }


def _every(watches: Sequence[Watch]) -> Micros:
    return watches[1].began - watches[0].began if len(watches) > 1 else 0


def _spread(times: Sequence[Micros]) -> Json | None:
    if not times:
        return None
    return {
        "shortest": times[0] / SECOND, "median": median(times) / SECOND, "longest": times[-1] / SECOND,
    }  # fmt: skip


_AMOUNT = re.compile(r"[0-9][0-9,]*")


def _reasons(watches: Iterable[Watch]) -> list[Json]:
    """What stood in the way of success, most often first; of those that differ in numbers one is said."""
    count: Counter[str] = Counter()
    example: dict[str, str] = {}
    for watch in watches:
        for reason in watch.held:
            kind = _AMOUNT.sub("#", reason)
            count[kind] += 1
            example[kind] = reason
    return [{"watches": n, "reason": example[kind]} for kind, n in count.most_common()]


def _baseline(watch: Watch) -> Json:
    """A watch that could have begun: what its baseline and its limit were, and what became of it."""
    return {
        "at": seconds(watch.began),
        "ended": seconds(watch.ended),
        "outcome": watch.outcome.value,
        "ratios": {m: b.ratio for m, b in watch.baselines.items()},
        "bounds": {m: b.bound for m, b in watch.baselines.items()},
        "limits": dict(watch.limits),
    }


def _variant(variant: Variant) -> Json:
    breaches = incidents(variant.firings, variant.hold)
    return {
        "limit": variant.limit,
        "hold_seconds": variant.hold / SECOND,
        "own": variant.own,
        "rollbacks": None if variant.skipped else len(breaches),
        "more": not variant.own and len(variant.firings) >= MOST,
        "first": [seconds(breach[0].at) for breach in breaches[:3]],
    }


def _hour(hour: Hour) -> Json:
    return {
        "at": seconds(hour.at), "errors": hour.errors, "requests": hour.requests, "low": hour.low,
        "high": hour.high, "mean": hour.mean, "failed": hour.failed, "usable": hour.usable,
    }  # fmt: skip
