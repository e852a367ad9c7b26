"""Rules 7 and 8 of the reference: success and giving up, from the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from monitor.core.samples import Micros
from monitor.core.thresholds import Action
from tests.reference_values import History, Seen, decimal

Span = tuple[Micros, Micros]

ROUNDING: Micros = 1
MINUTE = 60_000_000


def verdict_after(history: History, now: Micros, keep_going: bool) -> str | None:
    """Asked after each batch: a rollback decided in it, else success, else giving up."""
    if history.rollbacks and not keep_going:
        return "rollback"
    if _succeeds(history, now):
        return "succeeded"
    return "inconclusive" if _gives_up(history, now) else None


def _gives_up(history: History, now: Micros) -> bool:
    """Rule 8."""
    waiting = any(
        s.rule.action is Action.ROLLBACK and s.fired_at is None and now - s.first < s.rule.hold
        for s in history.streaks
        if s.ended_at is None
    )
    return now - history.started_at >= history.policy.give_up_after and not waiting


def _succeeds(history: History, now: Micros) -> bool:
    """Rule 7."""
    policy = history.policy
    if now - history.started_at < policy.success_after:
        return False
    if not all(
        _is_fresh(history, metric, now) and _is_proven(history, metric, now) for metric in policy.metrics
    ):
        return False
    if any(s.fired_at is not None and s.ended_at is None for s in history.streaks):
        return False
    window = (now - policy.success_after, now)
    return all(
        _length(_clip(spans, window)) <= decimal(share) * policy.success_after + ROUNDING
        for spans, share in (
            (_abnormal(history), policy.success_tolerance),
            (_unobserved(history, window), policy.max_unobserved),
        )
    )


def _is_fresh(history: History, metric: str, now: Micros) -> bool:
    samples = history.of(metric)
    return bool(samples) and now - samples[-1].at <= history.policy.max_gap


def _is_proven(history: History, metric: str, now: Micros) -> bool:
    """By requests enough; a metric without counts by a value within the window."""
    policy = history.policy
    begin = now - policy.success_after
    if metric not in history.reads:
        return any(s.value is not None and s.at > begin for s in history.of(metric))
    (normal,) = [decimal(t.normal_below) for t in policy.thresholds if t.metric == metric]
    minutes: dict[int, list[float]] = {}
    for at, e, r in history.reads[metric]:
        minute = minutes.setdefault(at // MINUTE, [0.0, 0.0])
        minute[0] += e
        minute[1] += r
    seen = [tuple(m) for n, m in minutes.items() if (n + 1) * MINUTE > begin]  # whole minutes
    bad = sorted((m for m in seen if m[0] >= 2 and m[0] >= 0.05 * m[1]), reverse=True)
    left_out = bad[: int(decimal(policy.success_tolerance) * policy.success_after / MINUTE)]
    errors = sum(e for e, _ in seen) - sum(e for e, _ in left_out)
    requests = sum(r for _, r in seen) - sum(r for _, r in left_out)
    return requests >= 3 / normal and errors < normal * Fraction(requests)


def _abnormal(history: History) -> list[Span]:
    """The time inside fired `warn` streaks, while it was so; none of them is open when this is asked."""
    return [
        (s.first, s.until)
        for s in history.streaks
        if s.rule.action is Action.WARN and s.fired_at is not None and s.until is not None
    ]


def _covered(history: History, metric: str, now: Micros) -> list[tuple[Seen, Span]]:
    samples = history.of(metric)
    ends = [*(sample.at for sample in samples[1:]), now]
    return [(s, (s.at, min(e, s.at + history.policy.max_gap))) for s, e in zip(samples, ends, strict=True)]


def _unobserved(history: History, window: Span) -> list[Span]:
    """What no sample covers, of every metric."""
    spans: list[Span] = []
    for metric in history.policy.metrics:
        covered = _clip([span for _, span in _covered(history, metric, window[1])], window)
        edges = [window[0], *(edge for span in covered for edge in span), window[1]]
        spans += list(zip(edges[::2], edges[1::2], strict=True))
    return spans


def _clip(spans: Sequence[Span], window: Span) -> list[Span]:
    clipped = [(max(a, window[0]), min(b, window[1])) for a, b in spans]
    return [(a, b) for a, b in clipped if a < b]


def _length(spans: Sequence[Span]) -> Micros:
    """The time inside at least one of the spans."""
    total, until = 0, min((a for a, _ in spans), default=0)
    for a, b in sorted(spans):
        total += max(0, b - max(a, until))
        until = max(until, b)
    return total
