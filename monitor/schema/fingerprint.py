"""Reads what the touched objects are: names and definitions, no oids.

Read under an empty search_path, so that every name in a definition is qualified.
This file does not compare; see compare.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from monitor.pg import MARK, PINNED, Connection, quote_literal
from monitor.schema import other_objects as named
from monitor.schema import relation as values
from monitor.schema.other_objects import COMMENT, SCHEMA_PARTS, other_key
from monitor.schema.relation import Entry, Fingerprint, Other, Relation
from monitor.schema.steady import steadily

RELATIONS = files("monitor.schema").joinpath("fingerprint.sql").read_text(encoding="utf-8")

OTHERS = files("monitor.schema").joinpath("other_objects.sql").read_text(encoding="utf-8")
"""Runs under the pinned search_path."""

FOUND = """/* migration-monitor: functions, types, schemas and what is commented on, by name */
SELECT coalesce(CASE WHEN w.part OPERATOR(pg_catalog.=) 'function' THEN
                       CASE WHEN u.unknown THEN 0::oid
                            WHEN pg_catalog.strpos(w.name, '(') OPERATOR(pg_catalog.>) 0
                            THEN pg_catalog.to_regprocedure(w.name)::oid
                            ELSE pg_catalog.to_regproc(w.name)::oid END
                     WHEN w.part OPERATOR(pg_catalog.=) 'type' THEN pg_catalog.to_regtype(w.name)::oid
                     WHEN w.part OPERATOR(pg_catalog.=) 'schema' THEN pg_catalog.to_regnamespace(w.name)::oid
                     WHEN w.part OPERATOR(pg_catalog.=) 'operator' THEN
                       CASE WHEN NOT u.unknown THEN pg_catalog.to_regoperator(w.name)::oid END
                     WHEN w.part OPERATOR(pg_catalog.=) 'extension' THEN
                       (SELECT e.oid FROM pg_catalog.pg_extension e
                         WHERE e.extname OPERATOR(pg_catalog.=) w.name)
                     WHEN w.part OPERATOR(pg_catalog.=) 'publication' THEN
                       (SELECT p.oid FROM pg_catalog.pg_publication p
                         WHERE p.pubname OPERATOR(pg_catalog.=) w.name)
                     WHEN w.part OPERATOR(pg_catalog.=) 'statistics' THEN
                       (SELECT s.oid FROM pg_catalog.pg_statistic_ext s
                          JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) s.stxnamespace,
                               pg_catalog.parse_ident(w.name) AS i(names)
                         WHERE s.stxname OPERATOR(pg_catalog.=) i.names[pg_catalog.cardinality(i.names)]
                           AND CASE WHEN pg_catalog.cardinality(i.names) OPERATOR(pg_catalog.=) 1
                                 THEN pg_catalog.pg_statistics_obj_is_visible(s.oid)
                                 ELSE n.nspname OPERATOR(pg_catalog.=) i.names[1] END)
                     ELSE pg_catalog.to_regclass(w.name)::oid END, 0::oid) AS oid
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
       AS w(part, name, types), LATERAL (
       SELECT EXISTS (SELECT FROM pg_catalog.jsonb_array_elements_text(w.types::pg_catalog.jsonb) AS t(name)
                       WHERE pg_catalog.to_regtype(t.name) IS NULL) AS unknown) AS u"""
"""Runs under the registered search_path: every name of ours is qualified. Before PostgreSQL 16 it is an error
to look for a function of a type that is not there."""

_ARGUMENT = re.compile(r"""(?:"(?:[^"]|"")*"\.)?"(?:[^"]|"")*"(?:\[\])*""")


async def found(connection: Connection, targets: Sequence[tuple[str, str]]) -> list[int]:
    """Oids by sort and name, 0 for what is not there. Uses the session's search_path."""
    types = [_arguments(name) if part in WITH_ARGUMENTS else "[]" for part, name in targets]
    rows = await connection.fetch(FOUND, [t[0] for t in targets], [t[1] for t in targets], types)
    return [r["oid"] for r in rows]


WITH_ARGUMENTS = {"function", "operator"}


def _arguments(name: str) -> str:
    """Types of `"public"."f"("pg_catalog"."int4")` as JSON; an operator's name may hold no parenthesis."""
    at = _ARGUMENT.match(name)
    return json.dumps(_ARGUMENT.findall(name[at.end() if at else 0 :].partition("(")[2]))


async def read(
    connection: Connection, labels: Sequence[str], others: Sequence[named.Other], search_path: str,
    below: Sequence[str] = (),
) -> Fingerprint:  # fmt: skip
    """Of relations by qualified label and of `(kind, name as written)` others. Needs an open transaction.

    `others` are looked up under `search_path`; it is pinned afterwards. `below`: what was below the relations
    once, by inheritance or as their partition, and is looked for although it may be elsewhere now.
    """

    async def described() -> Fingerprint:
        return await _described(connection, labels, others, search_path, below)

    return await steadily(connection, "reading the touched objects", described, behind=PINNED)


async def _described(
    connection: Connection, labels: Sequence[str], others: Sequence[named.Other], search_path: str,
    below: Sequence[str],
) -> Fingerprint:  # fmt: skip
    relations = await _relations(connection, labels)
    tables = {e.table for e in relations.values() if isinstance(e, Relation) and e.table} - set(labels)
    relations |= await _relations(connection, sorted(tables))
    descendants = await _descendants(connection, relations, below)
    found = await _others(connection, others, search_path) if others else {}
    return Fingerprint(relations, found, descendants)


async def _descendants(
    connection: Connection, relations: Mapping[str, Entry], below: Sequence[str]
) -> dict[str, Entry]:
    """Children of the relations, and theirs: they follow in everything, and may stand in its way."""
    found = await _relations(connection, sorted(set(below) - relations.keys()))
    while new := _children([*relations.values(), *found.values()]) - relations.keys() - found.keys():
        found |= await _relations(connection, sorted(new))
    return found


def _children(entries: Iterable[Entry]) -> set[str]:
    return {child for e in entries if isinstance(e, Relation) for child in e.children}


async def _relations(connection: Connection, labels: Sequence[str]) -> dict[str, Entry]:
    if not labels:
        return {}
    rows = await connection.fetch(RELATIONS, list(labels))
    return {r["label"]: values.relation(json.loads(r["entry"])) if r["relkind"] else None for r in rows}


async def _others(
    connection: Connection, others: Sequence[named.Other], search_path: str
) -> dict[str, Other | None]:
    """Looked up under the plan's search_path, described under the pinned one. A comment is always there."""
    targets = [_target(*o) for o in others]
    await connection.execute(
        f"{MARK} SELECT pg_catalog.set_config('search_path', {quote_literal(search_path)}, true)"
    )
    oids = await found(connection, [(t[0], t[1]) for t in targets])
    kinds = ["comment on " + t[0] if k == COMMENT else k for (k, _), t in zip(others, targets, strict=True)]
    keys = [other_key(*o) for o in others]
    await connection.execute(PINNED)
    described = await connection.fetch(OTHERS, keys, kinds, oids, [t[2] for t in targets])
    return {r["key"]: _entry(r) for r in described}


def _target(kind: str, name: str) -> tuple[str, str, str]:
    """What to look for: its sort, its name (of a relation the label), and the name within a relation."""
    if kind != COMMENT:
        return kind, name, ""
    part, label, of = json.loads(name)
    return (part, of, "") if part in SCHEMA_PARTS else (part, label, of)


def _entry(r: Any) -> Other | None:
    if r["key"].startswith("comment on "):
        return Other("", r["definition"], None, [])
    if r["label"] is None:
        return None
    return Other(r["label"], r["definition"], r["body"], r["dependents"] or [])
