"""How large relations are, with their partitions and with what inherits from them. Read only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.pg import Connection

SIZES = """/* migration-monitor: how large is what a plan works on */
SELECT w.label, s.bytes, s.rows, s.parts
  FROM pg_catalog.unnest($1::text[]) AS w(label)
 CROSS JOIN LATERAL (
       WITH RECURSIVE tree AS (
            SELECT pg_catalog.to_regclass(w.label)::oid AS oid
            UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i
                    JOIN tree t ON i.inhparent OPERATOR(pg_catalog.=) t.oid)
       SELECT coalesce(pg_catalog.sum(pg_catalog.pg_table_size(c.oid)), 0)::float8 AS bytes,
              coalesce(pg_catalog.sum(c.reltuples) FILTER (WHERE c.reltuples OPERATOR(pg_catalog.>) 0
                           AND c.relkind OPERATOR(pg_catalog.<>) 'p'), 0)::float8 AS rows,
              greatest(pg_catalog.count(*) OPERATOR(pg_catalog.-) 1, 0) AS parts
         FROM tree JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) tree.oid) AS s"""
"""Only one that was analysed has rows; a partitioned table has its partitions' only, not its own."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a relation and all below it: `bytes` without indexes, `rows` as last analysed, `parts` below it."""

    label: str
    bytes: float
    rows: float
    parts: int


async def read(connection: Connection, labels: Iterable[str]) -> tuple[Size, ...]:
    """One for each label, of nothing where there is nothing. Takes no lock; 0.2 ms for each partition."""
    rows = await connection.fetch(SIZES, sorted(set(labels)))
    return tuple(Size(r["label"], r["bytes"], r["rows"], r["parts"]) for r in rows)
