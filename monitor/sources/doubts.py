"""Whether the requests of a page, and which of them failed, can be told at all. Pure.

A page whose labels are called otherwise would read as 0 % for ever, one that is counted twice as half of the
truth. Neither is a rate: `refuse` raises SourceError with the reason. Values of labels are shown only where
they are words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from monitor.errors import SourceError
from monitor.sources.exposition import Found, Line
from monitor.sources.forms import impossible
from monitor.sources.selectors import Selector, is_presence
from monitor.sources.series import Rate

PLAIN = re.compile(r"[A-Za-z0-9_.*-]{1,40}")
"""Names and values that may be shown: what a page says is somebody else's text."""

TOTALS = frozenset({"total", "*", "all", "sum"})
"""Values of labels under which exporters put the sum of the others: nginx-vts, for one."""

SIDES = {"reporter": frozenset({"source", "destination"}), "direction": frozenset({"inbound", "outbound"})}
"""Labels by which a mesh tells a request once for each side of it."""

ENOUGH = 20
"""Fewer may be equal by chance."""

SLACK = 0.001
"""A page that is written while requests come in may be a few apart."""


def refuse(rate: Rate, found: Found) -> None:
    """Raises SourceError `no_error_label`, `no_error_value` or `counted_twice`."""
    requests = found.of(rate.requests)
    if missing := lacking(rate, requests):
        raise SourceError("no_error_label", unlabelled(missing))
    if why := unwritten(rate, requests):
        raise SourceError("no_error_value", why)
    if why := counted_twice(rate, found):
        raise SourceError("counted_twice", why)


def lacking(rate: Rate, requests: Sequence[Line]) -> tuple[str, ...]:
    """The labels without which no failed request can be told from a good one; () where it can.

    Errors that are counted under another name need none: there may have been no error yet.
    """
    missing: dict[str, None] = {}
    if rate.status and not any(rate.status in line.labels or _fails(rate, line) for line in requests):
        return (rate.status,)
    for name, lines in _by_name(requests):
        there = {label for line in lines for label in line.labels}
        asked = [s for s in rate.errors if s.names(name)]
        lost = [_lost(s, rate.requests, there) for s in asked]
        if lost and all(lost):
            missing |= dict.fromkeys(label for labels in lost for label in labels)
    return tuple(missing)


def unwritten(rate: Rate, requests: Sequence[Line]) -> str:
    """Why the errors can never be among these, whatever happens; "" where they can."""
    return impossible(rate.errors, [(line.name, line.labels) for line in requests])


def _fails(rate: Rate, line: Line) -> bool:
    return any(s.holds(line.name, line.labels) for s in rate.errors)


def unlabelled(missing: Sequence[str]) -> str:
    """The sentence for it."""
    label = " or ".join(missing)
    return f"no series of the requests has the label {label}: no error would ever be counted"


def _lost(errors: Selector, requests: Sequence[Selector], there: set[str]) -> tuple[str, ...]:
    """Labels that no request has, without which this selector holds for no request, or for all."""
    own = {m for r in requests if r.name == errors.name for m in r.matchers}  # of all requests
    absent = [m for m in errors.matchers if m.label not in there and m not in own and not is_presence(m)]
    if never := [m.label for m in absent if not m.holds({})]:
        return tuple(never)
    left = Selector(errors.name, tuple(m for m in errors.matchers if m not in absent))
    return tuple(m.label for m in absent) if any(left.covers(r) for r in requests) else ()


def counted_twice(rate: Rate, found: Found) -> str:
    """Why this way counts a request twice on this page; "" when it does not, as far as can be seen.

    Of a preset's names it is known that they are not each other's sum, and of its paths that `*` is one:
    they may be equal by chance.
    """
    parts = (found.of(rate.requests), found.of(rate.errors))
    return next((why for part in parts if (why := twice(part, rate.path, names=not rate.preset))), "")


def twice(found: Sequence[Line], path: str = "", *, names: bool = True) -> str:
    """Why these lines, added up, count a request twice; "" when they do not, as far as can be seen."""
    for name, lines in _by_name(found):
        for label in sorted({label for line in lines for label in line.labels} - {path}):
            values = {line.labels.get(label, "") for line in lines}
            if label in SIDES and SIDES[label] <= values:
                return f'each request is told by both of its sides: add one {label}="…" to the selector'
            for total in sorted(TOTALS & values):
                if _is_sum(lines, label, total):
                    return f'{name}{{{label}="{total}"}} is the sum of the others: add {label}!="{total}"'
    return _name_twice(found) if names else ""


def _is_sum(lines: Sequence[Line], label: str, total: str) -> bool:
    """Whether the series with this value are the sum of those with another, for all their other labels."""
    whole = sum(line.value for line in lines if line.labels.get(label) == total)
    parts = sum(line.value for line in lines if line.labels.get(label, total) != total)
    return _same(whole, parts)


def _name_twice(found: Sequence[Line]) -> str:
    """Totals beside their classes, as Envoy has them under names of their own."""
    sums = {name: sum(line.value for line in lines) for name, lines in _by_name(found)}
    for name, own in sums.items() if len(sums) > 1 else ():
        if _same(own, sum(sums.values()) - own):
            others = " and ".join(other for other in sums if other != name)
            return f"{name} counts what {others} counts: name one of them"
    return ""


def _same(a: float, b: float) -> bool:
    return a >= ENOUGH and abs(a - b) <= SLACK * a


def _by_name(found: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    ordered = sorted(found, key=lambda line: line.name)
    return [(name, list(lines)) for name, lines in groupby(ordered, key=lambda line: line.name)]
