"""What a plan touches beside relations: functions, types, schemas and their like, and comments on anything.

`(kind, name)` says which, as it is written in the plan. Pure code.
"""

from __future__ import annotations

import json
import re

from monitor.rollback.script.plan import Action, key_of

Other = tuple[str, str]
"""kind: function, type, schema, extension, publication, operator, statistics, comment.

Of a comment the name is JSON: [part, label, name].
"""

KINDS = {
    "drop_function": "function", "create_function": "function", "alter_function": "function",
    "rename_function": "function", "drop_type": "type", "create_type": "type", "rename_type": "type",
    "rename_value": "type", "add_attribute": "type", "rename_attribute": "type", "drop_attribute": "type",
    "drop_schema": "schema", "create_extension": "extension", "drop_extension": "extension",
    "create_publication": "publication", "alter_publication": "publication",
    "drop_publication": "publication", "rename_publication": "publication", "drop_operator": "operator",
    "drop_statistics": "statistics",
}  # fmt: skip

RENAMES = frozenset({"rename_function", "rename_type", "rename_publication"})

_LAST = re.compile(r"""((?:"(?:[^"]|"")*"\.)*)"(?:[^"]|"")*"(.*)""", re.DOTALL)

SCHEMA_PARTS = frozenset({"function", "type", "schema"})
"""Parts of a comment whose name stands by itself; of all others the label is a relation's."""


def other_of(action: Action, label: str) -> Other | None:
    """What the action is about, `label` being its relation's; None: a relation, or nothing that shows."""
    if action.kind == "comment":
        return ("comment", json.dumps([action.part, label, action.name])) if action.part else None
    kind = KINDS.get(action.kind)
    name = key_of(action.relation) if action.relation else action.name
    return (kind, name) if kind and name else None


def renamed(action: Action) -> Other | None:
    """What it is called afterwards; None: as before."""
    if action.kind not in RENAMES:
        return None
    if (found := _LAST.fullmatch(action.name)) is None:
        return KINDS[action.kind], action.new_name
    return KINDS[action.kind], f"{found[1]}{key_of((action.new_name,))}{found[2]}"


def other_key(kind: str, name: str) -> str:
    """`function "public"."f"()`, `comment on column email of public.contacts`."""
    if kind != "comment":
        return f"{kind} {name}"
    part, label, of = json.loads(name)
    if part == "relation":
        return f"comment on {label}"
    return f"comment on {part} {of}" + (f" of {label}" if label else "")
