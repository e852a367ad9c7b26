"""From the grammar's tree of one statement to flat facts: actions, names, functions, or a refusal.

Runs in the child process; plain data in and out. A kind without a row here is not known.
This file does not know the catalogue and does not decide what is acceptable.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from monitor.rollback.script import (
    facts_access,
    facts_columns,
    facts_names,
    facts_outside,
    facts_queries,
    facts_rows,
    facts_sequences,
    facts_settings,
    facts_types,
    session,
    words,
)
from monitor.rollback.script.facts_code import nodes_with, unique, used, walk
from monitor.rollback.script.facts_constraints import checked, constraint, set_constraints
from monitor.rollback.script.facts_objects import (
    alter_function,
    comment,
    create_enum,
    create_function,
    create_trigger,
    create_view,
    operator_signature,
    quoted,
    signature,
    strings,
    type_text,
)
from monitor.rollback.script.facts_parts import Facts, Tree, is_only
from monitor.rollback.script.facts_parts import action as _action
from monitor.rollback.script.facts_parts import relation_name as _relation
from monitor.rollback.script.refusals import OWN_SCHEMA, refusal_of

_OURS = re.compile(rf"\b{OWN_SCHEMA}(_salvage)?\b", re.IGNORECASE)

ALTER = {
    "AT_DropColumn": "drop_column",
    "AT_DropConstraint": "drop_constraint",
    "AT_DropNotNull": "drop_not_null",
    "AT_SetNotNull": "set_not_null",
    "AT_AlterColumnType": "alter_type",
    "AT_AddColumn": "add_column",
    "AT_AddConstraint": "add_constraint",
    "AT_ValidateConstraint": "validate_constraint",
    "AT_EnableTrig": "enable_trigger",
    "AT_DisableTrig": "disable_trigger",
}

DROP = {
    "OBJECT_TABLE": "drop_table",
    "OBJECT_VIEW": "drop_view",
    "OBJECT_MATVIEW": "drop_materialized_view",
    "OBJECT_INDEX": "drop_index",
    "OBJECT_SEQUENCE": "drop_sequence",
    "OBJECT_TRIGGER": "drop_trigger",
    "OBJECT_POLICY": "drop_policy",
    "OBJECT_FUNCTION": "drop_function",
    "OBJECT_PROCEDURE": "drop_function",
    "OBJECT_ROUTINE": "drop_function",
    "OBJECT_AGGREGATE": "drop_function",
    "OBJECT_OPERATOR": "drop_operator",
    "OBJECT_TYPE": "drop_type",
    "OBJECT_DOMAIN": "drop_type",
    "OBJECT_SCHEMA": "drop_schema",
    "OBJECT_EXTENSION": "drop_extension",
    "OBJECT_PUBLICATION": "drop_publication",
    "OBJECT_STATISTIC_EXT": "drop_statistics",
}

RENAMED_RELATIONS = {"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_INDEX", "OBJECT_SEQUENCE"}


def facts_of(tree: Tree) -> Facts:
    """`{actions, functions, operators, types, roles, relations, refusal, control, aside}`.

    `refusal` is "" when the grammar has nothing against it; `control`: whether it begins or ends
    a transaction; `aside`: the words of what may be left out, see session.py.
    """
    node, body = next(iter(tree.items()))
    refusal = refusal_of(node, body) or _touches_us(tree)
    reader = READERS.get(node)
    actions = [] if refusal or reader is None else [*reader(body), *_beside(node, body)]
    if not refusal and not actions:
        refusal = words.unknown(words.statement(node, body))
    return {
        "refusal": refusal or next((a["refusal"] for a in actions if a.get("refusal")), ""),
        "actions": [{k: v for k, v in a.items() if k not in {"refusal", "owner"}} for a in actions],
        **used(tree),
        "relations": [] if node == "constraints_set_stmt" else _relations(tree, actions),
        "control": node == "transaction_stmt",
        "aside": ASIDE[node](body) if node in ASIDE else "",
    }


ALONE = "SETOP_NONE"


def _constant(body: Tree) -> str:
    """`SELECT 'down SQL query'`: what tools write into a file that has nothing to do."""
    values = [t["res_target"]["val"] for t in body.get("target_list", ())]
    alone = body.keys() <= {"target_list", "limit_option", "op"} and body.get("op", ALONE) == ALONE
    return session.NOTHING if alone and values and all(v.keys() == {"a_const"} for v in values) else ""


ASIDE = {
    "transaction_stmt": session.bracket, "variable_set_stmt": session.setting, "select_stmt": _constant,
}  # fmt: skip
"""Statements to the session or the transaction, or to nobody, of which some are left out."""


def _relations(tree: Tree, actions: list[Facts]) -> list[list[str]]:
    return unique([*map(_relation, nodes_with(tree, "relname")), *facts_sequences.owners(actions)])


def _beside(node: str, body: Tree) -> list[Facts]:
    """What a WITH writes beside what the statement itself does: `WITH x AS (DELETE …) INSERT …`."""
    if node not in {*WRITES, "select_stmt"}:  # the body of a function that is made does nothing yet
        return []
    queries = (c["ctequery"] for c in nodes_with(body, "ctequery"))
    return [a for q in queries for kind, inner in q.items() if kind in WRITES for a in READERS[kind](inner)]


WRITES = {"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"}
"""Statements on rows that may stand in a WITH."""


def _alter_table(body: Tree) -> list[Facts]:
    commands = [c["alter_table_cmd"] for c in body["cmds"]]
    if all(c["subtype"] == "AT_ChangeOwner" for c in commands):
        flag = bool(body.get("missing_ok"))
        return [_action("change_owner", _relation(body["relation"]), relation_if_exists=flag)]
    if body["objtype"] == "OBJECT_TYPE" and {c["subtype"] for c in commands} <= facts_types.ATTRIBUTES.keys():
        return facts_types.attributes(body)
    if commands[0].get("def", {}).get("partition_cmd", {}).get("concurrent"):
        return facts_outside.detach_partition(body, commands[0])
    return [_alter(body, c) for c in commands]


def _alter(body: Tree, cmd: Tree) -> Facts:
    if (setting := facts_settings.setting(body, cmd)) is not None:
        return setting
    subtype = cmd["subtype"]
    definition = cmd.get("def", {})
    kind = ALTER.get(subtype, "") if body["objtype"] == "OBJECT_TABLE" else ""
    if subtype == "AT_ColumnDefault" and body["objtype"] == "OBJECT_TABLE":
        kind = "set_default" if definition else "drop_default"
    named = {"name": cmd.get("name", "") or _defined(definition), **_chosen(definition)}
    refusal = ""
    if not kind:
        refusal = words.unknown(words.subcommand(body["objtype"], subtype))
    elif kind == "add_constraint" and not (named["name"] or "choose" in named):
        refusal = "ADD CONSTRAINT needs a name, since the one that the server gives it can't be foretold"
    return _action(
        kind, _relation(body["relation"]), new_name=_using_index(definition),
        if_exists=bool(cmd.get("missing_ok")), relation_if_exists=bool(body.get("missing_ok")),
        cascade=_cascade(cmd), only=is_only(body["relation"]), refusal=refusal, **named,
        **(_new_type(definition, cmd["name"]) if kind == "alter_type" else {}),
        **constraint(definition.get("constraint", {})),
        **facts_rows.exclusion(definition.get("constraint", {})),
        **(facts_columns.add_column(definition["column_def"]) if kind == "add_column" else {}),
    )  # fmt: skip


def _new_type(definition: Tree, name: str) -> Facts:
    """`text`: the type that values become by themselves, `part` its length; `shape`: one by USING."""
    column = definition["column_def"]
    if "raw_default" in column:
        return {**facts_rows.cast(name, column), "shape": type_text(column["type_name"])}
    sizes = [str(m["a_const"].get("ival", {}).get("ival", 0)) for m in column["type_name"].get("typmods", ())
             if "a_const" in m]  # fmt: skip
    return {"text": type_text(column["type_name"]), "part": f"({','.join(sizes)})"}


def _defined(definition: Tree) -> str:
    return str(
        definition.get("column_def", {}).get("colname", "")
        or definition.get("constraint", {}).get("conname", "")
    )


def _chosen(definition: Tree) -> Facts:
    """Of a constraint without a name: what the server will make one of."""
    body = definition.get("constraint", {})
    return facts_names.of_constraint(body, checked(body) if body.get("contype") == "CONSTR_CHECK" else [])


def _using_index(definition: Tree) -> str:
    """`ADD CONSTRAINT … USING INDEX`: the index that becomes the constraint's, and gets its name."""
    return str(definition.get("constraint", {}).get("indexname", ""))


def _change_owner(body: Tree) -> list[Facts]:
    """Of what is no relation."""
    what = body["object_type"]
    if what in {"OBJECT_FUNCTION", "OBJECT_PROCEDURE"}:
        return [_action("change_owner", None, signature(body["object"]["object_with_args"]))]
    if what == "OBJECT_TYPE":
        return [_action("change_owner", None, quoted(strings(body["object"]["list"]["items"])))]
    if what == "OBJECT_PUBLICATION":
        return [_action("alter_publication", None, body["object"]["string"]["sval"])]
    return [_action("", refusal=words.unknown(f"ALTER {words.sort(what)} … OWNER TO"))]


def _rename(body: Tree) -> list[Facts]:
    what = body.get("rename_type", "")
    kind = {"OBJECT_COLUMN": "rename_column", "OBJECT_TABCONSTRAINT": "rename_constraint"}.get(what, "")
    if what in RENAMED_RELATIONS:
        kind = "rename_relation"
    if (renamed := facts_types.rename(body)) is not None:
        return renamed
    if not kind:
        return [_action("", refusal=words.unknown(f"ALTER {words.sort(what)} … RENAME"))]
    return [
        _action(
            kind, _relation(body["relation"]), body.get("subname", ""), new_name=body["newname"],
            relation_if_exists=bool(body.get("missing_ok")), only=is_only(body["relation"]),
        )
    ]  # fmt: skip


def _set_schema(body: Tree) -> list[Facts]:
    """Only what a quarantine is rewritten to: where else a table could go nobody has looked."""
    new = str(body.get("newschema", ""))
    if body.get("object_type") != "OBJECT_TABLE" or not new.startswith(f"{OWN_SCHEMA}_quarantine"):
        what = words.sort(body["object_type"])
        return [_action("", refusal=words.unknown(f"ALTER {what} … SET SCHEMA"))]
    return [_action("set_schema", _relation(body["relation"]), new_name=new)]


def _drop(body: Tree) -> list[Facts]:
    what = body["remove_type"]
    kind = "drop_index_concurrently" if body.get("concurrent") else DROP.get(what, "")
    if not kind:
        return [_action("", refusal=words.unknown(f"DROP {words.sort(what)}"))]
    flags = {"if_exists": bool(body.get("missing_ok")), "cascade": _cascade(body)}
    return [_dropped(kind, item, flags) for item in body["objects"]]


def _dropped(kind: str, item: Tree, flags: Facts) -> Facts:
    if kind == "drop_function":
        return _action(kind, None, signature(item["object_with_args"]), **flags)
    if kind == "drop_operator":
        return _action(kind, None, operator_signature(item["object_with_args"]), **flags)
    if kind in {"drop_extension", "drop_publication"}:
        return _action(kind, None, item["string"]["sval"], **flags)
    if kind == "drop_statistics":
        return _action(kind, None, quoted(strings(item["list"]["items"])), **flags)
    if kind == "drop_type":
        return _action(kind, None, quoted(strings(item["type_name"]["names"])), **flags)
    if kind == "drop_schema":
        return _action(kind, None, quoted([item["string"]["sval"]]), **flags)
    names = strings(item["list"]["items"])
    if kind in {"drop_trigger", "drop_policy"}:
        return _action(kind, names[:-1], names[-1], **flags)
    return _action(kind, names, **flags)


def _insert(body: Tree) -> list[Facts]:
    updates = body.get("on_conflict_clause", {}).get("action") == "ONCONFLICT_UPDATE"
    return [_action("upsert" if updates else "insert", _relation(body["relation"]))]


def _update(body: Tree) -> list[Facts]:
    relation = _relation(body["relation"])
    targets = (t["res_target"]["name"] for t in body["target_list"])
    return [_action("update", relation, column, only=is_only(body["relation"])) for column in targets]


def _truncate(body: Tree) -> list[Facts]:
    tables = [r["range_var"] for r in body["relations"]]
    return [_action("truncate", _relation(t), cascade=_cascade(body), only=is_only(t)) for t in tables]


def _grant(body: Tree) -> list[Facts]:
    return [
        _action("grant", _relation(o["range_var"]) if "range_var" in o else None)
        for o in body.get("objects", [{}])
    ]


def _on(kind: str, key: str, name: str = "") -> Callable[[Tree], list[Facts]]:
    """A reader of a statement on one relation; `name`: the field with the name of what is created on it."""

    def read(body: Tree) -> list[Facts]:
        replaces = bool(body.get("if_not_exists") or body.get("replace"))
        own = body.get(name, "") if name else ""
        return [_action(kind, _relation(body[key]), own, if_exists=replaces, only=is_only(body[key]))]

    return read


def _create_table(body: Tree) -> list[Facts]:
    known = {**facts_columns.create_table(body), **facts_rows.create_table(body)}
    return [{**made, **known} for made in _on("create_table", "relation")(body)]


def _select(body: Tree) -> list[Facts]:
    return facts_queries.create_table_as({}) if "into_clause" in body else [_action("select")]


def _plain(kind: str) -> Callable[[Tree], list[Facts]]:
    return lambda _: [_action(kind)]


READERS: dict[str, Callable[[Tree], list[Facts]]] = {
    "alter_table_stmt": _alter_table,
    "rename_stmt": _rename,
    "drop_stmt": _drop,
    "alter_object_schema_stmt": _set_schema,
    "alter_owner_stmt": _change_owner,
    "index_stmt": facts_outside.create_index,
    "reindex_stmt": facts_outside.reindex,
    "vacuum_stmt": facts_outside.vacuum,
    "view_stmt": create_view,
    "create_stmt": _create_table,
    "create_seq_stmt": _on("create_sequence", "sequence"),
    "create_trig_stmt": create_trigger,
    "create_function_stmt": create_function,
    "create_enum_stmt": create_enum,
    "alter_enum_stmt": facts_types.rename_value,
    "alter_function_stmt": alter_function,
    "alter_seq_stmt": facts_sequences.alter,
    "create_table_as_stmt": facts_queries.create_table_as,
    "refresh_mat_view_stmt": facts_queries.refresh,
    "lock_stmt": facts_queries.lock,
    "create_policy_stmt": facts_access.create_policy,
    "alter_policy_stmt": facts_access.alter_policy,
    "create_publication_stmt": facts_access.create_publication,
    "alter_publication_stmt": facts_access.alter_publication,
    "create_extension_stmt": facts_access.create_extension,
    "comment_stmt": comment,
    "grant_stmt": _grant,
    "insert_stmt": _insert,
    "update_stmt": _update,
    "delete_stmt": _on("delete", "relation"),
    "merge_stmt": _on("merge", "relation"),
    "truncate_stmt": _truncate,
    "select_stmt": _select,
    "constraints_set_stmt": set_constraints,
    "do_stmt": _plain("do"),
    "call_stmt": _plain("call"),
}


def _cascade(body: Tree) -> bool:
    return body.get("behavior") == "DROP_CASCADE"


def _touches_us(tree: Tree) -> str:
    if any(isinstance(s, str) and _OURS.search(s) for s in walk(tree)):
        return f"the schema {OWN_SCHEMA} is the ledger of this rollback and may not be touched by it"
    if any(r.get("schemaname", "").startswith("pg_temp") for r in nodes_with(tree, "relname")):
        return "pg_temp is of the session that executes the rollback: name the schema of a real object"
    return ""
