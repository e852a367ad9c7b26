"""Copies what the plan would destroy, in the rollback's own transaction and after its locks.

Salvaging before the lock loses late writes. Every copy has a manifest row with the SQL that brings it back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from monitor.pg import MARK, PINNED, Connection, quote_identifier
from monitor.rollback.data import manifest, text, whereabouts
from monitor.rollback.data.manifest import SCHEMA, Kept
from monitor.rollback.forecast.entries import Entry
from monitor.rollback.forecast.model import Destroyed
from monitor.rollback.schema import definition
from monitor.rollback.schema.definition import Described

MAX_IDENTIFIER = 63

_ODD = re.compile(r"[^a-z0-9_]+")


Limit = Callable[[], str]
"""The statement that gives the next ones what is left of the time for which locks may be held."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is read once for all that a group takes away: its tables, their oids, what they are made of.

    `path`: the statement that sets the plan's search_path, for event triggers that meet the new tables.
    """

    relations: Mapping[str, Any]
    named: tuple[int, ...]
    path: str
    described: Described = field(default_factory=dict)


async def copy(
    connection: Connection, watch_id: str, losses: Sequence[Destroyed], known: Known, limit: Limit
) -> list[dict[str, Any]]:
    """One table for each loss; returns what the event row says of each. Needs the locks to be held."""
    if not losses:
        return []
    await connection.execute("SET LOCAL row_security = off")  # refuse rather than copy only what we may see
    found = []
    async with text.pinned(connection):
        for n, loss in enumerate(losses, start=1):
            await connection.execute(limit())
            found.append(await _copy(connection, watch_id, n, loss, known))
    return found


async def _copy(
    connection: Connection, watch_id: str, number: int, loss: Destroyed, known: Known
) -> dict[str, Any]:
    entry = known.relations.get(loss.label)
    if entry is None or (loss.column and loss.column not in entry["columns"]):
        return {"source": loss.name, "rows": 0, "into": "", "note": "it was not there"}
    keys = tuple(k for k in entry["primary_key"] if k != loss.column)
    keyed = bool(loss.column and keys) and loss.column not in entry["primary_key"]
    into = f"{SCHEMA}.{quote_identifier(table_name(watch_id, loss.step, number))}"
    itself = await whereabouts.of(connection, loss.label, loss.column, known.named)
    kept = Kept(
        watch_id, loss.step, loss.kind, "salvaged", loss.label, loss.column, into, "", keys if keyed else (),
        0, "", "", source_oid=itself.oid, bystanders=itself.bystanders,
    )  # fmt: skip
    made = await definition.read(connection, known.described, loss.label, loss.column)
    copying = f"{MARK} CREATE TABLE {into} AS SELECT {_what(kept, entry)} FROM {_of(kept, entry)}"
    await connection.execute(known.path)
    tag = await connection.execute(copying)
    await connection.execute(PINNED)
    rows = int(tag.rsplit(" ", 1)[-1])
    place = await whereabouts.of(connection, into, "", ())
    kept = replace(kept, row_count=rows, kept_oid=place.oid)
    await manifest.note(connection, kept, made, _fill(kept, entry))
    return {"source": loss.name, "rows": rows, "into": into, "step": loss.step}


def _of(kept: Kept, entry: Entry) -> str:
    """A table without those that inherit from it, whose rows stay or are copied themselves.

    A column goes from those too: their values are copied with its own.
    """
    whole = kept.source_column or entry["kind"] != "table"  # a partitioned table is nothing without
    return kept.source if whole else f"ONLY {kept.source}"


def _what(kept: Kept, entry: Entry) -> str:
    """A value and the key of its row; whole rows where nothing says which row a value belongs to."""
    wanted = [*kept.keys, kept.source_column] if kept.keys else entry["columns"]
    return ", ".join(_copied(entry, c) for c in wanted)


def _copied(entry: Entry, column: str) -> str:
    name = quote_identifier(column)
    return f"{text.written(name)} AS {name}" if _of_the_schema(entry, column) else name


def _of_the_schema(entry: Entry, column: str) -> bool:
    """Of a type that the schema made: a copy that used it would keep this plan, and every later migration,

    from dropping it. As text its values are what pg_dump writes. Read under an empty search_path, where
    only PostgreSQL's own types need no schema.
    """
    return "." in entry["columns"][column]["type"]


def _back(entry: Entry, column: str) -> str:
    """The copy's value as it was."""
    value = f"s.{quote_identifier(column)}"
    return text.read(value, entry["columns"][column]["type"]) if _of_the_schema(entry, column) else value


def _fill(kept: Kept, entry: Entry) -> list[str]:
    """The statement that puts the rows or values back into what was made again."""
    if not kept.source_column:
        columns = [c for c, v in entry["columns"].items() if not v["generated"]]
        names = ", ".join(quote_identifier(c) for c in columns)
        values = ", ".join(_back(entry, c) for c in columns)
        into = f"INSERT INTO {kept.source} ({names}) OVERRIDING SYSTEM VALUE"
        if not columns:
            into = f"INSERT INTO {kept.source}"
        return [text.PIN_READING, f"{into} SELECT {values} FROM {kept.salvaged_as} s"]
    if not kept.keys:
        return [f"-- no primary key to join by: {kept.salvaged_as} holds the whole rows as they were\n"]
    column = quote_identifier(kept.source_column)
    join = " AND ".join(f"t.{quote_identifier(k)} = {_back(entry, k)}" for k in kept.keys)
    value = _back(entry, kept.source_column)
    fill = f"UPDATE {kept.source} t SET {column} = {value} FROM {kept.salvaged_as} s WHERE {join}"
    return [text.PIN_READING, fill]


def table_name(watch_id: str, step: int, number: int) -> str:
    """Readable, unique for a watch, and not longer than the server allows."""
    plain = _ODD.sub("_", watch_id.lower())
    tail = f"_{step}_{number}"
    if plain == watch_id and len(plain) + len(tail) <= MAX_IDENTIFIER:
        return plain + tail
    digest = hashlib.sha256(watch_id.encode()).hexdigest()[:8]
    return f"{plain[: MAX_IDENTIFIER - len(tail) - 9]}_{digest}{tail}"
