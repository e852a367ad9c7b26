"""What is held of measuring: nothing is no data, blindness is told, and success means that all was well."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from monitor.core.samples import MINUTE, SECOND
from monitor.ports import SampleRow, WatchRow
from tests.simulation.facts import UNSEEN_BY, Violation, befell, failed, second_of
from tests.simulation.stage import Stage
from tests.simulation.world import Incident

NORMAL_BELOW, WORST_MINUTES, PROVEN_BY = 0.001, 15, 3000
"""The documented limit of normal, how many of the worst minutes are left out, requests as proof."""

MOSTLY_WELL, BUSY = 0.0005, 60.0
"""With no more errors, and with as many requests per minute, a day is proven normal when it is over."""

UNSEEN = 0.08
"""More of the day than this without samples is more than `max_unobserved`, however it is counted."""

LONGEST_WINDOW = 290 * SECOND
"""Counters of before are compared with, if they are no older than this."""

SMALLEST, OF_A_READ, LOOK_BACK = 60_000, 180, 6
"""Characters that a target's stored state may have: always, and for each fast read of six holds, which
a watch, an older one and the target itself keep."""


def _success(stage: Stage) -> Iterator[Violation]:
    for _, _, row in stage.seen.verdicts:
        if row.verdict == "succeeded" and row.verdict_at is not None:
            for text in _not_a_success(stage, row, row.verdict_at):
                yield Violation(16, f"{row.id}: succeeded {text}")
            after = row.verdict_at - row.started_at
            if after < stage.policy.success_after:
                yield Violation(17, f"{row.id}: succeeded after {after / SECOND:.0f} s")


def _success_comes(stage: Stage) -> Iterator[Violation]:
    """A day in which all was well is a success when it is over, however often the daemon was restarted."""
    world = stage.world
    kinds = {f.kind for f in world.faults}
    if kinds - {"stop"} or world.incidents or world.persons or world.made is not None:
        return
    if len(world.watches) > 1 or world.background > MOSTLY_WELL or world.per_minute < BUSY:
        return
    due = world.watches[0].at + stage.policy.success_after / SECOND + 2 * world.interval
    short = all(f.lasts <= world.interval for f in world.faults)
    done = [at for at, _, row in stage.seen.verdicts if row.verdict == "succeeded"]
    if short and due < stage.seen.over and not (done and done[0] <= due):
        yield Violation(17, f"all was well, and no success until {due:.0f}")


def _not_a_success(stage: Stage, row: WatchRow, end: int) -> Iterator[str]:
    """By the samples that are stored, and by what truly happened."""
    policy = stage.policy
    window = [s for s in stage.database.stored_samples.values() if end - policy.success_after <= s.at <= end]
    seen = sorted(s.at for s in window if s.value is not None or s.quiet)
    if not seen or end - seen[-1] > policy.max_gap:
        yield "without a fresh sample"
    unseen = sum(b - a for a, b in pairwise(seen) if b - a > policy.max_gap)
    if unseen > UNSEEN * policy.success_after:
        yield f"with {unseen / SECOND:.0f} s unobserved"
    requests = sum(s.requests or 0 for s in window)
    if requests < PROVEN_BY:
        yield f"on {requests:.0f} requests"
    if requests and (ratio := _without_the_worst(window) / requests) >= NORMAL_BELOW:
        yield f"with {ratio:.2%} of the requests failed"
    if spoilt := [i for i in stage.world.incidents if _spoils(stage, i, row)]:
        yield f"in spite of {spoilt[0]}"


def _without_the_worst(window: list[SampleRow]) -> float:
    """Errors of all minutes but the worst, which must be bad enough to be left out."""
    minutes: dict[int, list[float]] = {}
    for sample in window:
        minute = minutes.setdefault(sample.at // MINUTE, [0.0, 0.0])
        minute[0] += sample.errors or 0.0
        minute[1] += sample.requests or 0.0
    errors = sum(e for e, _ in minutes.values())
    bad = sorted((e for e, r in minutes.values() if e >= 2 and e >= 0.05 * r), reverse=True)
    return errors - sum(bad[:WORST_MINUTES])


def _spoils(stage: Stage, incident: Incident, row: WatchRow) -> bool:
    """An incident of the watch's day that everybody could see, for longer than is tolerated."""
    begun = max(incident.at, second_of(row.started_at))
    over: float = incident.at + incident.lasts
    if incident.cured and stage.application.cured_at is not None:
        over = min(over, stage.application.cured_at)
    unseen = befell(stage, None, begun, over)
    return over - begun > 1800 and failed(stage, begun, over) >= 100 and incident.mean >= 0.02 and not unseen


def _nothing_is_no_sample(stage: Stage) -> Iterator[Violation]:
    """While nothing answers, or only what is old, there is neither a value nor quiet."""
    slack = stage.world.interval + 60
    good = [second_of(s.at) for s in stage.database.stored_samples.values() if s.value is not None or s.quiet]
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
                yield Violation(16, f"{row.id}: blind from {second_of(at):.0f} on, and nobody was told")


def _a_restart_loses_no_count(stage: Stage) -> Iterator[Violation]:
    """A first read, of which nothing is known before, comes once: counters are kept with the state."""
    samples = sorted(stage.database.stored_samples.values(), key=lambda s: s.at)
    kinds = {f.kind for f in stage.world.faults} - {"kill", "stop", "away", "second"} - UNSEEN_BY | {"clock"}
    for before, after in pairwise(samples):
        known = before.value is not None and after.at - before.at <= LONGEST_WINDOW
        if known and after.reason == "baseline" and not befell(stage, kinds, 0, second_of(after.at)):
            yield Violation(16, f"{second_of(after.at):.0f}: a first read, and one was before")


def _small(stage: Stage) -> Iterator[Violation]:
    reads = LOOK_BACK * stage.policy.rules[0].hold / SECOND / stage.world.fast
    if (most := max(stage.seen.sizes, default=0)) > SMALLEST + OF_A_READ * reads:
        yield Violation(8, f"the stored state grew to {most} characters")


CHECKS = (_success, _success_comes, _nothing_is_no_sample, _blind_is_told, _a_restart_loses_no_count, _small)
