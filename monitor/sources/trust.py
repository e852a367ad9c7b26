"""Whether an address is one process: what falling counters and changing identities prove.

Counters of one process never fall. So under one identity a fall proves that several processes answer
in turn, and so does an identity that comes back after another one. Without an identity a fall may be
an honest restart: then *everything* falls to a part of what it was, once. The rules, for such a source:

    all requests fall to half or less       a restart: RESTART_READS reads are dropped, then it counts again;
                                            DOUBT_READS if it happens again before it is where it was
    anything else falls                     doubt: DOUBT_READS reads without another sign are owed
    a leap back towards what was before     doubt: after a restart a process climbs, it does not leap
    the same falls again while in doubt     several processes; series of other pods, one by one, are none
    everything falls after such a leap      several processes (without a leap a crash loop is restarts)

Several processes are believed to be one again after CALM_READS reads in a row without a sign, each on a
new connection: a balancer hands those out in turn or at random, so that others would have shown
themselves. That is how an address heals that is no longer shared, or that was suspected wrongly.
Nothing is counted while reads are owed: no rate at all instead of a wrong one. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from monitor.sources.growth import Growth, Page

CHANGED = "instance_changed"
RESTARTED = "counter_reset"
DOUBTED = "counter_fell"
SEVERAL = "several_processes"

RESTART_READS, DOUBT_READS, CALM_READS = 3, 12, 60
"""Reads without a sign that are dropped. Of two processes that answer at random, 12 reads show no fall
once in 500 times; 60 are five minutes."""

PAST = 8
"""Identities that are remembered: a balancer comes back to one of them soon."""


@dataclass(frozen=True, slots=True)
class Trust:
    """`owed` reads until counters count again, and `why`; `former`: requests before it began anew."""

    why: str = ""
    owed: int = 0
    former: float = 0.0
    fallen: frozenset[str] = frozenset()
    past: tuple[str, ...] = ()


def judged(trust: Trust, before: Page, after: Page, grew: Growth, weight: str) -> Trust:
    """The trust after a page: it counts only when nothing is owed before and after, by one identity."""
    if before.identity != after.identity:
        return _another(trust, before.identity, after.identity)
    was, now = before.total(weight), after.total(weight)
    if grew.fell:
        return _fell(trust, after.identity, was, now, grew.fell)
    climbing = bool(before.groups.get(weight)) and was < trust.former  # what was away does not leap
    if climbing and now - was > trust.former / 2:
        return _doubt(trust, frozenset())
    trust = replace(trust, former=0.0) if trust.former and now >= trust.former else trust
    return _calm(trust, grew.moved)


def several(pages: Sequence[Page]) -> bool:
    """Whether pages of one address, read one right after the other, are of more than one process."""
    falls = any(_falls(a, b) for a, b in pairwise(pages))
    return falls or len({page.identity for page in pages}) > 1


def _another(trust: Trust, left: str, now: str) -> Trust:
    past = (*trust.past, left)[-PAST:]
    if now in past:
        return Trust(SEVERAL, CALM_READS, past=past)
    return replace(trust, owed=CALM_READS, past=past) if trust.why == SEVERAL else Trust(past=past)


def _fell(trust: Trust, identity: str, was: float, now: float, fell: frozenset[str]) -> Trust:
    everything, doubted = now <= was / 2, trust.why == DOUBTED
    again = bool(fell & trust.fallen) or (everything and not trust.fallen)
    if identity or trust.why == SEVERAL or (doubted and again):
        return Trust(SEVERAL, CALM_READS, past=trust.past)
    if everything and not doubted:
        reads = DOUBT_READS if trust.former else RESTART_READS
        return Trust(RESTARTED, reads, former=was, past=trust.past)
    return _doubt(trust, fell)


def _doubt(trust: Trust, fell: frozenset[str]) -> Trust:
    if trust.why == SEVERAL:
        return replace(trust, owed=CALM_READS)
    return replace(trust, why=DOUBTED, owed=DOUBT_READS, fallen=trust.fallen | fell)


def _calm(trust: Trust, moved: bool) -> Trust:
    """A page that stands still shows nothing; after a restart at night it has to do."""
    if not trust.owed or not (moved or trust.why == RESTARTED):
        return trust
    if trust.owed > 1:
        return replace(trust, owed=trust.owed - 1)
    kept = trust.former if trust.why == RESTARTED else 0.0
    return Trust(former=kept, past=trust.past)


def _falls(before: Page, after: Page) -> bool:
    return any(
        value < before.groups.get(group, {}).get(series, 0.0)
        for group, found in after.groups.items()
        for series, value in found.items()
    )
