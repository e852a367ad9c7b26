"""Writes a person's side of a watch: its registration and its controls, each with an event and a NOTIFY.

The caller opens the transaction; what wakes the daemon is sent by the server at its COMMIT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitor import encoding, pg
from monitor.core.samples import Micros
from monitor.errors import ControlRefused, NotFound, PlanRefused, Problem
from monitor.plan.digest import SEAL
from monitor.ports import Control, Registration, WatchRow
from monitor.store.controls import COLUMNS, refusal
from monitor.store.locks import CHANNEL
from monitor.store.reading import WATCH_COLUMNS
from monitor.store.rows import watch_from
from monitor.store.session import clean, sentence

SHORT = 12
"""Characters of a sha256 that people compare."""

NAME_LENGTH = 200
"""Characters of a migration's name: it stands in alerts, labels and commands to be typed."""

SHOWN = 40
"""Characters of a refused name that its refusal repeats."""

TURN = "/* migration-monitor */ LOCK TABLE migration_monitor.watch IN SHARE UPDATE EXCLUSIVE MODE"
"""In the way of another registration alone, and of VACUUM; whoever may not write the ledger can't take it."""

OPEN_OF_MIGRATION = f"""/* migration-monitor */
SELECT {WATCH_COLUMNS} FROM migration_monitor.watch w
 WHERE w.target = $1 AND w.migration = $2 AND w.verdict IS NULL AND w.cancelled_at IS NULL
 ORDER BY w.seq DESC LIMIT 1
"""
"""A cancelled one ends, although its daemon may not have said so yet: nobody may rely on it any more."""

INSERT = """/* migration-monitor */
INSERT INTO migration_monitor.watch
       (id, migration, target, mode, started_at, ends_at, plan_sql, plan_sha256, plan, search_path,
        system_identifier, timeline, fingerprint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

BY_ID = f"/* migration-monitor */ SELECT {WATCH_COLUMNS} FROM migration_monitor.watch w WHERE w.id = $1"

LOCK = "/* migration-monitor */ SELECT FROM migration_monitor.watch WHERE id = $1 FOR UPDATE"

EVENT = """/* migration-monitor */
INSERT INTO migration_monitor.event (watch_id, target, at, kind, detail, key)
SELECT $1, $2, t.now, $3, $4,
       concat_ws('/', $1::text, $3::text, $5::text, (extract(epoch FROM t.now) * 1000000)::bigint)
  FROM (SELECT clock_timestamp() AS now) t
RETURNING at
"""

NOTIFY = "/* migration-monitor */ SELECT pg_catalog.pg_notify($1, $2)"

CONTROL: Mapping[Control, str] = {
    control: f"""/* migration-monitor */
UPDATE migration_monitor.watch SET {column} = $2, control_by = $3, control_reason = $4 WHERE id = $1
"""
    for control, column in COLUMNS.items()
}


async def register_watch(connection: pg.Connection, new: Registration, id: str) -> tuple[WatchRow, bool]:
    """The watch and True if it is new; the open one of the same migration and hash, and False.

    Raises PlanRefused when the open one has another hash.
    """
    check_name(new)
    if c := encoding.unfit(new.migration, encoding.encoding_of(connection)):
        what = f"`{c}` of the migration's name has no place in the store's encoding: give another name"
        raise PlanRefused([Problem("", what)])
    await connection.execute(TURN)
    row = await connection.fetchrow(OPEN_OF_MIGRATION, new.target, new.migration)
    if row is not None:
        return same_watch(watch_from(row), new), False
    await _insert(connection, new, id)
    detail = {"migration": new.migration, "mode": new.mode.value, "sha256": new.plan.sha256}
    await _tell(connection, id, new.target, "registered", detail)
    return await _watch(connection, id), True


def check_name(new: Registration) -> None:
    """Raises PlanRefused when the migration's name can't be stored, shown in one line, or typed again."""
    name = new.migration
    if not name.strip() or not name.isprintable() or len(name) > NAME_LENGTH or name != clean(name):
        shown = "".join(c if c.isprintable() else "?" for c in clean(name))[:SHOWN]
        what = f"a migration's name is one line of 1 to {NAME_LENGTH} printable characters: give another"
        raise PlanRefused([Problem(shown, what)])
    if LIKE_AN_ID.fullmatch(name):
        what = "is written as the id of a watch is, and could be taken for one: give another name"
        raise PlanRefused([Problem(name, what)])


LIKE_AN_ID = re.compile("w-[0-9a-f]{12}")
"""What `new_id` makes: by an id, a command means that watch."""


def same_watch(open_watch: WatchRow, new: Registration) -> WatchRow:
    """The open watch if it is the one to be registered. Raises PlanRefused if its plan is another."""
    if open_watch.plan.sha256 == new.plan.sha256:
        return open_watch
    raise PlanRefused(
        [
            Problem(
                new.migration,
                f"watch {open_watch.id} of this migration is open with another rollback "
                f"(its SQL has the sha256 {open_watch.plan.sha256[:SHORT]}…, this one "
                f"{new.plan.sha256[:SHORT]}…): "
                f"`migration-monitor cancel {open_watch.id}` first",
            )
        ]
    )


async def control_watch(
    connection: pg.Connection, id: str, control: Control, *, by: str, reason: str
) -> WatchRow:
    """Writes a control under the row lock. Raises ControlRefused or NotFound."""
    await connection.execute(LOCK, id)
    watch = await _watch(connection, id)  # a new snapshot: what the lock waited for is seen
    if why := refusal(watch, control):
        raise ControlRefused(why)
    detail = {"control": control.value, "by": by, "reason": reason}
    at = await _tell(connection, id, watch.target, "control", detail, control.value)
    await connection.execute(CONTROL[control], id, at, sentence(connection, by), sentence(connection, reason))
    return await _watch(connection, id)


async def _insert(connection: pg.Connection, new: Registration, id: str) -> None:
    plan = new.plan
    await connection.execute(
        INSERT, id, new.migration, new.target, new.mode.value, new.started_at, new.ends_at, plan.sql,
        plan.sha256, plan.plan, plan.search_path, plan.system_identifier, plan.timeline, plan.fingerprint
    )  # fmt: skip
    await connection.execute(SEAL, id)


async def _watch(connection: pg.Connection, id: str) -> WatchRow:
    row = await connection.fetchrow(BY_ID, id)
    if row is None:
        raise NotFound(f"no watch {id}")
    return watch_from(row)


async def _tell(
    connection: pg.Connection, id: str, target: str, kind: str, detail: Mapping[str, object], what: str = ""
) -> Micros:
    """Writes the event and wakes the daemon; returns the event's database time."""
    at: Micros = await connection.fetchval(EVENT, id, target, kind, detail, what or None)
    await connection.execute(NOTIFY, CHANNEL, target)
    return at
