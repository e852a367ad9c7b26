"""Sequences: what one hands out next is data, all else are settings."""

from __future__ import annotations

from monitor.plan.forecast.entries import relation_of
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Relation
from monitor.sql.classes import Class
from monitor.sql.facts_objects import quoted as key_of_names
from monitor.sql.facts_objects import strings
from monitor.sql.facts_parts import Facts, Tree, action, dropping, on, relation_name
from monitor.sql.labels import quoted
from monitor.sql.scripts import Action
from monitor.statements.kind import Kind, Loss, Trait, always
from monitor.statements.relations import DROPS, MAKES, created, dropped, together

RESTART = "restart"


def read_settings(body: Tree, _: Tree) -> list[Facts] | None:
    """All but RESTART. Of OWNED BY: `new_name` is the table as a key, `name` its column, `text` says that
    there is one ("" is NONE); `owner`: the table as written, to be resolved like others."""
    if not (found := [o for o in _options(body) if o["defname"] != RESTART]):
        return None
    owned = [strings(o["arg"]["list"]["items"]) for o in found if o["defname"] == "owned_by"]
    owner = _owner(owned[-1]) if owned else {}
    part = "owner" if len(found) == len(owned) else ""
    return [action("alter_sequence", relation_name(body["sequence"]), **_flag(body), **owner, part=part)]


def read_restart(body: Tree, _: Tree) -> list[Facts] | None:
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
    return {"text": column, "name": column, "new_name": key_of_names(table), "owner": table}


def alter_sequence(f: Forecast, a: Action) -> None:
    """OWNED BY is foretold; what else there is to a sequence is not."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None or not _is_sequence(f, *found):
        return
    entry = found[1]
    if a.part != "owner":
        entry.sequence = ANY
    if a.text is None:
        return
    table = f.resolution[a.new_name] if a.new_name else ""
    owner = f.relation(table)
    if owner and owner.foreseen and a.name not in owner.columns:
        f.missing(f"column {a.name} of {table}")
        return
    former = (entry.owned_by or "").rpartition(".")[0]
    f.leeway.loose |= {(t, "dependents") for t in (table, former)}  # who takes its values hangs on its owner
    entry.owned_by = f"{table}.{quoted(a.name)}" if table else None


def restart_sequence(f: Forecast, a: Action) -> None:
    """Which number comes next is data: those handed out before may come again."""
    if (found := relation_of(f, a, a.relation_if_exists)) is not None and _is_sequence(f, *found):
        f.lose(a, found[0])


def _is_sequence(f: Forecast, label: str, entry: Relation) -> bool:
    if entry.kind != "sequence":
        f.problem(f"{label} is a {entry.kind}, not a sequence")
    return entry.kind == "sequence"


CREATE_SEQUENCE = Kind(
    "CREATE SEQUENCE", Class.LOSSLESS, traits=MAKES | Trait.REPLACES | Trait.SAME_TWICE,
    read={"create_seq_stmt": on("create_sequence", "sequence")}, effect=created("sequence"), made="",
)  # fmt: skip

ALTER_SEQUENCE = Kind(
    "ALTER SEQUENCE", Class.LOSSLESS, read={"alter_seq_stmt": read_settings}, effect=alter_sequence
)

RESTART_SEQUENCE = Kind(
    "ALTER SEQUENCE … RESTART", Class.LOSSY, Loss.ACCEPT, traits=Trait.UNCOUNTED,
    read={"alter_seq_stmt": read_restart}, effect=restart_sequence,
)  # fmt: skip

DROP_SEQUENCE = Kind(
    "DROP SEQUENCE", Class.LOSSY, Loss.ACCEPT, traits=DROPS | Trait.UNCOUNTED,
    read={"drop_stmt OBJECT_SEQUENCE": dropping("drop_sequence")},
    effect=dropped("sequence", "DROP SEQUENCE", loses=True), together=together, dropped="", trace=always,
)  # fmt: skip
