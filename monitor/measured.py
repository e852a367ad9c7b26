"""What a probe reads, in words: for `check`, so that an operator sees the number that a watch would see.

A rate needs two reads; a value only one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from monitor.clock import utc_now
from monitor.core.samples import SECOND, Micros, NoData, Reading, Sample, judge
from monitor.core.thresholds import Policy
from monitor.ports import Finding, Probe, note, problem
from monitor.present.reasons import why
from monitor.sources.words import counts_told
from monitor.units import Kind, show_span, show_value

NEEDS_ANOTHER = "baseline"
LONGEST_PAUSE: Micros = 5 * SECOND
"""Between the two reads; a longer interval need not be waited for."""


@runtime_checkable
class Saying(Protocol):
    """A probe whose readings are more than a value."""

    def said(self, reading: Reading) -> str: ...


@dataclass(frozen=True, slots=True)
class Lens:
    """What readings are looked at with: units and limits; `given`: ratios that the source itself makes."""

    policy: Policy = field(default_factory=Policy)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    given: frozenset[str] = frozenset()


async def measured(probe: Probe, lens: Lens) -> list[Finding]:
    """A sentence for each metric; a note, unless what is read can't be meant so."""
    began = utc_now()
    readings = await probe.read(began)
    if any(reading.reason == NEEDS_ANOTHER for reading in readings):
        await asyncio.sleep(min(lens.policy.interval, LONGEST_PAUSE) / SECOND)
        readings = await probe.read(utc_now())
    span = utc_now() - began
    return [_finding(probe, reading, lens, span) for reading in readings]


def _finding(probe: Probe, reading: Reading, lens: Lens, span: Micros) -> Finding:
    name = "" if reading.metric == probe.name else f"{reading.metric}: "
    own = probe.said(reading) if isinstance(probe, Saying) else ""
    found = judge(0, reading)
    if too_high := _too_high(found, lens):
        return problem(f"{name}{too_high}")
    if isinstance(found, NoData) and not found.quiet:
        return problem(f"{name}no value: {why(found.reason)}")
    return note(f"{name}{own or _words(found, lens, span)}")


def _words(found: Sample | NoData, lens: Lens, span: Micros) -> str:
    kind = lens.kinds.get(found.metric, Kind.COUNT)
    counts = found.counts
    when = f"in {show_span(max(span // SECOND, 1) * SECOND)}"
    if counts is not None and counts.requests and found.metric not in lens.given:
        return counts_told(counts.errors, counts.requests, when)
    if isinstance(found, Sample):
        beside = f" of {counts.requests:,.0f} requests {when}" if counts is not None else ""
        return f"{show_value(kind, found.value)}{beside}"
    return f"no request {when}" if counts is not None else why(found.reason)


def _too_high(found: Sample | NoData, lens: Lens) -> str:
    """A ratio that a source gives may be in another unit than is declared: 0.9 for 0.9 % is 90 %."""
    if not isinstance(found, Sample) or found.metric not in lens.given:
        return ""
    rules = [rule for _, rule in lens.policy.places[found.metric].rules]
    exceeded = [rule for rule in rules if not rule.inclusive and rule.breached_by(found.value)]
    if not exceeded:
        return ""
    value, limit = (show_value(Kind.RATIO, v) for v in (found.value, exceeded[0].limit))
    rule = f"above the limit of {limit} ({exceeded[0].action})"
    return f"{value}, {rule}: does `unit` match the source, and is all well?"
