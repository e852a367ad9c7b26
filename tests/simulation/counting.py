"""What is held of counts and of streaks: nothing is counted that did not happen, and a streak has one story.

Counts are held against the true ones, streaks against the reads that are stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from monitor.core.samples import SECOND, Micros
from monitor.ports import EventRow, SampleRow
from tests.simulation.facts import Violation, befell, second_of
from tests.simulation.stage import Stage

UNTRUE = {"lies", "shared", "clock"}
"""Faults with which pages, or their moments, are not the true ones."""

LATE = {"frozen", "cached", "replica_away", "hangs", "refuses"}
"""Faults after which a page may bring what happened long before the last read."""

SEEN_AT = 1.0
"""Seconds by which the moment of a sample may differ from that of the page."""

LONG_OVER = 5400.0
"""After so many seconds without a failed request nothing is still said to be so."""

BEGUN = {"pending", "firing"}
ONCE = {"pending", "would_roll_back"}
"""Said once of a streak; a request that nobody heard is asked again after a restart."""


def _nothing_is_made_up(stage: Stage) -> Iterator[Violation]:
    """From one read to any later one no more was counted than happened: no past is counted again."""
    kinds = {f.kind for f in stage.world.faults}
    if kinds & UNTRUE:
        return
    samples, slack = _in_order(stage), 2.0 * stage.world.instances  # requests go to processes in turn
    for what, place in (("requests", 0), ("errors", 1)):
        most, counted = 0.0, 0.0
        for sample in samples:
            at = second_of(sample.at)
            counted += (sample.errors if place else sample.requests) or 0.0
            if counted - _true(stage, at + SEEN_AT, place) > most + slack:
                yield Violation(25, f"{at:.0f}: more {what} counted than there were")
                break
            if sample.value is not None and not kinds & LATE:
                most = min(most, counted - _true(stage, at - SEEN_AT, place))


def _true(stage: Stage, second: float, place: int) -> int:
    good, bad = stage.application.counted(second)
    return bad if place else good + bad


def _one_story(stage: Stage) -> Iterator[Violation]:
    """A streak begins once, and leads to one decision: a restart begins and decides nothing again."""
    told: dict[tuple[str, str], set[str]] = {}
    for event in _events(stage):
        rule = event.detail.get("rule")
        if rule is None:
            continue
        of = told.setdefault((str(event.watch_id), str(rule)), set())
        if event.kind == "cleared":
            of.clear()
        elif event.kind in ONCE:
            if event.kind in of:
                yield Violation(17, f"{second_of(event.at):.0f}: {event.watch_id}: {event.kind} {rule} again")
            of.add(event.kind)


def _a_gap_ends_a_streak(stage: Stage) -> Iterator[Violation]:
    """What was not looked at for longer than `max_gap` does not go on."""
    events = _events(stage)
    reads = [s.at for s in _in_order(stage) if s.value is not None or s.quiet]
    for one, two in pairwise(reads):
        if two - one > stage.policy.max_gap:
            for watch, rule in _open(events, one):
                if not any(_ends(e, watch, rule) and one <= e.at <= two for e in events):
                    yield Violation(17, f"{watch}: {rule} goes on over {(two - one) / SECOND:.0f} s unseen")


def _what_is_over_is_said(stage: Stage) -> Iterator[Violation]:
    """No rule fires at the end of a world in which all has been well for long, and was looked at."""
    end = stage.seen.over
    errors = stage.application.counted(end)[1] - stage.application.counted(end - LONG_OVER)[1]
    fresh = [s for s in _in_order(stage) if second_of(s.at) > end - LONG_OVER and s.value is not None]
    steady = len(fresh) > 0.9 * LONG_OVER / stage.world.interval
    if errors or not steady or befell(stage, None, end - LONG_OVER, end):
        return
    for watch, rule in _open(_events(stage), fresh[-1].at, {"firing"}):
        yield Violation(16, f"{watch}: {rule} is said to be so in the end")


def _open(events: Sequence[EventRow], now: Micros, kinds: Collection[str] = BEGUN) -> list[tuple[str, str]]:
    """The streaks, watch and rule, that had begun before `now` and were not over."""
    found: dict[tuple[str, str], None] = {}
    for event in events:
        if event.at >= now:
            break
        watch, rule = str(event.watch_id), event.detail.get("rule")
        if event.kind in kinds:
            found[watch, str(rule)] = None
        else:
            for key in [k for k in found if _ends(event, *k)]:
                del found[key]
    return list(found)


def _ends(event: EventRow, watch: str, rule: str) -> bool:
    """Whether it is the end of that streak, or of its watch."""
    if event.watch_id != watch:
        return False
    return (event.kind == "cleared" and event.detail.get("rule") == rule) or event.kind == "ended"


def _events(stage: Stage) -> list[EventRow]:
    return [event for _, event in stage.seen.events]


def _in_order(stage: Stage) -> list[SampleRow]:
    return sorted(stage.database.stored_samples.values(), key=lambda s: s.at)


CHECKS = (_nothing_is_made_up, _one_story, _a_gap_ends_a_streak, _what_is_over_is_said)
