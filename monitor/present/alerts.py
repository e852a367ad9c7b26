"""What people are told: one alert per transition, with both numbers, what happens next, what to do.

Every text is made of our own words, configured names and numbers; nothing a remote sent. `breaches` has those
of metrics, `orders` those of rollbacks, `progress` what one meets on its way, `notices` what belongs to
no open watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.core.samples import Micros
from monitor.ports import Alert, Severity
from monitor.present import facts
from monitor.present.breaches import Breaches
from monitor.present.orders import Orders
from monitor.present.times import when
from monitor.present.watched import Watched


class Messages(Breaches, Orders):
    """Makes the alerts of one target's watches."""

    __slots__ = ()

    def started(self, watch: Watched, fired: Sequence[str], at: Micros) -> Alert:
        """A watch begins: until when, or that a person decides; and what was normal before.

        `fired`: rules that had fired before it began.
        """
        title = f"will be monitored until {when(watch.row.ends_at)}"
        if watch.already_breaching:
            title = (
                f"is monitored; {' and '.join(fired)} was already firing before it began, "
                "so rollbacks need approval until that is over"
            )
        normal = facts.baselines(watch, watch.normals)
        return replace(self._noticed(watch, at, "started", title), facts=normal)

    def arming(self, watch: Watched, what: str, at: Micros) -> Alert:
        """A newer watch is responsible for the target now, or gave it back."""
        title = (
            "monitors the target again; its streaks start afresh"
            if watch.armed
            else "now only observes: a newer watch has taken over the target"
        )
        return self._noticed(watch, at, what, title)

    def promoted(self, watch: Watched, before: int, timeline: int, at: Micros) -> Alert:
        title = f"the primary was promoted: timeline {before} to {timeline}"
        return self._noticed(watch, at, "promoted", title, "the watch continues there")

    def rearmed(self, watch: Watched, at: Micros) -> Alert:
        title = "may be rolled back automatically again: the breach from before it began is over"
        return self._noticed(watch, at, "rearmed", title)

    def not_ready(self, watch: Watched, reasons: Sequence[str], at: Micros) -> Alert:
        return self.alert(
            watch, at, Severity.ERROR, "rollback NOT ready",
            transition=f"readiness/False/{at}", condition="readiness",
            facts=(*(("reason", reason) for reason in reasons), *facts.at_risk(watch)),
            next="a rollback would be refused until this is fixed", commands=("check",),
        )  # fmt: skip

    def ready(self, watch: Watched, at: Micros) -> Alert:
        """Resolves `not_ready`: it is able again, or is not asked to roll back any more."""
        able = "rollback ready again" if watch.readiness.ok else "a rollback is not required now"
        return self.alert(
            watch, at, Severity.INFO, able,
            transition=f"readiness/True/{at}", condition="readiness", resolves=True,
        )  # fmt: skip

    def closed(self, alert: Alert, at: Micros) -> Alert:
        """Resolves a page whose watch has ended."""
        return replace(
            alert, transition=f"{alert.transition}/closed", at=at, severity=Severity.INFO, resolves=True,
            title=f"closed, the watch has ended: {alert.title}", facts=(), next="", commands=(),
        )  # fmt: skip

    def _noticed(self, watch: Watched, at: Micros, what: str, title: str, after: str = "") -> Alert:
        """Something worth knowing once."""
        return self.alert(
            watch, at, Severity.INFO, title, transition=f"{what}/{at}",
            condition=what, next=after, page=False,
        )  # fmt: skip
