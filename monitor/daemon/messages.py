"""What people are told: one alert per transition, with both numbers, what happens next, what to do.

Every text is made of our own words, configured names and numbers; nothing a remote sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from shlex import quote

from monitor.core import decisions as said
from monitor.core.evidence import Evidence
from monitor.core.phases import Phase
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Action, Policy, Rule
from monitor.daemon.aftermath import After
from monitor.daemon.changing import slower_facts
from monitor.daemon.endings import BAD_ROLLBACKS, ELSEWHERE, GOOD_ROLLBACKS, HELPED, QUIET_ENDS, ending_of
from monitor.daemon.keeper import Keeper
from monitor.daemon.ours import BECAUSE, STALLED
from monitor.daemon.reasons import why
from monitor.daemon.stakes import at_risk, baselines, kept, rehearsed
from monitor.daemon.stories import OURS
from monitor.ports import Alert, Severity, Stage
from monitor.units import Kind, show_counts, show_score, show_span, show_value

COMMAND = "migration-monitor"

Decided = said.ExecuteRollback | said.RequestApproval | said.WouldRollBack

SEVERITY = {
    Action.ROLLBACK: Severity.CRITICAL,
    Action.INVESTIGATE: Severity.ERROR,
    Action.WARN: Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Messages:
    """Makes the alerts of one target. `kinds`: what each metric's values are, for showing them."""

    policy: Policy
    kinds: Mapping[str, Kind]
    report_url: str = ""
    page_url: str = ""

    def pending(self, keeper: Keeper, decision: said.StreakPending, value: float | None) -> Alert:
        """The first breaching sample of a rollback rule: informs, wakes nobody."""
        rule = _rule(keeper, decision.rule)
        return self._alert(
            keeper, decision.at, Severity.WARNING, f"{rule.metric} {self._both(rule, value)}",
            transition=f"{rule.name}/pending/{decision.at}", condition=rule.name, page=False,
            stage=Stage.BREACH,
            facts=(*self._evidence(rule, decision.evidence),
                   *baselines(keeper, self.kinds, {rule.metric}), *at_risk(keeper)),
            next=f"{_consequence(keeper, rule)} if it stays so for {show_span(rule.hold)}",
            commands=("pause", "status"),
        )  # fmt: skip

    def firing(self, keeper: Keeper, decision: said.StreakFiring, value: float | None) -> Alert:
        rule = _rule(keeper, decision.rule)
        return self._alert(
            keeper, decision.at, SEVERITY[rule.action],
            f"{rule.metric} {self._both(rule, value)} for {_age(decision.at, decision.since)}",
            transition=f"{rule.name}/firing/{decision.since}", condition=rule.name,
            facts=(("since", when(decision.since)), *self._evidence(rule, decision.evidence),
                   *_ours(keeper, rule),
                   *(slower_facts(keeper.changes) if rule.action is Action.INVESTIGATE else ())),
            next=_next(keeper, rule), commands=("status", "pause"),
            page=rule.action is not Action.WARN, stage=_stage(rule),
        )  # fmt: skip

    def lacks(self, keeper: Keeper, decision: said.EvidenceLacks, value: float | None) -> Alert:
        """Errors on a service with little traffic: never silent, and never a rollback on a handful."""
        rule = _rule(keeper, decision.rule)
        return self._alert(
            keeper, decision.at, Severity.WARNING,
            f"{rule.metric} {self._both(rule, value)}, with too little traffic to decide", page=False,
            transition=f"{rule.name}/lacks/{decision.since}", condition=rule.name,
            facts=(("since", when(decision.since)), *self._evidence(rule, decision.evidence),
                   *baselines(keeper, self.kinds, {rule.metric})),
            next=f"{_consequence(keeper, rule)} once more requests fail", commands=("status", "rollback"),
            stage=Stage.UNDECIDED,
        )  # fmt: skip

    def cleared(self, keeper: Keeper, decision: said.StreakCleared) -> Alert:
        """Resolves what `pending` or `firing` opened."""
        rule = _rule(keeper, decision.rule)
        because = {
            "recovered": "recovered",
            "gap": f"not measured for over {show_span(self.policy.max_gap)}",
        }.get(decision.reason, decision.reason)
        what = "the breach ended" if decision.reason == "recovered" else "the breach is not counted any more"
        return self._alert(
            keeper, decision.at, Severity.INFO,
            f"{rule.name}: {what} after {_age(decision.at, decision.since)}: {because}",
            transition=f"{rule.name}/cleared/{decision.since}", condition=rule.name, resolves=True,
            page=decision.was == "firing" and rule.action is not Action.WARN, stage=_stage(rule),
        )  # fmt: skip

    def rollback_decided(self, keeper: Keeper, decision: said.ExecuteRollback) -> Alert:
        asked = f"a person ({decision.by}) asked for it" if decision.by else self._why(keeper, decision)
        return self._alert(
            keeper, decision.at, Severity.CRITICAL, f"rolling back now: {asked}",
            transition=f"rollback/decided/{decision.since}", condition="rollback", stage=Stage.ROLLING,
            facts=self._order_facts(keeper, decision.rule, decision.since, decision.evidence),
            next="the stored rollback SQL is executed now", commands=("status",),
        )  # fmt: skip

    def approval(self, keeper: Keeper, decision: said.RequestApproval) -> Alert:
        since = " (the target was breaching before the migration)" if keeper.already_breaching else ""
        title = f"approval needed to roll back: {self._why(keeper, decision)}{since}"
        return self._alert(
            keeper, decision.at, Severity.CRITICAL, title,
            transition=f"rollback/requested/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=self._order_facts(keeper, decision.rule, decision.since, decision.evidence),
            next="nothing is executed until a person approves", commands=("approve", "cancel", "status"),
        )  # fmt: skip

    def would_roll_back(self, keeper: Keeper, decision: said.WouldRollBack) -> Alert:
        if keeper.no_rollback:
            return self._nothing_to_roll_back(keeper, decision)
        because = (
            "a newer watch is responsible for this target" if not keeper.state.life.armed else "mode observe"
        )
        return self._alert(
            keeper, decision.at, Severity.ERROR,
            f"would have rolled back ({because}): {self._why(keeper, decision)}",
            transition=f"rollback/would/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=self._order_facts(keeper, decision.rule, decision.since, decision.evidence),
            next="nothing is executed",
            commands=("rollback", "status") if keeper.state.life.armed else ("status",),
        )  # fmt: skip

    def _nothing_to_roll_back(self, keeper: Keeper, decision: said.WouldRollBack) -> Alert:
        why = self._why(keeper, decision)
        return self._alert(
            keeper, decision.at, Severity.CRITICAL,
            f"would be rolled back, and there is no rollback: a person must act ({why})",
            transition=f"rollback/would/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=self._order_facts(keeper, decision.rule, decision.since, decision.evidence),
            next="nothing is executed: a person must act", commands=("status",),
        )  # fmt: skip

    def withdrawn(self, keeper: Keeper, decision: said.RollbackWithdrawn) -> Alert:
        return self._alert(
            keeper, decision.at, Severity.INFO, f"the rollback is withdrawn: {decision.reason}",
            transition=f"rollback/withdrawn/{decision.since}", condition="rollback", resolves=True,
            next="no statement took effect" + ("" if keeper.ended else "; the watch goes on"),
            stage=Stage.ROLLING,
        )  # fmt: skip

    def blind(self, keeper: Keeper, decision: said.WentBlind, reason: str) -> Alert:
        because = f" ({why(reason)})" if reason else ""
        return self._alert(
            keeper, decision.at, Severity.ERROR, f"{decision.metric} can't be measured{because}",
            transition=f"{decision.metric}/blind/{decision.at}", condition=f"{decision.metric}/blind",
            next="a breach of this metric would not be noticed; nothing is rolled back for lack of data",
            commands=("check", "status"),
        )  # fmt: skip

    def sighted(self, keeper: Keeper, decision: said.Sighted) -> Alert:
        return self._alert(
            keeper, decision.at, Severity.INFO, f"{decision.metric} is measured again",
            transition=f"{decision.metric}/sighted/{decision.at}", condition=f"{decision.metric}/blind",
            resolves=True,
        )  # fmt: skip

    def ended(self, keeper: Keeper, decision: said.Ended) -> Alert:
        """A rollback's good end resolves the page of its decision; a bad end keeps it open."""
        verdict = decision.verdict
        ending = ending_of(verdict, keeper.untouched)
        return self._alert(
            keeper, decision.at, ending.severity, ending.said, stage=Stage.OUTCOME,
            transition=f"verdict/{verdict.value}",
            condition="rollback" if verdict in GOOD_ROLLBACKS | BAD_ROLLBACKS else "verdict",
            facts=(*((("reason", decision.reason),) if decision.reason else ()), *kept(keeper)),
            next=_begun_small(ending.left) or "the watch has ended", commands=("report",),
            resolves=verdict in GOOD_ROLLBACKS, page=verdict not in QUIET_ENDS,
        )  # fmt: skip

    def over(self, keeper: Keeper, rule: Rule, at: Micros) -> Alert:
        """Resolves what was told of a breach that outlasts its watch."""
        return self._alert(
            keeper, at, Severity.INFO,
            f"{rule.metric} {self._limit(rule)}: not watched any more, the watch has ended",
            transition=f"{rule.name}/closed/{at}", condition=rule.name, resolves=True, page=False,
            stage=_stage(rule),
        )  # fmt: skip

    def closed(self, alert: Alert, at: Micros) -> Alert:
        """Resolves a page whose watch has ended."""
        return replace(
            alert, transition=f"{alert.transition}/closed", at=at, severity=Severity.INFO, resolves=True,
            title=f"closed, the watch has ended: {alert.title}", facts=(), next="", commands=(),
        )  # fmt: skip

    def not_ready(self, keeper: Keeper, reasons: Sequence[str], at: Micros) -> Alert:
        return self._alert(
            keeper, at, Severity.ERROR, "NOT able to roll back",
            transition=f"readiness/False/{at}", condition="readiness",
            facts=(*(("reason", reason) for reason in reasons), *at_risk(keeper)),
            next="a rollback would be refused until this is mended", commands=("check",),
        )  # fmt: skip

    def ready(self, keeper: Keeper, at: Micros) -> Alert:
        """Resolves `not_ready`: it is able again, or is not asked to roll back any more."""
        able = "able to roll back again" if keeper.readiness.ok else "no rollback is asked of it now"
        return self._alert(
            keeper, at, Severity.INFO, able,
            transition=f"readiness/True/{at}", condition="readiness", resolves=True,
        )  # fmt: skip

    def instances(self, keeper: Keeper, metric: str, answering: int, known: int, at: Micros) -> Alert:
        """Informs: the metric is still measured, from those that answer, as long as half of them do."""
        back = answering == known
        title = "all instances answer again" if back else f"{answering} of {known} instances answer"
        return self._alert(
            keeper, at, Severity.INFO if back else Severity.WARNING, f"{metric}: {title}",
            transition=f"{metric}/instances/{at}", condition=f"{metric}/instances", resolves=back, page=False,
            next="" if back else "fewer than half make the metric unmeasured",
        )  # fmt: skip

    def aftermath(self, target: str, after: After, helped: bool | None, at: Micros) -> Alert:
        """Whether the rollback helped. If it did not, the cause is elsewhere and people are woken."""
        return Alert(
            f"aftermath/{after.until}", f"{after.watch_id}/aftermath", target, after.migration,
            after.watch_id, at, Severity.INFO if helped else Severity.CRITICAL,
            HELPED[helped], next="" if helped else ELSEWHERE,
            facts=self._links(after.watch_id), commands=(command("report", after.migration),),
            page=not helped, stage=Stage.OUTCOME,
        )  # fmt: skip

    def started(self, keeper: Keeper, at: Micros, title: str) -> Alert:
        """A watch begins: until when, or that a person decides; and what was normal before."""
        facts = baselines(keeper, self.kinds, keeper.opening.baselines)
        return replace(self.noticed(keeper, at, "started", title), facts=facts)

    def noticed(self, keeper: Keeper, at: Micros, what: str, title: str, after: str = "") -> Alert:
        """Something worth knowing once: superseded, armed again, rearmed, promoted."""
        return self._alert(
            keeper, at, Severity.INFO, title, transition=f"{what}/{at}",
            condition=what, next=after, page=False,
        )  # fmt: skip

    def _alert(
        self, keeper: Keeper, at: Micros, severity: Severity, title: str, *, transition: str, condition: str,
        facts: tuple[tuple[str, str], ...] = (), next: str = "", commands: tuple[str, ...] = (),
        resolves: bool = False, page: bool = True, stage: str = "",
    ) -> Alert:  # fmt: skip
        row = keeper.row
        return Alert(
            transition, f"{row.id}/{condition}", row.target, row.migration, row.id, at, severity, title,
            (*facts, *self._links(row.id)), next, tuple(command(name, row.migration) for name in commands),
            resolves, page, stage,
        )  # fmt: skip

    def _why(self, keeper: Keeper, decision: Decided) -> str:
        """`error_rate above 1 % for 5m`; of a rule that is not there any more its name."""
        rules = [rule for rule in keeper.policy.rules if rule.name == decision.rule]
        lasted = _age(decision.at, decision.since)
        return f"{rules[0].metric} {self._limit(rules[0])} for {lasted}" if rules else decision.rule

    def _links(self, watch_id: str) -> tuple[tuple[str, str], ...]:
        """Where to see it: the watch on the page, and its report, which the page makes at any time."""
        report = self.report_url or (self.page_url and f"{self.page_url}/api/v1/watches/{{id}}/report")
        links = (("page", self.page_url and f"{self.page_url}/#{{id}}"), ("report", report))
        return tuple((label, url.replace("{id}", watch_id)) for label, url in links if url)

    def _both(self, rule: Rule, value: float | None) -> str:
        shown = "" if value is None else f"{self.show(rule.metric, value)} "
        return f"{shown}is {self._limit(rule)}"

    def _limit(self, rule: Rule) -> str:
        relation = "not below" if rule.inclusive else "above"
        return f"{relation} {self.show(rule.metric, rule.limit)}"

    def _evidence(self, rule: Rule, evidence: Evidence | None) -> tuple[tuple[str, str], ...]:
        if evidence is None:
            return ()
        e = evidence
        share = f" ({self.show(rule.metric, e.errors / e.requests)})" if e.requests else ""
        return (("evidence", f"{show_score(e.score, e.needed)}, {show_counts(e.errors, e.requests)}{share}"),)

    def _order_facts(
        self, keeper: Keeper, rule: str, since: Micros, evidence: Evidence | None
    ) -> tuple[tuple[str, str], ...]:
        found = [r for r in keeper.policy.rules if r.name == rule]
        shown = self._evidence(found[0], evidence) if found else ()
        before = baselines(keeper, self.kinds, {r.metric for r in found})
        facts = (*shown, *before, *at_risk(keeper), rehearsed(keeper))
        return (("rule", rule), ("since", when(since)), *facts)

    def show(self, metric: str, value: float) -> str:
        """A value with its unit."""
        return show_value(self.kinds.get(metric, Kind.COUNT), value)


def _rule(keeper: Keeper, name: str) -> Rule:
    """With the limit of this watch."""
    return next(rule for rule in keeper.policy.rules if rule.name == name)


def _stage(rule: Rule) -> Stage:
    return Stage.NOT_NORMAL if rule.action is Action.WARN else Stage.BREACH


def command(name: str, migration: str) -> str:
    """The exact command a person types."""
    return f"{COMMAND} {name}" if name == "check" else f"{COMMAND} {name} {quote(migration)}"


def when(at: Micros) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _begun_small(sentence: str) -> str:
    """As it stands after `next:`, without its full stop."""
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")


def _age(at: Micros, since: Micros) -> str:
    return show_span((at - since) // SECOND * SECOND)


def _consequence(keeper: Keeper, rule: Rule) -> str:
    if keeper.no_rollback:
        return "there is no rollback: a person must act"
    if keeper.state.life.armed and keeper.mode.value == "auto":
        return f"{keeper.row.migration} is rolled back by itself"
    if keeper.state.life.armed and keeper.mode.value == "approve":
        return f"a person is asked to approve the rollback of {keeper.row.migration}"
    return f"nothing is rolled back ({rule.name} is only observed)"


def _ours(keeper: Keeper, rule: Rule) -> tuple[tuple[str, str], ...]:
    """What our own statements in the queue for a lock add to what is measured."""
    if rule.metric not in STALLED or keeper.state.life.phase is not Phase.ROLLING_BACK:
        return ()
    return ((OURS, BECAUSE),)


def _next(keeper: Keeper, rule: Rule) -> str:
    return _consequence(keeper, rule) if rule.action is Action.ROLLBACK else "nothing is rolled back for this"
