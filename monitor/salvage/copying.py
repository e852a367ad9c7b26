"""Copies what the plan would destroy, in the rollback's own transaction and after its locks.

Salvaging before the lock loses late writes. Every copy has a manifest row with the SQL that brings it back.
Copies and rows are one text, so that all of them take one round trip. This file sends nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor.pg import MARK, PINNED, Connection, quote_identifier
from monitor.plan.forecast.schema_after import Destroyed
from monitor.salvage import manifest, values_as_text
from monitor.salvage.manifest import SALVAGED, SCHEMA, Kept
from monitor.schema import definition
from monitor.schema.definition import Described
from monitor.schema.relation import Column, Fingerprint, Relation
from monitor.schema.relation import known as foretold

MAX_IDENTIFIER = 63

_ODD = re.compile(r"[^a-z0-9_]+")


ALL_ROWS = "SET LOCAL row_security = off"
"""To refuse rather than copy only what we may see."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is read once for all that a group takes away: its tables, and what they are made of.

    `path`: the statement that sets the plan's search_path, for event triggers that meet the new tables.
    `limit`: the one that gives the next ones what is left of the time for which locks may be held.
    """

    now: Fingerprint
    described: Described
    path: str
    limit: str


@dataclass(frozen=True, slots=True)
class Step:
    """The statements that keep one thing, and what the event row says of it; its rows are counted later."""

    statements: tuple[str, ...]
    told: dict[str, Any]


def copying(connection: Connection, watch_id: str, losses: Sequence[Destroyed], known: Known) -> list[Step]:
    """One table for each loss. To be sent under the locks, between PIN_WRITING and UNPIN_WRITING."""
    return [_copy(connection, watch_id, n, loss, known) for n, loss in enumerate(losses, start=1)]


def _copy(connection: Connection, watch_id: str, number: int, loss: Destroyed, known: Known) -> Step:
    entry = known.now.relation(loss.label)
    if entry is None or (loss.column and loss.column not in entry.columns):
        return Step((), {"source": loss.name, "rows": 0, "into": "", "note": "it was not there"})
    key = entry.primary_key if isinstance(entry.primary_key, list) else []
    keys = tuple(k for k in key if k != loss.column)
    keyed = bool(loss.column and keys) and loss.column not in key
    into = f"{SCHEMA}.{quote_identifier(table_name(watch_id, loss.step, number))}"
    made = known.described[loss.label]
    kept = Kept(
        watch_id, loss.step, loss.kind, SALVAGED, loss.label, loss.column, into, "", keys if keyed else (),
        None, "", "", source_oid=made["oid"], bystanders=tuple(made["bystanders"]),
    )  # fmt: skip
    again = definition.of(made, loss.label, loss.column)
    copied = f"{MARK} CREATE TABLE {into} AS SELECT {_what(kept, entry)} FROM {_of(kept, entry)}"
    noted = manifest.noting(connection, kept, again, _fill(kept, entry))
    told = {"source": loss.name, "rows": 0, "into": into, "step": loss.step}
    return Step((known.limit, known.path, copied, PINNED, known.limit, noted), told)


def _of(kept: Kept, entry: Relation) -> str:
    """A table without those that inherit from it, whose rows stay or are copied themselves.

    A column goes from those too: their values are copied with its own.
    """
    whole = kept.source_column or entry.kind != "table"  # a partitioned table is nothing without
    return kept.source if whole else f"ONLY {kept.source}"


def _what(kept: Kept, entry: Relation) -> str:
    """A value and the key of its row; whole rows where nothing says which row a value belongs to."""
    wanted = [*kept.keys, kept.source_column] if kept.keys else entry.columns
    return ", ".join(_copied(entry, c) for c in wanted)


def _copied(entry: Relation, column: str) -> str:
    name = quote_identifier(column)
    return f"{values_as_text.written(name)} AS {name}" if _of_the_schema(entry, column) else name


def _of_the_schema(entry: Relation, column: str) -> bool:
    """Of a type that the schema made: a copy that used it would keep this plan, and every later migration,

    from dropping it. As text its values are what pg_dump writes. Read under an empty search_path, where
    only PostgreSQL's own types need no schema.
    """
    return "." in _type_of(entry, column)


def _type_of(entry: Relation, column: str) -> str:
    found = entry.columns[column]
    return str(found.type) if isinstance(found, Column) else ""


def _back(entry: Relation, column: str) -> str:
    """The copy's value as it was."""
    value = f"s.{quote_identifier(column)}"
    return values_as_text.read(value, _type_of(entry, column)) if _of_the_schema(entry, column) else value


def _fill(kept: Kept, entry: Relation) -> list[str]:
    """The statement that puts the rows or values back into what was made again."""
    if not kept.source_column:
        columns = [c for c, v in foretold(entry.columns).items() if not v.generated]
        names = ", ".join(quote_identifier(c) for c in columns)
        values = ", ".join(_back(entry, c) for c in columns)
        into = f"INSERT INTO {kept.source} ({names}) OVERRIDING SYSTEM VALUE"
        if not columns:
            into = f"INSERT INTO {kept.source}"
        return [values_as_text.PIN_READING, f"{into} SELECT {values} FROM {kept.salvaged_as} s"]
    if not kept.keys:
        return [f"-- no primary key to join by: {kept.salvaged_as} holds the whole rows as they were\n"]
    column = quote_identifier(kept.source_column)
    join = " AND ".join(f"t.{quote_identifier(k)} = {_back(entry, k)}" for k in kept.keys)
    value = _back(entry, kept.source_column)
    fill = f"UPDATE {kept.source} t SET {column} = {value} FROM {kept.salvaged_as} s WHERE {join}"
    return [values_as_text.PIN_READING, fill]


def table_name(watch_id: str, step: int, number: int) -> str:
    """Readable, unique for a watch, and not longer than the server allows."""
    plain = _ODD.sub("_", watch_id.lower())
    tail = f"_{step}_{number}"
    if plain == watch_id and len(plain) + len(tail) <= MAX_IDENTIFIER:
        return plain + tail
    digest = hashlib.sha256(watch_id.encode()).hexdigest()[:8]
    return f"{plain[: MAX_IDENTIFIER - len(tail) - 9]}_{digest}{tail}"
