"""The whole of it: rounds in, one after the other; what they came to out. Memory grows by hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.backtest.history import Round
from monitor.backtest.hours import Hours
from monitor.backtest.passing import Firing, Pass
from monitor.backtest.variants import Variant, Variants
from monitor.backtest.watches import Watch, Watches
from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Policy


@dataclass(frozen=True, slots=True)
class Found:
    """What a history came to. `begin`, `end`: first and last moment; `variants`: metric -> limits x holds."""

    policy: Policy
    begin: Micros
    end: Micros
    rounds: int
    firings: Sequence[Firing]
    watches: Sequence[Watch]
    hours: dict[str, Hours]
    variants: dict[str, list[Variant]]
    late: int = 0


@dataclass(slots=True)
class Trial:
    """`every`: how far apart the watches begin."""

    policy: Policy
    every: Micros
    with_variants: bool = True
    _core: Pass | None = None
    _watches: Watches | None = None
    _variants: dict[str, Variants] = field(default_factory=dict)
    _hours: dict[str, Hours] = field(default_factory=dict)
    _begin: Micros = 0
    _rounds: int = 0

    def take(self, found: Round) -> None:
        """The next round: later than those before."""
        at, readings = found
        if self._core is None or self._watches is None:
            self._core, self._watches = self._begun(at)
        fired = self._core.take(at, readings)
        known = [(r, self._hours[r.metric].take(at, r)) for r in readings if r.metric in self._hours]
        self._watches.take(at, known, self._core, fired)
        for reading, counts in known:
            if reading.metric in self._variants and counts is not None:
                self._variants[reading.metric].take(at, reading, counts.errors, counts.requests)
        self._rounds += 1

    def found(self) -> Found | None:
        """None: there was no round at all."""
        if self._core is None or self._watches is None:
            return None
        core, end = self._core, self._core.state.seen.at
        variants = {
            metric: v.settle([f for f in core.firings if _rolls_back(core, f, metric)])
            for metric, v in self._variants.items()
            if self._hours[metric].counted
        }
        watches = self._watches.rest(end)
        return Found(
            self.policy, self._begin, end, self._rounds, core.firings, watches, self._hours, variants,
            core.state.seen.late,
        )  # fmt: skip

    def _begun(self, at: Micros) -> tuple[Pass, Watches]:
        began = at - self.policy.interval  # of which the first read's counts are
        self._begin = at
        self._hours = {metric: Hours() for metric in self.policy.metrics}
        acting = [t for t in self.policy.thresholds if t.rollback_above is not None]
        if self.with_variants:
            self._variants = {t.metric: Variants(self.policy, t) for t in acting}
        return Pass(self.policy, began), Watches(self.policy, self.every, began)


def _rolls_back(core: Pass, firing: Firing, metric: str) -> bool:
    rule = core.rule(firing.rule)
    return rule.metric == metric and rule.action is Action.ROLLBACK
