"""What the catalogue says of a statement outside a transaction: the post-condition of each.

A statement's own report is not enough: `IF NOT EXISTS` after a failed build reports success and keeps the
invalid index. Needs an open transaction or none; changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.sql import action_shapes
from monitor.sql.action_shapes import IndexShape, Key
from monitor.sql.scripts import Action
from monitor.statements.standing import DONE, UNTOUCHED, Found, Names, State

if TYPE_CHECKING:
    from monitor.pg import Connection


INDEX = """/* migration-monitor: an index as it stands */
SELECT pg_catalog.format('%I.%I', tn.nspname, t.relname) AS of_table,
       i.indisvalid AND i.indisready AND i.indislive AS valid,
       i.indisunique AS is_unique, m.amname AS method, i.indpred IS NOT NULL AS partial,
       i.indnkeyatts::int AS keys, i.indoption::int2[]::int[] AS options,
       pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct' IS DISTINCT FROM 'true' AS nulls_distinct,
       i.indexprs IS NULL AND i.indpred IS NULL AND c.reloptions IS NULL AND NOT EXISTS (
         SELECT FROM unnest(i.indclass::oid[], i.indcollation::oid[]) WITH ORDINALITY k(opclass, colling, n)
           JOIN pg_catalog.pg_opclass o ON o.oid = k.opclass
           JOIN unnest(i.indkey::int2[]) WITH ORDINALITY j(attnum, n) ON j.n = k.n
           JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = j.attnum
          WHERE NOT o.opcdefault OR (k.colling <> 0 AND k.colling <> a.attcollation)) AS plain,
       ARRAY(SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
               LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              ORDER BY k.n) AS names
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
  LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
 WHERE c.oid = pg_catalog.to_regclass($1)"""

HALF_REINDEXED = """/* migration-monitor: what an interrupted REINDEX CONCURRENTLY leaves */
WITH named AS (SELECT coalesce(i.indrelid, r.oid) AS id
                 FROM pg_catalog.to_regclass($1) r(oid)
                 LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = r.oid
                WHERE r.oid IS NOT NULL)
SELECT pg_catalog.format('%I.%I', n.nspname, x.relname) AS label
  FROM named JOIN pg_catalog.pg_class t ON t.oid = named.id
  JOIN pg_catalog.pg_index i ON i.indrelid IN (t.oid, t.reltoastrelid)
  JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
 WHERE NOT i.indisvalid AND x.relname ~ '_cc(new|old)[0-9]*$'
 ORDER BY 1"""

PARTITIONS = """/* migration-monitor: a partition as it stands */
SELECT parent IS NOT NULL AND child IS NOT NULL AS there,
       (SELECT h.inhdetachpending FROM pg_catalog.pg_inherits h
         WHERE h.inhparent = parent AND h.inhrelid = child) AS pending,
       EXISTS (SELECT FROM pg_catalog.pg_inherits h
                WHERE h.inhparent = parent AND h.inhdetachpending AND h.inhrelid <> child) AS other_pending,
       (SELECT p.partdefid::pg_catalog.regclass::text FROM pg_catalog.pg_partitioned_table p
         WHERE p.partrelid = parent AND p.partdefid <> 0) AS default_partition
  FROM pg_catalog.to_regclass($1) parent, pg_catalog.to_regclass($2) child"""


async def created(connection: Connection, names: Names, a: Action) -> Found:
    table, label = names.label(a), names.beside(a)
    r = await connection.fetchrow(INDEX, label)
    if r is None:
        return UNTOUCHED
    if r["of_table"] != table or not _is_shape(action_shapes.index(a.shape), _shape(dict(r))):
        return Found(State.FOREIGN, f"{label} exists and is not the index of the plan")
    if r["valid"]:
        return DONE
    what = f"index {label} is invalid: its build did not finish"
    return Found(State.LEFTOVER, what, (f"DROP INDEX CONCURRENTLY IF EXISTS {label}",))


def _is_shape(wanted: IndexShape, there: IndexShape) -> bool:
    """What is not plain in the plan may be so in the catalogue, which knows the usual operators."""
    return replace(there, plain=wanted.plain) == wanted and bool(there.plain or not wanted.plain)


def _shape(r: Mapping[str, Any]) -> IndexShape:
    names, count = r["names"], r["keys"]
    keys = tuple(
        Key(name, descending=bool(option & 1), nulls_first=bool(option & 2))
        for name, option in zip(names[:count], r["options"], strict=False)
    )
    return IndexShape(
        r["is_unique"], r["method"], keys, tuple(names[count:]), r["partial"], r["nulls_distinct"], r["plain"]
    )


async def dropped(connection: Connection, names: Names, a: Action) -> Found:
    label = names.label(a)
    r = await connection.fetchrow(INDEX, label)
    if r is None:
        return DONE
    if r["of_table"] is None:
        return Found(State.FOREIGN, f"{label} is no longer an index")
    return UNTOUCHED if r["valid"] else Found(State.LEFTOVER, f"index {label} is half dropped")


async def reindexed(connection: Connection, names: Names, a: Action) -> Found:
    label = names.label(a)
    left = [r["label"] for r in await connection.fetch(HALF_REINDEXED, label)]
    if left:
        remedies = tuple(f"DROP INDEX CONCURRENTLY IF EXISTS {index}" for index in left)
        return Found(State.LEFTOVER, f"an interrupted REINDEX has left {', '.join(left)}", remedies)
    return UNTOUCHED


async def detached(connection: Connection, names: Names, a: Action) -> Found:
    parent, child = names.label(a), names.resolution[a.name]
    r = await connection.fetchrow(PARTITIONS, parent, child)
    if r is None or not r["there"]:
        return Found(State.FOREIGN, f"{parent} or {child} does not exist any more")
    if r["pending"]:
        remedy = f"ALTER TABLE {parent} DETACH PARTITION {child} FINALIZE"
        return Found(State.LEFTOVER, f"the detaching of {child} is pending", (remedy,))
    if r["pending"] is None:
        return DONE
    if r["other_pending"]:
        return Found(State.FOREIGN, f"the detaching of another partition of {parent} is pending: FINALIZE it")
    if r["default_partition"]:
        what = (
            f"{parent} has a default partition, {r['default_partition']}: DETACH … CONCURRENTLY can't be used"
        )
        return Found(State.FOREIGN, what)
    return UNTOUCHED


async def kept_up(_: Connection, __: Names, ___: Action) -> Found:
    return UNTOUCHED
