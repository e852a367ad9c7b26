"""What is held of the reads that a rule acts on: as they are stored, they say that it is so still.

The rule is written here a second time, as loosely as it can be: what breaks this is no matter of constants.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.ports import Order, SampleRow
from tests.simulation.chances import limit_of
from tests.simulation.facts import UNHEARD, Violation, befell, second_of
from tests.simulation.stage import Stage

FEW, EXPECTED = 20, 5
"""A stretch is enough to tell with so many requests, of which so many would fail."""

JUST_READ = SECOND
"""What was read so shortly before a try may not have been taken in."""


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


def _reads(stage: Stage, now: Micros) -> list[SampleRow]:
    """Those that told something."""
    every = stage.database.stored_samples.values()
    return sorted((s for s in every if s.at <= now and (s.value is not None or s.quiet)), key=lambda s: s.at)


CHECKS = (_still_so, _unbroken)
