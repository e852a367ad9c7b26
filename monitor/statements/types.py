"""Types and domains: enums and their values, composite types and their attributes."""

from __future__ import annotations

from dataclasses import replace

from monitor.plan.forecast.entries import cascade, dependents_on, relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Other, Relation, known
from monitor.sql import facts_columns
from monitor.sql.classes import Class
from monitor.sql.facts_objects import quoted, strings
from monitor.sql.facts_parts import Facts, Tree, action, dropping, listed, relation_name
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Loss, Trait, always
from monitor.statements.objects import bare_of, dropped, entry_of, meaning, renaming, together

TYPE = "type"


MENTIONING = (
    "columns", "constraints", "indexes", "triggers", "statistics", "policies", "rules", "dependents",
)  # fmt: skip
"""Parts of a relation whose things have a definition or a default."""


def read_enum(body: Tree, _: Tree) -> list[Facts]:
    """`text`: the labels, with commas."""
    labels = ",".join(strings(body.get("vals", [])))
    return [action("create_type", None, quoted(strings(body["type_name"])), text=labels)]


def read_rename(body: Tree, _: Tree) -> list[Facts]:
    return [action("rename_type", None, quoted(listed(body["object"])), new_name=body["newname"])]


def read_rename_value(body: Tree, _: Tree) -> list[Facts]:
    """`text`: the old label; `new_name`: the new one."""
    name = quoted(strings(body["type_name"]))
    return [action("rename_value", None, name, new_name=body.get("new_val", ""), text=body["old_val"])]


def read_rename_attribute(body: Tree, _: Tree) -> list[Facts]:
    return [
        action(
            "rename_attribute", relation_name(body["relation"]), body["subname"], new_name=body["newname"],
            cascade=body.get("behavior") == "DROP_CASCADE",
        )
    ]  # fmt: skip


def read_add(body: Tree, cmd: Tree) -> list[Facts] | None:
    """The grammar has attributes as columns."""
    definition = cmd.get("def", {}).get("column_def", {})
    made = _attribute("add_attribute", body, cmd, definition.get("colname", ""))
    return [{**made, **facts_columns.one(definition)}] if body["objtype"] == "OBJECT_TYPE" else None


def read_drop(body: Tree, cmd: Tree) -> list[Facts] | None:
    return [_attribute("drop_attribute", body, cmd)] if body["objtype"] == "OBJECT_TYPE" else None


def _attribute(kind: str, body: Tree, cmd: Tree, name: str = "") -> Facts:
    return action(
        kind, relation_name(body["relation"]), cmd.get("name", "") or name,
        if_exists=bool(cmd.get("missing_ok")), cascade=cmd.get("behavior") == "DROP_CASCADE",
    )  # fmt: skip


def _name(item: Tree) -> str:
    return quoted(strings(item["type_name"]["names"]))


def create_type(f: Forecast, a: Action) -> None:
    key, entry = entry_of(f, TYPE, a)
    if entry is not None:
        f.problem(f"{key} already exists")
        return
    f.others[key] = Other("", f"e {a.text}", None, [])


def rename_value(f: Forecast, a: Action) -> None:
    """Its use shows in defaults, checks, indexes and views by the new label."""
    others = f.others
    key, entry = entry_of(f, TYPE, a)
    if entry is None:
        f.missing(key)
        return
    kind, _, written = str(entry.definition).partition(" ")
    labels = written.split(",")
    if kind != "e" or a.text not in labels:
        f.missing(f"value '{a.text}' of {key}")
    elif a.new_name in labels:
        f.problem(f"{key} already has a value '{a.new_name}'")
    else:
        renamed_to = ",".join(a.new_name if v == a.text else v for v in labels)
        for same in meaning(others, key):
            if (one := others[same]) is not None:
                others[same] = replace(one, definition=f"{kind} {renamed_to}")
        _loosen_mentions(f, entry.label.partition(" ")[2] or bare_of(key))


def _loosen_mentions(f: Forecast, name: str) -> None:
    """Definitions in which a value of the type may stand."""
    for entry in f.relations.values():
        if isinstance(entry, Relation):
            things = (one for part in MENTIONING for one in known(entry.standing(part)).values())
            for thing in (entry, *things):
                _loosen(thing, name)


def _loosen(thing: object, name: str) -> None:
    for what in ("definition", "default"):
        text = getattr(thing, what, None)
        if isinstance(text, str) and name in text:
            setattr(thing, what, ANY)


def _composite(f: Forecast, a: Action) -> tuple[str, Relation] | None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return None
    if found[1].kind != "composite type":
        f.problem(f"{found[0]} is a {found[1].kind}, not a composite type")
        return None
    if not a.cascade and (
        tables := [d for d in found[1].dependents if d.startswith("table ") and d.count(" ") == 1]
    ):
        f.problem(f"{found[0]} is the type of {', '.join(tables)}: write CASCADE, which changes them too")
        return None
    return found


def add_attribute(f: Forecast, a: Action) -> None:
    if (found := _composite(f, a)) is None:
        return
    label, entry = found
    if a.name in entry.columns:
        f.problem(f"attribute {a.name} of {label} already exists")
        return
    entry.columns[a.name] = ANY
    f.leeway.added.add((label, a.name))


def drop_attribute(f: Forecast, a: Action) -> None:
    """Of a type that columns have, its values are gone in every row."""
    if (found := _composite(f, a)) is None:
        return
    label, entry = found
    if a.name not in entry.columns:
        f.absent(f"attribute {a.name} of {label}", a.if_exists)
        return
    what = f"attribute {a.name} of {label}"
    cascade(f, a, entry, dependents_on(entry, a.name), what)
    if any(not d.startswith("function ") for d in entry.dependents):
        f.lose(a, label, a.name)
    del entry.columns[a.name]


def rename_attribute(f: Forecast, a: Action) -> None:
    if (found := _composite(f, a)) is None:
        return
    label, entry = found
    if a.name not in entry.columns:
        f.missing(f"attribute {a.name} of {label}")
    elif a.new_name in entry.columns:
        f.problem(f"attribute {a.new_name} of {label} already exists")
    else:
        entry.columns[a.new_name] = entry.columns.pop(a.name)
        f.leeway.rename(a.name, a.new_name)
        f.leeway.add_renamed(label, a.name, a.new_name)


RENAME_TYPE = Kind(
    "ALTER TYPE | DOMAIN … RENAME TO", Class.LOSSLESS, other=TYPE, renames=True,
    traits=Trait.MAKES_NAMES | Trait.RELABELS_TYPE | Trait.SHOWS_IN_USERS,
    read={"rename_stmt OBJECT_TYPE": read_rename, "rename_stmt OBJECT_DOMAIN": read_rename},
    effect=renaming(TYPE), trace=always,
)  # fmt: skip

RENAME_VALUE = Kind(
    "ALTER TYPE … RENAME VALUE", Class.LOSSLESS,
    other=TYPE, traits=Trait.RELABELS_TYPE | Trait.SHOWS_IN_USERS,
    read={"alter_enum_stmt": read_rename_value}, effect=rename_value, trace=always,
)  # fmt: skip

ADD_ATTRIBUTE = Kind(
    "ALTER TYPE … ADD ATTRIBUTE", Class.LOSSLESS, other=TYPE, traits=Trait.OF_COMPOSITE,
    read={"alter_table_stmt AT_AddColumn": read_add}, effect=add_attribute,
)  # fmt: skip

RENAME_ATTRIBUTE = Kind(
    "ALTER TYPE … RENAME ATTRIBUTE", Class.LOSSLESS, other=TYPE, traits=Trait.OF_COMPOSITE,
    read={"rename_stmt OBJECT_ATTRIBUTE": read_rename_attribute}, effect=rename_attribute, trace=always,
)  # fmt: skip

CREATE_TYPE = Kind(
    "CREATE TYPE … AS ENUM", Class.LOSSLESS, other=TYPE, makes=TYPE,
    traits=Trait.MAKER_OWNS | Trait.REPLACES | Trait.NOBODYS | Trait.MAKES_NAMES,
    read={"create_enum_stmt": read_enum}, effect=create_type, made="", trace=always,
)  # fmt: skip

DROP_TYPE = Kind(
    "DROP TYPE | DOMAIN", Class.LOSSLESS, other=TYPE,
    traits=Trait.DROPS | Trait.TAKES_MORE | Trait.MAKES_NAMES | Trait.RELABELS_TYPE,
    read={f"drop_stmt OBJECT_{sort}": dropping("drop_type", _name) for sort in ("TYPE", "DOMAIN")},
    effect=dropped(TYPE), together=together(TYPE), dropped="", trace=always,
)  # fmt: skip

DROP_ATTRIBUTE = Kind(
    "ALTER TYPE … DROP ATTRIBUTE", Class.LOSSY, Loss.ACCEPT, other=TYPE,
    traits=Trait.OF_COMPOSITE | Trait.DROPS | Trait.A_PART | Trait.UNCOUNTED,
    read={"alter_table_stmt AT_DropColumn": read_drop}, effect=drop_attribute, trace=always,
)  # fmt: skip
