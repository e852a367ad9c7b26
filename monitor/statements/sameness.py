"""Are there two rows that an index or an EXCLUDE constraint would take for the same? Asked as SQL.

Keys and predicates are texts of the script, read under the registered search_path. This file asks nobody.
"""

from __future__ import annotations

from monitor.sql import action_shapes
from monitor.sql.action_shapes import AskedRows
from monitor.sql.scripts import Action
from monitor.statements.asked import Asking, Demand, Rows


def twins(q: Asking, a: Action, rows: Rows) -> Demand:
    """Against a unique index on an expression, or on a part of the rows."""
    known = action_shapes.asked(a.rows)
    keys = [f"k{n}" for n in range(len(known.keys))]
    given = f" WHERE {' AND '.join(f'{k} IS NOT NULL' for k in keys)}" if known.nulls_distinct else ""
    grouped = f"GROUP BY {', '.join(keys)} HAVING pg_catalog.count(*) > 1"
    sql = f"SELECT EXISTS (SELECT FROM ({_keyed(known, rows, '')}) s{given} {grouped})"
    what = f"at least two rows of {rows.name}{_of_part(known)} have the same {', '.join(known.keys)}"
    return Demand(q.line, q.said, what, sql, q.path)


def pairs(q: Asking, a: Action, rows: Rows) -> Demand:
    """Against an EXCLUDE constraint: each row beside each other one, as far as the time of the query goes."""
    known = action_shapes.asked(a.rows)
    both = " AND ".join(f"a.k{n} {operator} b.k{n}" for n, operator in enumerate(known.operators))
    each = _keyed(known, rows, "pg_catalog.row_number() OVER () AS n, ")
    sql = (
        f"WITH s AS MATERIALIZED ({each}) "
        f"SELECT EXISTS (SELECT FROM s AS a JOIN s AS b ON a.n < b.n AND {both})"
    )
    what = f"at least two rows of {rows.name}{_of_part(known)} exclude each other by {a.name}"
    return Demand(q.line, q.said, what, sql, q.path)


def _keyed(known: AskedRows, rows: Rows, first: str) -> str:
    """One row for each of the table's, with its keys as k0, k1 …"""
    keys = ", ".join(f"({key}) AS k{n}" for n, key in enumerate(known.keys))
    where = "".join(f" WHERE {text}" for text in known.where)
    return f"SELECT {first}{keys} FROM {rows.renamed(alone=True)}{where}"


def _of_part(known: AskedRows) -> str:
    return " in the part that it is about" if known.where else ""
