"""Whether the role of rollback_dsn may be used at all: a superuser only when it is allowed by its name.

A plan of a superuser could do anything to the whole cluster, and no check of rights means anything. A role
for which neither triggers nor foreign keys act would leave rows that nobody could have written.
"""

from __future__ import annotations

from monitor.schema.catalogue import Identity


def refusal(server: Identity, allowed: str) -> str:
    """Why not, with the remedy; "" if it may. `allowed`: the one superuser that may be used, by name."""
    if server.replication_role == "replica":
        return (
            f"sessions of {server.role} have session_replication_role = replica: neither triggers nor "
            "foreign keys act: ALTER ROLE or ALTER DATABASE … RESET session_replication_role"
        )
    if not server.power or server.role == allowed:
        return ""
    is_one = "is a superuser" if server.power == server.role else f"may become {server.power}, a superuser"
    return (
        f"the role of rollback_dsn, {server.role}, {is_one}: use a role made by deploy/roles.sql, "
        f"or allow it by name: database.allow_superuser: {server.role}"
    )
