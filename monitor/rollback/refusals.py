"""Statements that are refused by their grammar alone, each with its reason.

A rollback is one transaction under our own settings: what would end, escape or reconfigure it,
and what is not of this database, has no place in a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OWN_SCHEMA = "migration_monitor"

NOT_HERE = "is not of this database and can't be undone with it: do it by hand"

BY_NODE: dict[str, str] = {
    "transaction_stmt": "transaction control: the whole rollback is one transaction already",
    "alter_system_stmt": f"ALTER SYSTEM {NOT_HERE}",
    "discard_stmt": "DISCARD changes the session that executes the rollback",
    "constraints_set_stmt": "SET CONSTRAINTS changes the transaction that executes the rollback",
    "load_stmt": "LOAD changes the session that executes the rollback",
    "prepare_stmt": "PREPARE changes the session that executes the rollback",
    "execute_stmt": "EXECUTE runs a text that is not in the plan",
    "listen_stmt": "LISTEN changes the session that executes the rollback",
    **dict.fromkeys(
        (
            "createdb_stmt", "dropdb_stmt", "alter_database_stmt", "alter_database_set_stmt",
            "alter_database_refresh_coll_stmt",
        ),
        f"a database statement {NOT_HERE}",
    ),
    **dict.fromkeys(
        (
            "create_role_stmt", "alter_role_stmt", "alter_role_set_stmt", "drop_role_stmt",
            "grant_role_stmt", "drop_owned_stmt", "reassign_owned_stmt",
        ),
        f"a role statement {NOT_HERE}",
    ),
    **dict.fromkeys(
        (
            "create_table_space_stmt", "drop_table_space_stmt", "alter_table_space_options_stmt",
            "alter_table_move_all_stmt",
        ),
        f"a tablespace statement {NOT_HERE}",
    ),
}  # fmt: skip


def _outside(what: str) -> str:
    return f"{what} can't run in a transaction, and such statements are not supported"


def _variable(body: dict[str, Any]) -> str:
    name = str(body.get("name", ""))
    if name in {"role", "session_authorization"}:
        return "SET ROLE changes who executes the rollback: use the role of rollback_dsn"
    return "SET changes the session that executes the rollback, which has settings of its own"


def _copy(body: dict[str, Any]) -> str:
    if body.get("is_from") and not body.get("filename"):
        return "COPY … FROM STDIN has no data here: use INSERT"
    return "COPY is not a known kind of statement"


def _alter_table(body: dict[str, Any]) -> str:
    for cmd in body.get("cmds", []):
        partition = cmd["alter_table_cmd"].get("def", {}).get("partition_cmd", {})
        if partition.get("concurrent"):
            return _outside("DETACH PARTITION … CONCURRENTLY")
    return ""


def _concurrent(what: str) -> Callable[[dict[str, Any]], str]:
    return lambda body: _outside(f"{what} CONCURRENTLY") if body.get("concurrent") else ""


def _vacuum(body: dict[str, Any]) -> str:
    return _outside("VACUUM") if body.get("is_vacuumcmd") else ""


def _reindex(body: dict[str, Any]) -> str:
    options = [p.get("def_elem", {}).get("defname") for p in body.get("params", [])]
    whole = body.get("kind") in {"REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"}
    return _outside("REINDEX CONCURRENTLY or of a schema") if whole or "concurrently" in options else ""


BY_BODY: dict[str, Callable[[dict[str, Any]], str]] = {
    "variable_set_stmt": _variable,
    "copy_stmt": _copy,
    "alter_table_stmt": _alter_table,
    "index_stmt": _concurrent("CREATE INDEX"),
    "drop_stmt": _concurrent("DROP INDEX"),
    "vacuum_stmt": _vacuum,
    "reindex_stmt": _reindex,
    "create_subscription_stmt": lambda _: _outside("CREATE SUBSCRIPTION"),
    "drop_subscription_stmt": lambda _: _outside("DROP SUBSCRIPTION"),
    "cluster_stmt": lambda body: "" if "relation" in body else _outside("CLUSTER of every table"),
}


def refusal_of(node: str, body: dict[str, Any]) -> str:
    """Why a statement may not be in a plan, or ""."""
    if node in BY_NODE:
        return BY_NODE[node]
    return BY_BODY[node](body) if node in BY_BODY else ""
