"""Incidents: a migration that breaks something, from a known second on; and outages that end in time.

Where `acts` is false nothing may act: the outage was over before the limit had been exceeded for 5 minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tests.worlds.healthy import USUAL
from tests.worlds.values import HOUR, Plan, Seconds, clock_of, none_of

Broken = Callable[[Seconds, int], Plan]
"""The plan of a calm rate of which something breaks at a second."""


@dataclass(frozen=True, slots=True)
class Incident:
    """`watched`: seconds of a calm watch before it; `lasts`: seconds from its begin to the end of the world.

    `flat`: traffic has no curve, so that its level is exact; `even`: nor is there any chance in it, and every
    n-th request fails. `acts`: a rollback is right.
    """

    broken: Broken
    background: float = USUAL
    watched: int = HOUR // 2
    lasts: int = 2 * HOUR
    flat: bool = False
    even: bool = False
    acts: bool = True


def _step(fails: float, ends_after: int | None = None) -> Broken:
    def broken(rate: Seconds, begins: int) -> Plan:
        share = none_of(rate)
        ends = None if ends_after is None else begins + ends_after
        share[begins:ends] = fails
        return Plan(rate, share, begins, ends)

    return broken


def _ramp(rate: Seconds, begins: int) -> Plan:
    """From nothing to 5 % in an hour; the incident begins where it passes 1 %."""
    since = clock_of(rate) - begins + HOUR // 5
    return Plan(rate, np.clip(since / HOUR, 0, 1) * 0.05, begins)


def _every_other_minute(rate: Seconds, begins: int) -> Plan:
    since = clock_of(rate) - begins
    return Plan(rate, np.where((since >= 0) & (since // 60 % 2 == 0), 0.05, 0.0), begins)


def _with_traffic(fails: float, becomes: float, within: int) -> Broken:
    """The customers go, or ask again: after `within` seconds there is `becomes` times the traffic."""

    def broken(rate: Seconds, begins: int) -> Plan:
        since = clock_of(rate) - begins
        gone = np.clip(since / within, 0, 1)
        return Plan(rate * (1 + gone * (becomes - 1)), np.where(since >= 0, fails, 0.0), begins)

    return broken


def _on_top(always: float, steady: bool) -> Incident:
    """5 % more of a service that always fails some; the two hours before it tell how much."""
    return Incident(_step(0.05), always, watched=HOUR, flat=steady)


def _ended(fails: float, after: int) -> Incident:
    """A disturbance of exact traffic that is over before 5 minutes, or just not."""
    background = 0.002 if fails == 1 else USUAL
    return Incident(_step(fails, after), background, lasts=after + HOUR // 2, flat=True, acts=after >= 300)


INCIDENTS: Mapping[str, Incident] = {
    "1.2 % fail": Incident(_step(0.012)),
    "1.5 % fail": Incident(_step(0.015)),
    "2 % fail": Incident(_step(0.02)),
    "3 % fail": Incident(_step(0.03)),
    "5 % fail": Incident(_step(0.05)),
    "20 % fail": Incident(_step(0.2)),
    "100 % fail": Incident(_step(1.0)),
    "1.05 % fail": Incident(_step(0.0105), background=0, lasts=3 * HOUR),
    "1.05 % fail, evenly": Incident(_step(0.0105), background=0, lasts=3 * HOUR, flat=True, even=True),
    "ramp to 5 %": Incident(_ramp),
    "5 % every other minute": Incident(_every_other_minute),
    "3 %, with retries": Incident(_with_traffic(0.03, 1.5, 1)),
    "30 %, traffic to a fifth": Incident(_with_traffic(0.3, 0.2, 120)),
    "100 %, traffic to a twentieth": Incident(_with_traffic(1.0, 0.05, 120)),
    "0.5 % always, +5 %": _on_top(0.005, steady=False),
    "1 % always, +5 %": _on_top(0.01, steady=False),
    "2 % always, +5 %": _on_top(0.02, steady=False),
    "0.5 % always, +5 %, steady": _on_top(0.005, steady=True),
    "1 % always, +5 %, steady": _on_top(0.01, steady=True),
    "2 % always, +5 %, steady": _on_top(0.02, steady=True),
    "100 % for 245 s": _ended(1.0, 245),
    "100 % for 270 s": _ended(1.0, 270),
    "100 % for 290 s": _ended(1.0, 290),
    "5 % for 285 s": _ended(0.05, 285),
    "5 % for 315 s": _ended(0.05, 315),
    "100 % for 20 min": Incident(_step(1.0, 1200)),
    "20 % for 20 min": Incident(_step(0.2, 1200)),
    "5 % for 20 min": Incident(_step(0.05, 1200)),
}
