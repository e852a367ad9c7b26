"""Hypothesis strategies: short policies and histories that keep hitting their limits exactly.

Seconds stand for minutes. Steps between lines are drawn from the policy's own durations, a
microsecond less and a microsecond more included; values and counts from its limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nextafter

from hypothesis import strategies as st

from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Policy, Threshold
from tests.reference_values import Line
from tests.replays import START


@dataclass(frozen=True, slots=True)
class Case:
    """One policy and what was recorded under it."""

    policy: Policy
    lines: tuple[Line, ...]
    keep_going: bool


def seconds(*choices: float) -> st.SearchStrategy[Micros]:
    return st.sampled_from([round(c * SECOND) for c in choices])


error_thresholds = st.builds(
    Threshold,
    st.just("error_rate"),
    normal_below=st.sampled_from([0.001, 0.007, 0.3]),
    warn_for=seconds(0, 5, 10),
    rollback_above=st.sampled_from([0.01, 0.07, 0.3, 0.5]),
    rollback_for=seconds(6, 10, 15),
)
time_thresholds = st.builds(
    Threshold,
    st.just("response_time"),
    normal_below=st.just(200.0),
    warn_for=seconds(0, 6),
    investigate_above=st.just(500.0),
    investigate_for=seconds(5, 12),
    rollback_above=st.sampled_from([None, None, 900.0]),
    rollback_for=seconds(8),
)
load_thresholds = st.builds(
    Threshold, st.just("connections"), normal_below=st.just(60.0), warn_for=seconds(0, 4, 9)
)

thresholds = st.one_of(
    st.tuples(error_thresholds),
    st.tuples(error_thresholds),
    st.tuples(error_thresholds, load_thresholds),
    st.tuples(load_thresholds, error_thresholds, time_thresholds),
)

shares = st.sampled_from([0.0, 0.05, 0.07, 0.25, 0.5, 1.0])

policies = st.builds(
    Policy,
    thresholds=thresholds,
    interval=seconds(1, 2),
    max_gap=seconds(3, 4, 10),
    blind_after=seconds(4, 10, 12),
    evidence=st.sampled_from([3.0, 9.0, 9.0]),
    warm_up=seconds(0, 0, 0, 2, 10),
    success_after=seconds(10, 20, 40),
    success_tolerance=shares,
    max_unobserved=shares,
    give_up_after=seconds(15, 30, 60, 1000),
)


def around(limit: float) -> list[float]:
    return [nextafter(limit, -inf), limit, nextafter(limit, inf)]


def values(threshold: Threshold) -> st.SearchStrategy[object]:
    """Mostly breaching or calm ones, often exactly at a limit, some unusable."""
    limits = [rule.limit for rule in threshold.rules()]
    edges = [edge for limit in limits for edge in around(limit)]
    bad, calm = max(limits) * 1.9, min(limits) / 2
    unusable: list[object] = [None, None, float("nan"), -1.0, True, "7", inf]
    return st.one_of(
        st.just(bad),
        st.just(bad),
        st.sampled_from([calm, calm, 0]),
        st.sampled_from(edges),
        st.sampled_from(unusable),
    )


@st.composite
def counts(draw: st.DrawFn, threshold: Threshold) -> tuple[object, object]:
    """Errors and requests whose ratio is often exactly a limit, now and then invalid."""
    requests = draw(st.sampled_from([0, 1, 5, 19, 20, 21, 40, 100, 1000]))
    rule = draw(st.sampled_from(threshold.rules()))
    exact = round(min(rule.limit, 1) * requests)
    errors = draw(st.sampled_from([0, exact, exact + 1, requests, requests, requests // 2]))
    if draw(st.integers(0, 19)) == 0:
        return draw(st.sampled_from([(5, 3), (None, 3), (-1, 3), (3, float("nan"))]))
    return min(errors, requests), requests


def steps(policy: Policy) -> st.SearchStrategy[Micros]:
    """Mostly one interval; often a duration of the policy to the microsecond; sometimes back in time."""
    holds = [rule.hold for rule in policy.rules]
    times = [policy.max_gap, policy.blind_after, policy.success_after, *holds]
    edges = [t + d for t in times for d in (-1, 0, 1)]
    return st.one_of(
        st.just(policy.interval),
        st.just(policy.interval),
        st.sampled_from([0, 0, 1, policy.interval, policy.interval - 1]),
        st.sampled_from(edges),
        st.sampled_from([-SECOND, -1, policy.interval]),
    )


@st.composite
def one_line(draw: st.DrawFn, policy: Policy, at: Micros, counted: bool) -> Line:
    if draw(st.integers(0, 14)) == 0:
        return Line(at, "uptime", 1)
    threshold = draw(st.sampled_from(policy.thresholds))
    value = draw(values(threshold))
    reason = draw(st.sampled_from(["quiet", "timeout", ""])) if value is None else ""
    if not counted or draw(st.integers(0, 9)) == 0:
        return Line(at, threshold.metric, value, reason=reason)
    errors, requests = draw(counts(threshold))
    return Line(at, threshold.metric, value, errors, requests, reason)


@st.composite
def runs(draw: st.DrawFn, policy: Policy, at: Micros, counted: bool) -> list[Line]:
    """A steady stretch: one line repeated at one step, long enough to reach a hold or the end."""
    first = draw(one_line(policy, at, counted))
    step = draw(st.sampled_from([policy.interval, policy.interval, policy.interval // 2, policy.max_gap]))
    count = draw(st.integers(2, 25))
    every_metric = draw(st.booleans())
    found = []
    for n in range(count):
        found.append(
            Line(at + n * step, first.metric, first.value, first.errors, first.requests, first.reason)
        )
        if every_metric:
            others = [t for t in policy.thresholds if t.metric != first.metric]
            found += [Line(at + n * step, t.metric, t.normal_below / 2) for t in others]
    return found


@st.composite
def histories(draw: st.DrawFn, policy: Policy) -> tuple[Line, ...]:
    """Up to a few dozen lines from just before the start on: single ones and steady stretches."""
    counted = draw(st.booleans())
    at = START + draw(st.sampled_from([0, 0, 0, -1, -SECOND, 1, SECOND]))
    lines: list[Line] = []
    for _ in range(draw(st.integers(1, 14))):
        at += draw(steps(policy))
        more = (
            draw(runs(policy, at, counted)) if draw(st.booleans()) else [draw(one_line(policy, at, counted))]
        )
        lines += more
        at = lines[-1].at
    return tuple(lines)


@st.composite
def late_cases(draw: st.DrawFn) -> tuple[Case, Micros]:
    """A history that begins up to two hours before its watch: sparse counts first, then as in any other.

    One rule may act, so that what a person was asked for is one thing.
    """
    policy = draw(policies.filter(lambda p: len(p.thresholds) < 3))
    lines = draw(histories(policy))
    start = draw(st.sampled_from([x.at for x in lines])) + draw(st.sampled_from([-1, 0, 1, 2 * SECOND]))
    sparse: list[Line] = []
    step = draw(st.sampled_from([60, 300, 301])) * SECOND
    for n in range(draw(st.integers(0, 26)), 0, -1):
        errors = draw(st.sampled_from([0, 0, 0, 1, 2, 3, 30]))
        requests = draw(st.sampled_from([0, 40, 100, 1000]))
        sparse.append(Line(START - n * step, "error_rate", None, min(errors, requests), requests, "quiet"))
    return Case(policy, (*sparse, *lines), draw(st.booleans())), start


@st.composite
def cases(draw: st.DrawFn) -> Case:
    policy = draw(policies)
    return Case(policy, draw(histories(policy)), draw(st.booleans()))
