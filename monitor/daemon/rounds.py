"""One batch of happenings: to the core, and what it decided to whoever carries it out.

No waiting in here: executing is asked of `Hands`, writing of the recorder, telling of the `Announcer`.
The order within a batch: people, the executor's news, readings; then the core decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core import decisions as said
from monitor.core import events
from monitor.core import state as life
from monitor.core.lifecycle import BY_PERSON
from monitor.core.samples import Micros, Reading
from monitor.core.thresholds import Action, Mode
from monitor.core.view import evidence_view
from monitor.daemon import event_log
from monitor.daemon.announcer import Announcer
from monitor.daemon.dedup import RefusalNotices, StrangerNotices
from monitor.daemon.execution import HooksDue
from monitor.daemon.followup import FollowUp
from monitor.daemon.happenings import (
    VERDICTS,
    ChangesRead,
    ControlsRead,
    Finished,
    Happening,
    HooksRan,
    Loaded,
    Progressed,
    ReadinessRead,
    Readings,
    RefusalsRead,
    Reminded,
    Tick,
    from_progress,
    instances,
    row_of,
)
from monitor.daemon.keeper import NOT_YET, NOTHING, Keeper, ends_by_hand, unseen
from monitor.daemon.parts import TargetParts
from monitor.daemon.target_memory import EndedWatches, Milestones, RecentRounds, TargetMetrics
from monitor.ports import Json, Order, Outcome, OutcomeKind, Record, SampleRow, Wanted, WatchRow
from monitor.ports.hooks import Call, Moment
from monitor.ports.probes import Windowed
from monitor.present.progress import lost_intent
from monitor.present.verdicts import TOOK_EFFECT
from monitor.present.watch import with_units


@dataclass(frozen=True, slots=True)
class Hands:
    """What a round asks for and does not wait for."""

    execute: Callable[[Order, Wanted], None]
    settle: Callable[[WatchRow, Wanted], None]
    record: Callable[[Record], None]
    run_hooks: Callable[[Call], None]


class Rounds:
    """What is known of one target and its open watches; `take` is its only way in."""

    def __init__(self, parts: TargetParts, hands: Hands) -> None:
        self.keepers: dict[str, Keeper] = {}
        self.last_at: Micros | None = None
        self._parts = parts
        self._hands = hands
        self._policy = parts.rules.policy
        self._clock = parts.clock
        self._metrics = TargetMetrics(parts.rules.policy)
        self._announcer = Announcer(parts.messages, parts)
        self._refusals = RefusalNotices(parts.name)
        self._hooks = HooksDue()
        self._recent = RecentRounds(parts.rules.verify_for)
        self._strangers = StrangerNotices(parts.name)
        self.milestones = Milestones()
        self._intents: Mapping[str, int] = {}  # watch -> timeline of the intent that the last process knew
        self._unsaved: list[SampleRow] = []
        self.ended = EndedWatches()
        self._followup = FollowUp(parts.rules.verify_for, self._announcer, self.ended)

    def take(self, batch: Sequence[Happening]) -> None:
        """Takes a batch in at this moment, decides, and hands over what is to be done and written."""
        for happening in batch:
            if isinstance(happening, Loaded):
                self._adopt(happening.rows, self._clock.now(), happening.stored)
        now = self._clock.now()
        readings = [r for h in batch if isinstance(h, Readings) for r in h.readings]
        self._unsaved += [row_of(now, r) for r in readings]
        self._metrics.take(now, readings)
        self._recent.note(now, readings)
        decided = [self._take_in(keeper, batch, readings, now) for keeper in list(self.keepers.values())]
        if any(isinstance(h, Reminded) for h in batch):
            self._announcer.remind(now)
        for happening in batch:
            if isinstance(happening, HooksRan):
                self._hooks.done(happening.call)
                self._announcer.hooks(happening.call, happening.results, now)
            elif isinstance(happening, RefusalsRead):
                self._announcer.refused(self._refusals.hear(happening.refused, now))
        if any(isinstance(h, Tick) for h in batch):
            self._look_about(now)
        self._followup.judge(self._metrics, now)
        self._name_the_newest()
        self.last_at = now
        if any(decided) or self._announcer.something or self._holds_or_ticks(batch):
            self.save()
        self._part()

    def _name_the_newest(self) -> None:
        """While a newer watch is open it says what is so on the target: the older ones are silent."""
        running = [keeper.row for keeper in self.keepers.values() if not keeper.ended]
        newest = max(running, key=lambda row: row.seq, default=None)
        for keeper in self.keepers.values():
            keeper.hear_newest(newest)

    def _part(self) -> None:
        """From those that have ended."""
        for keeper in [k for k in self.keepers.values() if k.ended]:
            self.ended.add(keeper.id, keeper.view())
            del self.keepers[keeper.id]
        self._announcer.keep(self.keepers.keys())

    def _look_about(self, now: Micros) -> None:
        """Whether a stranger has the daemon's lock; each watch says so too."""
        stranger = self._parts.ports.store.stranger
        for keeper in self.keepers.values():
            keeper.hear_stranger(stranger)
        if (alert := self._strangers.hear(stranger, now)) is not None:
            self._announcer.of_target(alert)

    def _holds_or_ticks(self, batch: Sequence[Happening]) -> bool:
        """Written once per interval, and at every reading while a rollback streak is under way."""
        saved = (Tick, Finished, HooksRan, *((Readings,) if self.holds() else ()))
        return any(isinstance(happening, saved) for happening in batch)

    def save(self) -> None:
        """Hands everything since the last time to the recorder."""
        samples, self._unsaved = tuple(self._unsaved), []
        rows, alerts = self._announcer.take()
        kept = (k.update(self._announcer.told(k.id)) for k in self.keepers.values())
        updates = (*kept, *self._followup.take())
        self._hands.record(Record(updates, samples, rows, alerts, self._memory()))

    def start(self, rows: Sequence[WatchRow], memory: Json, samples: Sequence[SampleRow] = ()) -> None:
        """Goes on where the last process ended; the clock is never behind what is stored.

        `samples`: stored ones, from before the first watch that no process has seen.
        """
        stored: Any = memory
        for probe in self._parts.ports.probes:
            probe.restore(stored.get("probes", {}).get(probe.name, {}))
        self._announcer.reminders.restore(stored.get("open_pages", {}))
        self._announcer.stories.restore(stored.get("stories", {}))
        self._refusals.restore(stored.get("refused", {}))
        self._followup.restore(stored.get("aftermath", ()))
        self._strangers.restore(stored.get("strangers", ()))
        self._intents = stored.get("intents", {})
        self._hooks.restore(stored.get("afterwards", ()))
        self.milestones.restore(stored.get("milestones", ()))
        for call in self._hooks.awaited:
            self._hands.run_hooks(call)
        self._metrics.restore(stored.get("sentinel"))
        self._recent.restore(stored.get("before", {}))
        self._clock.not_before(self._metrics.next_at)
        self._adopt(rows, self._clock.now(), samples)

    def holds(self) -> Mapping[str, set[Micros]]:
        """metric -> when its rollback streaks under way reach, or reached, their hold; absent without one."""
        found: dict[str, set[Micros]] = {}
        for keeper in self.keepers.values():
            for rule, streak in zip(self._policy.rules, keeper.state.seen.streaks, strict=True):
                if streak is not None and rule.action is Action.ROLLBACK:
                    found.setdefault(rule.metric, set()).add(streak.first + rule.hold)
        return found

    def metrics(self) -> Mapping[str, Json]:
        """The target's metrics, watch or no watch."""
        return with_units(self._metrics.metrics(), self._parts.rules.kinds)

    def _take_in(
        self, keeper: Keeper, batch: Sequence[Happening], readings: Sequence[Reading], now: Micros
    ) -> bool:
        decided = False
        life, acted = keeper.state.life, keeper.watched().acts
        for event in self._events(keeper, batch, now):
            decided |= self._step(keeper, event)
        for reading in readings:
            decided |= self._step(keeper, events.Measured(now, reading))
        keeper.follow(now, readings)
        if keeper.is_over_what_was_before(now):
            self._rearm(keeper, now)
        decided |= self._step(keeper, events.Passed(now)) | self._step(keeper, events.BatchEnded(now))
        watch = keeper.watched()
        if watch.acts != acted:
            self._announcer.arming(watch, now)
            if keeper.readiness.reasons != NOT_YET.reasons:
                self._announcer.readiness(watch, now)
        self._announcer.tell_pending(watch, now)
        for metric, answering, known in instances(g for p in self._parts.ports.probes for g in p.gauges()):
            self._announcer.instances(watch, metric, answering, known, now)
        return decided or keeper.state.life != life

    def _rearm(self, keeper: Keeper, now: Micros) -> None:
        """What was wrong before it is over; where a ledger was lost, a person decides all the same."""
        if keeper.row.mode is Mode.AUTO and not keeper.ledger_lost:
            self._step(keeper, events.Rearmed(now))
            self._announcer.rearmed(keeper.watched(), now)

    def _events(self, keeper: Keeper, batch: Sequence[Happening], now: Micros) -> list[events.Event]:
        """What people and the executor did, as the core's events."""
        found: list[events.Event] = []
        for happening in batch:
            match happening:
                case ControlsRead(controls) if keeper.id in controls:
                    found += keeper.take_controls(controls[keeper.id], now)
                case Progressed(keeper.id, progress):
                    self._announcer.progress(keeper.watched(), progress, now)
                    keeper.hear_progress(progress, now)
                    found += from_progress(progress, now)
                case Finished(keeper.id, outcome):
                    found += self._from_outcome(keeper, outcome, now)
                case ChangesRead(keeper.id, changes):
                    keeper.hear_changes(changes)
                case ReadinessRead(keeper.id, readiness) if ends_by_hand(keeper, readiness):
                    found.append(
                        events.Executed(now, events.Verdict.RESOLVED_EXTERNALLY, readiness.reasons[0])
                    )
                case ReadinessRead(keeper.id, readiness):
                    keeper.hear_readiness(readiness)
                    self._announcer.readiness(keeper.watched(), now)
                    found += self._follow(keeper, readiness.timeline, now)
        return found

    def _follow(self, keeper: Keeper, timeline: int, now: Micros) -> Sequence[events.Event]:
        """A promotion is told once; without an intent that we had committed a person decides."""
        failover = keeper.hear_timeline(timeline)
        if failover is None:
            return ()
        if failover.lost_intent:
            return self._lose(keeper, lost_intent(failover.lost_intent, failover.now), now)
        self._announcer.promoted(keeper.watched(), failover.before, failover.now, now)
        return ()

    def _lose(self, keeper: Keeper, text: str, now: Micros) -> Sequence[events.Event]:
        """The ledger: what was decided before is not known, so a person decides."""
        keeper.lose_ledger(text)
        self._announcer.ledger_lost(keeper.watched(), text, now)
        return (events.ApprovalNeeded(now),)

    def _step(self, keeper: Keeper, event: events.Event) -> bool:
        """Steps one watch and carries out what was decided; True if anything was."""
        order, phase = keeper.state.life.order, keeper.state.life.phase
        decisions = keeper.take(event)
        if keeper.state.life.phase is not phase:
            event_log.moved(keeper.watched(), phase)
        for decision in decisions:
            self._announcer.decision(keeper.watched(), decision)
            self.milestones.note(keeper.row.migration, decision)
            match decision:
                case said.ExecuteRollback():
                    self._execute(keeper, decision)
                case said.Ended() if decision.verdict in TOOK_EFFECT:
                    self._afresh(keeper, decision.at)
                    self._follow_up(keeper, decision.at)
                    self._run_hooks(keeper, decision, order)
                case said.Ended(verdict=events.Verdict.RESOLVED_EXTERNALLY):
                    self._afresh(keeper, decision.at)
                case said.RequestApproval():
                    for more in keeper.take_request(decision):
                        self._step(keeper, more)
        return bool(decisions)

    def _afresh(self, keeper: Keeper, at: Micros) -> None:
        """After a rollback, by us or by hand: what was wrong before it is no fault of what comes next."""
        self._recent.rolled_back(keeper.state.started_at, at)
        self._metrics.afresh()
        for probe in self._parts.ports.probes:
            if isinstance(probe, Windowed):
                probe.begin_afresh()
        for other in self.keepers.values():
            other.target_was_rolled_back(at)

    def _follow_up(self, keeper: Keeper, at: Micros) -> None:
        """From now on the metrics are watched for whether the rollback helped."""
        if (until := self._followup.until(at)) is not None:
            keeper.await_aftermath(until)
            self._followup.begin(keeper.update({}), keeper.row.migration, until, keeper.opening.moved())

    def _run_hooks(self, keeper: Keeper, ended: said.Ended, order: life.Order | None) -> None:
        """The hooks after a rollback; found done after a restart, its decision may not be known."""
        row = keeper.row
        rule, since = (order.rule, order.since) if order is not None else ("", ended.at)
        decision, verdict = f"{rule}/{since}", ended.verdict.value
        call = Call(Moment.AFTER, row.id, row.target, row.migration, rule, decision, verdict)
        self._hooks.begin(call)
        self._hands.run_hooks(call)

    def _execute(self, keeper: Keeper, decision: said.ExecuteRollback) -> None:
        evidence: Json = evidence_view(decision.evidence) or {}
        keeper.begin_rollback()
        order = Order(keeper.row, decision.at, decision.rule, decision.since, evidence, decision.by)
        self._hands.execute(order, keeper.still_wanted)

    def _from_outcome(self, keeper: Keeper, outcome: Outcome | None, now: Micros) -> list[events.Event]:
        """The executor's end. A person's order that had no effect before a restart is given again."""
        keeper.end_rollback(outcome)
        watch = keeper.watched()
        if outcome is not None:
            self._announcer.outcome(watch, outcome, now)
            if VERDICTS[outcome.kind] is None:
                self._announcer.progress_over(watch, now)
            ended = events.Executed(now, VERDICTS[outcome.kind], outcome.reason)
            lost = outcome.kind is OutcomeKind.LEDGER_LOST
            return [ended, *(self._lose(keeper, outcome.reason, now) if lost else ())]
        self._announcer.progress_over(watch, now)
        order = keeper.state.life.order
        found: list[events.Event] = [
            events.Executed(now, None, "nothing had taken effect before the restart")
        ]
        if order is not None and order.rule == BY_PERSON:
            found.append(events.RollbackAsked(now, order.by))
        return found

    def _adopt(self, rows: Sequence[WatchRow], now: Micros, samples: Sequence[SampleRow]) -> None:
        """Takes open watches into hand: new ones, and those that the last process left."""
        for row in rows:
            if row.id in self.keepers or row.id in self.ended or row.verdict is not None:
                continue
            past = self._recent.past(samples) if unseen(row) else NOTHING
            keeper = Keeper(self._policy, row, self._parts.rules.kinds, now, past)
            self.keepers[row.id] = keeper
            self._announcer.adopt(row.id, row.state or {})
            if row.intent_at is None:
                keeper.remember_intent(self._intents.get(row.id, 0))
            if keeper.is_new:
                self._announcer.adopted(keeper.watched(), keeper.opening.rules, now)
                found = keeper.take_past(past)
                self._announcer.found(keeper.watched(), found)
                self._followup.overtake(row.migration, keeper.state.started_at, now)
            else:
                self._clock.not_before(keeper.state.seen.at + 1)  # the stored batch is over
                now = self._clock.now()
            if row.intent_at is not None:
                self._step(keeper, events.IntentCommitted(now))
                keeper.begin_rollback()
                self._hands.settle(keeper.row, keeper.still_wanted)
            elif not keeper.is_new:
                self._restarted(keeper, now)
        self._name_the_newest()

    def _restarted(self, keeper: Keeper, now: Micros) -> None:
        """What was decided and not begun is given up until there is fresh evidence; the page stays open."""
        order = keeper.state.life.order
        self._step(keeper, events.Restarted(now))
        if order is not None and keeper.state.life.order is None:
            self._announcer.restarted(keeper.watched(), order, now)

    def _memory(self) -> Json:
        probes = {p.name: p.memory() for p in self._parts.ports.probes}
        return {
            "probes": probes,
            "sentinel": self._metrics.memory(),
            "open_pages": self._announcer.reminders.memory(),
            "stories": self._announcer.stories.memory(),
            "refused": self._refusals.memory(),
            "aftermath": self._followup.memory(),
            "before": self._recent.memory(),
            "strangers": self._strangers.memory(),
            "afterwards": self._hooks.memory(),
            "milestones": self.milestones.memory(),
            "intents": {i: k.intent_timeline for i, k in self.keepers.items() if k.intent_timeline},
        }
