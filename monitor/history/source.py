"""One target's migrations as configured: the down SQL of a migration, and its books.

Blocking reads of a few files: call it in a thread. Raises PlanRefused and OperatorError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from monitor.errors import MonitorError, OperatorError
from monitor.history.files import chosen, read
from monitor.history.tool import Place, Rendered, Script, Tool, Unusable, refused
from monitor.pg import quote_identifier
from monitor.ports.history import Bookkeeping, BookTable, Down


class History(Protocol):
    """Where the rollback of a migration comes from."""

    def down(self, migration: str, given: bytes | None) -> Down:
        """The down SQL that was given, or that the tool's files hold, with the books of the migration."""

    def faults(self) -> Sequence[str]:
        """What is wrong with the directory, as sentences."""

    def tables(self) -> Sequence[BookTable]:
        """The tool's tables and what a rollback needs of them."""


class NoHistory:
    """No migration tool is configured: the rollback must be given."""

    def down(self, migration: str, given: bytes | None) -> Down:
        """What was given."""
        if given is None:
            raise OperatorError(
                f"no rollback for {migration!r}: give --rollback FILE, or configure `migrations` of the"
                " target so that it is read from the tool's files"
            )
        return Down(given)

    def faults(self) -> Sequence[str]:
        """None."""
        return ()

    def tables(self) -> Sequence[BookTable]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class ToolHistory:
    """The migrations of one tool."""

    tool: Tool
    place: Place

    def down(self, migration: str, given: bytes | None) -> Down:
        """See History."""
        scripts = self.tool.scripts(self.place)
        if given is not None:
            return self._given(migration, given, scripts)
        if not self.tool.has_files:
            raise OperatorError(
                f"{self.tool.name} keeps no SQL to go back: render it, and give it by --rollback FILE"
            )
        if self.place.directory is None:
            raise OperatorError("`migrations.dir` is not set: set it, or give --rollback FILE")
        script = chosen(migration, scripts, self.place.directory)
        try:
            section = self.tool.down(read(script.path), script)
        except Unusable as e:
            raise refused(e.why, str(script.path), e.line) from None
        books = self._books(script.key, scripts, str(script.path))
        return Down(section.sql, books, str(script.path), section.lines)

    def faults(self) -> Sequence[str]:
        """See History."""
        directory = self.place.directory
        if directory is None:
            return ()
        if not directory.is_dir():
            return [f"dir {directory} is no directory: name the one that holds the migrations"]
        try:
            found = self.tool.scripts(self.place)
        except MonitorError as e:
            return [str(e)]
        if self.tool.has_files and not found:
            return [f"dir {directory} holds no migration of {self.tool.name}"]
        return ()

    def tables(self) -> Sequence[BookTable]:
        """See History; a tool whose books depend on a migration names its main table."""
        return [BookTable(self.place.books, ("SELECT",))] if self.tool.has_books else []

    def _given(self, migration: str, given: bytes, scripts: Sequence[Script]) -> Down:
        try:
            found = self.tool.rendered(given)
        except Unusable as e:
            raise refused(e.why, "", e.line) from None
        books = self._books_given(migration, found, scripts)
        return Down(found.section.sql, books, "", found.section.lines)

    def _books_given(self, migration: str, found: Rendered, scripts: Sequence[Script]) -> Bookkeeping | None:
        if found.books is not None:
            try:
                return found.books(self.place)
            except Unusable as e:
                raise refused(e.why, "", e.line) from None
        if scripts and self.place.directory is not None and self.tool.has_books:
            key = chosen(migration, scripts, self.place.directory).key
        else:
            key = self.tool.key_of(migration)
        return self._books(key, scripts, "")

    def _books(self, key: str, scripts: Sequence[Script], file: str) -> Bookkeeping | None:
        try:
            return self.tool.books(self.place, key, scripts)
        except Unusable as e:
            raise refused(e.why, file, e.line) from None


def history_of(
    tool: Tool, directory: str | None, table: str | None, schema: str | None, own: Mapping[str, object]
) -> ToolHistory:
    """The migrations of a tool; what is None is its own default. `own`: its own keys, as configured."""
    place = Place(
        Path(directory) if directory is not None else None,
        quote_identifier(schema or tool.schema),
        quote_identifier(table or tool.table),
        own,
    )
    return ToolHistory(tool, place)
