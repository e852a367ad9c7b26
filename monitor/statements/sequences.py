"""Sequences: what one hands out next is data, all else are settings."""

from __future__ import annotations

from monitor.rollback.forecast.entries import relation_of
from monitor.rollback.forecast.model import Forecast
from monitor.rollback.schema.relation import ANY, Relation
from monitor.rollback.script import facts_sequences
from monitor.rollback.script.facts_parts import dropping, on
from monitor.rollback.script.kinds import Class
from monitor.rollback.script.labels import quoted
from monitor.rollback.script.plan import Action
from monitor.statements.kind import Kind, Loss, Trait, never
from monitor.statements.relations import DROPS, MAKES, created, dropped, together


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
    "CREATE SEQUENCE", traits=MAKES | Trait.REPLACES | Trait.SAME_TWICE,
    read={"create_seq_stmt": on("create_sequence", "sequence")}, effect=created("sequence"), made="",
    trace=never,
)  # fmt: skip

ALTER_SEQUENCE = Kind(
    "ALTER SEQUENCE", read={"alter_seq_stmt": facts_sequences.settings}, effect=alter_sequence, trace=never
)

RESTART_SEQUENCE = Kind(
    "ALTER SEQUENCE … RESTART", Class.LOSSY, Loss.ACCEPT, traits=Trait.UNCOUNTED,
    read={"alter_seq_stmt": facts_sequences.restart}, effect=restart_sequence, trace=never,
)  # fmt: skip

DROP_SEQUENCE = Kind(
    "DROP SEQUENCE", Class.LOSSY, Loss.ACCEPT, traits=DROPS | Trait.UNCOUNTED,
    read={"drop_stmt OBJECT_SEQUENCE": dropping("drop_sequence")},
    effect=dropped("sequence", "DROP SEQUENCE", loses=True), together=together, dropped="",
)  # fmt: skip
