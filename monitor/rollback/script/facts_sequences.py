"""Facts of ALTER SEQUENCE: what it hands out next is data, all else are settings.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

from monitor.rollback.script.facts_objects import quoted, strings
from monitor.rollback.script.facts_parts import Facts, Tree, action, relation_name


def alter(body: Tree) -> list[Facts]:
    """RESTART is an action of its own. Of OWNED BY: `new_name` is the table as a key, `name` its column,
    `text` says that there is one ("" is NONE); `owner`: the table as written, to be resolved like others."""
    options = [o["def_elem"] for o in body.get("options", ())]
    sequence, flag = relation_name(body["sequence"]), bool(body.get("missing_ok"))
    found = []
    if settings := [o for o in options if o["defname"] != "restart"]:
        owned = [strings(o["arg"]["list"]["items"]) for o in settings if o["defname"] == "owned_by"]
        only_owner = len(settings) == len(owned)
        found.append(
            action(
                "alter_sequence", sequence, relation_if_exists=flag, **(_owner(owned[-1]) if owned else {}),
                part="owner" if only_owner else "",
            )
        )  # fmt: skip
    if len(settings) < len(options):
        found.append(action("restart_sequence", sequence, relation_if_exists=flag))
    return found


def _owner(names: list[str]) -> Facts:
    if len(names) == 1:
        return {"text": ""}
    table, column = names[:-1], names[-1]
    return {"text": column, "name": column, "new_name": quoted(table), "owner": table}


def owners(actions: list[Facts]) -> list[list[str]]:
    """Tables that only a list of names says: they are resolved as every other."""
    return [a["owner"] for a in actions if "owner" in a]
