"""One watch in the daemon's hands: its stored row, the core's state, and what else is known of it.

Everything that changes a watch is a method here, named for what happened; others read, or take the watch
as a value (`watched`). It does no IO: what the core decides is for the rounds to carry out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from monitor.core import codec, events
from monitor.core.beginning import Past
from monitor.core.decisions import Decision, RequestApproval
from monitor.core.lifecycle import order_is_due, order_stands
from monitor.core.phases import Phase
from monitor.core.replay import seconds
from monitor.core.samples import Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import Action, Mode, Policy
from monitor.core.watch import step
from monitor.daemon.opening import Opening, baselines_from
from monitor.ports import (
    Controls,
    Json,
    Lack,
    Outcome,
    OutcomeKind,
    Progress,
    ProgressKind,
    Readiness,
    Reason,
    Want,
    WatchRow,
    WatchUpdate,
)
from monitor.present.under_way import Attempt, attempt_after
from monitor.present.verdicts import How, aftermath_view
from monitor.present.watch import registered_risk, seen
from monitor.present.watched import Watched
from monitor.units import Kind

NOT_YET = Readiness(False, (Reason("not checked yet", Lack.UNCHECKED),))


NOTHING = Past()


@dataclass(frozen=True, slots=True)
class Failover:
    """Another timeline answers. `lost_intent`: that of a committed intent that it does not have; 0: none."""

    before: int
    now: int
    lost_intent: int = 0


class Keeper:
    """Holds one open watch of a target.

    `now`: ours. The row's moments are the database's; a new watch never begins in our future, or every
    sample until then would come too early for it. `past`: what a new watch begins with.
    """

    def __init__(
        self, policy: Policy, row: WatchRow, kinds: Mapping[str, Kind], now: Micros, past: Past = NOTHING
    ) -> None:
        self._kinds = kinds
        self.row = row
        self.readiness = replace(NOT_YET, at_risk=registered_risk(row.plan.plan))
        stored: dict[str, Any] = dict(row.state or {})
        self.timeline: int = stored.get("timeline", row.plan.timeline)
        self.remembered_intent = 0  # timeline of an intent that the ledger does not have; 0: none
        self.ledger_lost: str = stored.get("ledger_lost", "")
        started = min(row.started_at, now)
        if unseen(row):
            given = baselines_from(stored) or past.given
            self.opening = Opening.new(policy, started, replace(past, given=given))
        else:
            self.opening = Opening.stored(policy, stored)
        self.policy = policy = self.opening.policy
        state = codec.load(policy, stored["core"]) if stored else None
        self.is_new = state is None
        self._paused_at: Micros | None = stored.get("paused_at")
        self._approved_at: Micros | None = stored.get("approved_at")
        self._rollback_at: Micros | None = stored.get("rollback_at")
        self._was_awaiting = state is not None and state.life.phase is Phase.AWAITING_APPROVAL
        self.state: WatchState = state or new_state(policy, started, self.opening.mode(row.mode))
        self.executing = False
        self.changes: Json | None = None  # in the database since it began, as read last
        self.untouched = False  # its rollback failed, and none of it took effect
        self.kept: Sequence[Mapping[str, Any]] = ()  # what its rollback copied away or put aside
        self.attempt: Attempt | None = None  # the latest try of the rollback under way
        self.newer: str = stored.get("newer", "")  # the migration that is watched instead of this one
        self.aside = False  # a newer watch is open, and tells what is so on the target
        self.stranger = ""  # who has the daemon's lock without being one
        self.aftermath: Json | None = None  # whether its rollback helped, as far as that is known

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def ended(self) -> bool:
        return self.state.ended

    @property
    def breaching(self) -> bool:
        """Whether a streak of a rollback rule is under way."""
        under_way = zip(self.policy.rules, self.state.seen.streaks, strict=True)
        return any(s is not None and rule.action is Action.ROLLBACK for rule, s in under_way)

    @property
    def already_breaching(self) -> bool:
        """Whether it waits for a person because of what was wrong before its migration."""
        stands = self.opening.for_life or self.opening.standing is not None
        return self.row.mode is Mode.AUTO and stands

    def take_past(self, past: Past) -> tuple[Decision, ...]:
        """Takes in what was sampled between the migration and the registration; nothing is decided on it."""
        found: list[Decision] = []
        for at, reading in past.lines:
            if at >= self.state.started_at:
                found += self.take(events.Measured(at, reading))
                self.opening.follow(at, (reading,))
        return tuple(found)

    def take(self, event: events.Event) -> tuple[Decision, ...]:
        """Steps the core."""
        self.state, decisions = step(self.policy, self.state, event)
        return decisions

    # ------------------------------------------------------------ what was wrong before its migration

    def follow(self, at: Micros, readings: Sequence[Reading]) -> None:
        """Takes a round in, as long as something from before stands."""
        self.opening.follow(at, readings)

    def is_over_what_was_before(self, now: Micros) -> bool:
        """True once: what was wrong before is over for a whole hold, and the watch goes on."""
        return self.opening.over(now) and not self.ended

    def target_was_rolled_back(self, at: Micros) -> None:
        """What was wrong before a rollback is no fault of what comes next."""
        self.opening.afresh(at)

    # ------------------------------------------------------------ what is found

    def hear_readiness(self, readiness: Readiness) -> None:
        """What is at risk stays as it was known where it was not looked at."""
        known = self.readiness.at_risk if readiness.at_risk is None else readiness.at_risk
        self.readiness = replace(readiness, at_risk=known)

    def hear_changes(self, changes: Json) -> None:
        self.changes = changes

    def hear_stranger(self, stranger: str) -> None:
        """Who has the daemon's lock without being one; "": nobody."""
        self.stranger = stranger

    def hear_newest(self, newest: WatchRow | None) -> None:
        """Which watch is the newest open one on the target. Once that has ended its name stays.

        Who may roll back is decided by the database (`Controls.superseded`), not here.
        """
        self.aside = newest is not None and self.row.seq < newest.seq
        if newest is not None and self.aside:
            self.newer = newest.migration

    def hear_timeline(self, timeline: int) -> Failover | None:
        """The timeline of the primary that proved the readiness, 0: none did. What it changes, if anything.

        A rollback under way says itself what a failover has lost.
        """
        if not timeline or self.executing:
            return None
        before, intent_on = self.timeline, self.remembered_intent
        self.timeline, self.remembered_intent = timeline, 0
        lost = 0 if intent_on == timeline else intent_on
        return Failover(before, timeline, lost) if lost or timeline != before else None

    def lose_ledger(self, text: str) -> None:
        """What was decided before is not known for certain any more."""
        self.ledger_lost = text

    # ------------------------------------------------------------ its rollback

    def remember_intent(self, timeline: int) -> None:
        """The last process knew of an intent on that timeline that the ledger does not have; 0: of none."""
        self.remembered_intent = timeline

    def begin_rollback(self) -> None:
        """It is being executed, or what became of it found out."""
        self.executing = True

    def hear_progress(self, progress: Progress, now: Micros) -> None:
        """The executor on its way; one that went on on another timeline has told of the promotion."""
        if progress.kind is ProgressKind.PROMOTED:
            self.timeline = cast(int, progress.detail.get("now") or self.timeline)
        self.attempt = attempt_after(self.attempt, progress, now)

    def end_rollback(self, outcome: Outcome | None) -> None:
        """None: a committed intent was found without effect."""
        self.executing = False
        self.attempt = None
        if outcome is None:
            return
        saved: Any = outcome.detail.get("salvaged", ())
        self.kept = saved
        self.untouched = outcome.kind is OutcomeKind.FAILED and outcome.detail.get("took_effect") == 0
        if outcome.kind is OutcomeKind.LEDGER_LOST:  # with that, all is said of this timeline
            self.timeline = cast(int, outcome.detail.get("timeline") or self.timeline)

    def await_aftermath(self, until: Micros) -> None:
        """Whether its rollback helped is said then."""
        self.aftermath = aftermath_view(seconds(until))

    # ------------------------------------------------------------ what a person asked

    def take_controls(self, controls: Controls, now: Micros) -> list[events.Event]:
        """What a person's committed controls mean for the core, as events; each is said once."""
        self.row = replace(self.row, controls=controls)
        found: list[events.Event] = []
        phase = self.state.life.phase
        if controls.cancelled_at is not None:
            return [events.Cancelled(now, controls.reason)]
        if controls.superseded == self.state.life.armed:
            found.append(events.ArmingChanged(now, not controls.superseded))
        if controls.paused and phase is not Phase.PAUSED:
            found.append(events.Paused(now))
        elif not controls.paused and phase is Phase.PAUSED:
            found.append(events.Resumed(now))
        elif not controls.paused and controls.paused_at not in {None, self._paused_at}:
            found += [events.Paused(now), events.Resumed(now)]  # it came and went between two readings
        self._paused_at = controls.paused_at
        if controls.rollback_at not in {None, self._rollback_at}:
            self._rollback_at = controls.rollback_at
            found.append(events.RollbackAsked(now, controls.by))
        if controls.approved_at not in {None, self._approved_at} and not self._waits_for_request():
            self._approved_at = controls.approved_at
            found.append(events.Approved(now, controls.by))
        return found

    def take_request(self, request: RequestApproval) -> list[events.Event]:
        """A request asked again after a restart finds the approval that came in between."""
        was, self._was_awaiting = self._was_awaiting, False
        controls = self.row.controls
        if was and controls.approved_at not in {None, self._approved_at}:
            self._approved_at = controls.approved_at
            return [events.Approved(request.at, controls.by)]
        return []

    def _waits_for_request(self) -> bool:
        return self._was_awaiting and self.state.life.phase is not Phase.AWAITING_APPROVAL

    @property
    def intent_timeline(self) -> int:
        """The timeline that a committed intent of ours is on; 0 without one."""
        return self.remembered_intent or (self.timeline if self.state.life.intent else 0)

    def still_wanted(self) -> Want:
        """Asked by the executor before each try."""
        if not order_stands(self.policy, self.state):
            return Want.NO
        return Want.YES if order_is_due(self.policy, self.state) else Want.NOT_NOW

    def update(self, told: Json) -> WatchUpdate:
        """What the store keeps of it. `told`: what people have been told of it."""
        life = self.state.life
        stored = {
            "core": codec.dump(self.policy, self.state),
            **self.opening.memory(),
            "paused_at": self._paused_at,
            "approved_at": self._approved_at,
            "rollback_at": self._rollback_at,
            **told,
            "timeline": self.timeline,
            "ledger_lost": self.ledger_lost,
            "newer": self.newer,
        }
        verdict = life.verdict and life.verdict.value
        return WatchUpdate(
            self.id, life.phase.value, verdict, life.verdict_at, life.reason, stored, self.view()
        )

    def watched(self) -> Watched:
        """As a value, for whoever puts it into words."""
        return Watched(
            self.row, self.policy, self.state, self._kinds, self.readiness,
            normals=self.opening.normals(self._kinds), attempt=self.attempt,
            how=How(self.untouched, self.aftermath), newer=self.newer, stranger=self.stranger,
            ledger_lost=self.ledger_lost, kept=self.kept, changes=self.changes,
            already_breaching=self.already_breaching, aside=self.aside,
        )  # fmt: skip

    def view(self) -> Json:
        """The watch as JSON; times in epoch seconds."""
        return seen(self.watched()).to_json()


def unseen(row: WatchRow) -> bool:
    """Whether no daemon has taken the watch in yet, or none whose state can be read."""
    core: Any = (row.state or {}).get("core") or {}
    return core.get("format") not in codec.READ


def ends_by_hand(keeper: Keeper, readiness: Readiness) -> bool:
    """Whether the watch is over because its rollback was found done by hand.

    Not while a rollback is under way, which settles that itself, nor while a person has paused the watch.
    """
    found = Lack.BY_HAND.value in readiness.codes
    return found and not keeper.executing and keeper.state.life.phase is not Phase.PAUSED
