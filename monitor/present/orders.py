"""Alerts of a rollback: decided, asked for, withdrawn; how its watch ended, and whether it helped."""

from __future__ import annotations

from typing import Protocol

from monitor.core import decisions as said
from monitor.core.samples import Micros
from monitor.ports import Alert, Severity, Stage
from monitor.present import facts
from monitor.present.alert import Links, age, command, limit
from monitor.present.verdicts import BAD_ROLLBACKS, ELSEWHERE, GOOD_ROLLBACKS, HELPED, QUIET_ENDS, ending_of
from monitor.present.watched import Watched

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


class Orders(Links):
    """The messages about rollbacks of one target's watches."""

    __slots__ = ()

    def rollback_decided(self, watch: Watched, decision: said.ExecuteRollback) -> Alert:
        asked = f"a person ({decision.by}) asked for it" if decision.by else _why(watch, decision)
        return self.alert(
            watch, decision.at, Severity.CRITICAL, f"rolling back now: {asked}",
            transition=f"rollback/decided/{decision.since}", condition="rollback", stage=Stage.ROLLING,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="the stored rollback SQL is executed now", commands=("status",),
        )  # fmt: skip

    def approval(self, watch: Watched, decision: said.RequestApproval) -> Alert:
        since = " (the breach began before the migration)" if watch.already_breaching else ""
        title = f"approval needed to roll back: {_why(watch, decision)}{since}"
        return self.alert(
            watch, decision.at, Severity.CRITICAL, title,
            transition=f"rollback/requested/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="nothing is executed until someone approves", commands=("approve", "cancel", "status"),
        )  # fmt: skip

    def would_roll_back(self, watch: Watched, decision: said.WouldRollBack) -> Alert:
        if watch.no_rollback:
            return self._nothing_to_roll_back(watch, decision)
        because = "a newer watch is responsible for this target" if not watch.armed else "mode observe"
        return self.alert(
            watch, decision.at, Severity.ERROR,
            f"would have rolled back ({because}): {_why(watch, decision)}",
            transition=f"rollback/would/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="nothing is executed",
            commands=("rollback", "status") if watch.armed else ("status",),
        )  # fmt: skip

    def _nothing_to_roll_back(self, watch: Watched, decision: said.WouldRollBack) -> Alert:
        why = _why(watch, decision)
        return self.alert(
            watch, decision.at, Severity.CRITICAL,
            f"would be rolled back, and there is no rollback: manual action is needed ({why})",
            transition=f"rollback/would/{decision.since}", condition="rollback", stage=Stage.ASKED,
            facts=facts.of_order(watch, decision.rule, decision.since, decision.evidence),
            next="nothing is executed: manual action is needed", commands=("status",),
        )  # fmt: skip

    def withdrawn(self, watch: Watched, decision: said.RollbackWithdrawn) -> Alert:
        return self.alert(
            watch, decision.at, Severity.INFO, f"the rollback is withdrawn: {decision.reason}",
            transition=f"rollback/withdrawn/{decision.since}", condition="rollback", resolves=True,
            next="no statement took effect" + ("" if watch.ended else "; the watch continues"),
            stage=Stage.ROLLING,
        )  # fmt: skip

    def ended(self, watch: Watched, decision: said.Ended) -> Alert:
        """A rollback's good end resolves the page of its decision; a bad end keeps it open."""
        verdict = decision.verdict
        ending = ending_of(verdict, watch.how.untouched)
        return self.alert(
            watch, decision.at, ending.severity, ending.said, stage=Stage.OUTCOME,
            transition=f"verdict/{verdict.value}",
            condition="rollback" if verdict in GOOD_ROLLBACKS | BAD_ROLLBACKS else "verdict",
            facts=(*((("reason", decision.reason),) if decision.reason else ()), *facts.kept(watch)),
            next=_begun_small(ending.left) or "the watch has ended", commands=("report",),
            resolves=verdict in GOOD_ROLLBACKS, page=verdict not in QUIET_ENDS,
        )  # fmt: skip

    def aftermath(self, target: str, after: Awaited, helped: bool | None, at: Micros) -> Alert:
        """Whether the rollback helped. If it did not, the cause is elsewhere and people are woken."""
        return Alert(
            f"aftermath/{after.until}", f"{after.watch_id}/aftermath", target, after.migration,
            after.watch_id, at, Severity.INFO if helped else Severity.CRITICAL,
            HELPED[helped], next="" if helped else ELSEWHERE,
            facts=self.links(after.watch_id), commands=(command("report", after.migration),),
            page=not helped, stage=Stage.OUTCOME,
        )  # fmt: skip


def _why(watch: Watched, decision: Decided) -> str:
    """`error_rate above 1 % for 5m`; of a rule that is not there any more its name."""
    rule = watch.rule(decision.rule)
    if rule is None:
        return decision.rule
    return f"{rule.metric} {limit(watch, rule)} for {age(decision.at, decision.since)}"


def _begun_small(sentence: str) -> str:
    """As it stands after `next:`, without its full stop."""
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")
