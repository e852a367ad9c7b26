"""The latest rollback decided on a target, and the latest watch that ended with each verdict.

A rollback takes less time than lies between two scrapes, and a watch that is over leaves the page:
what is exported of them is when it happened. Kept with the target's memory, so that an alert on it
outlives a restart. This file decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from monitor.core import decisions as said
from monitor.ports import DECIDED, Json, Milestone


class Milestones:
    """One for each kind: never more than there are verdicts, and one."""

    def __init__(self) -> None:
        self._latest: dict[str, Milestone] = {}

    @property
    def all(self) -> tuple[Milestone, ...]:
        """In the order in which they came to be known first."""
        return tuple(self._latest.values())

    def note(self, migration: str, decision: said.Decision) -> None:
        """Takes in what the core said of a watch; most of it is no milestone."""
        if isinstance(decision, said.ExecuteRollback):
            self._latest[DECIDED] = Milestone(DECIDED, migration, decision.at)
        elif isinstance(decision, said.Ended):
            what = decision.verdict.value
            self._latest[what] = Milestone(what, migration, decision.at)

    def memory(self) -> Sequence[Json]:
        return [asdict(found) for found in self._latest.values()]

    def restore(self, memory: Sequence[Mapping[str, Any]]) -> None:
        """Takes back what `memory` gave."""
        self._latest = {stored["what"]: Milestone(**stored) for stored in memory}
