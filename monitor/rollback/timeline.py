"""Failover: has the primary that answers now lost something of the ledger that was committed before?

A promotion that lost nothing is no reason to stop. What is known to be lost can't be proven any more:
then nothing is done without a person, whatever the rows that are left seem to say.
This file decides nothing about a rollback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from monitor.pg import Connection
from monitor.plan.groups import Standing
from monitor.ports import Progress, ProgressKind
from monitor.rollback import ledger
from monitor.rollback.held import Session, answer
from monitor.sql.scripts import Statement

KNOWN = """/* migration-monitor: what a failover left of the intent */
SELECT w.intent_at IS NOT NULL AS intent FROM migration_monitor.watch w WHERE w.id = $1"""

DECIDED_ON = """/* migration-monitor: the timeline of the intent */
SELECT (e.detail->>'timeline')::int FROM migration_monitor.event e
 WHERE e.watch_id = $1 AND e.kind IN ('intent', 'intent_followed') ORDER BY e.id DESC LIMIT 1"""


class LedgerLostError(Exception):
    """The ledger of this timeline lacks what was committed, or may have been, on another."""

    def __init__(self, before: int, now: int, lost: str, standing: Standing) -> None:
        self.standing = standing
        self.now = now
        super().__init__(f"a failover from timeline {before} to {now} lost {lost}: a person must decide")


@dataclass(slots=True)
class Course:
    """One rollback's way over timelines. `timeline`: that its intent was committed on; 0: not known.

    `note` writes into the ledger that it goes on on another: whoever settles it after a restart would else
    take the old one for the last that was used, and say of the same failover that it may have lost a commit.
    """

    watch_id: str
    statements: Sequence[Statement]
    report: Callable[[Progress], None]
    note: Callable[[Connection, int, int], Awaitable[None]]
    timeline: int = 0

    async def follow(self, session: Session, standing: Standing) -> None:
        """To another timeline, if it has everything that was committed. Raises LedgerLostError."""
        before, now = self.timeline, session.server.timeline
        if before not in {0, now}:
            question = lost(session.connection, self.watch_id, self.statements, standing)
            what, found = await answer(session.connection, question, "looking what a failover has lost")
            if what:
                raise LedgerLostError(before, now, what, found)
            await answer(
                session.connection, self.note(session.connection, before, now), "noting the new timeline"
            )
            text = f"the primary was promoted: timeline {before} to {now}; the ledger has lost nothing of it"
            self.report(Progress(ProgressKind.PROMOTED, text, {"before": before, "now": now}))
        self.timeline = now


async def decided_on(connection: Connection, watch_id: str) -> int:
    """The timeline that the last intent was committed on, or was followed to; 0: not known."""
    found: int | None = await connection.fetchval(DECIDED_ON, watch_id)
    return found or 0


async def lost(
    connection: Connection, watch_id: str, statements: Sequence[Statement], before: Standing
) -> tuple[str, Standing]:
    """What is missing of an intent and `before`, "" if nothing is; and what the ledger has."""
    row = await connection.fetchrow(KNOWN, watch_id)
    found = await ledger.standing(connection, watch_id, statements)
    if row is None:
        return "the watch's row", found
    if (found.done, found.started) < (before.done, before.started):
        return "the row of a statement that took effect", found
    return ("" if row["intent"] else "the committed intent"), found
