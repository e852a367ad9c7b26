"""Facts of policies, publications and extensions: CREATE and ALTER; dropping them is in facts.py.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

from monitor.rollback.script.facts_parts import Facts, Tree, action, relation_name


def create_policy(body: Tree) -> list[Facts]:
    return [action("create_policy", relation_name(body["table"]), body["policy_name"])]


def alter_policy(body: Tree) -> list[Facts]:
    return [action("alter_policy", relation_name(body["table"]), body["policy_name"])]


def create_publication(body: Tree) -> list[Facts]:
    return [action("create_publication", None, body["pubname"])]


def alter_publication(body: Tree) -> list[Facts]:
    return [action("alter_publication", None, body["pubname"])]


def create_extension(body: Tree) -> list[Facts]:
    """`text`: the version that is asked for, or ""; `cascade`: with all that it needs."""
    options = {o["def_elem"]["defname"]: o["def_elem"].get("arg", {}) for o in body.get("options", ())}
    return [
        action(
            "create_extension", None, body["extname"], if_exists=bool(body.get("if_not_exists")),
            text=options.get("new_version", {}).get("string", {}).get("sval", ""),
            cascade="cascade" in options,
        )
    ]  # fmt: skip
