"""Whether kept values fit what a column is now: by an assignment that the server knows and that changes none.

An assignment may round: 19.99 into an integer is 20, a timestamp into a date has no time. What would be
another value than the kept one is not put back.
"""

from __future__ import annotations

from monitor import pg
from monitor.errors import DatabaseError, DatabaseUnreachable, OperatorError
from monitor.pg import Connection
from monitor.salvage import restore_sql as sql
from monitor.salvage import values_as_text
from monitor.salvage.current_table import Column
from monitor.salvage.manifest import Kept

DATA = "22"
"""Class of SQLSTATEs that say that a value is none of the type's."""


async def check(
    connection: Connection, kept: Kept, place: str, have: Column, want: Column, name: str
) -> None:
    """Of every value in `place`, as alias s. Raises OperatorError; `name` is what people call the column."""
    rows = f"{pg.MARK} SELECT count(*) FROM {place} s WHERE NOT"
    value = f"s.{have.quoted}"
    if sql.told_as_text(have, want):
        stays = (
            f"{values_as_text.written(values_as_text.read(value, want.type))} IS NOT DISTINCT FROM {value}"
        )
        async with values_as_text.pinned(connection):  # as it was written
            changed = await _changed(connection, f"{rows} ({stays})")
    elif have.type != want.type:
        stays = await _comes_back(connection, kept, have, want, name)
        changed = await _changed(connection, f"{rows} ({stays})")
    else:
        return
    if changed:
        raise OperatorError(
            f"{name} is {want.type} now and {changed} of the kept values would be stored as another one: "
            f"they are in {kept.salvaged_as}; give the column its type again, or put them back by hand"
        )


async def _changed(connection: Connection, question: str) -> str:
    """How many values would be others; "" if none."""
    try:
        async with pg.translated("comparing kept values"):
            count = await connection.fetchval(question)
    except DatabaseError as e:
        if not e.sqlstate.startswith(DATA):
            raise
        return "at least one"
    return f"{count:,}" if count else ""


async def _comes_back(connection: Connection, kept: Kept, have: Column, want: Column, name: str) -> str:
    """Whether a value is itself again after it went through the other type; else whether its text is."""
    if not await _possible(connection, f"UPDATE {kept.source} SET {want.quoted} = NULL::{have.type}"):
        raise OperatorError(
            f"{name} is {want.type} now and was {have.type}: the values don't fit; "
            f"they are in {kept.salvaged_as}"
        )
    value = f"s.{have.quoted}"
    stored = f"{value}::{want.type}"
    if await _possible(connection, f"SELECT NULL::{want.type}::{have.type}"):
        stored = f"{stored}::{have.type}"
    return f"{values_as_text.written(value)} IS NOT DISTINCT FROM {values_as_text.written(stored)}"


async def _possible(connection: Connection, statement: str) -> bool:
    """Whether the server knows what to do with it; nothing is executed."""
    savepoint = connection.transaction()
    await savepoint.start()
    try:
        async with pg.translated("comparing types"):
            await connection.execute(f"{pg.MARK} EXPLAIN {statement}")
    except DatabaseUnreachable:
        raise
    except DatabaseError:
        return False
    else:
        return True
    finally:
        if not connection.is_closed():
            await savepoint.rollback()
