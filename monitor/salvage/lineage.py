"""Which kept rows must stay away: their parent's key belongs to a row written since.

A table that was applied again starts to number its rows anew: what hung on order 1 would hang on somebody
else's order 1. Known before anything is filled, from the foreign keys of the rollback's own time; what hangs
on a row that stays away stays away too. It can't be known of a parent that the rollback did not take away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.pg import MARK, Connection, quote_identifier
from monitor.salvage import restore_sql as sql
from monitor.salvage.current_table import Column, Table
from monitor.salvage.manifest import Kept
from monitor.salvage.values_as_text import written
from monitor.schema.definition import Parent


@dataclass(frozen=True, slots=True)
class Copy:
    """A kept table, beside the one that is there now; `keys` say which rows are the same, or nothing does."""

    kept: Kept
    place: str
    copied: Mapping[str, Column]
    there: Table
    names: tuple[str, ...]  # the columns that come back
    keys: tuple[str, ...]

    @property
    def join(self) -> str:
        return sql.join(self.copied, self.there.columns, self.keys)

    @property
    def same(self) -> str:
        return sql.same_row(self.copied, self.there.columns, self.names)


@dataclass(slots=True)
class Standing:
    """Rows of a copy, by where they are in it: `newer` have another content now, `doubtful` a lost parent."""

    newer: set[str]
    doubtful: set[str]
    same: int

    @property
    def lost(self) -> list[str]:
        return sorted(self.newer | self.doubtful)


Standings = dict[str, Standing]
"""By the table's label."""


async def judge(connection: Connection, copies: Sequence[Copy]) -> Standings:
    """Of every copy's rows, until nothing more follows."""
    found = {c.kept.source: await _compared(connection, c) for c in copies}
    labels = {c.kept.source: c for c in copies}
    grown = any(s.newer for s in found.values())
    while grown:
        grown = False
        for child in copies:
            for parent in (p for p in child.kept.parents if p.label in found):
                new = await _orphans(connection, child, labels[parent.label], parent, found)
                grown = grown or not new <= found[child.kept.source].doubtful
                found[child.kept.source].doubtful |= new
    return found


async def _compared(connection: Connection, c: Copy) -> Standing:
    if not c.keys:
        return Standing(set(), set(), 0)
    rows = f"FROM {c.place} s JOIN {c.there.label} t ON {c.join}"
    newer = await connection.fetch(f"{MARK} SELECT s.ctid::text AS at {rows} WHERE NOT ({c.same})")
    same = await connection.fetchval(f"{MARK} SELECT count(*) {rows} WHERE {c.same}")
    return Standing({r["at"] for r in newer}, set(), same)


async def _orphans(
    connection: Connection, child: Copy, parent: Copy, key: Parent, found: Standings
) -> set[str]:
    """Rows that are not there, of a parent that is another one now."""
    values = {a: sql.kept_value(child.copied, child.there.columns, a) for a, _ in key.pairs}
    there = f"EXISTS (SELECT FROM {child.there.label} t WHERE {child.join})" if child.keys else "false"
    where = f"NOT {there} AND {hangs(parent, key, values)}"
    rows = await connection.fetch(
        f"{MARK} SELECT s.ctid::text AS at FROM {child.place} s WHERE {where}",
        found[parent.kept.source].lost,
    )
    return {r["at"] for r in rows}


def hangs(parent: Copy, key: Parent, values: Mapping[str, str], number: int = 1) -> str:
    """Whether these values name one of the parent's rows that are listed in the parameter of that number."""
    pairs = " AND ".join(f"p.{quote_identifier(theirs)} = {_as_copied(parent, theirs, values[ours])}"
                         for ours, theirs in key.pairs)  # fmt: skip
    listed = f"p.ctid = ANY (${number}::text[]::pg_catalog.tid[])"
    return f"EXISTS (SELECT FROM {parent.place} p WHERE {listed} AND {pairs})"


def _as_copied(parent: Copy, name: str, value: str) -> str:
    """The value as the parent's copy holds it: as text what is of a type of the schema."""
    have, want = parent.copied[name], parent.there.columns[name]
    return written(value) if sql.told_as_text(have, want) else value
