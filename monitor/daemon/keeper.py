"""One watch in the daemon's hands: its stored row, the core's state, and what a person asked of it.

Takes events to the core and keeps what comes out; it does no IO. What the core decides is for the
loop to carry out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor.core import codec, events
from monitor.core.beginning import Past
from monitor.core.decisions import Decision, RequestApproval
from monitor.core.lifecycle import order_is_due, order_stands
from monitor.core.phases import Phase
from monitor.core.samples import Micros
from monitor.core.state import WatchState, new_state
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.core.watch import step
from monitor.daemon.lacks import Lacks
from monitor.daemon.opening import Opening, baselines_from
from monitor.ports import Controls, Json, Lack, Readiness, Reason, Want, WatchRow, WatchUpdate
from monitor.present.under_way import Attempt
from monitor.present.verdicts import How
from monitor.present.watch import registered_risk, seen
from monitor.present.watched import Watched
from monitor.units import Kind

NOT_YET = Readiness(False, (Reason("not checked yet", Lack.UNCHECKED),))


NOTHING = Past()


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
        self.lacks = Lacks(stored.get("lacks", ()))
        self.timeline: int = stored.get("timeline", row.plan.timeline)
        self.remembered_intent = 0  # timeline of an intent that the ledger does not have; 0: none
        self.ledger_lost: str = stored.get("ledger_lost", "")
        self.missing: dict[str, int] = stored.get("missing", {})  # metric -> instances that do not answer
        self.told_pending: set[str] = set(stored.get("told_pending", ()))  # rules
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
        self.untold: set[str] = set(stored.get("untold", ()))  # conditions that nobody was told of for that
        self.stranger = ""  # who has the daemon's lock without being one
        self.aftermath: Json | None = None  # whether its rollback helped, as far as that is known

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def mode(self) -> Mode:
        return self.state.life.mode

    @property
    def ended(self) -> bool:
        return self.state.ended

    @property
    def may_roll_back(self) -> bool:
        """Whether a rollback may be asked of it: not observing, not superseded."""
        return self.mode is not Mode.OBSERVE and self.state.life.armed

    @property
    def no_rollback(self) -> bool:
        """Whether the migration has none: then the watch only alerts."""
        return self.row.plan.no_rollback

    def rule(self, name: str) -> Rule:
        """With the limit of this watch, of what the core has said of it."""
        return next(rule for rule in self.policy.rules if rule.name == name)

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

    def update(self) -> WatchUpdate:
        """What the store keeps of it."""
        life = self.state.life
        stored = {
            "core": codec.dump(self.policy, self.state),
            **self.opening.memory(),
            "paused_at": self._paused_at,
            "approved_at": self._approved_at,
            "rollback_at": self._rollback_at,
            "missing": dict(self.missing),
            "told_pending": sorted(self.told_pending),
            "untold": sorted(self.untold),
            "lacks": self.lacks.memory(),
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
            already_breaching=self.already_breaching,
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
