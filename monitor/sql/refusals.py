"""Statements that are refused by their grammar alone, each with its reason.

A rollback runs under our own settings: what would end, escape or reconfigure its transactions, what is not
of this database, and what would lock a table for as long as it likes has no place in a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitor.sql import script_session, vocabulary

OWN_SCHEMA = "migration_monitor"

NOT_HERE = "is not of this database and can't be undone with it: do it by hand"

BY_NODE: dict[str, str] = {
    "alter_system_stmt": f"ALTER SYSTEM {NOT_HERE}",
    "discard_stmt": "DISCARD changes the session that executes the rollback: leave it out",
    "load_stmt": "LOAD changes the session that executes the rollback: leave it out",
    "prepare_stmt": "PREPARE changes the session that executes the rollback: write the statement itself",
    "execute_stmt": "EXECUTE runs a text that is not in the plan: write the statement itself",
    "listen_stmt": "LISTEN changes the session that executes the rollback: leave it out",
    "cluster_stmt": "CLUSTER rewrites the table under a lock that nothing can limit: do it by hand",
    **{
        node: f"{vocabulary.statement(node, {})} is of a session, and undoes nothing: leave it out"
        for node in (
            "declare_cursor_stmt", "fetch_stmt", "close_portal_stmt", "deallocate_stmt", "unlisten_stmt",
            "explain_stmt", "variable_show_stmt", "check_point_stmt",
        )
    },
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


def _elsewhere(what: str) -> str:
    return f"{what} reaches beyond this database: do it by hand"


def _transaction(body: dict[str, Any]) -> str:
    """Of what is more than one BEGIN with its COMMIT, which is left out."""
    what = "transaction control: the rollback has transactions of its own"
    if not script_session.bracket(body):
        return what
    return f"{what}, and only one BEGIN with one COMMIT around the whole script is left out"


def _copy(body: dict[str, Any]) -> str:
    if body.get("is_from") and not body.get("filename"):
        return "COPY … FROM STDIN has no data here: use INSERT"
    return "COPY reaches files of the server, or the client's: use INSERT, or do it by hand"


def _drop(body: dict[str, Any]) -> str:
    if not body.get("concurrent"):
        return ""
    if len(body["objects"]) > 1:
        return "DROP INDEX CONCURRENTLY drops one index: write a statement for each"
    if body.get("behavior") == "DROP_CASCADE":
        return "DROP INDEX CONCURRENTLY knows no CASCADE"
    return ""


VACUUM_OPTIONS = {"analyze", "verbose", "freeze", "index_cleanup", "truncate", "parallel", "process_toast"}
"""What VACUUM may be told: nothing that rewrites the table, or makes it skip one without a word."""


def _vacuum(body: dict[str, Any]) -> str:
    what = "VACUUM" if body.get("is_vacuumcmd") else "ANALYZE"
    if not body.get("rels"):
        return f"{what} of every table is not of this migration: name the tables"
    odd = sorted(_options(body, "options") - (VACUUM_OPTIONS if what == "VACUUM" else {"verbose"}))
    if "full" in odd:
        return "VACUUM FULL locks the table while it is rewritten, which nothing can limit: do it by hand"
    return _option(what, odd)


def _reindex(body: dict[str, Any]) -> str:
    if body.get("kind") not in {"REINDEX_OBJECT_INDEX", "REINDEX_OBJECT_TABLE"}:
        return "REINDEX of a schema or database is not of this migration: name indexes or tables"
    options = _options(body, "params")
    if "concurrently" not in options:
        return "REINDEX without CONCURRENTLY locks the table while it is built: write CONCURRENTLY"
    odd = sorted(options - {"concurrently", "verbose"})
    return _option("REINDEX", odd)


def _option(what: str, odd: list[str]) -> str:
    if not odd:
        return ""
    return f"{what} with {', '.join(odd).upper()} is not a known kind of statement: leave the option out"


def _options(body: dict[str, Any], key: str) -> set[str]:
    """Options that are on; one with a value of its own counts as on unless that says off."""
    found = [p["def_elem"] for p in body.get(key, [])]
    return {d["defname"].lower() for d in found if _value(d) not in {"false", "off", "0"}}


def _value(option: dict[str, Any]) -> str:
    argument = option.get("arg", {})
    value = argument.get("string", {}).get("sval", argument.get("integer", {}).get("ival", ""))
    return "0" if "integer" in argument and not value else str(value).lower()


def _alter_enum(body: dict[str, Any]) -> str:
    if body.get("old_val"):
        return ""
    return (
        "ALTER TYPE … ADD VALUE can't be undone, and its value can't be used in the transaction that adds it"
        ": rename the type, make it anew with all its values, and change the type of its columns"
    )


def _temporary(key: str) -> Callable[[dict[str, Any]], str]:
    """`key`: the field with what is made."""

    def refuse(body: dict[str, Any]) -> str:
        if body.get(key, {}).get("relpersistence") == "t":
            return "a temporary object is gone with the session that executes the rollback: make a real one"
        return ""

    return refuse


def _comment(body: dict[str, Any]) -> str:
    what = str(body.get("objtype", ""))
    return f"COMMENT ON {vocabulary.sort(what)} {NOT_HERE}" if what in ELSEWHERE else ""


def _grant(body: dict[str, Any]) -> str:
    what = str(body.get("objtype", ""))
    return f"GRANT and REVOKE on a {vocabulary.sort(what)} {NOT_HERE}" if what in ELSEWHERE else ""


ELSEWHERE = {
    "OBJECT_DATABASE", "OBJECT_ROLE", "OBJECT_TABLESPACE", "OBJECT_PARAMETER_ACL", "OBJECT_SUBSCRIPTION",
}  # fmt: skip
"""What belongs to the cluster, or is set up for it."""

BY_BODY: dict[str, Callable[[dict[str, Any]], str]] = {
    "transaction_stmt": _transaction,
    "variable_set_stmt": script_session.why_not,
    "copy_stmt": _copy,
    "alter_enum_stmt": _alter_enum,
    "drop_stmt": _drop,
    "vacuum_stmt": _vacuum,
    "comment_stmt": _comment,
    "grant_stmt": _grant,
    "create_stmt": _temporary("relation"),
    "create_seq_stmt": _temporary("sequence"),
    "view_stmt": _temporary("view"),
    "reindex_stmt": _reindex,
    "create_subscription_stmt": lambda _: _elsewhere("CREATE SUBSCRIPTION"),
    "drop_subscription_stmt": lambda _: _elsewhere("DROP SUBSCRIPTION"),
    "alter_subscription_stmt": lambda _: _elsewhere("ALTER SUBSCRIPTION"),
    "create_am_stmt": lambda _: _elsewhere("CREATE ACCESS METHOD"),
    "create_plang_stmt": lambda _: _elsewhere("CREATE LANGUAGE"),
}


def refusal_of(node: str, body: dict[str, Any]) -> str:
    """Why a statement may not be in a plan, or ""."""
    if node in BY_NODE:
        return BY_NODE[node]
    return BY_BODY[node](body) if node in BY_BODY else ""
