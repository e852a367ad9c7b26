"""Which locks a group takes before its first statement, so that one try's waiting has one limit.

The tables that it changes, and what its statements would lock without naming it: the other ends of foreign
keys, the parent of a partition that is dropped. A table that the role may not lock by itself is left to the
statement. Reads the catalogue; takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.pg import Connection
from monitor.plan.groups import Group
from monitor.plan.stored import Plan
from monitor.schema.relation import Fingerprint
from monitor.sql.scripts import Action, key_of
from monitor.statements.registry import kind_of

EXCLUSIVE = "ACCESS EXCLUSIVE"

REACHED = """/* migration-monitor: what a group's statements lock without naming it */
WITH keys AS (SELECT pg_catalog.to_regclass(k.label)::oid AS rel, k.name
                FROM ROWS FROM (unnest($1::text[]), unnest($2::text[])) AS k(label, name)),
     dropped AS (SELECT i.inhparent AS parent
                   FROM unnest($3::text[]) AS d(label) JOIN pg_catalog.pg_class c
                     ON c.oid = pg_catalog.to_regclass(d.label) AND c.relispartition
                   JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid),
     reached(rel, alone, mode) AS (
                 SELECT pg_catalog.to_regclass(t.label)::oid, false, 'SHARE ROW EXCLUSIVE'
                   FROM unnest($4::text[]) AS t(label)
                  UNION ALL
                 SELECT f.confrelid, false, 'ACCESS EXCLUSIVE'
                   FROM keys JOIN pg_catalog.pg_constraint f ON f.conrelid = keys.rel AND f.contype = 'f'
                    AND f.conparentid = 0 AND keys.name IN ('', f.conname)
                  UNION ALL
                 SELECT f.conrelid, false, 'ACCESS EXCLUSIVE'
                   FROM keys JOIN pg_catalog.pg_constraint f ON f.confrelid = keys.rel AND f.contype = 'f'
                   JOIN pg_catalog.pg_constraint u ON u.conrelid = keys.rel AND u.conindid = f.conindid
                    AND f.conparentid = 0 AND u.contype IN ('p', 'u') AND keys.name IN ('', u.conname)
                  UNION ALL
                 SELECT parent, true, 'ACCESS EXCLUSIVE' FROM dropped
                  UNION ALL
                 SELECT p.partdefid, false, 'ACCESS EXCLUSIVE'
                   FROM dropped JOIN pg_catalog.pg_partitioned_table p
                     ON p.partrelid = dropped.parent AND p.partdefid <> 0)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS label, pg_catalog.bool_and(r.alone) AS alone,
       pg_catalog.min(r.mode) AS mode
  FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.rel AND c.relkind IN ('r', 'p')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
   AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
 GROUP BY 1"""
"""A constraint's name stands for that constraint, '' for all of the table's. Who refers to a key that goes
is locked too: without CASCADE there is nobody, or the statement fails. The mode that is first by name is the
stronger one."""


@dataclass(frozen=True, slots=True)
class Lock:
    """One LOCK TABLE. `only`: not its partitions."""

    label: str
    mode: str = EXCLUSIVE
    only: bool = False

    @property
    def sql(self) -> str:
        table = f"ONLY {self.label}" if self.only else self.label
        return f"/* migration-monitor */ LOCK TABLE {table} IN {self.mode} MODE"


async def locks(connection: Connection, plan: Plan, group: Group) -> list[Lock]:
    """In a fixed order. Needs an open transaction."""
    now = plan.forecast(group.start).expected
    actions = [a for s in group.statements for a in s.actions]
    keys = [key for a in actions for key in _keys(plan, now, a)]
    dropped = [table for table, name in keys if not name]
    referenced = [label for a in actions for label in _referenced(plan, a)]
    wanted = {label: Lock(label) for label in plan.locked_for(group)}
    if keys or referenced:
        tables, names = [table for table, _ in keys], [name for _, name in keys]
        rows = await connection.fetch(REACHED, tables, names, dropped, referenced)
        wanted = {r["label"]: Lock(r["label"], r["mode"], r["alone"]) for r in rows} | wanted
    return [wanted[label] for label in sorted(wanted)]


def _label(plan: Plan, a: Action) -> str:
    return plan.resolution[key_of(a.relation or ())]


def _keys(plan: Plan, now: Fingerprint, a: Action) -> Iterator[tuple[str, str]]:
    """Constraints that the action drops: table and name, or "" for all of the table's."""
    if (keys := kind_of(a).keys) is not None:
        label = _label(plan, a)
        yield from ((label, name) for name in keys(now.relation(label), a))


def _referenced(plan: Plan, a: Action) -> Iterator[str]:
    """The table that a new foreign key points to: those who write to it wait, those who read do not."""
    if (refers := kind_of(a).refers) is not None and (parent := refers(a)):
        yield plan.resolution[parent]
