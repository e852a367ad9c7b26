"""What people are told while a rollback is on its way: one row of a table for each kind of news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.core.samples import Micros
from monitor.ports import Alert, Progress, ProgressKind, Severity, Stage
from monitor.ports.hooks import Call, HookResult
from monitor.present.alert import command
from monitor.present.watched import Watched

BLOCKERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class News:
    """How a kind of progress is told. `about`: the condition that it opens or closes."""

    severity: Severity
    about: str
    next: str
    resolves: bool = False
    page: bool = True
    stage: Stage = Stage.STUCK


GOES_ON = "the daemon continues automatically"

TOLD: Mapping[ProgressKind, News] = {
    ProgressKind.IN_DOUBT: News(Severity.CRITICAL, "in_doubt", GOES_ON),
    ProgressKind.SETTLED: News(Severity.INFO, "in_doubt", GOES_ON, resolves=True),
    ProgressKind.RESUMED: News(Severity.CRITICAL, "resumed", GOES_ON, stage=Stage.ROLLING),
    ProgressKind.BUDGET_SPENT: News(Severity.CRITICAL, "budget_spent", GOES_ON),
    ProgressKind.CLEARED: News(
        Severity.WARNING,
        "cleared",
        "as configured by `rollback.blockers`",
        page=False,
        stage=Stage.ROLLING,
    ),
    ProgressKind.HOOK_BLOCKS: News(
        Severity.CRITICAL, "hook", "no statement is sent until it succeeds; it is retried automatically"
    ),
    ProgressKind.HOOK_FAILED: News(Severity.ERROR, "hook", "the rollback continues: `on_failure: warn`"),
    ProgressKind.HOOK_PULLED: News(Severity.INFO, "hook", GOES_ON, resolves=True),
    ProgressKind.REFUSED_FOR_NOW: News(
        Severity.CRITICAL, "connection", "it is retried automatically while the breach lasts"
    ),
    ProgressKind.HINDERED: News(
        Severity.CRITICAL, "hindered", "it is retried automatically at longer intervals while it is needed"
    ),
    ProgressKind.PROMOTED: News(
        Severity.WARNING,
        "promoted",
        "nothing is lost, the rollback continues there",
        page=False,
        stage=Stage.ROLLING,
    ),
}
"""Kinds that are not here are events without an alert."""


def progress_alert(watch: Watched, progress: Progress, at: Micros, number: int) -> Alert | None:
    """The alert of one piece of news; None when it is not for people."""
    news = TOLD.get(progress.kind)
    if news is None:
        return None
    row, condition = watch.row, f"rollback/{news.about}"
    return Alert(
        f"rollback/{progress.kind.value}/{watch.state.life.verdict_at or at}/{number}",
        f"{row.id}/{condition}", row.target, row.migration, row.id, at, news.severity,
        f"rollback: {progress.text}", _facts(progress.detail), news.next, (command("status", row.migration),),
        news.resolves, news.page, news.stage,
    )  # fmt: skip


def hooks_of(progress: Progress) -> list[bool]:
    """Of each hook that was pulled, whether it succeeded."""
    hooks: Any = progress.detail.get("hooks") or ()
    return [bool(hook["ok"]) for hook in hooks]


def _facts(detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Who is in the way, one line each."""
    texts: Sequence[str] = detail.get("text") or ()
    found = [("blocked by", text) for text in list(texts)[:BLOCKERS_SHOWN]]
    if len(texts) > BLOCKERS_SHOWN:
        found.append(("blocked by", f"{len(texts) - BLOCKERS_SHOWN} more"))
    return tuple(found)


def hooks_alert(call: Call, failed: Sequence[HookResult], at: Micros) -> Alert:
    """A hook after the rollback that failed: said once, its watch has ended."""
    return Alert(
        f"hooks/{call.key}/{at}", f"{call.watch_id}/hooks", call.target, call.migration, call.watch_id, at,
        Severity.ERROR, "a hook failed after the rollback",
        tuple(("hook", str(one)) for one in failed),
        "it is not retried: do by hand what it should have done",
        (command("status", call.migration),),
        stage=Stage.OUTCOME,
    )  # fmt: skip


def lost_intent(intent_on: int, now: int) -> str:
    """Why, where a failover lost a committed intent; timelines."""
    return f"a failover from timeline {intent_on} to {now} lost the committed intent of a rollback"


def lost_alert(watch: Watched, text: str, at: Micros) -> Alert:
    """A failover lost part of the ledger: a person looks before anything is rolled back."""
    row = watch.row
    return Alert(
        f"ledger_lost/{at}", f"{row.id}/ledger_lost", row.target, row.migration, row.id, at,
        Severity.CRITICAL, text,
        next="no rollback until someone approves or requests it: check the schema first",
        commands=tuple(command(c, row.migration) for c in ("status", "approve", "rollback", "cancel")),
    )  # fmt: skip
