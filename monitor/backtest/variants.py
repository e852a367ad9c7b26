"""Other limits and holds over the same history: how often each would have fired, and when first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.backtest.passing import Firing
from monitor.backtest.screened import Lead, Screened
from monitor.core.evidence import BLOCKS
from monitor.core.samples import Micros, Reading
from monitor.core.thresholds import Policy, Threshold

LIMITS = (0.5, 1.0, 2.0, 5.0)
HOLDS = (0.5, 1.0, 2.0)
"""Of the policy's own."""


@dataclass(slots=True)
class Variant:
    """One limit and hold, as written (no baseline moves it). `skipped`: reads are too far apart for it."""

    limit: float
    hold: Micros
    own: bool
    skipped: bool
    rule: Screened | None = None
    firings: Sequence[Firing] = ()


class Variants:
    """A counted metric's rollback rule under each of them; the policy's own is the pass's."""

    def __init__(self, policy: Policy, threshold: Threshold) -> None:
        self.metric = threshold.metric
        self._lead = Lead(int(max(HOLDS) * threshold.rollback_for))
        self.all = [
            _variant(policy, threshold, times, share, self._lead) for times in LIMITS for share in HOLDS
        ]
        self._calm = True
        self._asked = [v.rule for v in self.all if v.rule is not None]

    def take(self, at: Micros, reading: Reading, errors: float, requests: float) -> None:
        first = self._lead.add(at, reading, errors, requests)
        if not errors and self._calm:
            return
        for rule in self._asked:
            rule.take(at, reading, errors, requests, first)
        self._calm = all(rule.calm for rule in self._asked)

    def settle(self, own: Sequence[Firing]) -> list[Variant]:
        """All of them with their firings; `own`: those of the pass."""
        for variant in self.all:
            variant.firings = variant.rule.firings if variant.rule is not None else own if variant.own else ()
        return self.all


def _variant(policy: Policy, threshold: Threshold, times: float, share: float, lead: Lead) -> Variant:
    limit, hold = (threshold.rollback_above or 0.0) * times, int(threshold.rollback_for * share)
    own, skipped = times == share == 1, hold < BLOCKS * policy.interval or limit >= 1
    if own or skipped:
        return Variant(limit, hold, own, skipped and not own)
    other = replace(threshold, rollback_above=limit, rollback_for=hold)
    return Variant(limit, hold, False, False, Screened(policy, other, lead))
