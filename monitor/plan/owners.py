"""May the rollback role change what is no relation: types, functions, schemas, extensions, publications?

Relations say so themselves when their names are resolved. Needs an open transaction; changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.errors import Problem
from monitor.pg import PINNED, Connection
from monitor.plan.stored import set_path
from monitor.schema.fingerprint import found
from monitor.schema.other_objects import other_key
from monitor.sql.scripts import Action, Statement
from monitor.statements.kind import Trait
from monitor.statements.others import other_of
from monitor.statements.registry import kind_of

STRANGE = """/* migration-monitor: what the role does not own */
SELECT w.place
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::oid[]), pg_catalog.unnest($3::bool[]))
       WITH ORDINALITY AS w(kind, oid, drops, place), LATERAL (
       SELECT t.typowner AS owner, t.typnamespace AS schema FROM pg_catalog.pg_type t
        WHERE w.kind = 'type' AND t.oid = w.oid
        UNION ALL
       SELECT p.proowner, p.pronamespace FROM pg_catalog.pg_proc p WHERE w.kind = 'function' AND p.oid = w.oid
        UNION ALL
       SELECT o.oprowner, o.oprnamespace FROM pg_catalog.pg_operator o
        WHERE w.kind = 'operator' AND o.oid = w.oid
        UNION ALL
       SELECT s.stxowner, s.stxnamespace FROM pg_catalog.pg_statistic_ext s
        WHERE w.kind = 'statistics' AND s.oid = w.oid
        UNION ALL
       SELECT n.nspowner, 0 FROM pg_catalog.pg_namespace n WHERE w.kind = 'schema' AND n.oid = w.oid
        UNION ALL
       SELECT e.extowner, 0 FROM pg_catalog.pg_extension e WHERE w.kind = 'extension' AND e.oid = w.oid
        UNION ALL
       SELECT p.pubowner, 0 FROM pg_catalog.pg_publication p
        WHERE w.kind = 'publication' AND p.oid = w.oid) AS f
 WHERE NOT pg_catalog.pg_has_role(f.owner, 'USAGE')
   AND NOT (w.drops AND EXISTS (SELECT FROM pg_catalog.pg_namespace n
                                 WHERE n.oid = f.schema AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')))"""
"""Who owns its schema may drop an object, but not change it."""


async def problems(
    connection: Connection, statements: Sequence[Statement], search_path: str
) -> list[Problem]:
    """One for each action on what belongs to somebody else; the search_path is pinned afterwards."""
    named = [(s.line, a, other) for s in statements for a in s.actions if (other := _other(a))]
    if not named:
        return []
    kinds = [other[0] for _, _, other in named]
    await connection.execute(set_path(search_path))
    oids = await found(connection, [other for _, _, other in named])
    await connection.execute(PINNED)
    drops = [kind_of(a).has(Trait.DROPS) for _, a, _ in named]
    strange = await connection.fetch(STRANGE, kinds, oids, drops)
    return [
        Problem("", f"the role of rollback_dsn does not own {other_key(*other)}", line)
        for line, _, other in (named[r["place"] - 1] for r in strange)
    ]


def _other(a: Action) -> tuple[str, str] | None:
    """Not what is made; a relation's own type is the relation's."""
    return None if kind_of(a).has(Trait.NOBODYS) or a.relation else other_of(a, "")
