"""Makes the clone: a dumped schema, played on the scratch database in one transaction.

What the scratch server lacks is looked for first, so that it is said in one sentence.
This file does not run a plan.
"""

from __future__ import annotations

import asyncio
import re

from monitor import pg
from monitor.errors import DatabaseError, OperatorError
from monitor.pg import Connection
from monitor.rehearsal.missing_extensions import Omitted, omitted

RESTORE_DEADLINE = 120.0
"""Seconds; 400 tables take about two."""

LOOK_DEADLINE = 20.0
"""Seconds for reading what both servers have."""

POLICY_ROLES = """/* migration-monitor: roles that row security names */
SELECT DISTINCT r.rolname::text AS name
  FROM pg_catalog.pg_policy p, unnest(p.polroles) AS o(oid) JOIN pg_catalog.pg_roles r ON r.oid = o.oid
 ORDER BY 1"""

ROLES = "/* migration-monitor */ SELECT rolname::text AS name FROM pg_catalog.pg_roles"

SETTINGS = "/* migration-monitor */ SELECT name::text AS name FROM pg_catalog.pg_settings"

_SET = re.compile(r"^SET (\w+) = [^\n]*;\n", re.MULTILINE)
_RESTRICT = re.compile(r"^\\restrict (\w+)\n", re.MULTILINE)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$))*")


async def refuse_lacking(target: Connection, scratch: Connection, texts: str) -> Omitted:
    """Extensions to do without. Raises OperatorError for extensions that the target's schema or the texts
    that are rehearsed use, and for roles, that the scratch server does not have.
    """
    async with pg.translated("comparing the scratch server with the target"), asyncio.timeout(LOOK_DEADLINE):
        left_out = await omitted(target, scratch, texts)
        roles = await _names(target, POLICY_ROLES) - await _names(scratch, ROLES)
    if roles:
        raise OperatorError(
            f"row security of the target names the role {_listed(roles)}, which the scratch server lacks: "
            "CREATE ROLE there"
        )
    return left_out


async def restore(scratch: Connection, schema: str) -> None:
    """Plays the dump. Raises OperatorError naming the statement that the scratch server refused."""
    async with pg.translated("restoring the schema"), asyncio.timeout(LOOK_DEADLINE):
        known = await _names(scratch, SETTINGS)
    text = playable(schema, known)
    try:
        async with pg.translated("restoring the schema on the scratch server"):
            async with asyncio.timeout(RESTORE_DEADLINE):
                await scratch.execute(text)
            await scratch.execute("RESET ALL")
    except DatabaseError as e:
        if not e.sqlstate:
            raise
        what = _statement_at(text, e)
        raise OperatorError(f"{e}{what}: the clone is not complete, so nothing was rehearsed") from e


def playable(schema: str, known: set[str]) -> str:
    """The dump without psql's own commands and without settings that the server does not know."""
    if (restrict := _RESTRICT.search(schema)) is not None:
        schema = schema.replace(restrict[0], "", 1).replace(f"\\unrestrict {restrict[1]}\n", "", 1)
    head, create, rest = schema.partition("\nCREATE ")
    return _SET.sub(lambda m: m[0] if m[1] in known else "", head) + create + rest


def _statement_at(text: str, e: DatabaseError) -> str:
    """`, in CREATE EXTENSION postgis`: the first words of the statement the server pointed at."""
    position = getattr(e.__cause__, "position", None)
    if not str(position or "").isdigit():
        return ""
    before = text.rfind(";\n", 0, int(str(position))) + 1
    start = _COMMENTS.match(text, before)
    statement = text[start.end() if start else before :].split("\n", 1)[0]
    return f", in {statement[:80].rstrip(' (;')}"


async def _names(connection: Connection, question: str) -> set[str]:
    return {row["name"] for row in await connection.fetch(question)}


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
