"""Alerts of a metric: a limit that is breached, and no more; a metric that can't be measured."""

from __future__ import annotations

from monitor.core import decisions as said
from monitor.core.samples import Micros
from monitor.core.thresholds import Action, Rule
from monitor.ports import Alert, Severity, Stage
from monitor.present import facts
from monitor.present.alert import Links, age, both, consequence, limit, rule_of
from monitor.present.changes import slower_facts
from monitor.present.reasons import why
from monitor.present.watched import Watched
from monitor.units import show_span

SEVERITY = {
    Action.ROLLBACK: Severity.CRITICAL,
    Action.INVESTIGATE: Severity.ERROR,
    Action.WARN: Severity.WARNING,
}


class Breaches(Links):
    """The messages about metrics of one target's watches."""

    __slots__ = ()

    def pending(self, watch: Watched, decision: said.StreakPending, value: float | None) -> Alert:
        """The first breaching sample of a rollback rule: informs, wakes nobody."""
        rule = rule_of(watch, decision.rule)
        return self.alert(
            watch, decision.at, Severity.WARNING, f"{rule.metric} {both(watch, rule, value)}",
            transition=f"{rule.name}/pending/{decision.at}", condition=rule.name, page=False,
            stage=Stage.BREACH,
            facts=(*facts.evidence(watch, rule, decision.evidence),
                   *facts.baselines(watch, {rule.metric}), *facts.at_risk(watch)),
            next=f"{consequence(watch, rule)} if this continues for {show_span(rule.hold)}",
            commands=("pause", "status"),
        )  # fmt: skip

    def firing(self, watch: Watched, decision: said.StreakFiring, value: float | None) -> Alert:
        rule = rule_of(watch, decision.rule)
        return self.alert(
            watch, decision.at, SEVERITY[rule.action],
            f"{rule.metric} {both(watch, rule, value)} for {age(decision.at, decision.since)}",
            transition=f"{rule.name}/firing/{decision.since}", condition=rule.name,
            facts=(facts.since(decision.since), *facts.evidence(watch, rule, decision.evidence),
                   *facts.ours(watch, rule),
                   *(slower_facts(watch.changes) if rule.action is Action.INVESTIGATE else ())),
            next=_next(watch, rule), commands=("status", "pause"),
            page=rule.action is not Action.WARN, stage=_stage(rule),
        )  # fmt: skip

    def lacks(self, watch: Watched, decision: said.EvidenceLacks, value: float | None) -> Alert:
        """Errors on a service with little traffic: never silent, and never a rollback on a handful."""
        rule = rule_of(watch, decision.rule)
        return self.alert(
            watch, decision.at, Severity.WARNING,
            f"{rule.metric} {both(watch, rule, value)}, with too little traffic to decide", page=False,
            transition=f"{rule.name}/lacks/{decision.since}", condition=rule.name,
            facts=(facts.since(decision.since), *facts.evidence(watch, rule, decision.evidence),
                   *facts.baselines(watch, {rule.metric})),
            next=f"{consequence(watch, rule)} as soon as more requests fail", commands=("status", "rollback"),
            stage=Stage.UNDECIDED,
        )  # fmt: skip

    def cleared(self, watch: Watched, decision: said.StreakCleared) -> Alert:
        """Resolves what `pending` or `firing` opened."""
        rule = rule_of(watch, decision.rule)
        because = {
            "recovered": "recovered",
            "gap": f"not measured for over {show_span(watch.policy.max_gap)}",
        }.get(decision.reason, decision.reason)
        what = "the breach ended" if decision.reason == "recovered" else "the breach no longer counts"
        return self.alert(
            watch, decision.at, Severity.INFO,
            f"{rule.name}: {what} after {age(decision.at, decision.since)}: {because}",
            transition=f"{rule.name}/cleared/{decision.since}", condition=rule.name, resolves=True,
            page=decision.was == "firing" and rule.action is not Action.WARN, stage=_stage(rule),
        )  # fmt: skip

    def over(self, watch: Watched, rule: Rule, at: Micros) -> Alert:
        """Resolves what was told of a breach that outlasts its watch."""
        return self.alert(
            watch, at, Severity.INFO,
            f"{rule.metric} {limit(watch, rule)}: no longer monitored: the watch has ended",
            transition=f"{rule.name}/closed/{at}", condition=rule.name, resolves=True, page=False,
            stage=_stage(rule),
        )  # fmt: skip

    def blind(self, watch: Watched, decision: said.WentBlind, reason: str) -> Alert:
        because = f" ({why(reason)})" if reason else ""
        return self.alert(
            watch, decision.at, Severity.ERROR, f"{decision.metric} can't be measured{because}",
            transition=f"{decision.metric}/blind/{decision.at}", condition=f"{decision.metric}/blind",
            next="a breach of this metric would go unnoticed; missing data never triggers a rollback",
            commands=("check", "status"),
        )  # fmt: skip

    def sighted(self, watch: Watched, decision: said.Sighted) -> Alert:
        return self.alert(
            watch, decision.at, Severity.INFO, f"{decision.metric} is measured again",
            transition=f"{decision.metric}/sighted/{decision.at}", condition=f"{decision.metric}/blind",
            resolves=True,
        )  # fmt: skip

    def instances(self, watch: Watched, metric: str, answering: int, known: int, at: Micros) -> Alert:
        """Informs: the metric is still measured, from those that answer, as long as half of them do."""
        back = answering == known
        title = "all instances answer again" if back else f"{answering} of {known} instances answer"
        return self.alert(
            watch, at, Severity.INFO if back else Severity.WARNING, f"{metric}: {title}",
            transition=f"{metric}/instances/{at}", condition=f"{metric}/instances", resolves=back, page=False,
            next="" if back else "with fewer than half answering, the metric counts as not measured",
        )  # fmt: skip


def _stage(rule: Rule) -> Stage:
    return Stage.NOT_NORMAL if rule.action is Action.WARN else Stage.BREACH


def _next(watch: Watched, rule: Rule) -> str:
    return consequence(watch, rule) if rule.action is Action.ROLLBACK else "this never triggers a rollback"
