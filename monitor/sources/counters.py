"""Cumulative counters of several instances to increases, and increases to a trailing window.

Pure: pages and moments in, numbers out. A page is what one instance said at one read: named groups
(`requests`, `errors`, a histogram's bounds) of series. What a page adds to the last one is `growth`'s
to say, whether it may be believed `trust`'s. This file does not read or parse anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from monitor.core.samples import MINUTE, SECOND, Micros
from monitor.ports import Json
from monitor.sources.growth import NOTHING, Groups, Page, growth, vanished
from monitor.sources.trust import CHANGED, DOUBTED, RESTARTED, SEVERAL, Trust, judged

__all__ = ["ERRORS", "REQUESTS", "Groups", "Increase", "Meter", "Page", "Rates"]

REQUESTS = "requests"
ERRORS = "errors"

BASELINE = "baseline"

GRAVEST = (SEVERAL, DOUBTED, RESTARTED, CHANGED, BASELINE)
"""Of several instances' reasons the first of these is said."""

MAX_STORED_SERIES = 5000
"""Series of all instances kept for a restart (about 30 bytes each); above it the first read is a baseline.
Of those that vanished so many are remembered for each instance."""

FIRST_READS, EVERY_SO_MANY = 8, 12
"""Reads on a new connection: the first ones of a process, and one a minute. On a kept one a balancer shows
one process only, until the connection ends; then the other's whole past would look like an increase."""


LEAST_INTERVALS = 2
"""As `max_gap`: one failed read is no gap."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How long a window must be, in time and in requests."""

    interval: Micros = 5 * SECOND
    rate_requests: float = 500
    rate_window_max: Micros = 5 * MINUTE

    @property
    def longest(self) -> Micros:
        """The longest window, and the oldest page that is compared with: never so short that a read which
        comes a moment late, or after one that failed, is a baseline again."""
        return max(self.rate_window_max, LEAST_INTERVALS * self.interval)


@dataclass(frozen=True, slots=True)
class Increase:
    """What the groups grew by in (start, end]."""

    start: Micros
    end: Micros
    by: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Instance:
    """The last page of an instance, the series that it has lost, and what is thought of it."""

    at: Micros
    page: Page
    gone: tuple[str, ...] = ()
    trust: Trust = field(default_factory=Trust)


@dataclass(slots=True)
class Meter:
    """Remembers each instance's last page and the increases of the longest window."""

    rates: Rates
    weight: str = REQUESTS  # the group whose size says how much a window holds
    _instances: dict[str, _Instance] = field(default_factory=dict)
    _window: list[Increase] = field(default_factory=list)
    _last: Micros | None = None
    _reads: int = 0

    def take(self, now: Micros, pages: Mapping[str, Page], whole: bool = False) -> Increase | str:
        """The increase since the last read, summed over instances, or the reason why there is none.

        The reason is that of the gravest instance, when none of them or, for distrust, fewer than half may
        be counted. `whole`: the pages are all that there is, so that an instance that is not in them was
        away for a while; otherwise it is one that could not be asked.
        """
        if whole:
            self._leave_out(now, pages)
        grown = [self._grown(now, key, page) for key, page in pages.items()]
        found = [by for by in grown if not isinstance(by, str)]
        start, self._last, self._reads = self._last, now, self._reads + 1
        oldest = now - self.rates.longest
        self._window = [i for i in self._window if i.start >= oldest]
        distrusted = sum(why in (SEVERAL, DOUBTED) for why in grown if isinstance(why, str))
        if not found or start is None or 2 * distrusted > len(pages):
            return min((why for why in grown if isinstance(why, str)), key=GRAVEST.index, default=BASELINE)
        total: dict[str, float] = {}
        for by in found:
            for group, more in by.items():
                total[group] = total.get(group, 0.0) + more
        increase = Increase(start, now, total)
        self._window.append(increase)
        return increase

    @property
    def several(self) -> frozenset[str]:
        """The instances of which it is proven that several processes answer."""
        return frozenset(key for key, i in self._instances.items() if i.trust.why == SEVERAL)

    @property
    def wants_new_connection(self) -> bool:
        """Whether the next read should not use a kept connection, so that another process would show."""
        doubts = any(i.trust.owed for i in self._instances.values())
        return doubts or self._reads < FIRST_READS or self._reads % EVERY_SO_MANY == 0

    def forget_pages(self) -> None:
        """The next read is a baseline: it comes from somewhere that counts apart."""
        self._instances = {}

    def window(self, now: Micros) -> Mapping[str, float]:
        """Sums over the shortest trailing window that is an interval long and holds `rate_requests`."""
        total: dict[str, float] = {}
        for increase in reversed(self._window):
            if increase.start < now - self.rates.longest:
                break
            for group, by in increase.by.items():
                total[group] = total.get(group, 0.0) + by
            long_enough = now - increase.start >= self.rates.interval
            if long_enough and total.get(self.weight, 0.0) >= self.rates.rate_requests:
                break
        return total

    def drop_last(self) -> None:
        """Takes the last increase out of the window: it was found to be impossible."""
        self._window.pop()

    def begin_afresh(self) -> None:
        """The window begins anew: what was before says nothing of what is so now. No increase is lost."""
        self._window = []

    def memory(self) -> Json:
        """JSON of everything needed to go on after a restart; what vanished is left out first."""
        series = sum(_size(i) for i in self._instances.values())
        if series > MAX_STORED_SERIES:
            return {}
        fits = series + sum(len(i.gone) for i in self._instances.values()) <= MAX_STORED_SERIES
        return {
            "last": self._last,
            "instances": {key: _stored(i, fits) for key, i in self._instances.items()},
            "window": [[i.start, i.end, i.by] for i in self._window],
        }

    def restore(self, memory: Json) -> None:
        """Takes back what `memory` gave; anything else is as if nothing had been remembered."""
        try:
            self._restore(memory)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._instances, self._window, self._last = {}, [], None

    def _restore(self, memory: Any) -> None:
        if not memory:
            return
        self._instances = {str(key): _instance(stored) for key, stored in memory["instances"].items()}
        self._window = [Increase(int(s), int(e), _numbers(by)) for s, e, by in memory["window"]]
        self._last = None if memory["last"] is None else int(memory["last"])

    def _leave_out(self, now: Micros, pages: Mapping[str, Page]) -> None:
        """Those that are away have lost all their series; after the longest window they are forgotten."""
        for key in self._instances.keys() - pages.keys():
            i = self._instances[key]
            if i.at < now - self.rates.longest:
                del self._instances[key]
            elif i.page.groups:
                gone = tuple(vanished(i.page, NOTHING, i.gone)[-MAX_STORED_SERIES:])
                self._instances[key] = replace(i, page=replace(NOTHING, identity=i.page.identity), gone=gone)

    def _grown(self, now: Micros, key: str, page: Page) -> Mapping[str, float] | str:
        """What this instance grew by, or why that is not counted."""
        before = self._instances.get(key)
        if before is None:
            self._instances[key] = _Instance(now, page)
            return BASELINE
        gone = tuple(vanished(before.page, page, before.gone)[-MAX_STORED_SERIES:])
        self._instances[key] = _Instance(now, page, gone, before.trust)
        if not before.at < now <= before.at + self.rates.longest:
            return BASELINE
        grew = growth(before.page, page, before.gone, self.weight)
        trust = judged(before.trust, before.page, page, grew, self.weight)
        another = before.page.identity != page.identity
        self._instances[key] = _Instance(now, page, () if another else gone, trust)
        if trust.why == SEVERAL != before.trust.why:
            self._window = []  # nobody knows since when they answer in turn
        if another:
            self._reads = 0  # a deployment may have made several of one
            return trust.why or CHANGED
        if trust.owed or before.trust.owed:
            return trust.why or before.trust.why
        return grew.by if grew.compared or not page.groups.get(self.weight) else BASELINE


def _size(instance: _Instance) -> int:
    return sum(len(series) for series in instance.page.groups.values())


def _stored(i: _Instance, with_gone: bool) -> list[object]:
    trust = [i.trust.why, i.trust.owed, i.trust.former, sorted(i.trust.fallen), list(i.trust.past)]
    gone = list(i.gone) if with_gone else []
    return [i.at, i.page.identity, i.page.groups, i.page.declared, gone, trust]


def _instance(stored: Any) -> _Instance:
    at, identity, groups, declared, gone, (why, owed, former, fallen, past) = stored
    if why not in (*GRAVEST, ""):
        raise ValueError("a stored reason is none")
    trust = Trust(why, int(owed), float(former), frozenset(map(str, fallen)), tuple(map(str, past)))
    page = Page(_groups(groups), str(identity), bool(declared))
    return _Instance(int(at), page, tuple(map(str, gone)), trust)


def _groups(stored: Any) -> dict[str, dict[str, float]]:
    return {str(group): _numbers(series) for group, series in stored.items()}


def _numbers(stored: Any) -> dict[str, float]:
    numbers = {str(key): float(value) for key, value in stored.items()}
    if not all(isfinite(n) and n >= 0 for n in numbers.values()):
        raise ValueError("a stored counter is not finite")
    return numbers
