"""The whole schema of a database and of its clone, and how they are compared.

A clone has no owners, no privileges and no tablespaces: they are left out of every comparison.
"""

from __future__ import annotations

import asyncio
from typing import Any

from monitor import pg
from monitor.pg import Connection, quote_identifier
from monitor.rollback.schema import whole
from monitor.rollback.schema.whole import Objects

SHAPE_DEADLINE = 20.0
"""Seconds; 400 tables take about 0.1."""

NOT_CLONED = frozenset({"owner", "privileges", "tablespace"})
"""What a dump without owners and privileges does not carry."""


async def shape_of(connection: Connection) -> Objects:
    """The fingerprint of the connection's database, in a transaction of its own."""
    async with (
        pg.translated("reading the whole schema"),
        asyncio.timeout(SHAPE_DEADLINE),
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await whole.read(connection)


def unlike(expected: Objects, actual: Objects, only: frozenset[str] | None = None) -> list[str]:
    """Every difference that a clone can show, as sentences; `only`: of these objects."""
    found = whole.differences(without_owners(expected), without_owners(actual))
    return [str(d) for d in found if only is None or d.object in only]


def without_owners(objects: Objects) -> Objects:
    """The same without what no clone has, at every level."""
    return {label: _bare(entry) for label, entry in objects.items()}


def explicit_path(search_path: str, role: str) -> str:
    """The target's search_path as it means there: on the scratch server `$user` would be somebody else."""
    mine = quote_identifier(role)
    return ", ".join(mine if p.strip() in {'"$user"', "$user"} else p.strip() for p in search_path.split(","))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if k not in NOT_CLONED}
    return value
