"""Rules 7 and 8 of the reference: success and giving up, from the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Threshold
from tests.reference_values import History, Seen, decimal

Span = tuple[Micros, Micros]

ROUNDING: Micros = 1


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
    if not all(_fresh_and_normal(history, threshold, now) for threshold in policy.thresholds):
        return False
    if any(s.fired_at is not None and s.ended_at is None for s in history.streaks):
        return False
    window = (now - policy.success_after, now)
    return all(
        _length(_clip(spans, window)) <= decimal(share) * policy.success_after + ROUNDING
        for spans, share in (
            (_abnormal(history), policy.success_tolerance),
            (_unobserved(history, window), policy.max_unobserved),
            (_quiet(history, now), policy.max_quiet),
        )
    )


def _fresh_and_normal(history: History, threshold: Threshold, now: Micros) -> bool:
    samples = history.of(threshold.metric)
    usable = [sample.value for sample in samples if sample.value is not None]
    fresh = bool(samples) and now - samples[-1].at <= history.policy.max_gap
    return fresh and bool(usable) and usable[-1] < Fraction(threshold.normal_below)


def _abnormal(history: History) -> list[Span]:
    """The time inside fired `warn` streaks; none of them is open when this is asked."""
    return [
        (s.first, s.ended_at)
        for s in history.streaks
        if s.rule.action is Action.WARN and s.fired_at is not None and s.ended_at is not None
    ]


def _covered(history: History, metric: str, now: Micros) -> list[tuple[Seen, Span]]:
    samples = history.of(metric)
    ends = [*(sample.at for sample in samples[1:]), now]
    return [(s, (s.at, min(e, s.at + history.policy.max_gap))) for s, e in zip(samples, ends, strict=True)]


def _quiet(history: History, now: Micros) -> list[Span]:
    return [
        span
        for metric in history.policy.metrics
        for sample, span in _covered(history, metric, now)
        if sample.value is None
    ]


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
