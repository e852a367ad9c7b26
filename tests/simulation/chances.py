"""What has a chance: rollbacks although all was well, or too early, or too late; incidents found, and when.

Of one world nothing can be said of it but the gravest; all together are judged by whoever played them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from monitor.core.samples import SECOND
from monitor.ports import WatchRow
from tests.simulation.facts import UNSEEN_BY, Violation, befell, failed, second_of, share
from tests.simulation.stage import Stage
from tests.simulation.traffic import breaches
from tests.simulation.world import Incident

LIMIT = 0.01
PLAINLY = 50
"""Requests that went well right before an incident: it had not begun."""

DECISIONS = {"approval_requested", "would_roll_back"}

QUIET_BACKGROUND = 0.002
"""Up to this share of background errors a rollback of what is well has no chance worth naming."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A rollback that a rule decided, asked for, or would have done."""

    at: float
    watch_id: str


def counted(stage: Stage) -> Counter[str]:
    """How often what happened."""
    found = Counter(f"verdict {row.verdict}" for _, _, row in stage.seen.verdicts)
    found["rollbacks"] = len(stage.seen.effects)
    for decided in decisions(stage):
        found["decided"] += 1
        if kind := _kind(stage, decided):
            found[kind] += 1
    for incident in stage.world.incidents:
        found["over in time"] += incident.lasts < stage.policy.rules[0].hold / SECOND
        if _is_plain(stage, incident):
            found[f"incidents {_name(incident)}"] += 1
            found[f"found {_name(incident)}"] += bool(_hits(stage, incident))
    return found


def delays(stage: Stage) -> list[float]:
    """Seconds from the beginning of each incident that nothing hid to the decision on it."""
    plain = [i for i in stage.world.incidents if _is_plain(stage, i)]
    return [hits[0].at - i.at for i in plain if (hits := _hits(stage, i))]


def grave(stage: Stage) -> Iterator[Violation]:
    """Those that must not be in any world."""
    for decided in decisions(stage):
        kind, which = _kind(stage, decided), f"{decided.at:.0f}: {decided.watch_id}"
        if kind == "false" and stage.world.background <= QUIET_BACKGROUND:
            yield Violation(16, f"{which}: a rollback of what was well")
        if over := _long_over(stage, decided):
            yield Violation(16, f"{which}: a rollback of what had been over for {over:.0f} s")
        if kind == "far too early":
            yield Violation(17, f"{which}: far before the hold was over")
        if kind == "too early" and _was_well(stage, decided.at):
            yield Violation(17, f"{which}: before the hold was over")
    for incident in stage.world.incidents:
        if incident.mean == 1.0 and _is_plain(stage, incident) and not _hits(stage, incident):
            yield Violation(16, f"{incident}: everything failed, and it was not found")


def _was_well(stage: Stage, at: float) -> bool:
    """Whether less than a hold before this moment the service was as it should be, plainly."""
    hold = stage.policy.rules[0].hold / SECOND
    begun = max(i.at for i in stage.world.incidents if i.at <= at)
    good = stage.application.counted(begun)[0] - stage.application.counted(at - hold)[0]
    return good >= PLAINLY and share(stage, at - hold, begun) <= LIMIT / 2


def decisions(stage: Stage) -> list[Decided]:
    """What the rules decided, at true seconds."""
    found = [
        Decided(at, order.watch.id) for at, order, _ in stage.seen.orders if not order.by
    ]  # fmt: skip
    jumps = any(f.kind == "clock" for f in stage.world.faults)
    for at, event in stage.seen.events:
        if event.kind in DECISIONS:
            second = at if jumps else second_of(event.at)
            found.append(Decided(second, str(event.watch_id)))
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


def _long_over(stage: Stage, decided: Decided) -> float:
    """Seconds since the end of the latest breach, where that is a hold ago; else 0."""
    hold = stage.policy.rules[0].hold / SECOND
    spans = breaches(stage.world, limit_of(stage, decided.watch_id), stage.application.cured_at)
    over = max((over for begun, over in spans if begun <= decided.at), default=decided.at)
    noisy = stage.world.background > QUIET_BACKGROUND
    return 0.0 if noisy or decided.at <= over + hold + 2 * stage.world.interval else decided.at - over


def _name(incident: Incident) -> str:
    more = " fewer come" if incident.traffic < 1 else " in turn" if incident.off else ""
    return f"{incident.ratio:.0%}{more}"


def _hits(stage: Stage, incident: Incident) -> list[Decided]:
    over = incident.at + incident.lasts + stage.world.interval
    return [d for d in decisions(stage) if incident.at <= d.at <= over]


def _is_plain(stage: Stage, incident: Incident) -> bool:
    """Long enough, with errors enough, while a watch is open, and with nothing in the way of seeing it."""
    hold = stage.policy.rules[0].hold / SECOND
    enough = hold + 10 * stage.world.interval
    begun, over = float(incident.at), float(incident.at + incident.lasts)
    if incident.lasts < enough or stage.world.background > 0.002:
        return False
    if failed(stage, begun, min(over, begun + 7200)) < 20 and stage.application.cured_at is None:
        return False
    if not any(_open(row, begun - 60, begun + enough) for row in stage.database.rows.values()):
        return False
    kinds = {f.kind for f in stage.world.faults} - UNSEEN_BY
    return not (
        befell(stage, kinds, begun - 1800, over + 60)
        or any(begun - 5400 <= at <= over for at, *_ in stage.seen.controls)
        or any(begun - 600 <= w.at <= over for w in stage.world.watches)
    )


def _open(row: WatchRow, begun: float, over: float) -> bool:
    ends = second_of(row.verdict_at) if row.verdict_at is not None else float("inf")
    own = row.verdict == "rolled_back" and ends > begun
    return second_of(row.started_at) <= begun and (ends >= over or own)
