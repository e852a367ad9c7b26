"""One batch of happenings: to the core, and what it decided to whoever carries it out.

No waiting in here: executing is asked of `Hands`, writing of the recorder, telling of `Telling`.
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
from monitor.daemon import lines
from monitor.daemon.afterwards import Afterwards
from monitor.daemon.before import Before
from monitor.daemon.ended import Ended
from monitor.daemon.failover import follow, lost, progressed
from monitor.daemon.happenings import (
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
)
from monitor.daemon.judging import Judging
from monitor.daemon.keeper import NOTHING, Keeper, ends_by_hand, unseen
from monitor.daemon.milestones import Milestones
from monitor.daemon.news import VERDICTS, from_progress, instances, row_of
from monitor.daemon.parts import TargetParts
from monitor.daemon.refusals import Refusals
from monitor.daemon.sentinel import Sentinel
from monitor.daemon.strangers import Strangers
from monitor.daemon.succession import name_the_newest
from monitor.daemon.telling import Telling
from monitor.ports import Json, Order, Outcome, Record, SampleRow, WatchRow
from monitor.ports.hooks import Call, Moment
from monitor.ports.probes import Windowed
from monitor.present.alerts import Messages
from monitor.present.under_way import attempt_after
from monitor.present.verdicts import TOOK_EFFECT
from monitor.present.watch import with_units


@dataclass(frozen=True, slots=True)
class Hands:
    """What a round asks for and does not wait for."""

    execute: Callable[[Keeper, Order], None]
    settle: Callable[[Keeper], None]
    record: Callable[[Record], None]
    run_hooks: Callable[[Call], None]


class Rounds:
    """What is known of one target and its open watches; `take` is its only way in."""

    def __init__(self, parts: TargetParts, hands: Hands) -> None:
        self.keepers: dict[str, Keeper] = {}
        self.last_at: Micros | None = None
        self._parts = parts
        self._hands = hands
        self._policy = parts.policy
        self._clock = parts.clock
        self._sentinel = Sentinel(parts.policy)
        self._telling = Telling(Messages(parts.report_url, parts.page_url), parts)
        self._refusals = Refusals(parts.name)
        self._afterwards = Afterwards()
        self._before = Before(parts.verify_for)
        self._strangers = Strangers(parts.name)
        self.milestones = Milestones()
        self._intents: Mapping[str, int] = {}  # watch -> timeline of the intent that the last process knew
        self._unsaved: list[SampleRow] = []
        self.ended = Ended()
        self._judging = Judging(parts.verify_for, self._telling, self.ended)

    def take(self, batch: Sequence[Happening]) -> None:
        """Takes a batch in at this moment, decides, and hands over what is to be done and written."""
        for happening in batch:
            if isinstance(happening, Loaded):
                self._adopt(happening.rows, self._clock.now(), happening.stored)
        now = self._clock.now()
        readings = [r for h in batch if isinstance(h, Readings) for r in h.readings]
        self._unsaved += [row_of(now, r) for r in readings]
        self._sentinel.take(now, readings)
        self._before.note(now, readings)
        decided = [self._take_in(keeper, batch, readings, now) for keeper in list(self.keepers.values())]
        if any(isinstance(h, Reminded) for h in batch):
            self._telling.remind(now)
        for happening in batch:
            if isinstance(happening, HooksRan):
                self._afterwards.done(happening.call)
                self._telling.hooks(happening.call, happening.results, now)
            elif isinstance(happening, RefusalsRead):
                self._telling.refused(self._refusals.hear(happening.refused, now))
        if any(isinstance(h, Tick) for h in batch):
            self._look_about(now)
        self._judging.judge(self._sentinel, now)
        name_the_newest(self.keepers.values())
        self.last_at = now
        if any(decided) or self._telling.something or self._holds_or_ticks(batch):
            self.save()
        self.keepers = self.ended.parted(self.keepers)

    def _look_about(self, now: Micros) -> None:
        """Whether a stranger has the daemon's lock; each watch says so too."""
        stranger = self._parts.store.stranger
        for keeper in self.keepers.values():
            keeper.stranger = stranger
        if (alert := self._strangers.hear(stranger, now)) is not None:
            self._telling.of_target(alert)

    def _holds_or_ticks(self, batch: Sequence[Happening]) -> bool:
        """Written once per interval, and at every reading while a rollback streak is under way."""
        saved = (Tick, Finished, HooksRan, *((Readings,) if self.holds() else ()))
        return any(isinstance(happening, saved) for happening in batch)

    def save(self) -> None:
        """Hands everything since the last time to the recorder."""
        samples, self._unsaved = tuple(self._unsaved), []
        rows, alerts = self._telling.take()
        updates = (*(k.update() for k in self.keepers.values()), *self._judging.take())
        self._hands.record(Record(updates, samples, rows, alerts, self._memory()))

    def start(self, rows: Sequence[WatchRow], memory: Json, samples: Sequence[SampleRow] = ()) -> None:
        """Goes on where the last process ended; the clock is never behind what is stored.

        `samples`: stored ones, from before the first watch that no process has seen.
        """
        stored: Any = memory
        for probe in self._parts.probes:
            probe.restore(stored.get("probes", {}).get(probe.name, {}))
        self._telling.reminders.restore(stored.get("open_pages", {}))
        self._telling.stories.restore(stored.get("stories", {}))
        self._refusals.restore(stored.get("refused", {}))
        self._judging.restore(stored.get("aftermath", ()))
        self._strangers.restore(stored.get("strangers", ()))
        self._intents = stored.get("intents", {})
        self._afterwards.restore(stored.get("afterwards", ()))
        self.milestones.restore(stored.get("milestones", ()))
        for call in self._afterwards.awaited:
            self._hands.run_hooks(call)
        self._sentinel.restore(stored.get("sentinel"))
        self._before.restore(stored.get("before", {}))
        self._clock.not_before(self._sentinel.next_at)
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
        return with_units(self._sentinel.metrics(), self._parts.kinds)

    def _take_in(
        self, keeper: Keeper, batch: Sequence[Happening], readings: Sequence[Reading], now: Micros
    ) -> bool:
        decided = False
        life = keeper.state.life
        may_roll_back = keeper.may_roll_back
        for event in self._events(keeper, batch, now):
            decided |= self._step(keeper, event)
        for reading in readings:
            decided |= self._step(keeper, events.Measured(now, reading))
        keeper.opening.follow(now, readings)
        if keeper.opening.over(now) and not keeper.ended:
            self._rearm(keeper, now)
        decided |= self._step(keeper, events.Passed(now)) | self._step(keeper, events.BatchEnded(now))
        if keeper.may_roll_back != may_roll_back:
            self._telling.arming(keeper, now)
        self._telling.tell_pending(keeper, now)
        for metric, answering, known in instances(g for p in self._parts.probes for g in p.gauges()):
            self._telling.instances(keeper, metric, answering, known, now)
        return decided or keeper.state.life != life

    def _rearm(self, keeper: Keeper, now: Micros) -> None:
        """What was wrong before it is over; where a ledger was lost, a person decides all the same."""
        if keeper.row.mode is Mode.AUTO and not keeper.ledger_lost:
            self._step(keeper, events.Rearmed(now))
            self._telling.rearmed(keeper, now)

    def _events(self, keeper: Keeper, batch: Sequence[Happening], now: Micros) -> list[events.Event]:
        """What people and the executor did, as the core's events."""
        found: list[events.Event] = []
        for happening in batch:
            match happening:
                case ControlsRead(controls) if keeper.id in controls:
                    found += keeper.take_controls(controls[keeper.id], now)
                case Progressed(keeper.id, progress):
                    self._telling.progress(keeper, progress, now)
                    progressed(keeper, progress)
                    keeper.attempt = attempt_after(keeper.attempt, progress, now)
                    found += from_progress(progress, now)
                case Finished(keeper.id, outcome):
                    found += self._from_outcome(keeper, outcome, now)
                case ChangesRead(keeper.id, changes):
                    keeper.changes = changes
                case ReadinessRead(keeper.id, readiness) if ends_by_hand(keeper, readiness):
                    found.append(
                        events.Executed(now, events.Verdict.RESOLVED_EXTERNALLY, readiness.reasons[0])
                    )
                case ReadinessRead(keeper.id, readiness):
                    self._telling.readiness(keeper, readiness, now)
                    found += follow(keeper, self._telling, readiness.timeline, now)
        return found

    def _step(self, keeper: Keeper, event: events.Event) -> bool:
        """Steps one watch and carries out what was decided; True if anything was."""
        order, phase = keeper.state.life.order, keeper.state.life.phase
        decisions = keeper.take(event)
        lines.moved(keeper, phase)
        for decision in decisions:
            self._telling.decision(keeper, decision)
            self.milestones.note(keeper.row.migration, decision)
            match decision:
                case said.ExecuteRollback():
                    self._execute(keeper, decision)
                case said.Ended() if decision.verdict in TOOK_EFFECT:
                    self._afresh(keeper, decision.at)
                    self._judging.begin(keeper, decision.at)
                    self._run_hooks(keeper, decision, order)
                case said.Ended(verdict=events.Verdict.RESOLVED_EXTERNALLY):
                    self._afresh(keeper, decision.at)
                case said.RequestApproval():
                    for more in keeper.take_request(decision):
                        self._step(keeper, more)
        return bool(decisions)

    def _afresh(self, keeper: Keeper, at: Micros) -> None:
        """After a rollback, by us or by hand: what was wrong before it is no fault of what comes next."""
        self._before.rolled_back(keeper.state.started_at, at)
        self._sentinel.afresh()
        for probe in self._parts.probes:
            if isinstance(probe, Windowed):
                probe.begin_afresh()
        for other in self.keepers.values():
            other.opening.afresh(at)

    def _run_hooks(self, keeper: Keeper, ended: said.Ended, order: life.Order | None) -> None:
        """The hooks after a rollback; found done after a restart, its decision may not be known."""
        row = keeper.row
        rule, since = (order.rule, order.since) if order is not None else ("", ended.at)
        decision, verdict = f"{rule}/{since}", ended.verdict.value
        call = Call(Moment.AFTER, row.id, row.target, row.migration, rule, decision, verdict)
        self._afterwards.begin(call)
        self._hands.run_hooks(call)

    def _execute(self, keeper: Keeper, decision: said.ExecuteRollback) -> None:
        evidence: Json = evidence_view(decision.evidence) or {}
        keeper.executing = True
        order = Order(keeper.row, decision.at, decision.rule, decision.since, evidence, decision.by)
        self._hands.execute(keeper, order)

    def _from_outcome(self, keeper: Keeper, outcome: Outcome | None, now: Micros) -> list[events.Event]:
        """The executor's end. A person's order that had no effect before a restart is given again."""
        keeper.executing = False
        keeper.attempt = None
        if outcome is not None:
            self._telling.outcome(keeper, outcome, now)
            if VERDICTS[outcome.kind] is None:
                self._telling.progress_over(keeper, now)
            ended = events.Executed(now, VERDICTS[outcome.kind], outcome.reason)
            return [ended, *lost(keeper, self._telling, outcome, now)]
        self._telling.progress_over(keeper, now)
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
            past = self._before.past(samples) if unseen(row) else NOTHING
            keeper = Keeper(self._policy, row, self._parts.kinds, now, past)
            self.keepers[row.id] = keeper
            if row.intent_at is None:
                keeper.remembered_intent = self._intents.get(row.id, 0)
            if keeper.is_new:
                self._telling.adopted(keeper, now)
                self._telling.found(keeper, keeper.take_past(past))
                self._judging.overtake(keeper, now)
            else:
                self._clock.not_before(keeper.state.seen.at + 1)  # the stored batch is over
                now = self._clock.now()
            if row.intent_at is not None:
                self._step(keeper, events.IntentCommitted(now))
                keeper.executing = True
                self._hands.settle(keeper)
            elif not keeper.is_new:
                self._restarted(keeper, now)
        name_the_newest(self.keepers.values())

    def _restarted(self, keeper: Keeper, now: Micros) -> None:
        """What was decided and not begun is given up until there is fresh evidence; the page stays open."""
        order = keeper.state.life.order
        self._step(keeper, events.Restarted(now))
        if order is not None and keeper.state.life.order is None:
            self._telling.restarted(keeper, order, now)

    def _memory(self) -> Json:
        probes = {p.name: p.memory() for p in self._parts.probes}
        return {
            "probes": probes,
            "sentinel": self._sentinel.memory(),
            "open_pages": self._telling.reminders.memory(),
            "stories": self._telling.stories.memory(),
            "refused": self._refusals.memory(),
            "aftermath": self._judging.memory(),
            "before": self._before.memory(),
            "strangers": self._strangers.memory(),
            "afterwards": self._afterwards.memory(),
            "milestones": self.milestones.memory(),
            "intents": {i: k.intent_timeline for i, k in self.keepers.items() if k.intent_timeline},
        }
