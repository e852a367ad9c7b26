"""Whether our schemas are ours: a schema, table or trigger that somebody else prepared runs as us.

Whoever may create schemas could have made `migration_monitor` before the daemon did, with tables whose
triggers then run with the rights of the rollback role. Read only.
"""

from __future__ import annotations

from monitor import pg

SCHEMAS = ("migration_monitor", "migration_monitor_salvage", "migration_monitor_quarantine")

FAULTS = """/* migration-monitor: is our schema ours */
WITH ours AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_catalog.pg_namespace n
     WHERE n.nspname = ANY ($1::text[])
), relations AS (
    SELECT c.oid, pg_catalog.format('%I.%I', o.nspname, c.relname) AS name, c.relkind, c.relowner,
           c.relrowsecurity, c.relacl, o.nspname
      FROM ours o JOIN pg_catalog.pg_class c ON c.relnamespace = o.oid
), trusted AS (
    SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolsuper OR pg_catalog.pg_has_role(r.oid, 'USAGE')
)
SELECT pg_catalog.format('schema %I is owned by %I', o.nspname,
                         pg_catalog.pg_get_userbyid(o.nspowner)) AS fault
  FROM ours o WHERE o.nspowner NOT IN (SELECT oid FROM trusted)
UNION ALL
SELECT pg_catalog.format('%s is owned by %I', r.name, pg_catalog.pg_get_userbyid(r.relowner))
  FROM relations r
 WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f') AND r.relowner NOT IN (SELECT oid FROM trusted)
UNION ALL
SELECT pg_catalog.format('trigger %I on %s calls a function of %I', t.tgname, r.name,
                         pg_catalog.pg_get_userbyid(p.proowner))
  FROM relations r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE p.proowner NOT IN (SELECT oid FROM trusted)
UNION ALL
SELECT pg_catalog.format('rule %I on %s rewrites what is written there', w.rulename, r.name)
  FROM relations r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
 WHERE r.nspname = 'migration_monitor' AND r.relkind IN ('r', 'p')
UNION ALL
SELECT pg_catalog.format('row security on %s hides rows', r.name)
  FROM relations r WHERE r.nspname = 'migration_monitor' AND r.relrowsecurity
UNION ALL
SELECT pg_catalog.format('everybody (PUBLIC) has %s on schema %I', a.privilege_type, o.nspname)
  FROM ours o, pg_catalog.aclexplode(o.nspacl) a WHERE a.grantee = 0
UNION ALL
SELECT pg_catalog.format('everybody (PUBLIC) has %s on %s', a.privilege_type, r.name)
  FROM relations r, pg_catalog.aclexplode(r.relacl) a
 WHERE a.grantee = 0 AND r.nspname = 'migration_monitor'
ORDER BY 1"""


async def faults(connection: pg.Connection) -> list[str]:
    """Each as a fragment that names the object and whose it is; [] when the schemas are ours or absent."""
    return [row["fault"] for row in await connection.fetch(FAULTS, list(SCHEMAS))]


def sentence(found: list[str]) -> str:
    """For people, with the remedy."""
    return (
        f"{'; '.join(found[:3])}: what is done there would be done with the rights of the rollback role; "
        "look at it, then drop it or make it the rollback role's own"
    )
