"""Turns what happened to a watch into event rows, alerts, log lines and counts; collected per round.

It takes a watch as a value and changes nothing of it. What it keeps is what people have been told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog

from monitor.core import decisions as said
from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.core.state import Order
from monitor.core.thresholds import Action, Rule
from monitor.daemon.dedup import WatchNotices
from monitor.daemon.event_log import KINDS, EventLog, detail_of, limit_of, stands
from monitor.daemon.parts import TargetParts
from monitor.daemon.reminders import Reminders
from monitor.daemon.stories import Stories
from monitor.ports import Alert, AlertRow, EventRow, Json, Outcome, Progress, ProgressKind
from monitor.ports.hooks import Call, HookResult, Moment
from monitor.present.alerts import Messages
from monitor.present.orders import ENDED, RESTARTED, Awaited
from monitor.present.progress import hooks_alert, hooks_of, lost_alert, progress_alert
from monitor.present.watched import Watched

log = structlog.get_logger()

TOLD_AFTER = 5
"""A pending rollback streak is told to people when a fifth of its hold is over; blips are not."""


class Announcer:
    """Collects the rows of a round; `take` hands them over."""

    def __init__(self, messages: Messages, parts: TargetParts) -> None:
        self._messages = messages
        self._parts = parts
        self._log = EventLog(parts.name)
        self._told: dict[str, WatchNotices] = {}  # by watch
        self._alerts: list[Alert] = []
        self._repeated: list[AlertRow] = []
        self.reminders = Reminders(parts.outgoing)
        self.stories = Stories()
        self._progress = 0

    @property
    def something(self) -> bool:
        return bool(self._log.something or self._alerts or self._repeated)

    def take(self) -> tuple[tuple[EventRow, ...], tuple[AlertRow, ...]]:
        """What one breach led to in this round is one message."""
        told = [row for a in self.stories.told(self._alerts) for row in self._parts.outgoing.rows(a)]
        found = self._log.take(), (*told, *self._repeated)
        self._alerts, self._repeated = [], []
        return found

    def adopt(self, watch_id: str, stored: Mapping[str, Any]) -> None:
        """`stored`: the state of a watch, with what people were told of it before."""
        self._told[watch_id] = WatchNotices(stored)

    def told(self, watch_id: str) -> Json:
        """What people have been told of a watch, to be stored with it."""
        return self._told[watch_id].memory()

    def keep(self, watches: Collection[str]) -> None:
        """Forgets all others."""
        self._told = {id: told for id, told in self._told.items() if id in watches}

    def decision(self, watch: Watched, decision: said.Decision) -> None:
        """One decision of the core: row, log line, count, and an alert where people need one."""
        if isinstance(decision, said.LateIgnored):
            self._parts.telemetry.count("late_samples_total", target=self._parts.name)
            return
        kind = KINDS[type(decision)]
        self._log.happened(watch, kind, decision.at, self._detail(watch, decision))
        self._parts.telemetry.count("decisions_total", target=self._parts.name, decision=kind)
        if isinstance(decision, said.Ended):
            for rule in self._told_open(watch):
                self._tell(watch, self._messages.over(watch, rule, decision.at))
        alert = self._alert_of(watch, decision)
        if alert is not None and isinstance(decision, said.Ended):
            self._send(alert)
        elif alert is not None:
            self._tell(watch, alert)
        if isinstance(decision, said.Ended):
            self._close_all(watch, decision.at)

    def tell_pending(self, watch: Watched, now: Micros) -> None:
        """A rollback streak that lasts is told before it fires; with its metric's warning, as one thing."""
        told, warned = self._told[watch.id].pending, _warned(watch)
        for rule, streak in watch.streaks():
            if rule.action is not Action.ROLLBACK or streak.firing or rule.name in told:
                continue
            if now - streak.first >= rule.hold / TOLD_AFTER or rule.metric in warned:
                told.add(rule.name)
                pending = said.StreakPending(streak.first, rule.name, streak.first, streak.evidence)
                value = self._value(watch, rule.metric)
                self._tell(watch, self._messages.pending(watch, pending, value))

    def readiness(self, watch: Watched, now: Micros) -> None:
        """Every change of the reasons is told once, with all of them; the first good one is not news.

        Nobody is woken for a watch that would not roll back anyway.
        """
        lacks = self._told[watch.id].readiness
        news = lacks.hear(watch.readiness.reasons, now) if watch.acts else lacks.forget()
        if not news:
            return
        detail = {"reasons": list(lacks.open), "codes": list(watch.readiness.codes)}
        self._log.happened(watch, "not_ready" if lacks.open else "ready", now, detail)
        make = self._messages
        self._send(make.not_ready(watch, lacks.open, now) if lacks.open else make.ready(watch, now))

    def arming(self, watch: Watched, now: Micros) -> None:
        """A newer watch is responsible for the target now, or gave it back: one notice."""
        armed = watch.state.life.armed
        what = "armed_again" if armed else "superseded"
        self._log.happened(watch, what, now, {})
        self._send(self._messages.arming(watch, what, now))
        if armed:
            self._catch_up(watch, now)

    def promoted(self, watch: Watched, before: int, timeline: int, now: Micros) -> None:
        """Another timeline answers, and the watch is in its ledger."""
        self._log.happened(watch, "promoted", now, {"before": before, "now": timeline})
        self._send(self._messages.promoted(watch, before, timeline, now))

    def ledger_lost(self, watch: Watched, text: str, now: Micros) -> None:
        """Paged until the watch ends: what was decided before is not known for certain any more."""
        self._log.happened(watch, "ledger_lost", now, {"text": text})
        self._send(lost_alert(watch, text, now))

    def instances(self, watch: Watched, metric: str, answering: int, known: int, now: Micros) -> None:
        """Of several instances of a source some do not answer: told once, and once when all do again."""
        if not self._told[watch.id].hear_missing(metric, known - answering):
            return
        detail = {"metric": metric, "answering": answering, "instances": known}
        self._log.happened(watch, "instances_missing" if answering < known else "instances_back", now, detail)
        self._tell(watch, self._messages.instances(watch, metric, answering, known, now))

    def progress(self, watch: Watched, progress: Progress, now: Micros) -> None:
        """What the executor reports on its way."""
        if progress.kind in {ProgressKind.BLOCKED, ProgressKind.RETRY}:
            self._parts.telemetry.count("rollback_tries_total", target=self._parts.name)
        self._progress += 1
        kind = f"rollback_{progress.kind.value}"
        self._log.happened(
            watch, kind, now, {"text": progress.text, **progress.detail}, number=self._progress
        )
        alert = progress_alert(watch, progress, now, self._progress)
        if alert is not None and not (alert.resolves and not self.reminders.is_open(alert.condition)):
            self._send(alert)
        for ok in hooks_of(progress):
            self._hook(Moment.BEFORE, ok)

    def hooks(self, call: Call, results: Sequence[HookResult], now: Micros) -> None:
        """The hooks after a rollback; nothing to say of a target without any."""
        for number, one in enumerate(results):
            self._log.hook(call, number, one, now)
            self._hook(Moment.AFTER, one.ok)
        if failed := [one for one in results if not one.ok]:
            self._alerts.append(hooks_alert(call, failed, now))

    def refused(self, alerts: Sequence[Alert]) -> None:
        """Registrations that a program was refused, or that came after all."""
        for alert in alerts:
            log.warning(
                "registration.watched" if alert.resolves else "registration.refused",
                target=alert.target, migration=alert.migration, moment=seconds(alert.at),
            )  # fmt: skip
            self._alerts.append(alert)

    def _hook(self, moment: Moment, ok: bool) -> None:
        outcome = "ok" if ok else "failed"
        name = self._parts.name
        self._parts.telemetry.count("hooks_total", target=name, moment=moment.value, outcome=outcome)

    def progress_over(self, watch: Watched, now: Micros) -> None:
        """Nothing took effect and the watch continues: what the rollback's way had opened is resolved."""
        for alert in self.reminders.still_open(watch.id):
            if alert.condition.startswith(f"{watch.id}/rollback/"):
                self._send(self._messages.closed(alert, now))

    def outcome(self, watch: Watched, outcome: Outcome, now: Micros) -> None:
        name = self._parts.name
        self._log.happened(
            watch, f"outcome_{outcome.kind.value}", now, {"reason": outcome.reason, **outcome.detail}
        )
        self._parts.telemetry.count("rollbacks_total", target=name, outcome=outcome.kind.value)
        order = watch.state.life.order
        if order is not None:
            took = max(0, now - order.since) / 1_000_000
            self._parts.telemetry.observe("rollback_duration_seconds", took, target=name)

    def aftermath(self, after: Awaited, helped: bool | None, now: Micros) -> None:
        """What `verify_for` after a rollback the metrics say of it."""
        detail = {"helped": helped, "migration": after.migration}
        self._log.aftermath(after.watch_id, after.until, detail, now)
        alert = self._messages.aftermath(self._parts.name, after, helped, now)
        self._alerts.append(alert)  # said once: its watch has ended

    def of_target(self, alert: Alert) -> None:
        """What is so whether or not anything is watched."""
        self._send(alert)

    def adopted(self, watch: Watched, fired: Sequence[str], now: Micros) -> None:
        """A new watch begins. `fired`: rules that had before its migration, and stand."""
        baseline = {name: normal.to_json() for name, normal in watch.normals.items()}
        self._log.happened(watch, "started", now, {"mode": watch.mode.value, "baseline": baseline})
        if watch.already_breaching:
            self._log.happened(watch, "already_breaching", now, {"rules": list(fired)})
        self._send(self._messages.started(watch, fired, now))

    def found(self, watch: Watched, decisions: Sequence[said.Decision]) -> None:
        """What was so between the migration and the registration: written down, told if it is so still."""
        for decision in decisions:
            if isinstance(decision, said.LateIgnored):
                continue
            if stands(watch, decision):
                self.decision(watch, decision)
            else:
                self._log.happened(watch, KINDS[type(decision)], decision.at, self._detail(watch, decision))

    def rearmed(self, watch: Watched, now: Micros) -> None:
        """What was wrong before the migration is over."""
        self._log.happened(watch, "rearmed", now, {"mode": watch.mode.value})
        if not watch.acts:
            return  # superseded: it acts no more than before
        self._send(self._messages.rearmed(watch, now))

    def overtaken(self, after: Awaited, newer: str, now: Micros) -> None:
        """A newer watch began before it could be said whether a rollback helped: no question any more."""
        detail = {"helped": None, "migration": after.migration, "newer": newer}
        self._log.aftermath(after.watch_id, after.until, detail, now)

    def _alert_of(self, watch: Watched, decision: said.Decision) -> Alert | None:
        make = self._messages
        match decision:
            case said.StreakFiring():
                return self._firing(watch, decision)
            case said.StreakCleared():
                return self._cleared(watch, decision)
            case said.EvidenceLacks():
                return self._lacks(watch, decision)
            case said.WentBlind():
                return make.blind(watch, decision, self._missing(watch, decision.metric))
            case said.Sighted():
                return make.sighted(watch, decision)
            case said.Ended():
                return make.ended(watch, decision)
        return self._of_rollback(watch, decision)

    def _of_rollback(self, watch: Watched, decision: said.Decision) -> Alert | None:
        make = self._messages
        match decision:
            case said.ExecuteRollback():
                return make.rollback_decided(watch, decision)
            case said.RequestApproval():
                return make.approval(watch, decision)
            case said.WouldRollBack():
                return make.would_roll_back(watch, decision)
            case said.RollbackWithdrawn():
                return make.withdrawn(watch, decision)
        return None

    def _firing(self, watch: Watched, decision: said.StreakFiring) -> Alert | None:
        """Of a rollback rule what it leads to is told instead."""
        rule = _rule(watch, decision.rule)
        if rule.action is Action.ROLLBACK:
            return None
        return self._messages.firing(watch, decision, self._value(watch, rule.metric))

    def _lacks(self, watch: Watched, decision: said.EvidenceLacks) -> Alert | None:
        """Of a rollback rule; the warning of a metric that is not normal says no more than its value does."""
        rule = _rule(watch, decision.rule)
        if rule.action is not Action.ROLLBACK:
            return None
        self._told[watch.id].pending.add(decision.rule)
        return self._messages.lacks(watch, decision, self._value(watch, rule.metric))

    def _cleared(self, watch: Watched, decision: said.StreakCleared) -> Alert | None:
        told = self._told[watch.id].pending
        was_told = decision.rule in told
        told.discard(decision.rule)
        fired = decision.was == "firing"
        if fired and watch.state.life.order is None and self.reminders.is_open(f"{watch.id}/rollback"):
            over = said.RollbackWithdrawn(decision.at, decision.rule, decision.since, ENDED)
            self._send(self._messages.withdrawn(watch, over))
        return self._messages.cleared(watch, decision) if fired or was_told else None

    def _value(self, watch: Watched, metric: str) -> float | None:
        return watch.state.seen.tracks[watch.policy.places[metric].index].value

    def _detail(self, watch: Watched, decision: said.Decision) -> dict[str, Any]:
        found = {**detail_of(decision), **self._ended_by(watch, decision)}
        return {**found, **limit_of(watch, found.get("rule"))} if "evidence" in found else found

    def _ended_by(self, watch: Watched, decision: said.Decision) -> dict[str, Any]:
        """The value that ended a streak, in its metric's unit; none if it was not a value that did."""
        if not isinstance(decision, said.StreakCleared) or decision.reason != "recovered":
            return {}
        return {"value": self._value(watch, _rule(watch, decision.rule).metric)}

    def _missing(self, watch: Watched, metric: str) -> str:
        return watch.state.seen.tracks[watch.policy.places[metric].index].missing

    def restarted(self, watch: Watched, order: Order, now: Micros) -> None:
        """A decision of before a restart is asked again with the next breach, or resolved without one."""
        detail = {"rule": order.rule, "since": seconds(order.since), "reason": RESTARTED}
        self._log.happened(watch, "withdrawn", now, detail)

    def remind(self, now: Micros) -> None:
        """Repeats the pages that are still open, where it is time."""
        self._repeated += self.reminders.due(now, self.stories.reminder)

    def _close_all(self, watch: Watched, now: Micros) -> None:
        """The watch has ended: what it had opened elsewhere is resolved, but for its own bad end."""
        for alert in self.reminders.still_open(watch.id):
            if alert.at != now:
                self._send(self._messages.closed(alert, now))
        self.reminders.drop(watch.id)

    def _tell(self, watch: Watched, alert: Alert) -> None:
        """What is so on the target is told by its newest watch; what nobody was told of is not resolved."""
        untold = self._told[watch.id].untold
        if alert.resolves and alert.condition in untold:
            untold.discard(alert.condition)
        elif watch.aside and not alert.resolves:
            untold.add(alert.condition)
        else:
            self._send(alert)

    def _catch_up(self, watch: Watched, now: Micros) -> None:
        """It tells again: of what can't be measured too, if that was kept back."""
        untold = self._told[watch.id].untold
        for metric, track in zip(watch.policy.metrics, watch.state.seen.tracks, strict=True):
            condition = f"{watch.id}/{metric}/blind"
            if track.blind and condition in untold:
                blind = said.WentBlind(now, metric)
                missing = self._missing(watch, metric)
                self._send(self._messages.blind(watch, blind, missing))
        untold.clear()

    def _told_open(self, watch: Watched) -> list[Rule]:
        """Rules whose breach people were told of without being paged, and which still lasts."""
        pending = self._told[watch.id].pending
        return [
            rule
            for rule, streak in watch.streaks()
            if (streak.firing if rule.action is Action.WARN else rule.name in pending)
        ]

    def _send(self, alert: Alert) -> None:
        self.reminders.note(alert)
        self._alerts.append(alert)


def _rule(watch: Watched, name: str) -> Rule:
    """With the limit of this watch, of what the core has said of it."""
    return next(rule for rule in watch.policy.rules if rule.name == name)


def _warned(watch: Watched) -> set[str]:
    """Metrics whose warning fires."""
    return {r.metric for r, s in watch.streaks() if s.firing and r.action is Action.WARN}
