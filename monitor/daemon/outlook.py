"""What happens next with a watch, and when: one sentence for the page, the terminal, alerts and reports.

Made of our own words, configured names and numbers. Values in, values out; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.core.phases import Phase
from monitor.core.prospects import earliest_success
from monitor.core.replay import seconds
from monitor.core.samples import HOUR, SECOND, Micros
from monitor.core.state import WatchState
from monitor.core.streaks import Streak
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.ports import Json, Lack, Readiness
from monitor.units import Kind, show_value

NEAR: Micros = 12 * HOUR
"""A moment nearer than this is told without its day."""

PAUSED = "Nothing is decided until a person resumes it; after that every streak begins afresh."

UNSEEN = "Nothing happens until the daemon (`migration-monitor run`) has seen this watch."


@dataclass(frozen=True, slots=True)
class Next:
    """The sentence, and the moment it speaks of (None: it depends on something else than time)."""

    text: str
    at: Micros | None = None

    def view(self) -> Json:
        """As JSON; `at` in epoch seconds."""
        return {"text": self.text, "at": None if self.at is None else seconds(self.at)}


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the sentence depends on."""

    policy: Policy
    state: WatchState
    readiness: Readiness
    kinds: Mapping[str, Kind]

    @property
    def now(self) -> Micros:
        return self.state.seen.at

    @property
    def acts(self) -> bool:
        """Whether a firing rollback rule leads to anything but words."""
        return self.state.life.armed and self.state.life.mode is not Mode.OBSERVE

    def streaks(self) -> Sequence[tuple[Rule, Streak]]:
        found = zip(self.policy.rules, self.state.seen.streaks, strict=True)
        return [(rule, streak) for rule, streak in found if streak is not None]

    def limit(self, rule: Rule) -> str:
        """`above 1 %`, `at or above 60`."""
        relation = "at or above" if rule.inclusive else "above"
        return f"{relation} {show_value(self.kinds.get(rule.metric, Kind.COUNT), rule.limit)}"


def outlook(situation: Situation) -> Next:
    """The gravest thing that is under way; when nothing is, how and when the watch ends."""
    life = situation.state.life
    if life.phase is Phase.ENDED:
        return ended(life.verdict.value if life.verdict else "ended")
    if life.phase in _BY_PHASE:
        return Next(_BY_PHASE[life.phase])
    if life.phase is Phase.ROLLING_BACK:
        done = "The rollback is being executed now" if life.intent else "The rollback begins now"
        return Next(f"{done}; `status` shows its way.")
    return _breaching(situation) or _warming(situation) or _alerting(situation) or _ending(situation)


def ended(verdict: str) -> Next:
    """Of a watch that has its verdict."""
    return Next(f"Nothing: the watch has ended ({verdict.replace('_', ' ')}).")


def clock(at: Micros, now: Micros) -> str:
    """`03:14:05 UTC`, with its day when it is not near."""
    form = "%H:%M:%S UTC" if abs(at - now) < NEAR else "%Y-%m-%d %H:%M UTC"
    return datetime.fromtimestamp(at / SECOND, UTC).strftime(form)


_BY_PHASE: Mapping[Phase, str] = {
    Phase.IN_DOUBT: "Whether the rollback took effect is settled from the ledger as soon as the primary "
    "answers; nothing is repeated until then.",
    Phase.PAUSED: PAUSED,
    Phase.AWAITING_APPROVAL: "Nothing is rolled back until a person approves; the request is withdrawn "
    "if the breach ends first.",
}


def _breaching(situation: Situation) -> Next | None:
    """A rollback rule's streak: what it leads to, when it is due."""
    found = [(r, s) for r, s in situation.streaks() if r.action is Action.ROLLBACK]
    if not found:
        return None
    rule, streak = min(found, key=lambda pair: pair[1].first + pair[0].hold)
    if not situation.acts:
        return Next(_observed(situation, rule))
    what = _consequence(situation)
    due = streak.first + rule.hold
    if streak.firing:
        return Next(
            f"{what} at the next sample with {rule.metric} {situation.limit(rule)}.{_unable(situation)}"
        )
    if due <= situation.now:
        why = f"{what} as soon as the evidence suffices that {rule.metric} is {situation.limit(rule)}"
        return Next(f"{why}{_counted(situation, streak)}.{_unable(situation)}")
    when = clock(due, situation.now)
    return Next(f"{what} at {when} if {rule.metric} stays {situation.limit(rule)}.{_unable(situation)}", due)


def _consequence(situation: Situation) -> str:
    by_itself = situation.state.life.mode is Mode.AUTO
    return "Rolls back by itself" if by_itself else "Asks a person to approve the rollback"


def _observed(situation: Situation, rule: Rule) -> str:
    why = "this watch only observes" if situation.state.life.armed else "a newer watch is responsible"
    return f"Nothing is rolled back although {rule.metric} is {situation.limit(rule)}: {why}."


def _counted(situation: Situation, streak: Streak) -> str:
    if streak.evidence is None:
        return ""
    seen, needed = streak.evidence.requests, situation.policy.min_requests
    return f" ({streak.evidence.errors:g} errors in {seen:g} requests so far; at least {needed:g} are needed)"


def _unable(situation: Situation) -> str:
    """What would keep a rollback from being executed: a sentence of its own."""
    reasons, codes = situation.readiness.reasons, situation.readiness.codes
    if situation.readiness.ok or not situation.acts or codes == (Lack.UNCHECKED.value,):
        return ""
    return f" It could NOT be executed now: {reasons[0] if reasons else 'it is not ready'}."


def _warming(situation: Situation) -> Next | None:
    if situation.state.life.phase is not Phase.WARMING:
        return None
    over = situation.state.started_at + situation.policy.warm_up
    return Next(f"Breaches count from {clock(over, situation.now)} on; until then it warms up.", over)


def _alerting(situation: Situation) -> Next | None:
    """The next alert that a lasting breach leads to."""
    found = [(s.first + r.hold, r) for r, s in situation.streaks() if not s.firing]
    coming = [(due, r) for due, r in found if due > situation.now]
    if not coming:
        return None
    due, rule = min(coming, key=lambda pair: pair[0])
    told = f"{rule.metric} stays {situation.limit(rule)}; nothing is rolled back for it"
    return Next(f"Alerts people at {clock(due, situation.now)} if {told}.{_unable(situation)}", due)


def _ending(situation: Situation) -> Next:
    """Success when nothing more comes in its way, else giving up."""
    now = situation.now
    success = earliest_success(situation.policy, situation.state)
    over = situation.state.started_at + situation.policy.give_up_after
    hindered = _hindered(situation)
    if success > over:
        why = "too much was not normal, or not seen, to succeed before"
        text = f"Ends as inconclusive at {clock(over, now)}: {why}"
        return Next(f"{text}.{_unable(situation)}", over)
    if not hindered:
        at = max(success, now)
        return Next(f"Succeeds at {clock(at, now)} if everything stays normal.{_unable(situation)}", at)
    need = f"once {' and '.join(hindered)}; ends as inconclusive at {clock(over, now)} otherwise"
    if success <= now:
        return Next(f"Succeeds {need}.{_unable(situation)}")
    return Next(f"Succeeds at {clock(success, now)} at the earliest, {need}.{_unable(situation)}", success)


def _hindered(situation: Situation) -> list[str]:
    """What must change before it can succeed."""
    silent, high = [], []
    policy, seen = situation.policy, situation.state.seen
    for threshold, track in zip(policy.thresholds, seen.tracks, strict=True):
        fresh = track.seen is not None and situation.now - track.seen <= policy.max_gap
        if not fresh or track.value is None:
            silent.append(threshold.metric)
        elif not threshold.is_normal(track.value):
            high.append(threshold.metric)
    found = []
    if high:
        found.append(f"{', '.join(high)} {'is' if len(high) == 1 else 'are'} normal again")
    if silent:
        found.append(f"{', '.join(silent)} can be measured")
    return found
