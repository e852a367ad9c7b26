"""Facts of ALTER SEQUENCE: what it hands out next is data, all else are settings.

Runs in the child process; plain data in and out.
"""

from __future__ import annotations

from monitor.rollback.script.facts_objects import quoted, strings
from monitor.rollback.script.facts_parts import Facts, Tree, action, relation_name

RESTART = "restart"


def settings(body: Tree, _: Tree) -> list[Facts] | None:
    """All but RESTART. Of OWNED BY: `new_name` is the table as a key, `name` its column, `text` says that
    there is one ("" is NONE); `owner`: the table as written, to be resolved like others."""
    if not (found := [o for o in _options(body) if o["defname"] != RESTART]):
        return None
    owned = [strings(o["arg"]["list"]["items"]) for o in found if o["defname"] == "owned_by"]
    owner = _owner(owned[-1]) if owned else {}
    part = "owner" if len(found) == len(owned) else ""
    return [action("alter_sequence", relation_name(body["sequence"]), **_flag(body), **owner, part=part)]


def restart(body: Tree, _: Tree) -> list[Facts] | None:
    if not any(o["defname"] == RESTART for o in _options(body)):
        return None
    return [action("restart_sequence", relation_name(body["sequence"]), **_flag(body))]


def _options(body: Tree) -> list[Tree]:
    return [o["def_elem"] for o in body.get("options", ())]


def _flag(body: Tree) -> Facts:
    return {"relation_if_exists": bool(body.get("missing_ok"))}


def _owner(names: list[str]) -> Facts:
    if len(names) == 1:
        return {"text": ""}
    table, column = names[:-1], names[-1]
    return {"text": column, "name": column, "new_name": quoted(table), "owner": table}


def owners(actions: list[Facts]) -> list[list[str]]:
    """Tables that only a list of names says: they are resolved as every other."""
    return [a["owner"] for a in actions if "owner" in a]
