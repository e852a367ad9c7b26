"""What a plan touches beside relations: functions, types, schemas, and comments on anything.

`(kind, name)` says which, as it is written in the plan. Pure code.
"""

from __future__ import annotations

import json

from monitor.rollback.script.plan import Action

Other = tuple[str, str]
"""kind: function, type, schema, comment. Of a comment the name is JSON: [part, label, name]."""

KINDS = {
    "drop_function": "function", "create_function": "function", "drop_type": "type", "create_type": "type",
    "drop_schema": "schema",
}  # fmt: skip

SCHEMA_PARTS = frozenset({"function", "type", "schema"})
"""Parts of a comment whose name stands by itself; of all others the label is a relation's."""


def other_of(action: Action, label: str) -> Other | None:
    """What the action is about, `label` being its relation's; None: a relation, or nothing that shows."""
    if action.kind == "comment":
        return ("comment", json.dumps([action.part, label, action.name])) if action.part else None
    kind = KINDS.get(action.kind)
    return (kind, action.name) if kind and action.name else None


def other_key(kind: str, name: str) -> str:
    """`function "public"."f"()`, `comment on column email of public.contacts`."""
    if kind != "comment":
        return f"{kind} {name}"
    part, label, of = json.loads(name)
    if part == "relation":
        return f"comment on {label}"
    return f"comment on {part} {of}" + (f" of {label}" if label else "")
