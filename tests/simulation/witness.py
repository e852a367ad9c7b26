"""What is held against the promises when a world has been played. P: the promise's number in the README.

A violation is a fact that must never be. What has a chance (a rollback although all was well, one too early)
is counted instead, and judged over all worlds together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Mode
from monitor.ports import Control, WatchRow
from tests.simulation.channel import Delivery
from tests.simulation.stage import Stage
from tests.simulation.traffic import breaches
from tests.simulation.world import Incident
from tests.virtual import START

LIMIT = 0.01
ROLLBACK_RULE = "error_rate.rollback"
DECISIONS = {"approval_requested", "would_roll_back"}

LARGEST = 150_000
"""Characters that a target's stored state may have, a few watches and their memory together."""

NEWS_SECONDS = 10.0
"""A control that was committed is known after one interval, when no notification came through, and this."""

UNSEEN_BY = {"channel_away", "channel_hangs", "channel_deaf", "locked", "lost_before", "lost_after", "clock"}
"""Faults that take nothing from what the daemon measures."""

RESTARTS = {"kill", "stop", "cut", "second", "away", "stand_still", "channel_deaf", "channel_hangs"}
"""Faults after which a message may come again with its key."""


BY_REQUEST = {Control.APPROVE, Control.ROLLBACK}


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    promise: int
    text: str

    def __str__(self) -> str:
        return f"P{self.promise}: {self.text}"


@dataclass(frozen=True, slots=True)
class Decided:
    """A rollback that a rule decided, asked for, or would have done."""

    at: float
    watch_id: str
    since: float


@dataclass(slots=True)
class Judged:
    """One world: what was broken, and what is counted."""

    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)  # seconds from an incident's beginning to its decision


def judged(stage: Stage) -> Judged:
    """Everything about a world that has been played."""
    found = Judged()
    for check in CHECKS:
        found.violations += check(stage)
    _count(stage, found)
    return found


# ---------------------------------------------------------------- once, and only after its intent


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
    for at, order, _ in stage.seen.orders:
        if at > verdicts.get(order.watch.id, at):
            yield Violation(1, f"{at:.0f}: {order.watch.id}: ordered after its verdict")
    for row in stage.database.rows.values():
        if (row.verdict == "rolled_back") != (row.id in done):
            yield Violation(1, f"{row.id}: verdict {row.verdict}, effect at {done.get(row.id)}")


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
        if not evidence or evidence["score"] < evidence["needed"]:
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


# ---------------------------------------------------------------- persons


def _persons_win(stage: Stage) -> Iterator[Violation]:
    """Who paused or cancelled before the intent; in whose name an order is; what mode allows."""
    every = [*stage.database.intents, *stage.database.withdrawn]
    for intent in every:
        order, watch = intent.order, intent.order.watch
        done = [(at, c) for at, w, c, ok in stage.seen.controls if ok and w == watch.id and at <= intent.at]
        if any(c is Control.CANCEL for _, c in done):
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: intent after a cancel")
        if _paused(done) and not (order.by and done[-1][1] is Control.ROLLBACK):
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: intent while paused")
        asked = {c for _, c in done}
        if not order.by and watch.mode is not Mode.AUTO:
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: acted by itself in {watch.mode.value}")
        if order.by and not asked & (BY_REQUEST if watch.mode is not Mode.OBSERVE else {Control.ROLLBACK}):
            yield Violation(9, f"{intent.at:.0f}: {watch.id}: in a person's name who did not ask")


def _paused(done: list[tuple[float, Control]]) -> bool:
    last = [c for _, c in done if c in {Control.PAUSE, Control.RESUME}]
    return bool(last) and last[-1] is Control.PAUSE


def _orders_know_persons(stage: Stage) -> Iterator[Violation]:
    """A rule orders nothing a while after a pause or a cancel; the ledger's refusal is the second wall."""
    for at, order, _ in stage.seen.orders:
        known = at - stage.world.interval - NEWS_SECONDS
        if order.by or _any(stage, {"away", "cut", "stand_still", "kill", "stop"}, known - 300, at):
            continue
        done = [(t, c) for t, w, c, ok in stage.seen.controls if ok and w == order.watch.id and t <= known]
        if any(c is Control.CANCEL for _, c in done) or (
            _paused(done)
            and _paused(
                [(t, c) for t, w, c, ok in stage.seen.controls if ok and w == order.watch.id and t <= at]
            )
        ):
            yield Violation(9, f"{at:.0f}: {order.watch.id}: ordered although a person had said no")


def _the_newest_acts(stage: Stage) -> Iterator[Violation]:
    """A rule orders nothing for a watch while a newer one is open, or has succeeded."""
    gone = {"cancelled", "rolled_back", "resolved_externally"}
    ends = {new.id: at for at, _, new in stage.seen.verdicts if new.verdict in gone}
    rows = list(stage.database.rows.values())
    for at, order, _ in stage.seen.orders:
        known = at - stage.world.interval - NEWS_SECONDS
        if order.by or _any(stage, {"away", "cut", "stand_still", "kill", "stop"}, known - 300, at):
            continue
        for row in rows:
            if row.seq > order.watch.seq and _second(row.started_at) < known and ends.get(row.id, at) >= at:
                yield Violation(14, f"{at:.0f}: {order.watch.id} ordered, and {row.id} is newer")


# ---------------------------------------------------------------- success, and what is not measured


def _success(stage: Stage) -> Iterator[Violation]:
    for _, _, row in stage.seen.verdicts:
        if row.verdict != "succeeded" or row.verdict_at is None:
            continue
        policy, end = stage.policy, row.verdict_at
        if end - row.started_at < policy.success_after:
            yield Violation(17, f"{row.id}: succeeded after {(end - row.started_at) / SECOND:.0f} s")
        window = [
            s for s in stage.database.stored_samples.values() if end - policy.success_after <= s.at <= end
        ]
        seen = [s for s in window if s.value is not None or s.quiet]
        if not seen or end - max(s.at for s in seen) > policy.max_gap:
            yield Violation(16, f"{row.id}: succeeded without a fresh sample")
        requests = sum(s.requests or 0 for s in window)
        if requests < 3000:
            yield Violation(16, f"{row.id}: succeeded on {requests:.0f} requests")
        if ids := [i for i in stage.world.incidents if _spoils(stage, i, row)]:
            yield Violation(16, f"{row.id}: succeeded in spite of {ids[0]}")


def _spoils(stage: Stage, incident: Incident, row: WatchRow) -> bool:
    """An incident of the watch's day that everybody could see, for longer than is tolerated."""
    begun = max(incident.at, (row.started_at - START) / SECOND)
    over = incident.at + incident.lasts
    failed = _failed(stage, begun, over)
    unseen = _any(stage, None, begun, over)
    return over - begun > 1800 and failed >= 100 and incident.mean >= 0.02 and not unseen


def _failed(stage: Stage, begun: float, over: float) -> int:
    return stage.application.counted(over)[1] - stage.application.counted(begun)[1]


def _nothing_is_no_sample(stage: Stage) -> Iterator[Violation]:
    """While nothing answers, or only what is old, there is neither a value nor quiet."""
    slack = stage.world.interval + 60
    good = [_second(s.at) for s in stage.database.stored_samples.values() if s.value is not None or s.quiet]
    for fault in stage.world.faults:
        if fault.kind not in {"hangs", "refuses", "cached"} or any(
            f.kind == "clock" for f in stage.world.faults
        ):
            continue
        begun = fault.at + (stage.policy.max_gap / SECOND if fault.kind == "cached" else 0) + slack
        if seen := [at for at in good if begun < at < fault.ends - 1]:
            yield Violation(16, f"{seen[0]:.0f}: a sample while {fault}")


def _blind_is_told(stage: Stage) -> Iterator[Violation]:
    """No usable sample for longer than blind_after is an event of each open watch, and an alert."""
    blind_after = stage.policy.blind_after
    good = sorted(s.at for s in stage.database.stored_samples.values() if s.value is not None or s.quiet)
    told = {(e.watch_id, e.at) for _, e in stage.seen.events if e.kind == "blind"}
    for row in stage.database.rows.values():
        end = row.verdict_at or good[-1]
        for last, following in pairwise(good):
            if following - last <= blind_after + stage.world.interval * SECOND or last <= row.started_at:
                continue
            at = last + blind_after
            if at + stage.world.interval * SECOND < end and (row.id, at) not in told:
                yield Violation(16, f"{row.id}: blind from {_second(at):.0f} on, and nobody was told")


# ---------------------------------------------------------------- alerts


def _alerts_arrive(stage: Stage) -> Iterator[Violation]:
    for name, receiver in stage.receivers.items():
        arrived: dict[str, list[Delivery]] = {}
        for delivery in receiver.arrived:
            arrived.setdefault(delivery.key, []).append(delivery)
        for key, row in stage.database.alerts.items():
            if row.channel == name and key not in arrived and key not in stage.database.given_up:
                yield Violation(10, f"{key} never arrived")
        for key, times in arrived.items():
            for one, two in pairwise(times):
                if one.told and not _any(stage, RESTARTS, one.at - 60, two.at):
                    yield Violation(10, f"{key} arrived at {one.at:.0f} and {two.at:.0f}")


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
    """Rights that were lost for a while are told, while a watch may roll back."""
    for fault in stage.world.faults:
        begun, over = fault.at, fault.ends
        if fault.kind != "unready" or over - begun < 3 * stage.world.interval + 30:
            continue
        others = [
            f for f in stage.world.faults if f is not fault and f.kind in RESTARTS | {"drifted", "unready"}
        ]
        if any(f.at - 900 < over and f.ends + 900 > begun for f in others):
            continue
        for row in stage.database.rows.values():
            end = _second(row.verdict_at) if row.verdict_at else stage.world.lasts
            if (
                row.mode is Mode.OBSERVE
                or _second(row.started_at) > begun - 60
                or end < over
                or row is not [*stage.database.rows.values()][-1]
            ):
                continue
            if not any(
                e.kind == "not_ready" and e.watch_id == row.id and begun <= at <= over + 5
                for at, e in stage.seen.events
            ):
                yield Violation(7, f"{row.id}: not ready from {begun} to {over}, and nobody was told")


def _small(stage: Stage) -> Iterator[Violation]:
    if (most := max(stage.seen.sizes, default=0)) > LARGEST:
        yield Violation(8, f"the stored state grew to {most} characters")


CHECKS = (
    _nothing_died,
    _once,
    _verdicts_stay,
    _evidence,
    _fresh_after_a_restart,
    _persons_win,
    _orders_know_persons,
    _the_newest_acts,
    _success,
    _nothing_is_no_sample,
    _blind_is_told,
    _alerts_arrive,
    _ends_are_told,
    _begins_once,
    _readiness_is_told,
    _small,
)


# ---------------------------------------------------------------- what has a chance


def _count(stage: Stage, found: Judged) -> None:
    for _, _, row in stage.seen.verdicts:
        found.counts[f"verdict {row.verdict}"] += 1
    found.counts["rollbacks"] += len(stage.seen.effects)
    for decided in decisions(stage):
        found.counts["decided"] += 1
        kind = _kind(stage, decided)
        if kind:
            found.counts[kind] += 1
        if kind == "false" and stage.world.background <= 0.002:
            found.violations.append(
                Violation(16, f"{decided.at:.0f}: {decided.watch_id}: a rollback of what was well")
            )
        if kind == "far too early":
            found.violations.append(
                Violation(17, f"{decided.at:.0f}: {decided.watch_id}: far before the hold was over")
            )
    for incident in stage.world.incidents:
        _found(stage, incident, found)


def decisions(stage: Stage) -> list[Decided]:
    """What the rules decided, at true seconds."""
    found = [
        Decided(at, order.watch.id, at - (order.at - order.since) / SECOND)
        for at, order, _ in stage.seen.orders if not order.by
    ]  # fmt: skip
    jumps = any(f.kind == "clock" for f in stage.world.faults)
    for at, event in stage.seen.events:
        if event.kind in DECISIONS:
            detail: Any = event.detail
            second = at if jumps else _second(event.at)
            found.append(
                Decided(second, str(event.watch_id), second - (event.at / SECOND - float(detail["since"])))
            )
    return sorted(found, key=lambda d: d.at)


def limit_of(stage: Stage, watch_id: str) -> float:
    """The watch's own: its baseline may have moved it."""
    view: Any = stage.database.rows[watch_id].view or {}
    return float((view.get("baseline") or {}).get("error_rate", {}).get("limit", LIMIT))


def _kind(stage: Stage, decided: Decided) -> str:
    """ "" for one that is right."""
    hold = stage.policy.rules[0].hold / SECOND
    cured = stage.application.cured_at
    spans = breaches(stage.world, limit_of(stage, decided.watch_id), cured)
    near = [(begun, over) for begun, over in spans if begun <= decided.at <= over + 6 * hold]
    if not near:
        return "false"
    begun, over = near[-1]
    alone = sum(o >= begun - 6 * hold and b <= begun for b, o in spans) == 1
    if decided.at < begun + 0.8 * hold and alone:
        return "far too early"
    if decided.at < begun + hold and alone:
        return "too early"
    if over - begun < hold:
        return "short"
    return "after its end" if decided.at > over + 2 * hold / 5 + 2 * stage.world.interval else ""


def _found(stage: Stage, incident: Incident, found: Judged) -> None:
    """Whether an incident that nothing hid was decided on."""
    name = f"{incident.ratio:.0%}"
    name += " fewer come" if incident.traffic < 1 else " in turn" if incident.off else ""
    if not _is_plain(stage, incident):
        return
    over = incident.at + incident.lasts + stage.world.interval
    hits = [d for d in decisions(stage) if incident.at <= d.at <= over]
    found.counts[f"incidents {name}"] += 1
    if hits:
        found.counts[f"found {name}"] += 1
        found.delays.append(hits[0].at - incident.at)
    elif incident.mean == 1.0:
        found.violations.append(
            Violation(16, f"{incident}: {_failed(stage, incident.at, over)} errors, and not found")
        )


def _is_plain(stage: Stage, incident: Incident) -> bool:
    """Long enough, with errors enough, while a watch is open, and with nothing in the way of seeing it."""
    hold = stage.policy.rules[0].hold / SECOND
    enough = hold + 10 * stage.world.interval
    begun, over = float(incident.at), float(incident.at + incident.lasts)
    if incident.lasts < enough or stage.world.background > 0.002:
        return False
    if _failed(stage, begun, min(over, begun + 7200)) < 20 and stage.application.cured_at is None:
        return False
    if not any(_open(row, begun - 60, begun + enough) for row in stage.database.rows.values()):
        return False
    kinds = {f.kind for f in stage.world.faults} - UNSEEN_BY
    return not (
        _any(stage, kinds, begun - 1800, over + 60)
        or any(begun - 5400 <= at <= over for at, *_ in stage.seen.controls)
        or any(begun - 600 <= w.at <= over for w in stage.world.watches)
    )


def _open(row: WatchRow, begun: float, over: float) -> bool:
    ends = _second(row.verdict_at) if row.verdict_at is not None else float("inf")
    own = row.verdict == "rolled_back" and ends > begun
    return _second(row.started_at) <= begun and (ends >= over or own)


def _any(stage: Stage, kinds: set[str] | None, begun: float, over: float) -> bool:
    """Whether a fault of these kinds (None: any) lasts within that time."""
    return any(
        (kinds is None or f.kind in kinds) and f.at <= over and f.ends >= begun for f in stage.world.faults
    )


def _second(at: Micros) -> float:
    return (at - START) / SECOND
