"""What is held of the reads that a rule acts on: as they are stored, they say that it is so still.

The rule is written here a second time, as loosely as it can be: what breaks this is no matter of constants.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.ports import Order, SampleRow
from tests.simulation.chances import LIMIT, decisions, limit_of
from tests.simulation.facts import UNHEARD, Violation, befell, failed, second_of, share
from tests.simulation.stage import Stage

FEW, EXPECTED = 20, 5
"""A stretch is enough to tell with so many requests, of which so many would fail."""

JUST_READ = SECOND
"""What was read so shortly before a try may not have been taken in."""

SOON, MANY, USUAL = 3, 100, 0.005
"""Intervals after its hold in which an outage is found that has so many failed requests, of a service of
which hardly more than this share fails otherwise."""

LONG_BEFORE, NOTICED, BAR = 3600, 0.006, 1.4
"""Seconds that are enough to know what is usual; from which share on it moves the limit; how far at least."""

HARMLESS = {"locked", "lost_before", "lost_after", "broken", "unready", "channel_away"}
"""Faults that do not change when something is decided."""


def _still_so(stage: Stage) -> Iterator[Violation]:
    """A rule orders nothing, and no try of it begins, when the latest reads are those of a service that is
    well: what is over needs no rollback."""
    for at, order in _of_rules(stage):
        if _over(stage, order, order.at):
            yield Violation(16, f"{at:.0f}: {order.watch.id}: ordered when it was over")
        for then, watch, _ in stage.seen.statements:
            now = order.at + round((then - at) * SECOND)
            early = now - JUST_READ
            tried = watch == order.watch.id and then > at
            if tried and _over(stage, order, early) and _over(stage, order, now):
                yield Violation(16, f"{then:.0f}: {watch}: tried when it was over")


def _of_rules(stage: Stage) -> Iterator[tuple[float, Order]]:
    """Of a watch that no person asked to be rolled back."""
    asked = {order.watch.id for _, order, _ in stage.seen.orders if order.by}
    for at, order, _ in stage.seen.orders:
        if order.watch.id not in asked and order.evidence:
            yield at, order


def _over(stage: Stage, order: Order, now: Micros) -> bool:
    """Whether no stretch up to now that is enough to tell has more errors than the limit allows."""
    evidence: Any = order.evidence
    enough = max(FEW, EXPECTED * evidence["requests"] / max(evidence["errors"], 1.0))
    limit = limit_of(stage, order.watch.id)
    errors = requests = 0.0
    for sample in reversed(_reads(stage, now)):
        errors, requests = errors + (sample.errors or 0.0), requests + (sample.requests or 0.0)
        if requests >= FEW and errors > limit * requests:
            return False
        if requests >= enough:
            return True
    return False


def _unbroken(stage: Stage) -> Iterator[Violation]:
    """Between the beginning that an order names and the order, reads came as close as `max_gap` asks."""
    if any(f.kind == "clock" for f in stage.world.faults):
        return
    for at, order in _of_rules(stage):
        if befell(stage, UNHEARD | {"second"}, second_of(order.since) - 60, at):
            continue
        reads = [s.at for s in _reads(stage, order.at) if s.at >= order.since]
        for one, two in pairwise(reads):
            if two - one > stage.policy.max_gap:
                unseen = f"{(two - one) / SECOND:.0f} s without a read"
                yield Violation(16, f"{at:.0f}: {order.watch.id}: ordered over {unseen}")


def _in_time(stage: Stage) -> Iterator[Violation]:
    """Everything fails, is read without a gap, and nobody has said anything: it is found after its hold.

    A restart in its middle changes nothing of that.
    """
    hold = stage.policy.rules[0].hold / SECOND
    for incident in stage.world.incidents:
        due = incident.at + hold + SOON * stage.world.interval
        whole = incident.mean == 1.0 and incident.traffic == 1.0 and incident.at + incident.lasts > due
        if not whole or not _one_watch_looks(stage, incident.at, due) or _gaps(stage, incident.at, due):
            continue
        if share(stage, incident.at - hold, incident.at) > USUAL or failed(stage, incident.at, due) < MANY:
            continue
        if not any(incident.at <= d.at <= due for d in decisions(stage)):
            yield Violation(17, f"{incident}: not found until {due:.0f}")


def _one_watch_looks(stage: Stage, begun: float, over: float) -> bool:
    """Whether nothing that changes what is decided comes before, and nothing but restarts then."""
    more = {f.kind for f in stage.world.faults} - {"kill", "stop"} - HARMLESS
    return not (
        befell(stage, more, begun - 7200, over)
        or any(begun - 7200 <= i.at < begun for i in stage.world.incidents)
        or any(begun - 600 < w.at <= over for w in stage.world.watches)
        or any(at <= over for at, *_ in stage.seen.controls)
        or any(at <= begun for at, *_ in stage.seen.verdicts)
        or begun < stage.world.watches[0].at
    )


def _gaps(stage: Stage, begun: float, over: float) -> bool:
    """Whether a read is further from the one before it than two intervals, then."""
    reads = [second_of(s.at) for s in stage.database.stored_samples.values() if s.value is not None]
    near = sorted(at for at in reads if begun - 900 <= at <= over)
    edges = [begun - 900, *near, over]
    return any(two - one > 2 * stage.world.interval for one, two in pairwise(edges))


def _more_than_before(stage: Stage) -> Iterator[Violation]:
    """What failed as often before the migration is not its fault: of what is usual nothing is said, and what
    had begun before it is not rolled back by itself."""
    for at, order in _of_rules(stage):
        begun, since = second_of(order.watch.started_at), share(stage, second_of(order.since), at)
        if at - begun < LONG_BEFORE <= begun and not befell(stage, None, 0, at):
            halves = share(stage, begun - 900, begun - 450), share(stage, begun - 450, begun)
            if LIMIT < since <= BAR * min(halves):
                yield Violation(16, f"{at:.0f}: {order.watch.id}: ordered, and it had begun before")
    for decided in decisions(stage):
        begun = second_of(stage.database.rows[decided.watch_id].started_at)
        if begun < LONG_BEFORE or befell(stage, None, 0, begun) or _any_incident(stage, begun):
            continue
        before, since = share(stage, begun - 7200, begun), share(stage, decided.at - 600, decided.at)
        if before > NOTICED and since <= BAR * before:
            text = f"of {since:.2%}, and {before:.2%} failed before"
            yield Violation(16, f"{decided.at:.0f}: {decided.watch_id}: decided because {text}")


def _any_incident(stage: Stage, over: float) -> bool:
    return any(i.at <= over for i in stage.world.incidents)


def _reads(stage: Stage, now: Micros) -> list[SampleRow]:
    """Those that told something."""
    every = stage.database.stored_samples.values()
    return sorted((s for s in every if s.at <= now and (s.value is not None or s.quiet)), key=lambda s: s.at)


CHECKS = (_still_so, _unbroken, _in_time, _more_than_before)
