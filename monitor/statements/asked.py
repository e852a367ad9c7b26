"""What is asked about rows that a plan's statements may not take.

As SQL, or with what the catalogue has to say before it can be. This file asks no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.plan.forecast.schema_after import Forecast
from monitor.quoting import quote_identifier
from monitor.schema.relation import Column, Relation, Unforeseen
from monitor.sql.labels import bare


@dataclass(frozen=True, slots=True)
class Demand:
    """`sql` says whether some row is against it, read under `path` ("": the pinned one)."""

    line: int
    statement: str
    what: str  # `at least one row of contacts has no email`
    sql: str
    path: str = ""
    remedy: str = "fix the rows, or let the rollback do it before that statement"

    def __str__(self) -> str:
        return f"line {self.line}: {self.statement} would fail now, since {self.what}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Parents:
    """A foreign key: `columns` are (name now, type) of the child. `named`: of the parent; () is its key."""

    line: int
    statement: str
    child: str
    columns: tuple[tuple[str, str], ...]
    parent: str
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A NOT VALID constraint that is there and that the plan validates. `avoid`: tables written by then."""

    line: int
    statement: str
    table: str
    name: str
    avoid: frozenset[str]


@dataclass(frozen=True, slots=True)
class Beside:
    """A partition that the plan makes of `parent`: rows of a DEFAULT one may not belong into it."""

    line: int
    statement: str
    parent: str
    bounds: Mapping[str, Any]  # see sql/facts_rows.py
    path: str


Asked = Demand | Parents | Standing | Beside


@dataclass(frozen=True, slots=True)
class Rows:
    """One table of the model: its entry, and how it is called now."""

    label: str
    entry: Relation

    @property
    def was(self) -> str:
        return self.entry.was

    @property
    def name(self) -> str:
        return self.was.removeprefix("public.")

    @property
    def alone(self) -> str:
        """The table without those that inherit from it: a partitioned one is nothing without."""
        return f"ONLY {self.was}" if self.entry.kind == "table" else self.was

    def now(self, columns: Sequence[str]) -> tuple[str, ...] | None:
        """The columns' names of now; None when one is not to be asked for."""
        found = [c for name in columns if (c := _of_now(self.entry.columns.get(name)))]
        return tuple(c.was for c in found) if columns and len(found) == len(columns) else None

    def type_of(self, column: str) -> str:
        """Of a column of now."""
        found = _of_now(self.entry.columns.get(column))
        return str(found.type) if found else ""

    def renamed(self, *, alone: bool = False) -> str:
        """The rows under the names that they will have then."""
        names = (
            f"{quote_identifier(c.was)} AS {quote_identifier(name)}"
            for name, one in self.entry.columns.items()
            if (c := _of_now(one))
        )
        table = self.alone if alone else self.was
        return f"(SELECT {', '.join(names)} FROM {table}) AS {quote_identifier(bare(self.label))}"


def _of_now(column: Column | Unforeseen | None) -> Column | None:
    """If its values are those of now: the plan did not make it, nor change its type."""
    of_now = isinstance(column, Column) and column.was and isinstance(column.type, str)
    return column if of_now and isinstance(column, Column) else None


Types = dict[str, str | None]
"""Key of a type that the plan makes -> its labels; None: another one had that name."""


@dataclass(slots=True)
class Asking:
    """A plan that is played, and what is known before one of its actions, which is `said` in a sentence."""

    model: Forecast
    path: str  # a statement that makes names mean what they mean to the plan
    line: int = 0
    said: str = ""
    moved: bool = False  # rows may have been written, or taken out of a parent
    written: set[str] = field(default_factory=set)  # labels of tables whose rows are others by now
    empty: set[tuple[str, str]] = field(default_factory=set)  # table and column that nothing has filled yet
    types: Types = field(default_factory=dict)
    pending: dict[tuple[str, str], list[Asked]] = field(default_factory=dict)  # of NOT VALID constraints


def no_nulls(q: Asking, rows: Rows, columns: Sequence[str]) -> Iterator[Demand]:
    names = rows.now(columns) or ()
    for name, then in zip(names, columns, strict=False):
        column = rows.entry.columns[then]
        if not isinstance(column, Column) or column.not_null is not True:
            sql = f"SELECT EXISTS (SELECT FROM {rows.was} WHERE {quote_identifier(name)} IS NULL)"
            yield Demand(q.line, q.said, f"at least one row of {rows.name} has no {name}", sql)


def no_twins(q: Asking, rows: Rows, columns: Sequence[str], *, nulls_distinct: bool) -> Iterator[Demand]:
    if (names := rows.now(columns)) is None:
        return
    keys = ", ".join(quote_identifier(n) for n in names)
    where = " AND ".join(f"{quote_identifier(n)} IS NOT NULL" for n in names)
    filtered = f"{rows.alone} WHERE {where}" if nulls_distinct else rows.alone
    sql = f"SELECT EXISTS (SELECT FROM {filtered} GROUP BY {keys} HAVING pg_catalog.count(*) > 1)"
    what = f"at least two rows of {rows.name} have the same {', '.join(names)}"
    yield Demand(q.line, q.said, what, sql)
