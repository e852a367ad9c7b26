"""Turns what happened to a watch into event rows, alerts, log lines and counts; collected per round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from monitor.core import decisions as said
from monitor.core.replay import seconds
from monitor.core.samples import Micros
from monitor.core.state import Order
from monitor.core.thresholds import Action
from monitor.daemon import lines
from monitor.daemon.aftermath import After
from monitor.daemon.details import KINDS, detail_of, limit_of, stands, told_open
from monitor.daemon.keeper import NOT_YET, Keeper
from monitor.daemon.parts import TargetParts
from monitor.daemon.reminders import Reminders
from monitor.daemon.stories import Stories
from monitor.ports import Alert, AlertRow, EventRow, Outcome, OutcomeKind, Progress, ProgressKind, Readiness
from monitor.ports.hooks import Call, HookResult, Moment
from monitor.present.alerts import Messages
from monitor.present.orders import ENDED, RESTARTED
from monitor.present.progress import hooks_alert, hooks_of, lost_alert, progress_alert

log = structlog.get_logger()

TOLD_AFTER = 5
"""A pending rollback streak is told to people when a fifth of its hold is over; blips are not."""


class Telling:
    """Collects the rows of a round; `take` hands them over."""

    def __init__(self, messages: Messages, parts: TargetParts) -> None:
        self._messages = messages
        self._parts = parts
        self._events: list[EventRow] = []
        self._alerts: list[Alert] = []
        self._repeated: list[AlertRow] = []
        self.reminders = Reminders(parts.outgoing)
        self.stories = Stories()
        self._progress = 0

    @property
    def something(self) -> bool:
        return bool(self._events or self._alerts or self._repeated)

    def take(self) -> tuple[tuple[EventRow, ...], tuple[AlertRow, ...]]:
        """What one breach led to in this round is one message."""
        told = [row for a in self.stories.told(self._alerts) for row in self._parts.outgoing.rows(a)]
        found = tuple(self._events), (*told, *self._repeated)
        self._events, self._alerts, self._repeated = [], [], []
        return found

    def decision(self, keeper: Keeper, decision: said.Decision) -> None:
        """One decision of the core: row, log line, count, and an alert where people need one."""
        if isinstance(decision, said.LateIgnored):
            self._parts.telemetry.count("late_samples_total", target=self._parts.name)
            return
        kind = KINDS[type(decision)]
        self._row(keeper, kind, decision.at, self._detail(keeper, decision))
        self._parts.telemetry.count("decisions_total", target=self._parts.name, decision=kind)
        if isinstance(decision, said.Ended):
            for rule in told_open(keeper):
                self._tell(keeper, self._messages.over(keeper.watched(), rule, decision.at))
        alert = self._alert_of(keeper, decision)
        if alert is not None and isinstance(decision, said.Ended):
            self._send(alert)
        elif alert is not None:
            self._tell(keeper, alert)
        if isinstance(decision, said.Ended):
            self._close_all(keeper, decision.at)

    def tell_pending(self, keeper: Keeper, now: Micros) -> None:
        """A rollback streak that lasts is told before it fires; with its metric's warning, as one thing."""
        told, warned = keeper.told_pending, _warned(keeper)
        for rule, streak in zip(keeper.policy.rules, keeper.state.seen.streaks, strict=True):
            if rule.action is not Action.ROLLBACK or streak is None or streak.firing or rule.name in told:
                continue
            if now - streak.first >= rule.hold / TOLD_AFTER or rule.metric in warned:
                told.add(rule.name)
                pending = said.StreakPending(streak.first, rule.name, streak.first, streak.evidence)
                value = self._value(keeper, rule.metric)
                self._tell(keeper, self._messages.pending(keeper.watched(), pending, value))

    def readiness(self, keeper: Keeper, readiness: Readiness, now: Micros) -> None:
        """Every change of the reasons is told once, with all of them; the first good one is not news.

        Nobody is woken for a watch that would not roll back anyway.
        """
        known = keeper.readiness.at_risk if readiness.at_risk is None else readiness.at_risk
        keeper.readiness = replace(readiness, at_risk=known)
        lacks = keeper.lacks
        news = lacks.hear(readiness.reasons, now) if keeper.may_roll_back else lacks.forget()
        if not news:
            return
        detail = {"reasons": list(lacks.open), "codes": list(readiness.codes)}
        self._row(keeper, "not_ready" if lacks.open else "ready", now, detail)
        make, watch = self._messages, keeper.watched()
        self._send(make.not_ready(watch, lacks.open, now) if lacks.open else make.ready(watch, now))

    def arming(self, keeper: Keeper, now: Micros) -> None:
        """A newer watch is responsible for the target now, or gave it back: one notice."""
        armed = keeper.state.life.armed
        what = "armed_again" if armed else "superseded"
        self._row(keeper, what, now, {})
        self._send(self._messages.arming(keeper.watched(), what, now))
        if armed:
            self._catch_up(keeper, now)
        if keeper.readiness.reasons != NOT_YET.reasons:
            self.readiness(keeper, keeper.readiness, now)

    def promoted(self, keeper: Keeper, before: int, now: Micros) -> None:
        """Another timeline answers, and the watch is in its ledger."""
        self._row(keeper, "promoted", now, {"before": before, "now": keeper.timeline})
        self._send(self._messages.promoted(keeper.watched(), before, keeper.timeline, now))

    def ledger_lost(self, keeper: Keeper, text: str, now: Micros) -> None:
        """Paged until the watch ends: what was decided before is not known for certain any more."""
        keeper.ledger_lost = text
        self._row(keeper, "ledger_lost", now, {"text": text})
        self._send(lost_alert(keeper.watched(), text, now))

    def instances(self, keeper: Keeper, metric: str, answering: int, known: int, now: Micros) -> None:
        """Of several instances of a source some do not answer: told once, and once when all do again."""
        missing = keeper.missing.get(metric, 0)
        if known - answering == missing:
            return
        keeper.missing[metric] = known - answering
        detail = {"metric": metric, "answering": answering, "instances": known}
        self._row(keeper, "instances_missing" if answering < known else "instances_back", now, detail)
        self._tell(keeper, self._messages.instances(keeper.watched(), metric, answering, known, now))

    def progress(self, keeper: Keeper, progress: Progress, now: Micros) -> None:
        """What the executor reports on its way."""
        if progress.kind in {ProgressKind.BLOCKED, ProgressKind.RETRY}:
            self._parts.telemetry.count("rollback_tries_total", target=self._parts.name)
        self._progress += 1
        kind = f"rollback_{progress.kind.value}"
        self._row(keeper, kind, now, {"text": progress.text, **progress.detail}, number=self._progress)
        alert = progress_alert(keeper.watched(), progress, now, self._progress)
        if alert is not None and not (alert.resolves and not self.reminders.is_open(alert.condition)):
            self._send(alert)
        for ok in hooks_of(progress):
            self._hook(Moment.BEFORE, ok)

    def hooks(self, call: Call, results: Sequence[HookResult], now: Micros) -> None:
        """The hooks after a rollback; nothing to say of a target without any."""
        for number, one in enumerate(results):
            detail = {"hook": one.name, "ok": one.ok, "why": one.why, "seconds": one.seconds}
            key = f"{call.key}/{number}/{now}"
            self._events.append(EventRow(call.watch_id, now, "hook_after", detail, key))
            log.info("hook.pulled", watch=call.watch_id, target=call.target, moment=seconds(now), **detail)
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

    def progress_over(self, keeper: Keeper, now: Micros) -> None:
        """Nothing took effect and the watch continues: what the rollback's way had opened is resolved."""
        for alert in self.reminders.still_open(keeper.id):
            if alert.condition.startswith(f"{keeper.id}/rollback/"):
                self._send(self._messages.closed(alert, now))

    def outcome(self, keeper: Keeper, outcome: Outcome, now: Micros) -> None:
        name = self._parts.name
        saved: Any = outcome.detail.get("salvaged", ())
        keeper.kept = saved
        keeper.untouched = outcome.kind is OutcomeKind.FAILED and outcome.detail.get("took_effect") == 0
        self._row(keeper, f"outcome_{outcome.kind.value}", now, {"reason": outcome.reason, **outcome.detail})
        self._parts.telemetry.count("rollbacks_total", target=name, outcome=outcome.kind.value)
        order = keeper.state.life.order
        if order is not None:
            took = max(0, now - order.since) / 1_000_000
            self._parts.telemetry.observe("rollback_duration_seconds", took, target=name)

    def aftermath(self, after: After, helped: bool | None, now: Micros) -> None:
        """What `verify_for` after a rollback the metrics say of it."""
        detail = {"helped": helped, "migration": after.migration}
        key = f"{after.watch_id}/aftermath/{after.until}"
        self._events.append(EventRow(after.watch_id, now, "aftermath", detail, key))
        log.info(
            "watch.aftermath", watch=after.watch_id, target=self._parts.name, moment=seconds(now), **detail
        )
        alert = self._messages.aftermath(self._parts.name, after, helped, now)
        self._alerts.append(alert)  # said once: its watch has ended

    def of_target(self, alert: Alert) -> None:
        """What is so whether or not anything is watched."""
        self._send(alert)

    def adopted(self, keeper: Keeper, now: Micros) -> None:
        """A new watch begins."""
        baseline = {name: n.to_json() for name, n in keeper.opening.normals(self._parts.kinds).items()}
        self._row(keeper, "started", now, {"mode": keeper.mode.value, "baseline": baseline})
        if keeper.already_breaching:
            self._row(keeper, "already_breaching", now, {"rules": list(keeper.opening.rules)})
        self._send(self._messages.started(keeper.watched(), keeper.opening.rules, now))

    def found(self, keeper: Keeper, decisions: Sequence[said.Decision]) -> None:
        """What was so between the migration and the registration: written down, told if it is so still."""
        for decision in decisions:
            if isinstance(decision, said.LateIgnored):
                continue
            if stands(keeper, decision):
                self.decision(keeper, decision)
            else:
                self._row(keeper, KINDS[type(decision)], decision.at, self._detail(keeper, decision))

    def rearmed(self, keeper: Keeper, now: Micros) -> None:
        """What was wrong before the migration is over."""
        self._row(keeper, "rearmed", now, {"mode": keeper.mode.value})
        if not keeper.may_roll_back:
            return  # superseded: it acts no more than before
        self._send(self._messages.rearmed(keeper.watched(), now))

    def overtaken(self, after: After, newer: str, now: Micros) -> None:
        """A newer watch began before it could be said whether a rollback helped: no question any more."""
        detail = {"helped": None, "migration": after.migration, "newer": newer}
        key = f"{after.watch_id}/aftermath/{after.until}"
        self._events.append(EventRow(after.watch_id, now, "aftermath", detail, key))
        log.info(
            "watch.aftermath", watch=after.watch_id, target=self._parts.name, moment=seconds(now), **detail
        )

    def _alert_of(self, keeper: Keeper, decision: said.Decision) -> Alert | None:
        make, watch = self._messages, keeper.watched()
        match decision:
            case said.StreakFiring():
                return self._firing(keeper, decision)
            case said.StreakCleared():
                return self._cleared(keeper, decision)
            case said.EvidenceLacks():
                return self._lacks(keeper, decision)
            case said.WentBlind():
                return make.blind(watch, decision, self._missing(keeper, decision.metric))
            case said.Sighted():
                return make.sighted(watch, decision)
            case said.Ended():
                return make.ended(watch, decision)
        return self._of_rollback(keeper, decision)

    def _of_rollback(self, keeper: Keeper, decision: said.Decision) -> Alert | None:
        make, watch = self._messages, keeper.watched()
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

    def _firing(self, keeper: Keeper, decision: said.StreakFiring) -> Alert | None:
        """Of a rollback rule what it leads to is told instead."""
        rule = keeper.rule(decision.rule)
        if rule.action is Action.ROLLBACK:
            return None
        return self._messages.firing(keeper.watched(), decision, self._value(keeper, rule.metric))

    def _lacks(self, keeper: Keeper, decision: said.EvidenceLacks) -> Alert | None:
        """Of a rollback rule; the warning of a metric that is not normal says no more than its value does."""
        rule = keeper.rule(decision.rule)
        if rule.action is not Action.ROLLBACK:
            return None
        keeper.told_pending.add(decision.rule)
        return self._messages.lacks(keeper.watched(), decision, self._value(keeper, rule.metric))

    def _cleared(self, keeper: Keeper, decision: said.StreakCleared) -> Alert | None:
        was_told = decision.rule in keeper.told_pending
        keeper.told_pending.discard(decision.rule)
        fired = decision.was == "firing"
        if fired and keeper.state.life.order is None and self.reminders.is_open(f"{keeper.id}/rollback"):
            over = said.RollbackWithdrawn(decision.at, decision.rule, decision.since, ENDED)
            self._send(self._messages.withdrawn(keeper.watched(), over))
        return self._messages.cleared(keeper.watched(), decision) if fired or was_told else None

    def _value(self, keeper: Keeper, metric: str) -> float | None:
        return keeper.state.seen.tracks[keeper.policy.places[metric].index].value

    def _detail(self, keeper: Keeper, decision: said.Decision) -> dict[str, Any]:
        found = {**detail_of(decision), **self._ended_by(keeper, decision)}
        return {**found, **limit_of(keeper, found.get("rule"))} if "evidence" in found else found

    def _ended_by(self, keeper: Keeper, decision: said.Decision) -> dict[str, Any]:
        """The value that ended a streak, in its metric's unit; none if it was not a value that did."""
        if not isinstance(decision, said.StreakCleared) or decision.reason != "recovered":
            return {}
        return {"value": self._value(keeper, keeper.rule(decision.rule).metric)}

    def _missing(self, keeper: Keeper, metric: str) -> str:
        return keeper.state.seen.tracks[keeper.policy.places[metric].index].missing

    def _row(self, keeper: Keeper, kind: str, at: Micros, detail: dict[str, Any], number: int = 0) -> None:
        what = detail.get("rule") or detail.get("metric") or number
        key = f"{keeper.id}/{kind}/{what}/{at}"
        self._events.append(EventRow(keeper.id, at, kind, detail, key))
        lines.happened(keeper, kind, at, detail)

    def restarted(self, keeper: Keeper, order: Order, now: Micros) -> None:
        """A decision of before a restart is asked again with the next breach, or resolved without one."""
        detail = {"rule": order.rule, "since": seconds(order.since), "reason": RESTARTED}
        self._row(keeper, "withdrawn", now, detail)

    def remind(self, now: Micros) -> None:
        """Repeats the pages that are still open, where it is time."""
        self._repeated += self.reminders.due(now, self.stories.reminder)

    def _close_all(self, keeper: Keeper, now: Micros) -> None:
        """The watch has ended: what it had opened elsewhere is resolved, but for its own bad end."""
        for alert in self.reminders.still_open(keeper.id):
            if alert.at != now:
                self._send(self._messages.closed(alert, now))
        self.reminders.drop(keeper.id)

    def _tell(self, keeper: Keeper, alert: Alert) -> None:
        """What is so on the target is told by its newest watch; what nobody was told of is not resolved."""
        untold = alert.condition in keeper.untold
        if alert.resolves and untold:
            keeper.untold.discard(alert.condition)
        elif keeper.aside and not alert.resolves:
            keeper.untold.add(alert.condition)
        else:
            self._send(alert)

    def _catch_up(self, keeper: Keeper, now: Micros) -> None:
        """It tells again: of what can't be measured too, if that was kept back."""
        for metric, track in zip(keeper.policy.metrics, keeper.state.seen.tracks, strict=True):
            condition = f"{keeper.id}/{metric}/blind"
            if track.blind and condition in keeper.untold:
                blind = said.WentBlind(now, metric)
                missing = self._missing(keeper, metric)
                self._send(self._messages.blind(keeper.watched(), blind, missing))
        keeper.untold.clear()

    def _send(self, alert: Alert) -> None:
        self.reminders.note(alert)
        self._alerts.append(alert)


def _warned(keeper: Keeper) -> set[str]:
    """Metrics whose warning fires."""
    under_way = zip(keeper.policy.rules, keeper.state.seen.streaks, strict=True)
    return {r.metric for r, s in under_way if s is not None and s.firing and r.action is Action.WARN}
