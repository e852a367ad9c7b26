"""Makes what a rollback took away again, as it was: first all of it empty, its keys when it is full.

Tables may need each other (by inheritance, as partitions, by foreign keys that point in a circle): what fails
for want of another table is tried again behind that one.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor import pg
from monitor.errors import DatabaseError, OperatorError
from monitor.pg import Connection
from monitor.salvage import current_table, manifest, whereabouts
from monitor.salvage.manifest import Kept

ABSENT = "42P01"
THERE_ALREADY = "42710"

Made = dict[str, int]
"""Place of what was made again -> rows or values that came with it, being the quarantined thing itself."""


async def make(connection: Connection, wanted: Sequence[Kept], *, create: bool) -> Made:
    """Of these, what is not there. Raises OperatorError unless that is wished for."""
    made: Made = {}
    waiting = list(wanted)
    while waiting:
        left: list[Kept] = []
        for kept in waiting:
            if not await _settled(connection, kept, waiting, made, create=create):
                left.append(kept)
        if len(left) == len(waiting):
            names = ", ".join(k.name for k in left)
            raise OperatorError(f"{names} can't be made again: what it stands on is not there")
        waiting = left
    return made


async def _settled(
    connection: Connection, kept: Kept, waiting: Sequence[Kept], made: Made, *, create: bool
) -> bool:
    """Whether it is there now; False: it needs one that is still to be made."""
    there = await current_table.table(connection, kept.source)
    if there is not None and (not kept.source_column or kept.source_column in there.columns):
        return True
    if kept.source_column and there is None:
        if create and any(k.source == kept.source and not k.source_column for k in waiting):
            return False
        raise OperatorError(f"{kept.source} is not there: {await _now(connection, kept)}")
    if not create:
        raise OperatorError(
            f"{kept.name} is not there: re-apply the migration first, or make it again with --create; "
            f"its data is in {kept.salvaged_as}"
        )
    await itself(connection, kept, there)
    return await _made(connection, kept, made)


async def _now(connection: Connection, kept: Kept) -> str:
    """What the table of the column is called now, for the operator."""
    now = await current_table.label_of(connection, kept.source_oid)
    return f"it is {now} now, re-apply the migration first" if now else "re-apply the migration first"


async def itself(connection: Connection, kept: Kept, there: current_table.Table | None) -> None:
    """Refuses a table that only has the name of the one that data was kept of."""
    if there is None or kept.source_oid is None or there.oid == kept.source_oid:
        return
    if not kept.source_column and there.oid in kept.bystanders:
        raise OperatorError(
            f"{kept.source} is another table now, that the rollback gave this name: re-apply the migration "
            f"first; the rows are in {kept.salvaged_as}"
        )
    if kept.source_column and (now := await current_table.label_of(connection, kept.source_oid)):
        raise OperatorError(
            f"{kept.source} is another table now, the one whose values were kept is {now}: re-apply the "
            f"migration first; the values are in {kept.salvaged_as}"
        )


async def _made(connection: Connection, kept: Kept, made: Made) -> bool:
    rows = 0
    if kept.how == "quarantined":
        rows = await _rows_of(connection, kept)
    try:
        async with pg.translated(f"making {kept.name} again"), connection.transaction():
            await connection.execute(kept.create_sql)
    except DatabaseError as e:
        if e.sqlstate != ABSENT:
            raise
        return False
    if kept.how == "quarantined":
        await connection.execute(manifest.TAKEN_BACK, kept.watch_id, kept.salvaged_as)
    made[kept.salvaged_as] = rows
    return True


async def _rows_of(connection: Connection, kept: Kept) -> int:
    """Of the quarantined thing itself."""
    if not (table := await whereabouts.find(connection, kept)):
        raise OperatorError(f"{kept.salvaged_as}, where {kept.name} was put aside, is gone")
    if not kept.source_column:
        return int(await connection.fetchval(f"{pg.MARK} SELECT count(*) FROM {table}"))
    column = pg.quote_identifier(kept.kept_column)
    return int(
        await connection.fetchval(
            f"{pg.MARK} SELECT count(*) FROM {table} t WHERE t.{column} IS DISTINCT FROM NULL"
        )
    )


async def finish(connection: Connection, made: Sequence[Kept]) -> None:
    """Keys, indexes, owner and rights of each; then all foreign keys, each once."""
    await connection.execute(
        "SET CONSTRAINTS ALL IMMEDIATE"
    )  # no ALTER TABLE while checks of rows are pending
    for kept in made:
        await connection.execute(kept.finish_sql or "SELECT")
    for statement in dict.fromkeys(sql for kept in made for sql in kept.foreign_sql):
        try:
            async with pg.translated("adding a foreign key again"), connection.transaction():
                await connection.execute(statement)
        except DatabaseError as e:
            if e.sqlstate != THERE_ALREADY:  # of a table that was applied again
                raise
