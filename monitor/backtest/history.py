"""A history: rounds of readings in order of time, and the policy as far as such a history can follow it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from monitor.core.evidence import BLOCKS
from monitor.core.samples import Micros, Reading
from monitor.core.thresholds import Action, Policy
from monitor.units import show_duration

Round = tuple[Micros, tuple[Reading, ...]]
"""A moment, and what was read of each metric then."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer is about: from where, which target, how far apart the reads are, what is left out."""

    source: str
    target: str
    step: Micros
    left_out: dict[str, str] = field(default_factory=dict)
    """Metric -> why nothing of it is looked at."""


def measured_policy(policy: Policy, metrics: Collection[str]) -> Policy:
    """The policy of those metrics alone."""
    return replace(policy, thresholds=tuple(t for t in policy.thresholds if t.metric in metrics))


def paced(policy: Policy, step: Micros) -> Policy:
    """The policy for reads that are `step` apart: a gap is longer than two of them."""
    gap = max(policy.max_gap, 2 * step)
    return replace(policy, interval=step, max_gap=gap, blind_after=max(policy.blind_after, gap))


def pace_told(written: Policy, used: Policy) -> Iterator[str]:
    """What reads so far apart make of the policy, in sentences."""
    step = show_duration(used.interval)
    if used.interval > written.interval:
        more = ""
        if used.max_gap > written.max_gap:
            gaps = show_duration(used.max_gap), show_duration(written.max_gap)
            more = "; a gap is more than {} here, not {}".format(*gaps)
        yield f"reads are {step} apart, the daemon's are {show_duration(written.interval)}{more}"
    for rule in used.rules:
        if rule.hold < BLOCKS * used.interval and rule.action is Action.ROLLBACK:
            least = show_duration(BLOCKS * used.interval)
            yield (
                f"{rule.name} holds for {show_duration(rule.hold)}, but five reads take {least}: "
                "it fires later here than the daemon would"
            )
