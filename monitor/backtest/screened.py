"""The firings of one counted rollback rule under other limits, asking the core only where it could fire.

How it works. A rule fires at a read only if, from some read a hold ago or more on, the errors have at every
read up to now been more than `limit` of the requests (`certainty`: as old as the hold), and only after blocks
enough had an error each. So the sum of `errors - limit * requests`, kept at 0 or above, has been above 0 for
that long. Where it is not, nothing is asked. When it has been, the latest reads (`Lead`) are given to the
core, and then every read until the sum is 0 and the core has no evidence left. A healthy service hardly ever
wakes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from monitor.backtest.passing import Firing, Pass
from monitor.core.evidence import BLOCKS, LOOK_BACK
from monitor.core.samples import Micros, Reading
from monitor.core.thresholds import Action, Policy, Threshold

NEVER = 1.0
"""A ratio that no alternative is above: the core has nothing to weigh for it."""

MOST = 100
"""Firings after which a rule is not asked any more: a service always above a limit says nothing new."""

Read = tuple[Micros, Reading, float]
"""With its errors."""


class Lead:
    """A metric's latest reads, as far back as rules over it look; and since when there were no requests."""

    def __init__(self, longest_hold: Micros) -> None:
        self._kept = LOOK_BACK * longest_hold
        self._reads: deque[Read] = deque()
        self._idle: Micros | None = None

    def add(self, at: Micros, reading: Reading, errors: float, requests: float) -> Micros:
        """The first moment at which nothing but this read had been counted."""
        self._reads.append((at, reading, errors))
        while self._reads[0][0] < at - self._kept:
            self._reads.popleft()
        first = at if self._idle is None else self._idle
        self._idle = None if requests else first
        return first

    def since(self, oldest: Micros) -> list[Read]:
        return [read for read in self._reads if read[0] >= oldest]


def only(policy: Policy, threshold: Threshold) -> Policy:
    """A policy of that metric's rollback rule alone: above 100 % nothing is left to warn of."""
    calm = replace(threshold, normal_below=NEVER, investigate_above=None)
    return replace(policy, thresholds=(calm,), warm_up=0)


class Screened:
    """One metric's rollback rule over the reads of a lead, from `began` on."""

    def __init__(self, policy: Policy, threshold: Threshold, lead: Lead, began: Micros = 0) -> None:
        self._policy = only(policy, threshold)
        self._rule = next(r.name for r in threshold.rules() if r.action is Action.ROLLBACK)
        self._limit = threshold.rollback_above or 0.0
        self._hold = threshold.rollback_for
        self._lead = lead
        self._began = began
        self._excess = 0.0
        self._above: Micros | None = None
        self._pass: Pass | None = None
        self.firings: list[Firing] = []

    def take(
        self, at: Micros, reading: Reading, errors: float, requests: float, first: Micros
    ) -> Sequence[Firing]:
        """A read that the lead has, and what it said of it; gives the firings that came of it."""
        if not errors and self.calm:
            return ()
        self._weigh(errors, requests, first)
        if self._pass is not None:
            return self._fed(self._pass, at, reading)
        if self._above is None or at - self._above < self._hold or len(self.firings) >= MOST:
            return ()
        waiting = self._lead.since(max(self._began, self._above - self._hold))
        if sum(read[2] for read in waiting) < BLOCKS:
            return ()
        self._pass = core = Pass(self._policy, waiting[0][0])
        return [f for moment, one, _ in waiting for f in self._fed(core, moment, one)]

    @property
    def firing(self) -> bool:
        """Whether the rule fires now."""
        return self._pass is not None and any(s.firing for s in self._pass.acting)

    @property
    def calm(self) -> bool:
        """Whether a read without errors changes nothing."""
        return self._above is None and self._pass is None

    def _weigh(self, errors: float, requests: float, first: Micros) -> None:
        """Since when the sum has been above 0: idle time before its first read counts."""
        self._excess = max(0.0, self._excess + errors - self._limit * requests)
        if self._excess <= 0:
            self._above = None
        elif self._above is None:
            self._above = max(first, self._began)

    def _fed(self, core: Pass, at: Micros, reading: Reading) -> list[Firing]:
        fired = [f for f in core.take(at, (reading,)) if f.rule == self._rule]
        self.firings += fired
        if self._above is None and not core.acting and not core.weighs:
            self._pass = None
        return fired
