"""What a whole schema is: every user object with its names and definitions, no oids, as one JSON value.

Beside fingerprint.py, which reads the objects that a plan touches. What is read and what is left out, column
by column of the catalogue, stands in catalogue_coverage.py. This file does not know plans.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from monitor.errors import DatabaseError
from monitor.pg import Connection
from monitor.schema import excerpts, rest
from monitor.schema.difference import Difference, How
from monitor.schema.objects import NAMED, Objects, objects
from monitor.schema.steady import MOVED, steadily

__all__ = ["NAMED", "Objects", "differences", "differences_of", "read"]

WHOLE = files("monitor.schema").joinpath("whole.sql").read_text(encoding="utf-8")

LATE = files("monitor.schema").joinpath("whole_late.sql").read_text(encoding="utf-8")

READING = "reading the whole schema"

LOCKS = (500, 50, 1)
"""Relations that may be locked at once to describe what names them, at most, and when there was no room."""

NO_ROOM = "53200"
"""The server's table of locks, which all sessions share, is full."""

SMALL = 100
"""A server with room for fewer gets the locks on its catalogue back between two questions."""

MARK_BATCH = "SAVEPOINT migration_monitor_batch"

END_BATCH = "ROLLBACK TO SAVEPOINT migration_monitor_batch"
"""Gives the locks of a batch back."""


@dataclass(frozen=True, slots=True)
class _Late:
    """What is described apart. `names`: the relations that its definition names."""

    kind: str
    oid: int
    object: str
    part: str
    name: str
    names: tuple[str, ...]

    def entry(self, found: Objects) -> dict[str, Any]:
        whole = found[self.object]
        entry: dict[str, Any] = whole[self.part][self.name] if self.part else whole
        return entry


@dataclass(frozen=True, slots=True)
class _Seen:
    """All but `late`; `room`: how many relations may be locked at once.

    `versions`: of relations and functions, for as long as nothing that they are made of changes.
    """

    objects: Objects
    room: int
    late: tuple[_Late, ...]
    versions: Mapping[str, int]


async def read(connection: Connection, at_once: Sequence[int] = LOCKS) -> Objects:
    """Of the connection's database. Needs an open transaction and leaves it as it was, locks included.

    What others change meanwhile is noticed under READ COMMITTED, and read again. `at_once`: how many
    relations may be locked at the same time, and how many when the server had no room for that.
    """
    for locks in at_once[:-1]:
        try:
            return await _steadily(connection, locks)
        except DatabaseError as e:
            if e.sqlstate != NO_ROOM:
                raise
    return await _steadily(connection, at_once[-1])


async def _steadily(connection: Connection, locks: int) -> Objects:
    return await steadily(connection, READING, lambda: _read(connection, locks))


async def _read(connection: Connection, locks: int) -> Objects:
    """In one go where few relations are locked for it, else in batches between two looks at the rest."""
    seen = await _look(connection, locks)
    if not seen.late:
        return seen.objects
    await connection.execute(MARK_BATCH)
    described = [pair for batch in _batches(seen) for pair in await _describe(connection, batch)]
    again = await _look(connection, locks)
    if _moved(seen, again):
        raise DatabaseError("others change the schema all the time", MOVED)
    for late, value in described:
        if value is None:  # it was dropped since
            raise DatabaseError(f"{late.object} was dropped while it was read", MOVED)
        late.entry(seen.objects).update({k: v for k, v in value.items() if v is not None})
    return seen.objects


async def _look(connection: Connection, locks: int) -> _Seen:
    row = await connection.fetchrow(WHOLE, locks)
    if row is None:  # an aggregate has one row
        raise AssertionError
    if row["room"] < SMALL:
        await connection.execute(f"{MARK_BATCH}; {END_BATCH}")
    beside = await connection.fetchval(rest.query(connection.get_server_version().major))
    late = tuple(
        _Late(kind, oid, label, part, name, tuple(names))
        for kind, oid, label, part, name, names in json.loads(row["late"] or "[]")
    )
    versions = json.loads(row["versions"] or "{}")
    return _Seen(objects(json.loads(row["rows"]) + json.loads(beside)), row["room"], late, versions)


def _batches(seen: _Seen) -> Iterator[Sequence[_Late]]:
    batch: list[_Late] = []
    taken: set[str] = set()
    for late in seen.late:
        if batch and len(taken | {late.object, *late.names}) > seen.room:
            yield batch
            batch, taken = [], set()
        batch.append(late)
        taken |= {late.object, *late.names}
    yield batch


async def _describe(
    connection: Connection, batch: Sequence[_Late]
) -> list[tuple[_Late, dict[str, Any] | None]]:
    rows = await connection.fetch(LATE, [late.kind for late in batch], [late.oid for late in batch])
    await connection.execute(END_BATCH)
    return [(late, _described(r["value"])) for late, r in zip(batch, rows, strict=True)]


def _described(text: str | None) -> dict[str, Any] | None:
    value: dict[str, Any] = json.loads(text or "{}")
    return value if any(v is not None for v in value.values()) else None


def _moved(seen: _Seen, again: _Seen) -> bool:
    """Whether something changed that a late definition may speak of; elsewhere others do as they like."""
    changed = {d.object for d in differences(seen.objects, again.objects)}
    if any(label.startswith(("type ", "schema ", "operator ", "collation ")) for label in changed):
        return True
    spoken = {label for late in (*seen.late, *again.late) for label in (late.object, *late.names)}
    functions = {label for label in (*seen.versions, *again.versions) if label.startswith("function ")}
    return any(seen.versions.get(of) != again.versions.get(of) for of in spoken | functions)


def differences(expected: Objects, actual: Objects) -> list[Difference]:
    """Every difference, in order of the objects' labels; [] when they are equal."""
    found: list[Difference] = []
    for label in sorted(expected.keys() | actual.keys()):
        found += differences_of(label, expected.get(label), actual.get(label))
    return found


def differences_of(
    label: str, expected: dict[str, Any] | None, actual: dict[str, Any] | None
) -> list[Difference]:
    """Of one object; None: it is not there."""
    if expected == actual:
        return []
    if expected is None or actual is None:
        return [Difference(label, "", How.NEW if expected is None else How.MISSING)]
    found = []
    for aspect in sorted(expected.keys() | actual.keys()):
        was, now = expected.get(aspect), actual.get(aspect)
        if was == now:
            continue
        if aspect in NAMED:
            found += _named(label, NAMED[aspect], was or {}, now or {})
        else:
            found.append(Difference(label, aspect.replace("_", " "), How.CHANGED, excerpts.change(was, now)))
    return found


def _named(label: str, one: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[Difference]:
    found = []
    for name in sorted(expected.keys() | actual.keys()):
        was, now = expected.get(name), actual.get(name)
        if was is None or now is None:
            found.append(Difference(label, f"{one} {name}", How.NEW if was is None else How.MISSING))
        elif was != now:
            found.append(Difference(label, f"{one} {name}", How.CHANGED, _details(was, now)))
    return found


def _details(was: dict[str, Any], now: dict[str, Any]) -> str:
    return "; ".join(
        f"{key.replace('_', ' ')}: {excerpts.change(was.get(key), now.get(key))}"
        for key in sorted(was.keys() | now.keys())
        if was.get(key) != now.get(key)
    )
