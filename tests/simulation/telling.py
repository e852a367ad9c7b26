"""What is held of telling: every end arrives once, a restart repeats nothing, what is not ready is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from monitor.core.thresholds import Mode
from monitor.ports import WatchRow
from tests.simulation.channel import Delivery
from tests.simulation.facts import RESTARTS, Violation, befell, second_of
from tests.simulation.stage import Stage
from tests.simulation.world import Fault

AT_ONCE = ("/rollback/decided/", "/rollback/requested/", "/verdict/")
PROMPT = 5.0
"""Seconds until these arrive; the outbox looks into the store for what it was not given every minute."""

TRIED_FOR = 86_000.0
"""Seconds that a message is tried for before it is given up, a little less than a day."""

REMINDER = "/reminder/"
"""In the key of a page that is repeated because it is still open."""


def _alerts_arrive(stage: Stage) -> Iterator[Violation]:
    again = RESTARTS if any(f.kind == "second" for f in stage.world.faults) else RESTARTS - {"away"}
    for name, receiver in stage.receivers.items():
        arrived: dict[str, list[Delivery]] = {}
        for delivery in receiver.arrived:
            arrived.setdefault(delivery.key, []).append(delivery)
        for key, row in stage.database.alerts.items():
            if row.channel != name or key in arrived:
                continue
            at = stage.database.gave_up.get(key)
            if at is None:
                yield Violation(10, f"{key} never arrived")
            elif at - second_of(row.alert.at) < TRIED_FOR:
                yield Violation(10, f"{key} was given up at {at:.0f}")
        for key, times in arrived.items():
            for one, two in pairwise(times):
                if one.told and not befell(stage, again, one.at - 60, two.at):
                    yield Violation(10, f"{key} arrived at {one.at:.0f} and {two.at:.0f}")


def _alerts_leave_at_once(stage: Stage) -> Iterator[Violation]:
    """What is decided and how it ended is told within seconds where nothing is in the way, not at a look."""
    for receiver in stage.receivers.values():
        first = {delivery.key: delivery for delivery in reversed(receiver.arrived)}
        for key, delivery in first.items():
            at = second_of(delivery.alert.at)
            told = any(part in key for part in AT_ONCE) and REMINDER not in key
            if told and delivery.at - at > PROMPT and not befell(stage, None, at - 3600, delivery.at):
                yield Violation(10, f"{key} of {at:.0f} arrived at {delivery.at:.0f}")


def _one_key_each(stage: Stage) -> Iterator[Violation]:
    """A transition is one message of a channel, known by its key; reminders are others on purpose."""
    for name, receiver in stage.receivers.items():
        keys: dict[tuple[str | None, str], set[str]] = {}
        for delivery in receiver.arrived:
            if REMINDER not in delivery.key:
                about = delivery.alert.watch_id, delivery.alert.transition
                keys.setdefault(about, set()).add(delivery.key)
        for about, found in keys.items():
            if len(found) > 1:
                yield Violation(10, f"{name} was told {about[1]} of {about[0]} with {len(found)} keys")


def _ends_are_told(stage: Stage) -> Iterator[Violation]:
    for row in stage.database.rows.values():
        keys = [
            k for k in stage.database.alerts if k.startswith(f"{row.id}/verdict/") and k.endswith("/chat")
        ]
        expected = [] if row.verdict is None else [f"{row.id}/verdict/{row.verdict}/chat"]
        if keys != expected:
            yield Violation(10, f"{row.id} ended {row.verdict} and told {keys}")
        ordered = any(order.watch.id == row.id for _, order, _ in stage.seen.orders)
        if ordered and not any(k.startswith(f"{row.id}/rollback/decided/") for k in stage.database.alerts):
            yield Violation(10, f"{row.id}: a rollback was ordered, and nobody was told")
        if row.verdict is None and row.phase in {"rolling_back", "in_doubt"}:
            yield Violation(1, f"{row.id} is left {row.phase} in the end")


def _begins_once(stage: Stage) -> Iterator[Violation]:
    """A restart takes a watch up again; it does not begin anew, and nobody is told so."""
    begun = Counter(event.watch_id for _, event in stage.seen.events if event.kind == "started")
    for watch, times in begun.items():
        if times > 1:
            yield Violation(17, f"{watch} began {times} times")


def _readiness_is_told(stage: Stage) -> Iterator[Violation]:
    """Rights that were lost for a while are told of the newest watch, while it may roll back."""
    rows = list(stage.database.rows.values())[-1:]
    for fault in stage.world.faults:
        long = fault.lasts >= 3 * stage.world.interval + 30
        if fault.kind == "unready" and long and not _beside(stage, fault):
            for row in rows:
                if _wants_it(stage, row, fault) and not _told(stage, row, fault):
                    yield Violation(7, f"{row.id}: {fault}, and nobody was told")


def _beside(stage: Stage, fault: Fault) -> bool:
    """Whether something else befell at that time that changes what is ready, or who asks."""
    kinds = RESTARTS | {"drifted", "unready"}
    others = [f for f in stage.world.faults if f is not fault and f.kind in kinds]
    return any(f.at - 900 < fault.ends and f.ends + 900 > fault.at for f in others)


def _wants_it(stage: Stage, row: WatchRow, fault: Fault) -> bool:
    end = second_of(row.verdict_at) if row.verdict_at is not None else stage.world.lasts
    return row.mode is not Mode.OBSERVE and second_of(row.started_at) <= fault.at - 60 and end >= fault.ends


def _told(stage: Stage, row: WatchRow, fault: Fault) -> bool:
    return any(
        event.kind == "not_ready" and event.watch_id == row.id and fault.at <= at <= fault.ends + 5
        for at, event in stage.seen.events
    )


CHECKS = (
    _alerts_arrive,
    _alerts_leave_at_once,
    _one_key_each,
    _ends_are_told,
    _begins_once,
    _readiness_is_told,
)
