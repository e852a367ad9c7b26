"""Puts the rows or values of one kept table or column back into what is there now, and counts them.

Values written since win; rows deleted since stay deleted; nothing is put where it would be another value or
hang on another row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor import pg
from monitor.errors import DatabaseError, OperatorError
from monitor.pg import Connection, quote_identifier
from monitor.salvage import assignable, current_table, lineage, whereabouts
from monitor.salvage import restore_sql as sql
from monitor.salvage.current_table import Column, Table
from monitor.salvage.lineage import Copy, Standings
from monitor.salvage.making import itself
from monitor.salvage.manifest import Kept

TAKEN = "23505"
"""SQLSTATE of a value that another row has, and that must be unique."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Of one kept table or column.

    `rows` (of a column: values) are there, `restored` were put back, `kept` had newer values, `same` had the
    value already, `missing` belong to rows that are gone; `doubtful` hang on a parent whose key belongs to
    another row now, `clashing` have a unique value that another row has now: both stay in the copy.
    """

    name: str
    place: str
    rows: int
    restored: int
    kept: int = 0
    same: int = 0
    missing: int = 0
    doubtful: int = 0
    clashing: int = 0
    created: bool = False
    joined_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """The kept tables, by label, and how their rows stand to those that are there."""

    copies: Mapping[str, Copy]
    standings: Standings

    def doubt(self, kept: Kept, values: Mapping[str, str]) -> tuple[str, list[list[str]]]:
        """Whether a value hangs on a lost row, and the parameters for that."""
        said, lost = [], []
        for key in kept.parents:
            if key.label in self.copies and self.standings[key.label].lost:
                lost.append(self.standings[key.label].lost)
                said.append(lineage.hangs(self.copies[key.label], key, values, len(lost)))
        return (" OR ".join(said) or "false"), lost


async def copy_of(connection: Connection, kept: Kept) -> Copy:
    """Of a whole table that is there; everything that speaks against filling it is said here."""
    there = await _target(connection, kept)
    copied = await _copied(connection, kept)
    names = [n for n, c in copied.columns.items()
             if not c.generated and not (n in there.columns and there.columns[n].generated)]  # fmt: skip
    if absent := [n for n in names if n not in there.columns]:
        raise OperatorError(
            f"{kept.source} has no column {', '.join(absent)}, which its copy {kept.salvaged_as} has"
        )
    keys = await current_table.key_within(connection, kept.source, names)
    if not keys and await connection.fetchval(f"{pg.MARK} SELECT EXISTS (SELECT FROM {there.alone})"):
        why = "its rows were put back already" if kept.restored_at else "it holds rows and has no key"
        raise OperatorError(f"{kept.source} is not filled: {why}; the copy is {kept.salvaged_as}")
    for n in names:
        name = f"{kept.source}.{n}"
        await assignable.check(connection, kept, copied.label, copied.columns[n], there.columns[n], name)
    return Copy(kept, copied.label, copied.columns, there, tuple(names), keys)


async def fill(connection: Connection, kept: Kept, family: Family, *, overwrite: bool) -> Restored:
    """Raises OperatorError with the remedy; nothing is changed then."""
    if not kept.source_column:
        return await _table(connection, family.copies[kept.source], family.standings)
    if kept.how == "quarantined":
        return await _beside(connection, kept, family, overwrite=overwrite)
    return await _column(connection, kept, family, overwrite=overwrite)


async def _table(connection: Connection, c: Copy, standings: Standings) -> Restored:
    """Rows that are there already are newer: they stay."""
    standing, source = standings[c.kept.source], c.kept.source
    rows = await connection.fetchval(f"{pg.MARK} SELECT count(*) FROM {c.place}")
    text = sql.fill_table(source, c.place, c.copied, c.there.columns, c.names)
    done = sql.tag_count(await connection.execute(text, sorted(standing.doubtful)))
    for column in (c.there.columns[n] for n in c.names):
        if column.identity or column.default.startswith("nextval("):
            await connection.fetchval(sql.advance(source, column), source, column.name)
    newer, doubtful = len(standing.newer), len(standing.doubtful)
    return Restored(
        c.kept.name, c.kept.salvaged_as, rows, done, newer, standing.same, doubtful=doubtful,
        clashing=rows - done - newer - standing.same - doubtful, joined_by=c.keys,
    )  # fmt: skip


async def _column(connection: Connection, kept: Kept, family: Family, *, overwrite: bool) -> Restored:
    there = await _target(connection, kept)
    column, copied = _fillable(kept, there), await _copied(connection, kept)
    have = copied.columns[column.name]
    await assignable.check(connection, kept, copied.label, have, column, kept.name)
    names = kept.keys or sorted(copied.columns.keys() - {column.name})
    keys = await current_table.key_within(connection, kept.source, names)
    if not keys or await connection.fetchval(sql.ambiguous(copied.label, keys)):
        raise OperatorError(
            f"{kept.source} has no key by which the values of {kept.name} could find their rows: they are in "
            f"{kept.salvaged_as}, to be put back by hand"
        )
    value = sql.kept_value(copied.columns, there.columns, column.name)
    on = sql.join(copied.columns, there.columns, keys)
    doubt, lost = family.doubt(kept, _beside_it(there, column, value))
    writable = sql.writable(column, value, overwrite=overwrite)
    asked = sql.count_column(
        kept.source, copied.label, column, value, on, keys[0], f"{writable} AND ({doubt})"
    )
    which = f"{writable} AND NOT ({doubt})"
    text = sql.fill_column(kept.source, copied.label, column, value, on, which)
    return await _written(connection, kept, asked, text, lost, keys)


async def _beside(connection: Connection, kept: Kept, family: Family, *, overwrite: bool) -> Restored:
    there = await _target(connection, kept)
    column, table = _fillable(kept, there), await whereabouts.find(connection, kept)
    if table != kept.source:
        raise OperatorError(
            f"the quarantined column {kept.kept_column} is "
            + (f"in {table}, not in {kept.source}: put it back by hand" if table else "gone")
        )
    aside = there.columns[kept.kept_column]
    await assignable.check(connection, kept, there.label, aside, column, kept.name)
    doubt, lost = family.doubt(kept, _beside_it(there, column, f"t.{aside.quoted}"))
    writable = sql.writable(column, f"t.{aside.quoted}", overwrite=overwrite)
    asked = sql.count_beside(kept.source, aside.name, column, f"{writable} AND ({doubt})")
    text = sql.fill_beside(kept.source, aside.name, column, f"{writable} AND NOT ({doubt})")
    return await _written(connection, kept, asked, text, lost, ())


def _beside_it(there: Table, column: Column, value: str) -> dict[str, str]:
    """What a row will say in the columns of its keys."""
    return {**{n: f"t.{quote_identifier(n)}" for n in there.columns}, column.name: value}


async def _written(
    connection: Connection, kept: Kept, asked: str, text: str, lost: list[list[str]], keys: tuple[str, ...]
) -> Restored:
    counted = await connection.fetchrow(asked, *lost)
    try:
        async with pg.translated(f"filling {kept.name}"):
            done = sql.tag_count(await connection.execute(text, *lost))
    except DatabaseError as e:
        if e.sqlstate != TAKEN:
            raise
        raise OperatorError(
            f"{kept.name} must be unique, and a row written since has a value that comes back: nothing was "
            f"put back; the values are in {kept.salvaged_as}"
        ) from e
    if counted is None:  # a SELECT of counts has one row
        raise AssertionError
    newer = counted["rows"] - counted["missing"] - counted["same"] - counted["doubtful"] - done
    return Restored(
        kept.name, kept.salvaged_as, counted["rows"], done, max(0, newer), counted["same"],
        counted["missing"], counted["doubtful"], joined_by=keys,
    )  # fmt: skip


async def _target(connection: Connection, kept: Kept) -> Table:
    there = await current_table.table(connection, kept.source)
    if there is None:  # it was, or was made, a moment ago
        raise OperatorError(f"{kept.source} is not there: re-apply the migration first")
    await itself(connection, kept, there)
    return there


def _fillable(kept: Kept, there: Table) -> Column:
    column = there.columns[kept.source_column]
    if column.generated or column.identity == "a":
        raise OperatorError(f"{kept.name} is generated now: its values can't be put back")
    return column


async def _copied(connection: Connection, kept: Kept) -> Table:
    label = await whereabouts.find(connection, kept)
    found = await current_table.table(connection, label) if label else None
    if found is None:
        raise OperatorError(f"the copy {kept.salvaged_as} of {kept.name} is gone")
    return found
