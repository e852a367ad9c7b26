"""The whole schema of a database and of its clone, and how they are compared.

A clone has no owners, no privileges and no tablespaces: they are left out of every comparison.
"""

from __future__ import annotations

import asyncio
from typing import Any

from monitor import pg
from monitor.pg import Connection, quote_identifier
from monitor.schema import whole
from monitor.schema.whole import Objects

SHAPE_DEADLINE = 20.0
"""Seconds; 400 tables take about 0.1."""

NOT_CLONED = frozenset(
    {"owner", "privileges", "members_privileges", "tablespace", "populated"}
)  # fmt: skip
"""What a dump without owners, privileges and rows does not carry."""

ELSEWHERE = (
    "database ", "settings of ", "default acl ", "parameter ACL ", "subscription ", "security label of ",
    "system objects",
)  # fmt: skip
"""Labels of what is of the cluster, or is not dumped either, begin with one of these."""

NOT_DUMPED = frozenset({"key_triggers"})
"""What a clone may have from its plan, and never from the target."""


async def shape_of(connection: Connection) -> Objects:
    """The fingerprint of the connection's database, in a transaction of its own."""
    async with (
        pg.translated("reading the whole schema"),
        asyncio.timeout(SHAPE_DEADLINE),
        connection.transaction(isolation="read_committed", readonly=True),
    ):
        return await whole.read(connection)


def unlike(
    expected: Objects, actual: Objects, only: frozenset[str] | None = None, *, of_target: bool = False
) -> list[str]:
    """Every difference that a clone can show, as sentences; `only`: of these objects.

    `of_target`: what is expected was read from the target, not from the clone.
    """
    lacking = NOT_CLONED | NOT_DUMPED if of_target else NOT_CLONED
    found = whole.differences(without_owners(expected, lacking), without_owners(actual, lacking))
    return [str(d) for d in found if only is None or d.object in only]


def without_owners(objects: Objects, lacking: frozenset[str] = NOT_CLONED) -> Objects:
    """The same without what no clone has, at every level."""
    return {k: _bare(entry, lacking) for k, entry in objects.items() if not k.startswith(ELSEWHERE)}


def explicit_path(search_path: str, role: str) -> str:
    """The target's search_path as it means there: on the scratch server `$user` would be somebody else."""
    mine = quote_identifier(role)
    return ", ".join(mine if p.strip() in {'"$user"', "$user"} else p.strip() for p in search_path.split(","))


def _bare(value: Any, lacking: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {k: _bare(v, lacking) for k, v in value.items() if k not in lacking}
    return value
