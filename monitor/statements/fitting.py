"""What a kind may ask of the server before its statement is ever run: would it be taken as it is?

Asked is what no earlier statement of the plan may have changed. Who asks is not of this room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from monitor.sql.action_shapes import Reference
from monitor.sql.scripts import Action, Statement

if TYPE_CHECKING:
    from monitor.pg import Connection


class Server(Protocol):
    """One statement of a plan, before a server."""

    @property
    def connection(self) -> Connection: ...

    @property
    def statement(self) -> Statement: ...

    @property
    def touched(self) -> frozenset[str]:
        """Labels of relations that are by then not what they were."""
        ...

    @property
    def same_names(self) -> bool:
        """Whether names of types and functions mean in it what they mean now."""
        ...

    @property
    def same_tables(self) -> bool:
        """Whether the relations of the statement are what they are now."""
        ...

    def label(self, a: Action) -> str: ...

    async def named(self) -> None:
        """From here on names mean what they mean to the plan."""

    async def value(self, sql: str, *arguments: object) -> Any:
        """Of one row, names meaning what they mean to the plan."""

    async def may_be_there(self, a: Action) -> bool:
        """What IF NOT EXISTS then leaves alone: the table, or its column."""

    async def referring(self, keys: Sequence[Reference], own: frozenset[str]) -> str:
        """What stands against foreign keys; `own`: made by the statement itself."""

    async def rewritten(self, a: Action) -> str:
        """What stands against each row of the table being written anew."""

    async def columns_of_view(self, label: str) -> list[tuple[str, int]]:
        """Names and types of a view that is there."""

    async def columns_of_query(self, text: str) -> tuple[list[tuple[str, int]], str]:
        """The same of a query, which is parsed and not run; and what the server says against it."""
