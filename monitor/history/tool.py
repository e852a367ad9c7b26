"""What a migration tool is to us: a value that says where its down SQL is and what its table must say.

A tool is one file and one line in TOOLS. This file reads no directory and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor import options
from monitor.errors import PlanRefused, Problem
from monitor.pg import quote_identifier
from monitor.ports.history import Bookkeeping


@dataclass(frozen=True, slots=True)
class Place:
    """Where one target's migrations are kept: its directory, and its tool's table as SQL.

    `schema` is quoted; tables beside the configured one are in the same schema.
    """

    directory: Path | None
    schema: str
    table: str
    own: Mapping[str, object] = field(default_factory=dict)  # what is configured under the tool's own keys

    @property
    def books(self) -> str:
        """The table's qualified name, as SQL."""
        return f"{self.schema}.{self.table}"

    def beside(self, name: str) -> str:
        """Another table of the tool, as SQL."""
        return f"{self.schema}.{quote_identifier(name)}"


@dataclass(frozen=True, slots=True)
class Script:
    """One migration as the tool's files have it."""

    key: str  # as the tool's table names it
    names: tuple[str, ...]  # what an operator may call it
    path: Path  # the file that holds, or would hold, its down SQL
    order: tuple[int | str, ...] = ()
    label: str = ""  # of several in one file: which


@dataclass(frozen=True, slots=True)
class Section:
    """The down SQL found in a file: the bytes, and the line of the file each of its lines stands on."""

    sql: bytes
    lines: Sequence[int] = (1,)


@dataclass(frozen=True, slots=True)
class Rendered:
    """SQL that a tool printed: without its own transaction, and with the books it holds taken out."""

    section: Section
    books: Callable[[Place], Bookkeeping] | None = None


class Unusable(Exception):
    """Why a file's down SQL can't be used; `line` of the file where there is one."""

    def __init__(self, why: str, line: int | None = None) -> None:
        self.why = why
        self.line = line
        super().__init__(why)


def no_scripts(_: Place) -> Sequence[Script]:
    """Of a tool whose files hold no SQL."""
    return ()


def as_given(migration: str) -> str:
    """The key when there are no files to look it up in: the name itself."""
    return migration


def as_it_is(sql: bytes) -> Rendered:
    """SQL given by hand that needs no treatment."""
    return Rendered(Section(sql))


def whole(data: bytes, _: Script) -> Section:
    """The grammar of tools with a file for each direction."""
    return Section(data)


def no_books(_place: Place, _key: str, _scripts: Sequence[Script]) -> Bookkeeping | None:
    """Of a tool that keeps no table."""
    return None


class ToolKeys(options.Section):
    """What may be configured of a tool beyond what every tool has: nothing, unless it says so."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One migration tool. `reads`, `marks` and `proven` are its row in docs/tools.md.

    `scripts` lists the migrations in the directory; `down` finds the down SQL in a script's bytes (raises
    Unusable); `rendered` treats SQL that was given; `key_of` is the key of a migration without files;
    `books` says what the table must say (raises Unusable). `keys`: what may be configured of it beyond what
    every tool has, found again in `Place.own`.
    """

    name: str
    reads: str
    marks: str
    proven: str
    table: str = "schema_migrations"
    schema: str = "public"
    scripts: Callable[[Place], Sequence[Script]] = no_scripts
    down: Callable[[bytes, Script], Section] = whole
    rendered: Callable[[bytes], Rendered] = as_it_is
    key_of: Callable[[str], str] = as_given
    books: Callable[[Place, str, Sequence[Script]], Bookkeeping | None] = no_books
    keys: type[ToolKeys] = ToolKeys

    @property
    def has_files(self) -> bool:
        """Whether the down SQL can be read from files."""
        return self.scripts is not no_scripts

    @property
    def has_books(self) -> bool:
        """Whether it keeps a table."""
        return self.books is not no_books


def refused(why: str, file: str, line: int | None = None) -> PlanRefused:
    """The refusal of a rollback, with its file and line."""
    return PlanRefused([Problem(file, why, line)])
