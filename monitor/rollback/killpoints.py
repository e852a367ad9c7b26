"""Named points between the steps of a rollback, handed in by whoever builds the executor.

In production a point does nothing, and nothing outside this process can make it do something: what a test
has happen there (`tests/dying.py`: the process dies) is given to the constructor.
"""

from __future__ import annotations

from collections.abc import Callable

KillPoint = Callable[[str], None]
"""Is called with the name of each point that is passed.

In a transaction: `before_intent`, `after_intent`, `after_statement_<n>` for every statement,
`after_ledger_row`, `before_commit`, `after_commit`, and `<before|after>_commit_<n>` for every transactional
group, counted with the others. Of statement n outside a transaction: `before_started_<n>`,
`after_started_<n>` (`started` is committed), `after_cleaned_<n>` (what an interrupted run left is removed),
`after_run_<n>`, `after_done_<n>` (`done` is committed).
"""


def harmless(_: str) -> None:
    """The null object."""
