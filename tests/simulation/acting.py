"""What is held of acting: once, after its intent, on evidence that is true, and never against a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from monitor.core.samples import SECOND
from monitor.core.thresholds import Mode
from monitor.ports import Control, Order
from tests.simulation.facts import UNHEARD, Violation, befell, second_of
from tests.simulation.stage import Stage

NEWS_SECONDS = 10.0
"""A control that was committed is known after one interval, when no notification came through, and this."""

ROUNDING = 1e-9
"""Of a sum of fifths of what is needed."""

BY_REQUEST = {Control.APPROVE, Control.ROLLBACK}


def _nothing_died(stage: Stage) -> Iterator[Violation]:
    for at, text in stage.seen.died:
        yield Violation(24, f"{at:.0f}: {text}")


def _once(stage: Stage) -> Iterator[Violation]:
    done = {watch: at for at, watch in stage.seen.effects}
    for at, watch, intended in stage.seen.statements:
        if not intended:
            yield Violation(2, f"{at:.0f}: {watch}: statements before the intent was committed")
        if watch in done and at > done[watch]:
            yield Violation(1, f"{at:.0f}: {watch}: statements after the effect of {done[watch]:.0f}")
    verdicts = {new.id: at for at, _, new in reversed(stage.seen.verdicts)}
    for at, order, leader in stage.seen.orders:
        if leader and at > verdicts.get(order.watch.id, at):
            yield Violation(1, f"{at:.0f}: {order.watch.id}: ordered after its verdict")
    for row in stage.database.rows.values():
        if (row.verdict == "rolled_back") != (row.id in done):
            yield Violation(1, f"{row.id}: verdict {row.verdict}, effect at {done.get(row.id)}")


def _one_at_a_time(stage: Stage) -> Iterator[Violation]:
    for watch, times in Counter(watch for _, watch in stage.seen.effects).items():
        if times > 1:
            yield Violation(1, f"{watch} took effect {times} times")
    for at, watch in stage.seen.twice:
        yield Violation(1, f"{at:.0f}: {watch}: ordered while it is being carried out")


def _verdicts_stay(stage: Stage) -> Iterator[Violation]:
    for at, text in stage.seen.conflicts:
        yield Violation(1, f"{at:.0f}: {text}")


def _evidence(stage: Stage) -> Iterator[Violation]:
    """A rule's order says on what it stands, and what it counted had happened."""
    for at, order, _ in stage.seen.orders:
        if order.by:
            continue
        hold = next(r.hold for r in stage.policy.rules if r.name == order.rule)
        if order.at - order.since < hold:
            yield Violation(
                17, f"{at:.0f}: ordered {(order.at - order.since) / SECOND:.0f} s after its beginning"
            )
        evidence: Any = order.evidence
        if not evidence or evidence["score"] < evidence["needed"] - ROUNDING:
            yield Violation(2, f"{at:.0f}: ordered without evidence: {evidence}")
            continue
        age = (order.at - order.since) / SECOND
        reach = 2 * stage.world.interval + stage.policy.max_gap / SECOND
        before, now = stage.application.counted(at - age - reach), stage.application.counted(at)
        if evidence["errors"] > now[1] - before[1]:
            yield Violation(
                25, f"{at:.0f}: {evidence['errors']:.0f} errors counted, {now[1] - before[1]} happened"
            )


def _fresh_after_a_restart(stage: Stage) -> Iterator[Violation]:
    for at, watch in stage.seen.unfounded:
        yield Violation(16, f"{at:.0f}: {watch}: a rule's order before this process had read anything")


def _persons_win(stage: Stage) -> Iterator[Violation]:
    """Who paused or cancelled before the intent; in whose name an order is; what mode allows."""
    every = [*stage.database.intents, *stage.database.withdrawn]
    for intent in every:
        order, watch = intent.order, intent.order.watch
        done = [(at, c) for at, w, c, ok in stage.seen.controls if ok and w == watch.id and at <= intent.at]
        if any(c is Control.CANCEL for _, c in done):
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: intent after a cancel")
        if paused(done) and not (order.by and done[-1][1] is Control.ROLLBACK):
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: intent while paused")
        asked = {c for _, c in done}
        if not order.by and watch.mode is not Mode.AUTO:
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: acted by itself in {watch.mode.value}")
        if order.by and not asked & (BY_REQUEST if watch.mode is not Mode.OBSERVE else {Control.ROLLBACK}):
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: in a person's name who did not ask")


def _orders_know_persons(stage: Stage) -> Iterator[Violation]:
    """A rule orders nothing a while after a pause or a cancel; the ledger's refusal is the second wall."""
    for at, order, known in _heard(stage):
        done = [(t, c) for t, w, c, ok in stage.seen.controls if ok and w == order.watch.id]
        then, since = [d for d in done if d[0] <= known], [d for d in done if d[0] <= at]
        if any(c is Control.CANCEL for _, c in then) or (paused(then) and paused(since)):
            yield Violation(9, f"{at:.0f}: {order.watch.id}: ordered although a person had said no")


def _the_newest_acts(stage: Stage) -> Iterator[Violation]:
    """A rule orders nothing for a watch while a newer one is open, or has succeeded."""
    gone = {"cancelled", "rolled_back", "resolved_externally"}
    ends = {new.id: at for at, _, new in stage.seen.verdicts if new.verdict in gone}
    for at, order, known in _heard(stage):
        for row in stage.database.rows.values():
            newer = row.seq > order.watch.seq and second_of(row.started_at) < known
            if newer and ends.get(row.id, at) >= at:
                yield Violation(14, f"{at:.0f}: {order.watch.id} ordered, and {row.id} is newer")


def _heard(stage: Stage) -> Iterator[tuple[float, Order, float]]:
    """The rules' orders, and until when everything that was committed must have been known to each."""
    for at, order, _ in stage.seen.orders:
        known = at - stage.world.interval - NEWS_SECONDS
        if not (order.by or befell(stage, UNHEARD, known - 300, at)):
            yield at, order, known


def paused(done: Sequence[tuple[float, Control]]) -> bool:
    """Whether these controls, in order, leave a watch paused."""
    last = [c for _, c in done if c in {Control.PAUSE, Control.RESUME}]
    return bool(last) and last[-1] is Control.PAUSE


CHECKS = (
    _nothing_died,
    _once,
    _one_at_a_time,
    _verdicts_stay,
    _evidence,
    _fresh_after_a_restart,
    _persons_win,
    _orders_know_persons,
    _the_newest_acts,
)
