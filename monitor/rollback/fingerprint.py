"""What the touched objects are: names and definitions, no oids, as one JSON value.

Read under an empty search_path, so that every name in a definition is qualified.
This file does not compare; see compare.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from monitor.pg import PINNED, Connection

Fingerprint = dict[str, Any]
"""`{"relations": {"public.contacts": {...} | None}, "others": {"function ...": {...} | None}}`."""

RELATIONS = files("monitor.rollback").joinpath("fingerprint.sql").read_text(encoding="utf-8")

OTHERS = """/* migration-monitor: fingerprint of functions, types and schemas */
SELECT o.key, o.classid::bigint AS classid, o.oid::bigint AS oid,
       CASE WHEN o.kind OPERATOR(pg_catalog.=) 'drop_function' THEN
            (SELECT CASE WHEN p.prokind OPERATOR(pg_catalog.<>) 'a'
                         THEN pg_catalog.pg_get_functiondef(p.oid) ELSE '' END
               FROM pg_catalog.pg_proc p WHERE p.oid OPERATOR(pg_catalog.=) o.oid)
            WHEN o.kind OPERATOR(pg_catalog.=) 'drop_type' THEN
            (SELECT pg_catalog.concat(t.typtype, ' ',
                    (SELECT pg_catalog.string_agg(e.enumlabel::text, ',' ORDER BY e.enumsortorder)
                       FROM pg_catalog.pg_enum e WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid))
               FROM pg_catalog.pg_type t WHERE t.oid OPERATOR(pg_catalog.=) o.oid)
            ELSE '' END AS definition,
       (SELECT pg_catalog.array_agg(pg_catalog.concat(i.type, ' ', i.identity)
                                    ORDER BY pg_catalog.concat(i.type, ' ', i.identity))
          FROM pg_catalog.pg_depend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
         WHERE d.refclassid OPERATOR(pg_catalog.=) o.classid::oid
           AND d.refobjid OPERATOR(pg_catalog.=) o.oid AND d.deptype OPERATOR(pg_catalog.=) 'n') AS dependents
  FROM (SELECT w.key, w.kind,
               CASE WHEN w.kind OPERATOR(pg_catalog.=) 'drop_function'
                    THEN 'pg_catalog.pg_proc'::pg_catalog.regclass
                    WHEN w.kind OPERATOR(pg_catalog.=) 'drop_type'
                    THEN 'pg_catalog.pg_type'::pg_catalog.regclass
                    ELSE 'pg_catalog.pg_namespace'::pg_catalog.regclass END AS classid,
               CASE WHEN w.kind OPERATOR(pg_catalog.=) 'drop_function' THEN
                      CASE WHEN pg_catalog.strpos(w.name, '(') OPERATOR(pg_catalog.>) 0
                           THEN pg_catalog.to_regprocedure(w.name)::oid
                           ELSE pg_catalog.to_regproc(w.name)::oid END
                    WHEN w.kind OPERATOR(pg_catalog.=) 'drop_type' THEN pg_catalog.to_regtype(w.name)::oid
                    ELSE pg_catalog.to_regnamespace(w.name)::oid END AS oid
          FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]),
                          pg_catalog.unnest($3::text[])) AS w(key, kind, name)) o"""
"""Runs under the registered search_path: every name of ours is qualified."""


async def read(
    connection: Connection, labels: Sequence[str], others: Sequence[tuple[str, str]], search_path: str
) -> Fingerprint:
    """Of relations by qualified label and of `(kind, name as written)` others. Needs an open transaction.

    `others` are looked up under `search_path`; it is pinned afterwards.
    """
    await _set_path(connection, "")
    relations = await _relations(connection, labels)
    tables = {e["table"] for e in relations.values() if e and e["table"]} - set(labels)
    relations |= await _relations(connection, sorted(tables))
    await _set_path(connection, search_path)
    found = await _others(connection, others) if others else {}
    await connection.execute(PINNED)
    return {"relations": relations, "others": found}


async def _relations(connection: Connection, labels: Sequence[str]) -> dict[str, Any]:
    if not labels:
        return {}
    rows = await connection.fetch(RELATIONS, list(labels))
    return {r["label"]: json.loads(r["entry"]) if r["relkind"] else None for r in rows}


async def _others(connection: Connection, others: Sequence[tuple[str, str]]) -> dict[str, Any]:
    kinds, names = [k for k, _ in others], [n for _, n in others]
    rows = await connection.fetch(OTHERS, [other_key(k, n) for k, n in others], kinds, names)
    return {
        r["key"]: {"definition": r["definition"], "dependents": r["dependents"] or []} if r["oid"] else None
        for r in rows
    }


def other_key(kind: str, name: str) -> str:
    """`function "public"."f"()`."""
    return f"{kind.removeprefix('drop_')} {name}"


async def _set_path(connection: Connection, path: str) -> None:
    await connection.execute("SELECT pg_catalog.set_config('search_path', $1, true)", path)
