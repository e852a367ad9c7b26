"""The migration tool's own table, from the rollback's side: asked, and told what was undone.

What to ask and what to write came with the plan as data and is compared with it under the row lock.
This file knows no tool.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.pg import Connection
from monitor.ports import Bookkeeping, BookTable, BookWrite, Lack, Reason

LOCK_MODE = "SHARE ROW EXCLUSIVE"
"""Keeps the tool from recording another migration meanwhile; readers go on."""

RIGHTS = """/* migration-monitor: rights on the migration tool's tables */
SELECT w.name, w.privilege, c.oid IS NOT NULL AS exists,
       coalesce(pg_catalog.has_table_privilege(c.oid, w.privilege), false) AS may
  FROM unnest($1::text[], $2::text[]) AS w(name, privilege)
  LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name)"""


@dataclass(frozen=True, slots=True)
class State:
    """What the tool's table says of the migration."""

    applied: bool
    newer: str  # the latest migration applied after it; ""
    trouble: str  # why the tool itself would refuse; ""


class WrongRowsError(Exception):
    """A write affected another number of rows than the tool's convention says."""


def overtaken(books: Bookkeeping, state: State) -> str:
    """Why the table forbids the rollback whatever the schema says; "" if it does not."""
    if state.newer:
        return f"a later migration was applied: {state.newer} ({books.tool}, after {books.migration})"
    return f"{books.tool}: {state.trouble}" if state.trouble else ""


def absent(books: Bookkeeping, state: State) -> str:
    """The sentence for a migration that the tool does not know as applied; "" if it does."""
    if state.applied:
        return ""
    table = books.tables[0].name
    return (
        f"{books.tool} says that {books.migration} is not applied: {table} has no row of it; "
        "it was taken back by the tool, or never applied under this name"
    )


async def read(connection: Connection, books: Bookkeeping) -> State:
    """Needs the right to read; one round trip."""
    r = await connection.fetchrow(books.state, *books.args)
    if r is None:  # every `state` aggregates or has no FROM
        raise AssertionError
    return State(bool(r["applied"]), r["newer"] or "", r["trouble"] or "")


async def missing(connection: Connection, tables: Sequence[BookTable]) -> list[Reason]:
    """Tables that are not there and rights that the role lacks, as sentences."""
    wanted = [(t.name, p) for t in tables for p in t.privileges]
    rows = await connection.fetch(RIGHTS, [n for n, _ in wanted], [p for _, p in wanted])
    absent_tables = dict.fromkeys(r["name"] for r in rows if not r["exists"])
    found = [
        Reason(
            f"the migration tool's table {name} does not exist: set `migrations.schema` and "
            "`migrations.table`",
            Lack.HISTORY,
        )
        for name in absent_tables
    ]
    for table in tables:
        lacking = [r["privilege"] for r in rows if r["name"] == table.name and r["exists"] and not r["may"]]
        if lacking:
            what = ", ".join(lacking)
            text = f"the rollback role may not {what} on {table.name}: GRANT {what} ON it to the role"
            found.append(Reason(text, Lack.RIGHTS))
    return found


async def problems(connection: Connection, books: Bookkeeping) -> list[Reason]:
    """Everything in the table's way, for registration and readiness."""
    if found := await missing(connection, books.tables):
        return found
    state = await read(connection, books)
    return [Reason(why, Lack.HISTORY) for why in (overtaken(books, state), absent(books, state)) if why]


Run = Callable[[Awaitable[Any], str], Awaitable[Any]]
"""Waits for an answer within its deadline; the text names the step."""


async def write(connection: Connection, books: Bookkeeping, run: Run) -> dict[str, Any]:
    """Marks the migration as reverted; returns the event's detail. Raises WrongRowsError."""
    done = []
    for w in books.writes:
        tag: str = await run(connection.execute(w.sql, *w.args), f"marking {books.migration} as reverted")
        rows = int(tag.rsplit(" ", 1)[-1])
        if w.rows is not None and rows != w.rows:
            raise WrongRowsError(
                f"{books.tool}'s table was to change by {w.rows} row and would by {rows}: {str(w)[:200]}"
            )
        done.append({"sql": str(w), "rows": rows})
    return {"tool": books.tool, "migration": books.migration, "statements": done}


def to_json(books: Bookkeeping | None) -> dict[str, object] | None:
    """What goes into the plan."""
    if books is None:
        return None
    return {
        "tool": books.tool,
        "migration": books.migration,
        "tables": [{"name": t.name, "privileges": list(t.privileges)} for t in books.tables],
        "state": books.state,
        "args": list(books.args),
        "writes": [{"sql": w.sql, "args": list(w.args), "rows": w.rows} for w in books.writes],
    }


def from_json(row: Mapping[str, Any] | None) -> Bookkeeping | None:
    """Raises KeyError or TypeError when it is not one of ours."""
    if row is None:
        return None
    return Bookkeeping(
        row["tool"], row["migration"],
        tuple(BookTable(t["name"], tuple(t["privileges"])) for t in row["tables"]),
        row["state"], tuple(row["args"]),
        tuple(BookWrite(w["sql"], tuple(w["args"]), w["rows"]) for w in row["writes"]),
    )  # fmt: skip


def shown(books: Bookkeeping | None) -> list[str]:
    """What is told at registration, a line for each statement."""
    if books is None:
        return []
    return [f"{books.tool}: {' '.join(str(w).split())}" for w in books.writes]
