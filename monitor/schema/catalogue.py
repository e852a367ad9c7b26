"""What the server says about itself and about names: identity, primary or not, resolution, rights.

Read only. This file does not judge; each reader says what it needs of the connection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from monitor.pg import Connection
from monitor.schema.scope import Scope
from monitor.sql.scripts import Written, key_of

IDENTITY = """/* migration-monitor: which server is this */
SELECT pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.pg_backend_pid() AS pid,
       pg_catalog.current_setting('transaction_read_only') AS read_only,
       CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
            THEN (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) ELSE '' END AS system,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0
            ELSE ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()),
                                           1, 8))::bit(32)::int
       END AS timeline,
       (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path') AS search_path,
       current_user::text AS role,
       coalesce((SELECT p.rolname::text FROM pg_catalog.pg_roles p
                  WHERE (p.rolsuper OR p.rolname = ANY ($1::text[]))
                    AND pg_catalog.pg_has_role(p.oid, 'MEMBER')
                  ORDER BY p.rolname <> current_user, NOT p.rolsuper, p.rolname LIMIT 1), '') AS power,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
         OR coalesce(pg_catalog.has_schema_privilege(
              pg_catalog.to_regnamespace('migration_monitor_salvage')::oid, 'CREATE'), false) AS may_create,
       coalesce((SELECT pg_catalog.pg_get_userbyid(c.relowner)::text FROM pg_catalog.pg_class c
                   JOIN pg_catalog.pg_roles m ON m.rolname = current_user AND m.oid <> c.relowner
                   JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                        AND NOT pg_catalog.starts_with(n.nspname, 'migration_monitor')
                  WHERE c.relkind IN ('r', 'p', 'v') AND NOT m.rolsuper
                    AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
                  GROUP BY c.relowner ORDER BY count(*) DESC, c.relowner LIMIT 1), '') AS acts_for,
       pg_catalog.current_setting('server_version_num')::int AS version,
       pg_catalog.current_database()::text AS database,
       pg_catalog.current_setting('session_replication_role') AS replication_role"""

RESOLVE = """/* migration-monitor: what names resolve to, and where they are looked for */
SELECT p.path, w.key,
       CASE WHEN c.oid IS NOT NULL THEN pg_catalog.format('%I.%I', n.nspname, c.relname)
            WHEN w.name IS NOT NULL
            THEN pg_catalog.format('%I.%I', coalesce(w.schema, pg_catalog.current_schema()::text, ''), w.name)
       END AS label,
       c.oid IS NOT NULL AS exists,
       c.oid IS NULL OR pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
       coalesce(c.relkind::text, '') AS relkind,
       ARRAY(SELECT pg_catalog.format('%I.%I', s.name, o.relname)
               FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s(name, place)
               JOIN pg_catalog.pg_namespace m ON m.nspname OPERATOR(pg_catalog.=) s.name
               JOIN pg_catalog.pg_class o ON o.relnamespace OPERATOR(pg_catalog.=) m.oid
                AND o.relname OPERATOR(pg_catalog.=) w.name
              WHERE w.schema IS NULL ORDER BY s.place) AS namesakes
  FROM (SELECT coalesce(pg_catalog.array_agg(pg_catalog.quote_ident(s.name) ORDER BY s.place), '{}') AS path
          FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS s(name, place)) AS p
  LEFT JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]),
                       pg_catalog.unnest($3::text[])) AS w(key, schema, name) ON true
  LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(w.key)::oid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"""
"""Runs under the registered search_path, as FOREIGN_FUNCTIONS does: every name of ours is qualified. A plan
without names gets one row, for the path alone."""

NAMESAKES = """/* migration-monitor: who has these names, and where */
SELECT o.kind, o.name, pg_catalog.quote_ident(n.nspname) AS schema, o.found
  FROM (SELECT 'function' AS kind, p.proname AS name, p.pronamespace AS schema, pg_catalog.count(*) AS found
          FROM pg_catalog.pg_proc p
         WHERE p.proname OPERATOR(pg_catalog.=) ANY ($1::text[]) GROUP BY 1, 2, 3
        UNION ALL
        SELECT 'type', t.typname, t.typnamespace, 1
          FROM pg_catalog.pg_type t WHERE t.typname OPERATOR(pg_catalog.=) ANY ($1::text[])
        UNION ALL
        SELECT DISTINCT 'operator', r.oprname, r.oprnamespace, 1
          FROM pg_catalog.pg_operator r WHERE r.oprname OPERATOR(pg_catalog.=) ANY ($1::text[])
        UNION ALL
        SELECT 'statistics', e.stxname, e.stxnamespace, 1
          FROM pg_catalog.pg_statistic_ext e
         WHERE e.stxname OPERATOR(pg_catalog.=) ANY ($1::text[])) o
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.schema"""
"""Of types, operators and statistics one in a schema is enough."""

QUOTED = """/* migration-monitor: names as the server quotes them */
SELECT w.name, pg_catalog.format('%I', w.name) AS quoted FROM pg_catalog.unnest($1::text[]) AS w(name)"""

FOREIGN_FUNCTIONS = """/* migration-monitor: functions a plan calls */
SELECT w.key
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
       AS w(key, schema, name)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_proc p
                    WHERE p.proname OPERATOR(pg_catalog.=) w.name
                      AND p.pronamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace::oid
                      AND (p.provolatile OPERATOR(pg_catalog.<>) 'v'
                           OR p.proname OPERATOR(pg_catalog.=) ANY ($4::text[])))
    OR coalesce(w.schema, 'pg_catalog') OPERATOR(pg_catalog.<>) 'pg_catalog'
    OR (w.schema IS NULL AND EXISTS (SELECT FROM pg_catalog.pg_proc p
                    WHERE p.proname OPERATOR(pg_catalog.=) w.name
                      AND p.pronamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace::oid
                      AND pg_catalog.pg_function_is_visible(p.oid)))"""

POWERFUL = ("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files")
"""Predefined roles by which one becomes superuser, as their documentation says."""

HARMLESS_VOLATILE = (
    "clock_timestamp", "timeofday", "statement_timestamp", "random", "gen_random_uuid", "uuidv7", "nextval",
)  # fmt: skip
"""Volatile functions of pg_catalog that change nothing of anyone else's."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The server at the other end. `system` is "" when the role lacks permission to read it."""

    standby: bool
    pid: int
    read_only: bool
    system: str
    timeline: int
    search_path: str
    role: str
    power: str  # the role itself, or one it may become, that is superuser or as good as one; "" if none
    may_create: bool  # the place for salvaged data
    acts_for: str  # the role whose tables it may alter as a member of it; "" if they are its own
    version: int
    database: str
    replication_role: str  # "replica": neither triggers nor foreign keys act

    def is_pooled(self, connection: Connection) -> bool:
        """A pooler invents the pid of the session's cancel key; a server's is its backend's own."""
        return self.pid != connection.get_server_pid()


@dataclass(frozen=True, slots=True)
class Resolved:
    """A name as written and what it means now."""

    key: str
    label: str
    exists: bool
    owned: bool
    relkind: str
    namesakes: tuple[str, ...] = ()  # all relations that a name without a schema could mean, in that order


async def identity(connection: Connection) -> Identity:
    """One round trip; needs no right at all, but a pinned session: `search_path` is what it was before."""
    r = await connection.fetchrow(IDENTITY, list(POWERFUL))
    if r is None:  # a SELECT without FROM has one row
        raise AssertionError
    return Identity(
        r["standby"], r["pid"], r["read_only"] == "on", r["system"], r["timeline"], r["search_path"],
        r["role"], r["power"], r["may_create"], r["acts_for"], r["version"], r["database"],
        r["replication_role"],
    )  # fmt: skip


async def scope(
    connection: Connection, resolved: Mapping[str, Resolved], path: tuple[str, ...], names: Collection[str]
) -> Scope:
    """Of the search_path `path`; `names` of functions, types, operators and statistics, without schema."""
    known: dict[tuple[str, str], dict[str, int]] = {}
    for r in await connection.fetch(NAMESAKES, sorted(names)) if names else ():
        known.setdefault((r["kind"], r["name"]), {})[r["schema"]] = r["found"]
    return Scope(path, {key: found.namesakes for key, found in resolved.items()}, known)


async def resolve(
    connection: Connection, names: Sequence[Written]
) -> tuple[dict[str, Resolved], tuple[str, ...]]:
    """By key; and the schemas of the session's search_path that are there, as the server quotes them.

    An absent name gets the label it would be created under.
    """
    rows = await connection.fetch(
        RESOLVE, [key_of(n) for n in names], [n[0] if len(n) > 1 else None for n in names],
        [n[-1] for n in names],
    )  # fmt: skip
    found = (r for r in rows if r["key"] is not None)
    return (
        {
            r["key"]: Resolved(
                r["key"], r["label"], r["exists"], r["owned"], r["relkind"], tuple(r["namesakes"])
            )
            for r in found
        },
        tuple(rows[0]["path"]),
    )


async def quoted(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Names as this server writes them in labels: in quotes only where they need them."""
    rows = await connection.fetch(QUOTED, list(names))
    return {r["name"]: r["quoted"] for r in rows}


async def opaque_functions(connection: Connection, functions: Sequence[Written]) -> set[str]:
    """Those that are not harmless functions of pg_catalog, by key. Uses the session's search_path."""
    if not functions:
        return set()
    rows = await connection.fetch(
        FOREIGN_FUNCTIONS, [key_of(f) for f in functions],
        [f[0] if len(f) > 1 else None for f in functions], [f[-1] for f in functions],
        list(HARMLESS_VOLATILE),
    )  # fmt: skip
    return {r["key"] for r in rows}
