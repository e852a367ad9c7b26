"""What happens next with a watch, and when: one sentence for the page, the terminal, alerts and reports.

Made of our own words, configured names and numbers, of what persons gave as their reason, and of the names of
the sessions that are in a rollback's way. Values in, values out; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.core.phases import Phase
from monitor.core.prospects import earliest_success
from monitor.core.replay import seconds
from monitor.core.samples import SECOND, Micros
from monitor.core.state import Track, WatchState
from monitor.core.streaks import Streak
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.core.verdicts import proofs
from monitor.ports import Controls, Json, Lack, WatchRow
from monitor.present import times, verdicts
from monitor.present.reasons import why
from monitor.present.watched import Watched
from monitor.units import show_evidence, show_span

UNSEEN = "Waiting for the daemon (`migration-monitor run`) to pick up this watch."


@dataclass(frozen=True, slots=True)
class Next:
    """The sentence, and the moment it speaks of (None: it depends on something else than time)."""

    text: str
    at: Micros | None = None

    def view(self) -> Json:
        """As JSON; `at` in epoch seconds."""
        return {"text": self.text, "at": None if self.at is None else seconds(self.at)}


def next_step(watch: Watched) -> Next:
    """The gravest thing that is under way; when nothing is, how and when the watch ends."""
    life = watch.state.life
    if life.phase is Phase.ENDED and life.verdict is not None:
        return ended(life.verdict.value, watch.how, watch.now)
    if life.phase in _BY_PHASE:
        return Next(_BY_PHASE[life.phase])
    if life.phase is Phase.PAUSED:
        return paused(watch.controls)
    if life.phase is Phase.ROLLING_BACK:
        return Next(_rolling(watch))
    if not life.armed:
        return Next(_superseded(watch))
    return _breaching(watch) or _guard_off(watch) or _unhurried(watch)


def ended(verdict: str, how: verdicts.How, now: Micros) -> Next:
    """Of a watch that has its verdict: what is so, and what is left to a person."""
    awaited = how.awaited
    at = None if awaited is None else round(awaited * SECOND)
    return Next(verdicts.told(verdict, how, "" if at is None else clock(at, now)), at)


def of_row(row: WatchRow, now: Micros) -> Next:
    """Of a watch that the daemon has not seen, or that has ended: by a person, perhaps, without a daemon."""
    if row.verdict is None:
        return Next(UNSEEN)
    known: Mapping[str, Any] = row.view or {}
    return ended(row.verdict, verdicts.How(bool(known.get("untouched")), known.get("aftermath")), now)


def expected_end(policy: Policy, state: WatchState) -> Micros:
    """When the watch ends if everything stays normal from now on: as a success, or by giving up before."""
    give_up = state.started_at + policy.give_up_after
    return min(max(earliest_success(policy, state), state.seen.at), max(give_up, state.seen.at))


def clock(at: Micros, now: Micros) -> str:
    """`03:14:05 UTC`, with its day when it is not near."""
    return times.clock(at / SECOND, now / SECOND)


def _limit(watch: Watched, rule: Rule) -> str:
    """`above 1 %`, `at or above 60`."""
    relation = "at or above" if rule.inclusive else "above"
    return f"{relation} {watch.show(rule.metric, rule.limit)}"


_BY_PHASE: Mapping[Phase, str] = {
    Phase.IN_DOUBT: "The ledger will show whether the rollback took effect as soon as the primary answers; "
    "nothing is retried until then.",
    Phase.AWAITING_APPROVAL: "Waiting for approval (`migration-monitor approve`); "
    "the request is withdrawn if the breach ends first.",
}


def paused(controls: Controls) -> Next:
    """Of a watch that a person has paused: who, and why."""
    who = f"Paused by {controls.by}" if controls.by else "Paused"
    because = f" ({controls.reason})" if controls.reason else ""
    rest = "no decisions until it is resumed; every streak then starts afresh."
    return Next(f"{who}{because}: {rest}")


def _rolling(watch: Watched) -> str:
    if not watch.state.life.intent:
        return "The rollback begins now."
    attempt = watch.attempt
    return "The rollback is being executed now." if attempt is None else attempt.sentence()


def _superseded(watch: Watched) -> str:
    """It never acts, so that what it would have done is no news; how it ends is."""
    rest = _breaching(watch) or _unhurried(watch)
    return f"Observing only: {_instead(watch)}. {rest.text}"


def _instead(watch: Watched) -> str:
    return f"{watch.newer or 'a newer migration'} is monitored on the same target"


def _unhurried(watch: Watched) -> Next:
    return _warming(watch) or _alerting(watch) or _ending(watch)


def _guard_off(watch: Watched) -> Next | None:
    """A rollback needs fresh evidence: of what can't be measured there is none."""
    policy, tracks = watch.policy, watch.state.seen.tracks
    blind = {
        t.metric: track
        for t, track in zip(policy.thresholds, tracks, strict=True)
        if track.blind or _silent(watch, track)
    }
    guards = [rule.metric for rule in policy.rules if rule.action is Action.ROLLBACK]
    unseen = [metric for metric in guards if metric in blind]
    if not unseen or not watch.acts:
        return None
    first = blind[unseen[0]]
    because = why(first.missing)
    said = f"{' and '.join(unseen)} can't be measured{f' ({because})' if because else ''}"
    told = None if first.blind or first.seen is None else first.seen + policy.blind_after
    rest = (
        "no rollback can be decided until"
        if len(unseen) == len(guards)
        else "no rollback is decided on it until"
    )
    alerts = "" if told is None else f" An alert goes out at {clock(told, watch.now)} if this continues."
    return Next(f"{said}: {rest} it can.{alerts}", told)


def _silent(watch: Watched, track: Track) -> bool:
    """Measured before, and not for longer than a streak survives; nobody was alerted yet."""
    return track.seen is not None and not track.quiet and watch.now - track.seen > watch.policy.max_gap


def _breaching(watch: Watched) -> Next | None:
    """A rollback rule's streak: what it leads to, when it is due."""
    found = [(r, s) for r, s in watch.streaks() if r.action is Action.ROLLBACK]
    if not found:
        return None
    rule, streak = min(found, key=lambda pair: pair[1].first + pair[0].hold)
    if not watch.acts:
        return Next(_observed(watch, rule))
    what = _consequence(watch)
    due = streak.first + rule.hold
    if streak.firing:
        return Next(f"{what} at the next sample with {rule.metric} {_limit(watch, rule)}.{_unable(watch)}")
    if due <= watch.now:
        text = f"{what} as soon as {_unsure(watch, rule, streak)}"
        return Next(f"{text}{_counted(streak)}.{_unseen(watch, rule)}{_unable(watch)}")
    when = clock(due, watch.now)
    said = f"{what} at {when} if {rule.metric} stays {_limit(watch, rule)}."
    return Next(f"{said}{_unseen(watch, rule)}{_unable(watch)}", due)


def _unsure(watch: Watched, rule: Rule, streak: Streak) -> str:
    """What a streak older than its hold lacks: evidence, or that it was so for as long and still is."""
    so, evidence = f"{rule.metric} is {_limit(watch, rule)}", streak.evidence
    if evidence is not None and evidence.score >= evidence.needed:
        return f"it is certain that {so}, has been for {show_span(rule.hold)}, and still is"
    return f"there is enough evidence that {so}"


def _unseen(watch: Watched, rule: Rule) -> str:
    """A streak whose metric gives no value now is forgotten soon: a sentence of its own."""
    track = watch.state.seen.tracks[watch.policy.places[rule.metric].index]
    if not track.missing or track.quiet or track.seen is None:
        return ""
    until = clock(track.seen + watch.policy.max_gap, watch.now)
    because = why(track.missing)
    return (
        f" {rule.metric} can't be measured now ({because}): this streak is forgotten at {until} "
        "if this continues."
    )


def _consequence(watch: Watched) -> str:
    by_itself = watch.mode is Mode.AUTO
    return "Rolls back automatically" if by_itself else "Asks for approval to roll back"


def _observed(watch: Watched, rule: Rule) -> str:
    if watch.no_rollback:
        return f"{rule.metric} is {_limit(watch, rule)}, and there is no rollback: manual action is needed."
    only = ": this watch only observes" if watch.armed else ""
    return f"No rollback although {rule.metric} is {_limit(watch, rule)}{only}."


def _counted(streak: Streak) -> str:
    if streak.evidence is None:
        return ""
    e = streak.evidence
    return f" ({show_evidence(e.errors, e.requests, e.score, e.needed)})"


def _unable(watch: Watched) -> str:
    """What would keep a rollback from being executed: a sentence of its own."""
    reasons, codes = watch.readiness.reasons, watch.readiness.codes
    if watch.readiness.ok or not watch.acts or codes == (Lack.UNCHECKED.value,):
        return ""
    return f" The rollback could not be executed now: {reasons[0] if reasons else 'it is not ready'}."


def _warming(watch: Watched) -> Next | None:
    if watch.state.life.phase is not Phase.WARMING:
        return None
    over = watch.state.started_at + watch.policy.warm_up
    return Next(f"Breaches count from {clock(over, watch.now)} on; warming up until then.", over)


def _alerting(watch: Watched) -> Next | None:
    """The next alert that a lasting breach leads to."""
    found = [(s.first + r.hold, r) for r, s in watch.streaks() if not s.firing]
    coming = [(due, r) for due, r in found if due > watch.now]
    if not coming:
        return None
    due, rule = min(coming, key=lambda pair: pair[0])
    told = f"{rule.metric} stays {_limit(watch, rule)}; it never triggers a rollback"
    return Next(f"Alerts at {clock(due, watch.now)} if {told}.{_unable(watch)}", due)


def _ending(watch: Watched) -> Next:
    """Success when nothing more comes in its way, else giving up."""
    now = watch.now
    success = earliest_success(watch.policy, watch.state)
    over = watch.state.started_at + watch.policy.give_up_after
    hindered = _hindered(watch)
    if success > over:
        because = "too much time was abnormal or unobserved to succeed before then"
        text = f"Ends as inconclusive at {clock(over, now)}: {because}"
        return Next(f"{text}.{_unable(watch)}", over)
    if not hindered:
        at = max(success, now)
        return Next(f"Succeeds at {clock(at, now)} if everything stays normal.{_unable(watch)}", at)
    need = f"once {' and '.join(hindered)}; ends as inconclusive at {clock(over, now)} otherwise"
    if success <= now:
        return Next(f"Succeeds {need}.{_unable(watch)}")
    return Next(f"Succeeds at {clock(success, now)} at the earliest, {need}.{_unable(watch)}", success)


def _hindered(watch: Watched) -> list[str]:
    """What must change before it can succeed."""
    policy, seen = watch.policy, watch.state.seen
    silent = [
        metric
        for metric, track in zip(policy.metrics, seen.tracks, strict=True)
        if track.seen is None or watch.now - track.seen > policy.max_gap
    ]
    firing = zip(policy.rules, seen.streaks, strict=True)
    high = sorted({rule.metric for rule, streak in firing if streak is not None and streak.firing})
    found = [
        f"{metric} is proven normal (by {proof.requests:,.0f} of {proof.needed:,.0f} requests now)"
        for metric, proof in proofs(policy, watch.state, watch.now).items()
        if proof.missing > 0
    ]
    if high:
        found.append(f"{', '.join(high)} {'is' if len(high) == 1 else 'are'} normal again")
    if silent:
        found.append(f"{', '.join(silent)} can be measured")
    return found
