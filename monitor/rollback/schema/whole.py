"""What a whole schema is: every user object with its names and definitions, no oids, as one JSON value.

Beside fingerprint.py, which reads the objects that a plan touches. Not read: pg_*, information_schema,
our own schemas, what belongs to an extension (its version stands for it), names of NOT NULL constraints,
the order of columns (a column that was dropped and added again stands last), and values of sequences.
This file does not know plans.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any

from monitor.pg import Connection
from monitor.rollback.schema.steady import steadily

Objects = dict[str, dict[str, Any]]
"""Label -> entry. Labels: `public.contacts`, `function public.f(integer)`, `type public.mood`, `schema app`,
`extension citext`, `event trigger e`. An entry holds plain aspects (owner, definition) and NAMED parts."""

NAMED: Mapping[str, str] = {
    "columns": "column", "constraints": "constraint", "indexes": "index", "triggers": "trigger",
    "rules": "rule", "policies": "policy", "statistics": "statistics object",
}  # fmt: skip
"""Parts of a relation that hold named things -> one of them."""

WHOLE = files("monitor.rollback.schema").joinpath("whole.sql").read_text(encoding="utf-8")


class How(StrEnum):
    """How two fingerprints differ in one thing."""

    MISSING = "missing"
    NEW = "new"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """`what`: `column email`, `owner`; "" is the object itself. `detail`: what of it, when it has changed."""

    object: str
    what: str
    how: How
    detail: str = ""

    def __str__(self) -> str:
        """`public.contacts: column email is missing`, `public.contacts: column email has changed (type)`."""
        said = {How.MISSING: "is missing", How.NEW: "is new", How.CHANGED: "has changed"}[self.how]
        said += f" ({self.detail})" if self.detail else ""
        return f"{self.object}: {self.what} {said}" if self.what else f"{self.object} {said}"


async def read(connection: Connection) -> Objects:
    """Of the connection's database. Needs an open transaction and leaves it as it was, locks included."""
    rows = await steadily(connection, "reading the whole schema", lambda: connection.fetchval(WHOLE))
    return _objects(json.loads(rows))


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
            found.append(Difference(label, aspect.replace("_", " "), How.CHANGED))
    return found


def _named(label: str, one: str, expected: dict[str, Any], actual: dict[str, Any]) -> list[Difference]:
    found = []
    for name in sorted(expected.keys() | actual.keys()):
        was, now = expected.get(name), actual.get(name)
        if was is None or now is None:
            found.append(Difference(label, f"{one} {name}", How.NEW if was is None else How.MISSING))
        elif was != now:
            detail = ", ".join(k for k in sorted(was.keys() | now.keys()) if was.get(k) != now.get(k))
            found.append(Difference(label, f"{one} {name}", How.CHANGED, detail.replace("_", " ")))
    return found


def _objects(rows: list[list[Any]]) -> Objects:
    """Rows are `[label, part, name, value]`; those without a part are the objects themselves."""
    found: Objects = {}
    for label, part, name, value in rows:
        entry = found.setdefault(label, {})
        if part:
            entry.setdefault(part, {})[name] = _known(value)
        else:
            entry.update(_known(value))
    return found


def _known(value: dict[str, Any]) -> dict[str, Any]:
    """Without what does not apply; `more` holds what few columns have."""
    found = {k: v for k, v in value.items() if v is not None}
    return found | _known(found.pop("more")) if "more" in found else found
