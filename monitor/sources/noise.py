"""Which statements that a server counted are nobody's of the application: ours, the driver's, the session's.

Told by who ran them, where a role is ours alone, and by their text, where it is not: in a small set-up
the owner's role is the application's too.
"""

from __future__ import annotations

import re

from monitor.sources.literals import shown

OWN_ROLES = r"""
/* migration-monitor: roles that nobody else uses: no other session, no table, no grant on one */
SELECT r.oid::bigint AS id
FROM pg_catalog.pg_roles AS r
WHERE r.rolname IN (current_user, $1::text) AND NOT r.rolsuper
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity AS a
        WHERE a.usesysid = r.oid AND a.datname = pg_catalog.current_database()
            AND pg_catalog.left(coalesce(a.application_name, ''), 18) <> 'migration-monitor/'
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^(pg_|migration_monitor)'
            AND (c.relowner = r.oid OR EXISTS (
                SELECT FROM pg_catalog.aclexplode(c.relacl) AS granted WHERE granted.grantee = r.oid
            ))
    )
"""

OURS = re.compile(r"migration[-_]monitor")
"""In a comment of every statement of ours, or in the name of the schema that it is about."""

DRIVERS = re.compile(r"typeinfo_tree|t\.typtype\s+AS kind\s+FROM\s+pg_catalog\.pg_type AS t\s")
"""How asyncpg asks what a type is made of, for us and for any application that uses it."""

SETTINGS = re.compile(r"(?:SELECT) (pg_catalog\.)?(set_config|current_setting) ?\(")
"""SET and SHOW in other words."""

OF_THE_SESSION = frozenset(
    {
        "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "SET", "RESET",
        "SHOW", "DISCARD", "DEALLOCATE", "CLOSE", "LISTEN", "UNLISTEN",
    }
)  # fmt: skip
"""Commands that say nothing of a schema. What a COMMIT waits for (the disk, deferred triggers) is not even
in its time: the server counts only that it was asked for."""


def is_noise(text: str) -> bool:
    """Whether a statement's text, as the server keeps it, is of no interest after a migration."""
    told = shown(text)
    command = told.partition(" ")[0]
    return bool(
        command in OF_THE_SESSION or OURS.search(text) or DRIVERS.search(text) or SETTINGS.match(told)
    )
