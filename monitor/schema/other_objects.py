"""What a plan touches beside relations: functions, types, schemas and their like, and comments on anything.

`(kind, name)` says which, as it is written in the plan. Pure code.
"""

from __future__ import annotations

import json
import re

from monitor.sql.scripts import Action, key_of

Other = tuple[str, str]
"""kind: function, type, schema, extension, publication, operator, statistics, comment.

Of a comment the name is JSON: [part, label, name].
"""

COMMENT = "comment"
"""The sort whose names are JSON."""

_LAST = re.compile(r"""((?:"(?:[^"]|"")*"\.)*)"(?:[^"]|"")*"(.*)""", re.DOTALL)

SCHEMA_PARTS = frozenset({"function", "type", "schema"})
"""Parts of a comment whose name stands by itself; of all others the label is a relation's."""


def named(sort: str, action: Action) -> Other:
    """What of that sort the action is about."""
    return sort, key_of(action.relation) if action.relation else action.name


def on_what(action: Action, label: str) -> str:
    """The name of a comment, `label` being that of its relation; "" when nothing shows it."""
    return json.dumps([action.part, label, action.name]) if action.part else ""


def renamed(sort: str, action: Action) -> Other:
    """What it is called after the action has given it another name."""
    if (found := _LAST.fullmatch(action.name)) is None:
        return sort, action.new_name
    return sort, f"{found[1]}{key_of((action.new_name,))}{found[2]}"


def other_key(kind: str, name: str) -> str:
    """`function "public"."f"()`, `comment on column email of public.contacts`."""
    if kind != COMMENT:
        return f"{kind} {name}"
    part, label, of = json.loads(name)
    if part == "relation":
        return f"comment on {label}"
    return f"comment on {part} {of}" + (f" of {label}" if label else "")
