"""The scripts of `scripts/`: plain SQL, cut by comment lines that say what a piece is.

-- @schema                  the database of the scripts below
-- @more                    beside it, for those that follow; an empty one takes it back
-- @migration               what came after the fingerprint that is given with them
-- @script NAME [quarantine | accept] [lose=TABLE[.COLUMN]]… [opaque]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from monitor.plan.data_loss import DataLoss

SCRIPTS = Path(__file__).parent / "scripts"

MARK = "-- @"


@dataclass(frozen=True, slots=True)
class Built:
    """A database: its statements, and what came after the fingerprint was taken ("": none is given)."""

    schema: str = ""
    migration: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """One rollback, and what is allowed with it."""

    name: str
    built: Built
    sql: str
    data_loss: DataLoss = DataLoss.SALVAGE
    accept: tuple[str, ...] = ()
    opaque: bool = False


def files() -> list[str]:
    """Names without the suffix."""
    return sorted(path.stem for path in SCRIPTS.glob("*.sql"))


def scripts(name: str) -> Iterator[tuple[Built, list[Script]]]:
    """Those of one file, by the database that they need."""
    found = _read((SCRIPTS / f"{name}.sql").read_text(encoding="utf-8"))
    for built, of_it in groupby(found, lambda script: script.built):
        yield built, list(of_it)


def _read(text: str) -> Iterator[Script]:
    schema = more = migration = ""
    for piece in text.split(f"\n{MARK}")[1:]:
        head, _, body = piece.partition("\n")
        what, _, said = head.partition(" ")
        body = body.strip("\n")
        if what == "schema":
            schema, more, migration = body, "", ""
        elif what == "more":
            more, migration = body, ""
        elif what == "migration":
            migration = body
        else:
            built = Built("\n".join(part for part in (schema, more) if part), migration)
            yield _script(said, built, body)


def _script(said: str, built: Built, sql: str) -> Script:
    name, _, options = said.partition(" | ")
    found = Script(name, built, sql)
    for word in options.split():
        if word == "opaque":
            found = replace(found, opaque=True)
        elif word.startswith("lose="):
            found = replace(found, accept=(*found.accept, word.removeprefix("lose=")))
        else:
            found = replace(found, data_loss=DataLoss(word))
    return found
