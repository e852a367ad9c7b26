"""Is a counted metric proven normal? What was counted within the time that success looks back on.

With n requests and no error the true ratio is below 3/n at 95 % (the rule of three), so that a documented
0.1 % needs 3,000 requests. Minutes that are clearly bad are counted apart: a nightly backup may be left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from monitor.core.samples import MINUTE, Micros
from monitor.core.thresholds import Threshold

RULE_OF_THREE = 3
BAD_RATIO, BAD_ERRORS = 0.05, 2
"""A minute may be left out when so many of its requests, and at least so many, failed."""

SLOTS = 96
"""Parts of the time looked back on, in which other minutes are summed: whole ones drop out."""

Slot = tuple[Micros, float, float]
"""Begins at, errors, requests."""


class Proof(NamedTuple):
    """`minute`: the one under way. `bad`: minutes that may be left out. `slots`: all the others, summed."""

    minute: Slot = (0, 0.0, 0.0)
    bad: tuple[Slot, ...] = ()
    slots: tuple[Slot, ...] = ()

    def with_read(self, at: Micros, errors: float, requests: float, window: Micros) -> Proof:
        begun, e, r = self.minute
        if at - begun < MINUTE:
            if not requests:
                return self
            return Proof((begun, e + errors, r + requests), self.bad, self.slots)
        minute = (at // MINUTE * MINUTE, errors, requests)
        if not r:
            return Proof(minute, self.bad, self.slots)
        if _is_bad(self.minute):
            return Proof(minute, (*_kept(self.bad, at - window, MINUTE), self.minute), self.slots)
        return Proof(minute, self.bad, _summed(self.slots, self.minute, at, window))


@dataclass(frozen=True, slots=True)
class Proven:
    """`errors` of `requests`, of `needed`, without what was left out (`left_out`: minutes)."""

    errors: float
    requests: float
    needed: float
    left_out: int
    normal: bool

    @property
    def missing(self) -> float:
        """Requests."""
        return max(0.0, self.needed - self.requests)


def proven(
    threshold: Threshold, proof: Proof, now: Micros, window: Micros, tolerance: float, minute: Micros = MINUTE
) -> Proven:
    """What is proven of a counted metric within the last `window`. `minute`: as long as it or a read."""
    begin = now - window
    last = _kept((proof.minute,) if proof.minute[2] else (), begin, MINUTE)
    bad = _kept((*proof.bad, *(m for m in last if _is_bad(m))), begin, MINUTE)
    rest = (*_kept(proof.slots, begin, _length(window)), *(m for m in last if not _is_bad(m)))
    allowed = int(tolerance * window // minute)
    worst = sorted(bad, key=lambda m: m[1], reverse=True)
    errors = sum(e for _, e, _ in (*rest, *worst[allowed:]))
    requests = sum(r for _, _, r in (*rest, *worst[allowed:]))
    needed = RULE_OF_THREE / threshold.normal_below if threshold.normal_below > 0 else float("inf")
    enough = requests >= needed * (1 - 1e-9)
    normal = enough and errors < threshold.normal_below * requests
    return Proven(errors, requests, needed, min(allowed, len(bad)), normal)


def _is_bad(minute: Slot) -> bool:
    return minute[1] >= BAD_ERRORS and minute[1] >= BAD_RATIO * minute[2]


def _length(window: Micros) -> Micros:
    return max(MINUTE, window // SLOTS)


def _kept(slots: Iterable[Slot], begin: Micros, length: Micros) -> tuple[Slot, ...]:
    """Those that reach into the time since `begin`."""
    return tuple(slot for slot in slots if slot[0] + length > begin)


def _summed(slots: tuple[Slot, ...], minute: Slot, at: Micros, window: Micros) -> tuple[Slot, ...]:
    length = _length(window)
    begun = minute[0] // length * length
    if slots and slots[-1][0] == begun:
        return (*slots[:-1], (begun, slots[-1][1] + minute[1], slots[-1][2] + minute[2]))
    return (*_kept(slots, at - window, length), (begun, minute[1], minute[2]))
