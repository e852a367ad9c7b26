"""What a migration tool's own table must say after a rollback, as plain data.

Made where the tool is known (history), stored with the plan, and executed where it is not (rollback).
Every parameter is text: the SQL casts it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_PARAMETER = re.compile(r"\$(\d)::text")


@dataclass(frozen=True, slots=True)
class BookWrite:
    """One statement with its parameters; `rows` it must affect, None: any number."""

    sql: str
    args: tuple[str, ...]
    rows: int | None

    def __str__(self) -> str:
        """In one line, for people: the parameters stand in it as constants."""
        text = " ".join(self.sql.partition("*/")[2].split())
        return _PARAMETER.sub(lambda m: "'" + self.args[int(m[1]) - 1].replace("'", "''") + "'", text)


@dataclass(frozen=True, slots=True)
class BookTable:
    """A table of the tool: its name as SQL, and each privilege on it that the rollback needs."""

    name: str
    privileges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bookkeeping:
    """How to ask a tool's table about one migration, and how to mark that migration as reverted.

    `state` yields one row: `applied` (bool), `newer` (text: the latest migration applied after it, or
    NULL) and `trouble` (text: why the tool itself would refuse, or ""). The first table is locked
    before it is asked. `applied_at`: a query for the moment it was applied, with the same `args`; ""
    where the table has none, or one without its time zone. It is asked at registration and not stored.
    """

    tool: str
    migration: str  # as the tool's table names it
    tables: tuple[BookTable, ...]
    state: str
    args: tuple[str, ...]
    writes: tuple[BookWrite, ...]
    applied_at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Down:
    """The down SQL of a migration: `sql` as it is registered, and what the tool's table must say.

    `lines[i]` is the line of `file` that line i + 1 of `sql` comes from; beyond its end lines go on
    by one.
    """

    sql: bytes
    bookkeeping: Bookkeeping | None = None
    file: str = ""  # "" when it was given by hand
    lines: Sequence[int] = (1,)

    def line_of(self, line: int) -> int:
        """The line of the file that a line of the SQL (1-based) stands on."""
        known = min(line, len(self.lines))
        return self.lines[known - 1] + line - known
