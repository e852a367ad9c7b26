"""What people are told: one alert per transition, with both numbers, what happens next, what to do.

Every text is made of our own words, configured names and numbers; nothing a remote sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Protocol

from monitor.core import decisions as said
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Action, Mode, Rule
from monitor.ports import Alert, Severity, Stage
from monitor.present import facts
from monitor.present.changes import slower_facts
from monitor.present.reasons import why
from monitor.present.times import when
from monitor.present.verdicts import BAD_ROLLBACKS, ELSEWHERE, GOOD_ROLLBACKS, HELPED, QUIET_ENDS, ending_of
from monitor.present.watched import Watched
from monitor.units import show_span

COMMAND = "migration-monitor"

RESTARTED = "the daemon restarted: a rollback needs a fresh breaching sample"
ENDED = "the breach ended"
"""Why a rollback that was decided is withdrawn, beside what the core says."""

Decided = said.ExecuteRollback | said.RequestApproval | said.WouldRollBack


class Awaited(Protocol):
    """A rollback of which it is said whether it helped."""

    @property
    def watch_id(self) -> str: ...
    @property
    def migration(self) -> str: ...
    @property
    def until(self) -> Micros: ...


SEVERITY = {
    Action.ROLLBACK: Severity.CRITICAL,
    Action.INVESTIGATE: Severity.ERROR,
    Action.WARN: Severity.WARNING,
}


@dataclass(frozen=True, slots=True)
class Messages:
    """Makes the alerts of one target's watches. Of a watch's report `{id}` stands for its id; "": none."""

    report_url: str = ""
    page_url: str = ""

    def pending(self, watch: Watched, decision: said.StreakPending, value: float | None) -> Alert:
        """The first breaching sample of a rollback rule: informs, wakes nobody."""
        rule = _rule(watch, decision.rule)
        return self._alert(
            watch, decision.at, Severity.WARNING, f"{rule.metric} {_both(watch, rule, value)}",
            transition=f"{rule.name}/pending/{decision.at}", condition=rule.name, page=False,
            stage=Stage.BREACH,
            facts=(*facts.evidence(watch, rule, decision.evidence),
                   *facts.baselines(watch, {rule.metric}), *facts.at_risk(watch)),
            next=f"{_consequence(watch, rule)} if it stays so for {show_span(rule.hold)}",
            commands=("pause", "status"),
        )  # fmt: skip

    def firing(self, watch: Watched, decision: said.StreakFiring, value: float | None) -> Alert:
        rule = _rule(watch, decision.rule)
        return self._alert(
            watch, decision.at, SEVERITY[rule.action],
            f"{rule.metric} {_both(watch, rule, value)} for {_age(decision.at, decision.since)}",
            transition=f"{rule.name}/firing/{decision.since}", condition=rule.name,
            facts=(facts.since(decision.since), *facts.evidence(watch, rule, decision.evidence),
                   *facts.ours(watch, rule),
                   *(slower_facts(watch.changes) if rule.action is Action.INVESTIGATE else ())),
            next=_next(watch, rule), commands=("status", "pause"),
            page=rule.action is not Action.WARN, stage=_stage(rule),
        )  # fmt: skip

    def lacks(self, watch: Watched, decision: said.EvidenceLacks, value: float | None) -> Alert:
        """Errors on a service with little traffic: never silent, and never a rollback on a handful."""
        rule = _rule(watch, decision.rule)
        return self._alert(
            watch, decision.at, Severity.WARNING,
            f"{rule.metric} {_both(watch, rule, value)}, with too little traffic to decide", page=False,
            transition=f"{rule.name}/lacks/{decision.since}", condition=rule.name,
            facts=(facts.since(decision.since), *facts.evidence(watch, rule, decision.evidence),
                   *facts.baselines(watch, {rule.metric})),
            next=f"{_consequence(watch, rule)} once more requests fail", commands=("status", "rollback"),
            stage=Stage.UNDECIDED,
        )  # fmt: skip

    def cleared(self, watch: Watched, decision: said.StreakCleared) -> Alert:
        """Resolves what `pending` or `firing` opened."""
        rule = _rule(watch, decision.rule)
        because = {
            "recovered": "recovered",
            "gap": f"not measured for over {show_span(watch.policy.max_gap)}",
        }.get(decision.reason, decision.reason)
        what = "the breach ended" if decision.reason == "recovered" else "the breach is not counted any more"
        return self._alert(
            watch, decision.at, Severity.INFO,
            f"{rule.name}: {what} after {_age(decision.at, decision.since)}: {because}",
            transition=f"{rule.name}/cleared/{decision.since}", condition=rule.name, resolves=True,
            page=decision.was == "firing" and rule.action is not Action.WARN, stage=_stage(rule),
        )  # fmt: skip

    def rollback_decided(self, watch: Watched, decision: said.ExecuteRollback) -> Alert:
        asked = f"a person ({decision.by}) asked for it" if decision.by else _why(watch, decision)
        return self._alert(
            watch, decision.at, Severity.CRITICAL, f"rolling back now: {asked}",
            transition=f"rollback/decided/{decision.since}", condition="rollback", stage=Stage.ROLLING,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="the stored rollback SQL is executed now", commands=("status",),
        )  # fmt: skip

    def approval(self, watch: Watched, decision: said.RequestApproval) -> Alert:
        since = " (the target was breaching before the migration)" if watch.already_breaching else ""
        title = f"approval needed to roll back: {_why(watch, decision)}{since}"
        return self._alert(
            watch, decision.at, Severity.CRITICAL, title,
            transition=f"rollback/requested/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="nothing is executed until a person approves", commands=("approve", "cancel", "status"),
        )  # fmt: skip

    def would_roll_back(self, watch: Watched, decision: said.WouldRollBack) -> Alert:
        if watch.no_rollback:
            return self._nothing_to_roll_back(watch, decision)
        because = "a newer watch is responsible for this target" if not watch.armed else "mode observe"
        return self._alert(
            watch, decision.at, Severity.ERROR,
            f"would have rolled back ({because}): {_why(watch, decision)}",
            transition=f"rollback/would/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="nothing is executed",
            commands=("rollback", "status") if watch.armed else ("status",),
        )  # fmt: skip

    def _nothing_to_roll_back(self, watch: Watched, decision: said.WouldRollBack) -> Alert:
        why = _why(watch, decision)
        return self._alert(
            watch, decision.at, Severity.CRITICAL,
            f"would be rolled back, and there is no rollback: a person must act ({why})",
            transition=f"rollback/would/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="nothing is executed: a person must act", commands=("status",),
        )  # fmt: skip

    def withdrawn(self, watch: Watched, decision: said.RollbackWithdrawn) -> Alert:
        return self._alert(
            watch, decision.at, Severity.INFO, f"the rollback is withdrawn: {decision.reason}",
            transition=f"rollback/withdrawn/{decision.since}", condition="rollback", resolves=True,
            next="no statement took effect" + ("" if watch.ended else "; the watch goes on"),
            stage=Stage.ROLLING,
        )  # fmt: skip

    def blind(self, watch: Watched, decision: said.WentBlind, reason: str) -> Alert:
        because = f" ({why(reason)})" if reason else ""
        return self._alert(
            watch, decision.at, Severity.ERROR, f"{decision.metric} can't be measured{because}",
            transition=f"{decision.metric}/blind/{decision.at}", condition=f"{decision.metric}/blind",
            next="a breach of this metric would not be noticed; nothing is rolled back for lack of data",
            commands=("check", "status"),
        )  # fmt: skip

    def sighted(self, watch: Watched, decision: said.Sighted) -> Alert:
        return self._alert(
            watch, decision.at, Severity.INFO, f"{decision.metric} is measured again",
            transition=f"{decision.metric}/sighted/{decision.at}", condition=f"{decision.metric}/blind",
            resolves=True,
        )  # fmt: skip

    def ended(self, watch: Watched, decision: said.Ended) -> Alert:
        """A rollback's good end resolves the page of its decision; a bad end keeps it open."""
        verdict = decision.verdict
        ending = ending_of(verdict, watch.how.untouched)
        return self._alert(
            watch, decision.at, ending.severity, ending.said, stage=Stage.OUTCOME,
            transition=f"verdict/{verdict.value}",
            condition="rollback" if verdict in GOOD_ROLLBACKS | BAD_ROLLBACKS else "verdict",
            facts=(*((("reason", decision.reason),) if decision.reason else ()), *facts.kept(watch)),
            next=_begun_small(ending.left) or "the watch has ended", commands=("report",),
            resolves=verdict in GOOD_ROLLBACKS, page=verdict not in QUIET_ENDS,
        )  # fmt: skip

    def over(self, watch: Watched, rule: Rule, at: Micros) -> Alert:
        """Resolves what was told of a breach that outlasts its watch."""
        return self._alert(
            watch, at, Severity.INFO,
            f"{rule.metric} {_limit(watch, rule)}: not watched any more, the watch has ended",
            transition=f"{rule.name}/closed/{at}", condition=rule.name, resolves=True, page=False,
            stage=_stage(rule),
        )  # fmt: skip

    def closed(self, alert: Alert, at: Micros) -> Alert:
        """Resolves a page whose watch has ended."""
        return replace(
            alert, transition=f"{alert.transition}/closed", at=at, severity=Severity.INFO, resolves=True,
            title=f"closed, the watch has ended: {alert.title}", facts=(), next="", commands=(),
        )  # fmt: skip

    def not_ready(self, watch: Watched, reasons: Sequence[str], at: Micros) -> Alert:
        return self._alert(
            watch, at, Severity.ERROR, "NOT able to roll back",
            transition=f"readiness/False/{at}", condition="readiness",
            facts=(*(("reason", reason) for reason in reasons), *facts.at_risk(watch)),
            next="a rollback would be refused until this is mended", commands=("check",),
        )  # fmt: skip

    def ready(self, watch: Watched, at: Micros) -> Alert:
        """Resolves `not_ready`: it is able again, or is not asked to roll back any more."""
        able = "able to roll back again" if watch.readiness.ok else "no rollback is asked of it now"
        return self._alert(
            watch, at, Severity.INFO, able,
            transition=f"readiness/True/{at}", condition="readiness", resolves=True,
        )  # fmt: skip

    def instances(self, watch: Watched, metric: str, answering: int, known: int, at: Micros) -> Alert:
        """Informs: the metric is still measured, from those that answer, as long as half of them do."""
        back = answering == known
        title = "all instances answer again" if back else f"{answering} of {known} instances answer"
        return self._alert(
            watch, at, Severity.INFO if back else Severity.WARNING, f"{metric}: {title}",
            transition=f"{metric}/instances/{at}", condition=f"{metric}/instances", resolves=back, page=False,
            next="" if back else "fewer than half make the metric unmeasured",
        )  # fmt: skip

    def aftermath(self, target: str, after: Awaited, helped: bool | None, at: Micros) -> Alert:
        """Whether the rollback helped. If it did not, the cause is elsewhere and people are woken."""
        return Alert(
            f"aftermath/{after.until}", f"{after.watch_id}/aftermath", target, after.migration,
            after.watch_id, at, Severity.INFO if helped else Severity.CRITICAL,
            HELPED[helped], next="" if helped else ELSEWHERE,
            facts=self._links(after.watch_id), commands=(command("report", after.migration),),
            page=not helped, stage=Stage.OUTCOME,
        )  # fmt: skip

    def started(self, watch: Watched, fired: Sequence[str], at: Micros) -> Alert:
        """A watch begins: until when, or that a person decides; and what was normal before.

        `fired`: rules that had fired before it began.
        """
        title = f"is watched until {when(watch.row.ends_at)}"
        if watch.already_breaching:
            title = (
                f"is watched; {' and '.join(fired)} had fired before it began, "
                "so a person must approve a rollback until that is over"
            )
        normal = facts.baselines(watch, watch.normals)
        return replace(self._noticed(watch, at, "started", title), facts=normal)

    def arming(self, watch: Watched, what: str, at: Micros) -> Alert:
        """A newer watch is responsible for the target now, or gave it back."""
        title = (
            "is responsible for the target again, with fresh streaks"
            if watch.armed
            else "only observes from now on: a newer watch is responsible for the target"
        )
        return self._noticed(watch, at, what, title)

    def promoted(self, watch: Watched, before: int, timeline: int, at: Micros) -> Alert:
        title = f"the primary was promoted: timeline {before} to {timeline}"
        return self._noticed(watch, at, "promoted", title, "the watch goes on there")

    def rearmed(self, watch: Watched, at: Micros) -> Alert:
        title = "may be rolled back by itself again: what was wrong before it began is over"
        return self._noticed(watch, at, "rearmed", title)

    def _noticed(self, watch: Watched, at: Micros, what: str, title: str, after: str = "") -> Alert:
        """Something worth knowing once."""
        return self._alert(
            watch, at, Severity.INFO, title, transition=f"{what}/{at}",
            condition=what, next=after, page=False,
        )  # fmt: skip

    def _alert(
        self, watch: Watched, at: Micros, severity: Severity, title: str, *, transition: str, condition: str,
        facts: tuple[tuple[str, str], ...] = (), next: str = "", commands: tuple[str, ...] = (),
        resolves: bool = False, page: bool = True, stage: str = "",
    ) -> Alert:  # fmt: skip
        row = watch.row
        return Alert(
            transition, f"{row.id}/{condition}", row.target, row.migration, row.id, at, severity, title,
            (*facts, *self._links(row.id)), next, tuple(command(name, row.migration) for name in commands),
            resolves, page, stage,
        )  # fmt: skip

    def _links(self, watch_id: str) -> tuple[tuple[str, str], ...]:
        """Where to see it: the watch on the page, and its report, which the page makes at any time."""
        report = self.report_url or (self.page_url and f"{self.page_url}/api/v1/watches/{{id}}/report")
        links = (("page", self.page_url and f"{self.page_url}/#{{id}}"), ("report", report))
        return tuple((label, url.replace("{id}", watch_id)) for label, url in links if url)


def _rule(watch: Watched, name: str) -> Rule:
    """With the limit of this watch."""
    return next(rule for rule in watch.policy.rules if rule.name == name)


def _stage(rule: Rule) -> Stage:
    return Stage.NOT_NORMAL if rule.action is Action.WARN else Stage.BREACH


def command(name: str, migration: str) -> str:
    """The exact command a person types."""
    return f"{COMMAND} {name}" if name == "check" else f"{COMMAND} {name} {quote(migration)}"


def _begun_small(sentence: str) -> str:
    """As it stands after `next:`, without its full stop."""
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")


def _age(at: Micros, since: Micros) -> str:
    return show_span((at - since) // SECOND * SECOND)


def _consequence(watch: Watched, rule: Rule) -> str:
    if watch.no_rollback:
        return "there is no rollback: a person must act"
    if watch.armed and watch.mode is Mode.AUTO:
        return f"{watch.row.migration} is rolled back by itself"
    if watch.armed and watch.mode is Mode.APPROVE:
        return f"a person is asked to approve the rollback of {watch.row.migration}"
    return f"nothing is rolled back ({rule.name} is only observed)"


def _next(watch: Watched, rule: Rule) -> str:
    return _consequence(watch, rule) if rule.action is Action.ROLLBACK else "nothing is rolled back for this"


def _why(watch: Watched, decision: Decided) -> str:
    """`error_rate above 1 % for 5m`; of a rule that is not there any more its name."""
    rule = watch.rule(decision.rule)
    if rule is None:
        return decision.rule
    return f"{rule.metric} {_limit(watch, rule)} for {_age(decision.at, decision.since)}"


def _both(watch: Watched, rule: Rule, value: float | None) -> str:
    shown = "" if value is None else f"{watch.show(rule.metric, value)} "
    return f"{shown}is {_limit(watch, rule)}"


def _limit(watch: Watched, rule: Rule) -> str:
    relation = "not below" if rule.inclusive else "above"
    return f"{relation} {watch.show(rule.metric, rule.limit)}"
