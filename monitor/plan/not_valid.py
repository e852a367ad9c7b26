"""What a constraint that is there NOT VALID demands of the rows, as the catalogue has it."""

from __future__ import annotations

from monitor.pg import Connection, quote_identifier
from monitor.plan.rows_at_risk import ask
from monitor.statements.asked import Demand, Parents, Standing

CONSTRAINT = """/* migration-monitor: a constraint that was not validated */
SELECT k.contype::text AS type, pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS text,
       ARRAY(SELECT ARRAY[a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod)]
               FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS c(n, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.n
              ORDER BY c.place) AS columns,
       (SELECT pg_catalog.format('%I.%I', n.nspname, p.relname)
          FROM pg_catalog.pg_class p JOIN pg_catalog.pg_namespace n ON n.oid = p.relnamespace
         WHERE p.oid = k.confrelid) AS parent,
       ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS c(n, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.n
              ORDER BY c.place) AS named
  FROM pg_catalog.pg_constraint k
 WHERE k.conrelid = pg_catalog.to_regclass($1) AND k.conname = $2 AND NOT k.convalidated"""


async def constraint(connection: Connection, d: Standing) -> Demand | Parents | None:
    """None when it is valid, or not to be found under that name now."""
    rows = await ask(connection, CONSTRAINT, d.table, d.name)
    if not rows or rows[0]["parent"] in d.avoid:
        return None
    r, table = rows[0], d.table.removeprefix("public.")
    if r["type"] == "f":
        columns = tuple((name, type_) for name, type_ in r["columns"])
        return Parents(d.line, d.statement, d.table, columns, r["parent"], tuple(r["named"]))
    if r["type"] == "n":
        ((name, _),) = r["columns"]
        sql = f"SELECT EXISTS (SELECT FROM {d.table} WHERE {quote_identifier(name)} IS NULL)"
        return Demand(d.line, d.statement, f"at least one row of {table} has no {name}", sql)
    if r["type"] == "c":
        sql = f"SELECT EXISTS (SELECT FROM {d.table} WHERE NOT ({r['text']}))"
        return Demand(d.line, d.statement, f"at least one row of {table} is against {d.name}", sql)
    return None
