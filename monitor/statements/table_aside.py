"""How a dropped table is put into quarantine: a part of tables.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import PlanRefused, Problem
from monitor.plan.forecast.schema_after import Destroyed
from monitor.quoting import quote_identifier
from monitor.schema.relation import ANY, Relation, known
from monitor.sql.labels import split_label
from monitor.statements.quarantine import MAX_NAMES, QUARANTINE_SCHEMA, Aside, Piece, Quarantined, numbered

if TYPE_CHECKING:
    from monitor.pg import Connection


MOVING = """/* migration-monitor: what moves with a table, and which names are taken where it goes */
WITH moving AS (
     SELECT pg_catalog.to_regclass($1)::oid AS oid, 3 AS place
      UNION SELECT i.indexrelid, 1 FROM pg_catalog.pg_index i WHERE i.indrelid = pg_catalog.to_regclass($1)
      UNION SELECT d.objid, 2 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
             WHERE d.refobjid = pg_catalog.to_regclass($1) AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
               AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
SELECT CASE m.place WHEN 1 THEN 'INDEX' WHEN 2 THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.relname AS name,
       ARRAY(SELECT t.relname::text FROM pg_catalog.pg_class t
              WHERE t.relnamespace = pg_catalog.to_regnamespace($2)::oid
                 OR t.relnamespace = c.relnamespace AND t.relname LIKE 'quarantined\\_%') AS taken
  FROM moving m JOIN pg_catalog.pg_class c ON c.oid = m.oid
 ORDER BY m.place, c.relname"""

MAY_CREATE = """/* migration-monitor: may a table be put there */
SELECT CASE WHEN pg_catalog.to_regnamespace($1) IS NULL
            THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            ELSE pg_catalog.has_schema_privilege($1, 'CREATE') END"""


def itself(q: Aside) -> str:
    """The same as a statement of its own; "" when it does nothing."""
    return f"DROP TABLE {q.written}{q.cascade}" if q.before is ANY or q.drops else ""


async def rewrite(connection: Connection, q: Aside) -> Piece:
    """Moved to a closed schema, without its foreign keys."""
    model, label, before, loss = q.model, q.label, q.before, q.loss
    if not isinstance(before, Relation):
        return Piece(())
    if before.children or any(c.inherited for c in known(before.columns).values()):
        model.problem(f"{label} has partitions or is one: use --data-loss salvage")
    table = f"ALTER TABLE {q.written}"
    foreign = sorted(k for k, v in known(before.constraints).items() if v.type == "f")
    if not await connection.fetchval(MAY_CREATE, QUARANTINE_SCHEMA):
        model.problem(
            f"the role may not put {label} into {QUARANTINE_SCHEMA}: GRANT CREATE ON SCHEMA "
            f"{QUARANTINE_SCHEMA} to it (ON DATABASE while that schema is not there)"
        )
    schema, name = split_label(label)[0], split_label(label)[1]
    aside = Quarantined(loss, QUARANTINE_SCHEMA, await _renamed(connection, loss))
    moved = f"ALTER TABLE {schema}.{quote_identifier(aside.table_name or name)}"
    statements = [
        *(f"{table} DROP CONSTRAINT {quote_identifier(k)}" for k in foreign),
        *(f"ALTER {kind} {schema}.{quote_identifier(old)} RENAME TO {quote_identifier(new)}"
          for kind, old, new in aside.renamed),
        f"{moved if aside.renamed else table} SET SCHEMA {QUARANTINE_SCHEMA}",
    ]  # fmt: skip
    return Piece(tuple(statements), aside)


async def _renamed(connection: Connection, loss: Destroyed) -> tuple[tuple[str, str, str], ...]:
    """All that moves gets another name as soon as one name is taken there; () if none is."""
    moving = await connection.fetch(MOVING, loss.label, QUARANTINE_SCHEMA)
    taken = {name for r in moving for name in r["taken"]}
    if not taken & {r["name"] for r in moving}:
        return ()
    for n in range(2, MAX_NAMES):
        names = [numbered(n, r["name"]) for r in moving]
        if not taken & set(names):
            return tuple((r["kind"], r["name"], new) for r, new in zip(moving, names, strict=True))
    raise PlanRefused([Problem("", f"{loss.label} was quarantined too often: drop the old ones", loss.line)])
