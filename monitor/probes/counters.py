"""Cumulative counters of several instances to increases, and increases to a trailing window.

Pure: pages and moments in, numbers out. A page is what one instance said at one read: named groups
(`requests`, `errors`, a histogram's bounds) of series. This file does not read or parse anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from monitor.core.samples import MINUTE, SECOND, Micros
from monitor.ports import Json

REQUESTS = "requests"
ERRORS = "errors"

DISTRUST_READS = 3
"""Reads whose increase is dropped after a decrease: several replicas behind one address decrease again
and again, a restarted process once."""

MAX_STORED_SERIES = 5000
"""Series of all instances kept for a restart (about 30 bytes each); above it the first read is a baseline."""

Groups = Mapping[str, Mapping[str, float]]
"""Group -> series -> value."""


@dataclass(frozen=True, slots=True)
class Page:
    """One instance's counters; `identity` changes when the process does ("" when it does not say)."""

    groups: Groups
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """How long a window must be, in time and in requests."""

    interval: Micros = 5 * SECOND
    rate_requests: float = 500
    rate_window_max: Micros = 5 * MINUTE
    min_requests: float = 100


@dataclass(frozen=True, slots=True)
class Increase:
    """What the groups grew by in (start, end]."""

    start: Micros
    end: Micros
    by: Mapping[str, float]


@dataclass(slots=True)
class _Instance:
    at: Micros
    page: Page
    distrusted: int = 0


@dataclass(slots=True)
class Meter:
    """Remembers each instance's last page and the increases of the longest window."""

    rates: Rates
    weight: str = REQUESTS  # the group whose size says how much a window holds
    counts_us: bool = True  # until an increase below our own reads proves that it does not
    _instances: dict[str, _Instance] = field(default_factory=dict)
    _window: list[Increase] = field(default_factory=list)
    _last: Micros | None = None

    def take(self, now: Micros, pages: Mapping[str, Page]) -> Increase | str:
        """The increase since the last read, summed over instances, or the reason why there is none."""
        found, why = self._deltas(now, pages)
        start, self._last = self._last, now
        self._window = [i for i in self._window if i.start >= now - self.rates.rate_window_max]
        if not found or start is None:
            return why or "baseline"
        total: dict[str, float] = {}
        for delta in found:
            for group, by in delta.items():
                total[group] = total.get(group, 0.0) + by
        increase = Increase(start, now, total)
        self._window.append(increase)
        return increase

    def window(self, now: Micros) -> Mapping[str, float]:
        """Sums over the shortest trailing window that is an interval long and holds `rate_requests`."""
        total: dict[str, float] = {}
        for increase in reversed(self._window):
            if increase.start < now - self.rates.rate_window_max:
                break
            for group, by in increase.by.items():
                total[group] = total.get(group, 0.0) + by
            long_enough = now - increase.start >= self.rates.interval
            if long_enough and total.get(self.weight, 0.0) >= self.rates.rate_requests:
                break
        return total

    def correct(self, group: str, by: float) -> float:
        """Replaces the last increase of a group in the window, and gives it back."""
        last = self._window[-1]
        self._window[-1] = Increase(last.start, last.end, {**last.by, group: by})
        return by

    def drop_last(self) -> None:
        """Takes the last increase out of the window: it was found to be impossible."""
        self._window.pop()

    def begin_afresh(self) -> None:
        """The window begins anew: what was before says nothing of what is so now. No increase is lost."""
        self._window = []

    def memory(self) -> Json:
        """JSON of everything needed to go on after a restart."""
        if sum(_size(i.page) for i in self._instances.values()) > MAX_STORED_SERIES:
            return {}
        return {
            "last": self._last,
            "counts_us": self.counts_us,
            "instances": {
                key: [i.at, i.page.identity, i.page.groups, i.distrusted]
                for key, i in self._instances.items()
            },
            "window": [[i.start, i.end, i.by] for i in self._window],
        }  # fmt: skip

    def restore(self, memory: Json) -> None:
        """Takes back what `memory` gave; anything else is as if nothing had been remembered."""
        try:
            self._restore(memory)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._instances, self._window, self._last = {}, [], None

    def _restore(self, memory: Any) -> None:
        if not memory:
            return
        self._instances = {
            str(key): _Instance(int(at), Page(_groups(groups), str(identity)), int(distrusted))
            for key, (at, identity, groups, distrusted) in memory["instances"].items()
        }  # fmt: skip
        self._window = [Increase(int(s), int(e), _numbers(by)) for s, e, by in memory["window"]]
        self._last = None if memory["last"] is None else int(memory["last"])
        self.counts_us = bool(memory["counts_us"])

    def _deltas(self, now: Micros, pages: Mapping[str, Page]) -> tuple[list[dict[str, float]], str]:
        found: list[dict[str, float]] = []
        why = ""
        for key, page in pages.items():
            before = self._instances.get(key)
            self._instances[key] = after = _Instance(now, page)
            if before is None or now - before.at > self.rates.rate_window_max or now <= before.at:
                continue
            delta = _increase(before.page, page)
            if isinstance(delta, str):
                why = delta
                after.distrusted = DISTRUST_READS if not page.identity else 0
            elif before.distrusted:
                why = "counter_reset"
                after.distrusted = before.distrusted - 1
            else:
                found.append(delta)
        return found, why


def _increase(before: Page, after: Page) -> dict[str, float] | str:
    """By how much each group grew: a series that is new counts from 0, a lost or smaller one is a reset."""
    if before.identity != after.identity:
        return "instance_changed"
    total: dict[str, float] = dict.fromkeys(after.groups, 0.0)
    for group, old, new in _pairs(before.groups, after.groups):
        if new is None or new < old:
            return "counter_reset"
        total[group] = total.get(group, 0.0) + new - old
    return total


def _pairs(before: Groups, after: Groups) -> Iterator[tuple[str, float, float | None]]:
    for group in {*before, *after}:
        old, new = before.get(group, {}), after.get(group, {})
        for series in {*old, *new}:
            yield group, old.get(series, 0.0), new.get(series)


def _size(page: Page) -> int:
    return sum(len(series) for series in page.groups.values())


def _groups(stored: Any) -> dict[str, dict[str, float]]:
    return {str(group): _numbers(series) for group, series in stored.items()}


def _numbers(stored: Any) -> dict[str, float]:
    numbers = {str(key): float(value) for key, value in stored.items()}
    if not all(isfinite(n) and n >= 0 for n in numbers.values()):
        raise ValueError("a stored counter is not finite")
    return numbers
