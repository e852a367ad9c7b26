"""One alert of a watch: who it is about, where to look, what a person types; and a rule in words."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Mode, Rule
from monitor.ports import Alert, Severity
from monitor.present.watched import Watched
from monitor.units import show_span

COMMAND = "migration-monitor"


@dataclass(frozen=True, slots=True)
class Links:
    """Of one target. In the address of a watch's report `{id}` stands for its id; "": none."""

    report_url: str = ""
    page_url: str = ""

    def alert(
        self, watch: Watched, at: Micros, severity: Severity, title: str, *, transition: str, condition: str,
        facts: tuple[tuple[str, str], ...] = (), next: str = "", commands: tuple[str, ...] = (),
        resolves: bool = False, page: bool = True, stage: str = "",
    ) -> Alert:  # fmt: skip
        row = watch.row
        return Alert(
            transition, f"{row.id}/{condition}", row.target, row.migration, row.id, at, severity, title,
            (*facts, *self.links(row.id)), next, tuple(command(name, row.migration) for name in commands),
            resolves, page, stage,
        )  # fmt: skip

    def links(self, watch_id: str) -> tuple[tuple[str, str], ...]:
        """Where to see it: the watch on the page, and its report, which the page makes at any time."""
        report = self.report_url or (self.page_url and f"{self.page_url}/api/v1/watches/{{id}}/report")
        links = (("page", self.page_url and f"{self.page_url}/#{{id}}"), ("report", report))
        return tuple((label, url.replace("{id}", watch_id)) for label, url in links if url)


def command(name: str, migration: str) -> str:
    """The exact command a person types."""
    return f"{COMMAND} {name}" if name == "check" else f"{COMMAND} {name} {quote(migration)}"


def rule_of(watch: Watched, name: str) -> Rule:
    """With the limit of this watch."""
    return next(rule for rule in watch.policy.rules if rule.name == name)


def age(at: Micros, since: Micros) -> str:
    return show_span((at - since) // SECOND * SECOND)


def consequence(watch: Watched, rule: Rule) -> str:
    if watch.no_rollback:
        return "there is no rollback: manual action is needed"
    if watch.armed and watch.mode is Mode.AUTO:
        return f"{watch.row.migration} will be rolled back automatically"
    if watch.armed and watch.mode is Mode.APPROVE:
        return f"approval is requested for the rollback of {watch.row.migration}"
    return f"no rollback ({rule.name} is only observed)"


def both(watch: Watched, rule: Rule, value: float | None) -> str:
    shown = "" if value is None else f"{watch.show(rule.metric, value)} "
    return f"{shown}is {limit(watch, rule)}"


def limit(watch: Watched, rule: Rule) -> str:
    relation = "not below" if rule.inclusive else "above"
    return f"{relation} {watch.show(rule.metric, rule.limit)}"
