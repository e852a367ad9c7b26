"""From the grammar's tree of one statement to flat facts: actions, names, functions, or a refusal.

Runs in the child process; plain data in and out. Each kind says at which places of the tree it is read, and
how; a place that no kind reads is not known. This file does not know the catalogue and does not decide what
is acceptable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from monitor.sql import script_session, vocabulary
from monitor.sql.classes import Class
from monitor.sql.facts_code import nodes_with, unique, used, walk
from monitor.sql.facts_parts import Facts, Reader, Tree, action, commands, relation_name
from monitor.sql.refusals import OWN_SCHEMA, refusal_of
from monitor.statements.registry import KINDS

_OURS = re.compile(rf"\b{OWN_SCHEMA}(_salvage)?\b", re.IGNORECASE)

ITEMS: dict[str, Callable[[Tree], list[tuple[str, Tree]]]] = {
    "alter_table_stmt": lambda body: [(c["subtype"], c) for c in commands(body)],
    "drop_stmt": lambda body: [(_dropped(body), item) for item in body["objects"]],
    "rename_stmt": lambda body: [(body.get("rename_type", ""), body)],
    "alter_object_schema_stmt": lambda body: [(body["object_type"], body)],
    "alter_owner_stmt": lambda body: [(body["object_type"], body)],
}
"""Statements about several sorts of things -> their items, each with its sort: a place is
`drop_stmt SORT`."""

CONCURRENTLY = "CONCURRENTLY"
"""The sort of an index that is dropped so."""

UNKNOWN: dict[str, Callable[[Tree, str], str]] = {
    "alter_table_stmt": lambda body, sort: vocabulary.subcommand(body["objtype"], sort),
    "drop_stmt": lambda _, sort: f"DROP {vocabulary.sort(sort)}",
    "rename_stmt": lambda _, sort: f"ALTER {vocabulary.sort(sort)} … RENAME",
    "alter_object_schema_stmt": lambda _, sort: f"ALTER {vocabulary.sort(sort)} … SET SCHEMA",
    "alter_owner_stmt": lambda _, sort: f"ALTER {vocabulary.sort(sort)} … OWNER TO",
}
"""What an item is called that no kind reads."""

WRITES = {"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"}
"""Statements on rows that may stand in a WITH."""


def _readers() -> dict[str, tuple[Reader, ...]]:
    found: dict[str, tuple[Reader, ...]] = {}
    for kind in KINDS.values():
        for place, reader in kind.read.items():
            found[place] = (*found.get(place, ()), reader)
    return found


READERS = _readers()
"""Places of the tree -> readers of the kinds that may stand there."""


def facts_of(tree: Tree) -> Facts:
    """`{actions, class, kind, transactional, functions, operators, types, roles, relations, refusal, control,
    aside}`.

    `refusal` is "" when the grammar has nothing against it; `control`: whether it begins or ends
    a transaction; `aside`: the words of what may be left out, see script_session.py.
    """
    node, body = next(iter(tree.items()))
    refusal = refusal_of(node, body) or _touches_us(tree)
    actions = [] if refusal else [*_read(node, body), *_beside(node, body)]
    if not refusal and not actions:
        refusal = vocabulary.unknown(vocabulary.statement(node, body))
    refusal = refusal or next((a["refusal"] for a in actions if a.get("refusal")), "")
    return {
        "refusal": refusal,
        "actions": [{k: v for k, v in a.items() if k not in {"refusal", "owner"}} for a in actions],
        **({} if refusal else _classified(actions)),
        **used(tree),
        "relations": [] if node == "constraints_set_stmt" else _relations(tree, actions),
        "control": node == "transaction_stmt",
        "aside": ASIDE[node](body) if node in ASIDE else "",
    }


def _classified(actions: list[Facts]) -> Facts:
    """What a statement is by its actions: the gravest class, and how people call it."""
    kinds = [KINDS[a["kind"]] for a in actions]
    return {
        "class": max((k.klass for k in kinds), key=list(Class).index).value,
        "kind": "; ".join(dict.fromkeys(k.statement for k in kinds)),
        "transactional": all(k.transactional for k in kinds),
    }


ALONE = "SETOP_NONE"


def _constant(body: Tree) -> str:
    """`SELECT 'down SQL query'`: what tools write into a file that has nothing to do."""
    values = [t["res_target"]["val"] for t in body.get("target_list", ())]
    alone = body.keys() <= {"target_list", "limit_option", "op"} and body.get("op", ALONE) == ALONE
    return script_session.NOTHING if alone and values and all(v.keys() == {"a_const"} for v in values) else ""


ASIDE = {
    "transaction_stmt": script_session.bracket, "variable_set_stmt": script_session.setting,
    "select_stmt": _constant,
}  # fmt: skip
"""Statements to the session or the transaction, or to nobody, of which some are left out."""


def _relations(tree: Tree, actions: list[Facts]) -> list[list[str]]:
    return unique([*map(relation_name, nodes_with(tree, "relname")), *_owners(actions)])


def _owners(actions: list[Facts]) -> list[list[str]]:
    """Tables that only a list of names says: they are resolved as every other."""
    return [a["owner"] for a in actions if "owner" in a]


def _beside(node: str, body: Tree) -> list[Facts]:
    """What a WITH writes beside what the statement itself does: `WITH x AS (DELETE …) INSERT …`."""
    if node not in {*WRITES, "select_stmt"}:  # the body of a function that is made does nothing yet
        return []
    queries = (c["ctequery"] for c in nodes_with(body, "ctequery"))
    return [a for q in queries for node, inner in q.items() if node in WRITES for a in _read(node, inner)]


def _read(node: str, body: Tree) -> list[Facts]:
    if node not in ITEMS:
        return [a for found in _at(node, body, body) for a in found]
    actions = []
    for sort, item in ITEMS[node](body):
        read = list(_at(f"{node} {sort}", body, item))
        actions += [a for found in read for a in found]
        if not read:
            actions.append(action("", refusal=vocabulary.unknown(UNKNOWN[node](body, sort))))
    return actions


def _at(place: str, body: Tree, item: Tree) -> Iterator[list[Facts]]:
    """What each kind reads there that is it."""
    for reader in READERS.get(place, ()):
        if (found := reader(body, item)) is not None:
            yield found


def _dropped(body: Tree) -> str:
    return CONCURRENTLY if body.get("concurrent") else str(body["remove_type"])


def _touches_us(tree: Tree) -> str:
    if any(isinstance(s, str) and _OURS.search(s) for s in walk(tree)):
        return f"the schema {OWN_SCHEMA} is the ledger of this rollback and may not be touched by it"
    if any(r.get("schemaname", "").startswith("pg_temp") for r in nodes_with(tree, "relname")):
        return "pg_temp is of the session that executes the rollback: name the schema of a real object"
    return ""
