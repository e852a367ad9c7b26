"""By how much one instance's counters grew from one page to the next, series by series.

Pure, and only about the numbers: what a fall says of the process behind them is `trust`'s to say.
A series that was seen before and comes back was counted somewhere else meanwhile: it is a baseline and adds
nothing. So is one that begins with more than the smallest step. That it is no more than all requests grew by
would not be enough: a collector that lets series expire brings back, of each route, a past that fits in
(0.11 % was measured as 11 %). An outage costs this one read of each new series.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf

FIRST_STEP = 1.0
"""A first value up to this always counts: it is the smallest that a counter can grow by, and on a quiet
application, or one with a series for each path, every error begins a series of its own."""

Groups = Mapping[str, Mapping[str, float]]
"""Group (`requests`, `errors`, a histogram's bounds) -> series -> value."""


@dataclass(frozen=True, slots=True)
class Page:
    """One instance's counters; `identity` changes when the process does ("" when it does not say).

    `declared`: the page names the metric (HELP, TYPE), so that no series of it is no traffic yet.
    """

    groups: Groups
    identity: str = ""
    declared: bool = False

    def total(self, group: str) -> float:
        return sum(self.groups.get(group, {}).values())


NOTHING = Page({})
"""An instance that is away."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What the groups grew by, which series `fell`, whether any value `moved`.

    `compared`: at least one series of the weight group was there before, or counts from 0.
    """

    by: Mapping[str, float]
    fell: frozenset[str]
    moved: bool
    compared: bool


def growth(before: Page, after: Page, gone: Collection[str], weight: str) -> Growth:
    """The growth from `before` to `after`; `gone` are series that were there earlier and vanished."""
    old, new = _by_series(before.groups), _by_series(after.groups)
    by = dict.fromkeys(after.groups, 0.0)
    fell: set[str] = set()
    compared = False
    for series in new.keys() & old.keys():
        for group in new[series].keys() & old[series].keys():
            step = new[series][group] - old[series][group]
            if step < 0:
                fell.add(series)
            by[group] += max(step, 0.0)
            compared = compared or group == weight
    empty = before.declared and not old and not gone  # whatever it has now began after that read
    for series in _beginning(old, new, gone, inf if empty else FIRST_STEP):
        for group, value in new[series].items():
            by[group] += value
            compared = compared or group == weight
    return Growth(by, frozenset(fell), old != new, compared)


def vanished(before: Page, after: Page, gone: Collection[str]) -> list[str]:
    """Series that were there and are not: those of `gone` first, without the ones that came back."""
    there = {series for group in after.groups.values() for series in group}
    left = [series for group in before.groups.values() for series in group]
    return [series for series in dict.fromkeys([*gone, *left]) if series not in there]


def _beginning(
    old: Mapping[str, Mapping[str, float]],
    new: Mapping[str, Mapping[str, float]],
    gone: Collection[str],
    most: float,
) -> list[str]:
    """Series that begin at this page and count from 0: with all their values, or with none."""
    known = {*old, *gone}
    return [s for s in new if s not in known and max(new[s].values()) <= most]


def _by_series(groups: Groups) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for group, series in groups.items():
        for name, value in series.items():
            found.setdefault(name, {})[group] = value
    return found
