"""sqitch: `revert/CHANGE.sql` for the changes of `sqitch.plan`; a registry schema with its own history.

The revert is recorded as sqitch does: an event, then tags, dependencies and the change go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from monitor.errors import OperatorError
from monitor.history.files import read
from monitor.history.rows import MARK
from monitor.history.tool import Place, Script, Tool, Unusable
from monitor.ports.history import Bookkeeping, BookTable, BookWrite

_PROJECT = re.compile(r"^%project=(\S+)\s*$", re.MULTILINE)
_CHANGE = re.compile(r"^([^\s%@#:~^][^\s]*)\s+(?:\[[^\]]*\]\s+)?\d{4}-\d\d-\d\dT", re.MULTILINE)

COMMITTER = ("migration-monitor", "migration-monitor@localhost")
"""Who reverted it, in sqitch's log."""


def _plan(directory: Path) -> str:
    path = directory / "sqitch.plan"
    if not path.is_file():
        raise OperatorError(f"there is no sqitch.plan in {directory}: `dir` is the folder that holds it")
    return read(path).decode("utf-8", "replace")


def _scripts(place: Place) -> Sequence[Script]:
    """The changes of the plan; one that was reworked has several instances, and the last one counts."""
    if place.directory is None:
        return ()
    text = _plan(place.directory)
    names = list(dict.fromkeys(_CHANGE.findall(text)))
    project = match[1] if (match := _PROJECT.search(text)) else ""
    return [
        Script(f"{project}:{name}", (name, f"{name}.sql"), place.directory / "revert" / f"{name}.sql",
               (n,), name)
        for n, name in enumerate(names)
    ]  # fmt: skip


def _books(place: Place, key: str, _: Sequence[Script]) -> Bookkeeping:
    project, colon, change = key.partition(":")
    if not colon or not project:
        raise Unusable("the project is not known: `dir` must hold sqitch.plan with its %project")
    changes, events = place.beside("changes"), place.beside("events")
    tags, dependencies = place.beside("tags"), place.beside("dependencies")
    ours = (
        f"(SELECT c.change_id FROM {changes} c WHERE c.project = $1::text AND c.change = $2::text "
        "ORDER BY c.committed_at DESC LIMIT 1)"
    )
    state = f"""{MARK}
SELECT EXISTS (SELECT FROM {changes} c WHERE c.change_id = {ours}) AS applied,
       (SELECT n.change FROM {changes} n, {changes} c
         WHERE c.change_id = {ours} AND n.project = c.project AND n.committed_at > c.committed_at
         ORDER BY n.committed_at DESC LIMIT 1) AS newer,
       '' AS trouble"""
    event = f"""{MARK}
INSERT INTO {events} (event, change_id, change, project, note, requires, conflicts, tags, committed_at,
       committer_name, committer_email, planned_at, planner_name, planner_email)
SELECT 'revert', c.change_id, c.change, c.project, c.note,
       ARRAY(SELECT d.dependency FROM {dependencies} d
              WHERE d.change_id = c.change_id AND d.type = 'require'),
       ARRAY(SELECT d.dependency FROM {dependencies} d
              WHERE d.change_id = c.change_id AND d.type = 'conflict'),
       ARRAY(SELECT t.tag FROM {tags} t WHERE t.change_id = c.change_id),
       pg_catalog.clock_timestamp(), $3::text, $4::text, c.planned_at, c.planner_name, c.planner_email
  FROM {changes} c WHERE c.change_id = {ours}"""
    args = (project, change)
    gone = f"WHERE r.change_id = {ours}"
    return Bookkeeping(
        "sqitch",
        change,
        (
            BookTable(changes, ("SELECT", "DELETE")),
            BookTable(events, ("INSERT",)),
            BookTable(tags, ("SELECT", "DELETE")),
            BookTable(dependencies, ("SELECT", "DELETE")),
        ),
        state,
        args,
        (
            BookWrite(event, (*args, *COMMITTER), 1),
            BookWrite(f"{MARK} DELETE FROM {tags} AS r {gone}", args, None),
            BookWrite(f"{MARK} DELETE FROM {dependencies} AS r {gone}", args, None),
            BookWrite(f"{MARK} DELETE FROM {changes} AS r {gone}", args, 1),
        ),
        f"SELECT c.committed_at FROM {changes} c WHERE c.change_id = {ours}",
    )


SQITCH = Tool(
    "sqitch",
    reads="`revert/CHANGE.sql`",
    marks="a `revert` event; tags, dependencies and the change are deleted",
    proven="sqitch 1.3.1",
    table="changes",
    schema="sqitch",
    scripts=_scripts,
    books=_books,
)
