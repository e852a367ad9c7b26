"""What PostgreSQL runs outside a transaction only, and ANALYZE beside VACUUM.

None of them may be used on a temporary table, on the system's own, or CONCURRENTLY on a partitioned one.
"""

from __future__ import annotations

from monitor.plan.forecast.already import index_already
from monitor.plan.forecast.entries import cascade, has_indexed, relation_of, unidentified
from monitor.plan.forecast.made import forget_made, make_index
from monitor.plan.forecast.schema_after import Forecast
from monitor.schema.relation import ANY, Column, Constraint, Index, Relation, Unforeseen, known
from monitor.sql import action_shapes, facts_index
from monitor.sql.classes import Class
from monitor.sql.facts_parts import Facts, Tree, action, dropping, relation_name
from monitor.sql.labels import bare, beside
from monitor.sql.scripts import Action
from monitor.statements import catalogued
from monitor.statements.indexes import demands, is_of_another
from monitor.statements.kind import Kind, Trait, always
from monitor.statements.relations import DROPS

CREATE = "CREATE INDEX CONCURRENTLY name"
DROP = "DROP INDEX CONCURRENTLY"
REINDEX_INDEX = "REINDEX INDEX CONCURRENTLY"
REINDEX_TABLE = "REINDEX TABLE CONCURRENTLY"


OF_THE_SYSTEM = ("pg_catalog.", "pg_toast.", "information_schema.")

TABLES = {"table", "materialized view"}
"""What has indexes of its own that can be built and dropped CONCURRENTLY."""


def read_index(body: Tree, _: Tree) -> list[Facts] | None:
    if not body.get("concurrent"):
        return None
    missing = ""
    if not body.get("idxname"):
        missing = "CREATE INDEX CONCURRENTLY needs a name, by which an interrupted build is found again"
    return [facts_index.index("create_index_concurrently", body, refusal=missing)]


def read_detach(body: Tree, cmd: Tree) -> list[Facts] | None:
    """CONCURRENTLY; `name` is the partition as a key: always quoted."""
    if not cmd["def"]["partition_cmd"].get("concurrent"):
        return None
    partition = relation_name(cmd["def"]["partition_cmd"]["name"])
    quoted = ".".join('"' + n.replace('"', '""') + '"' for n in partition)
    return [
        action(
            "detach_partition", relation_name(body["relation"]), quoted,
            relation_if_exists=bool(body.get("missing_ok")),
        )
    ]  # fmt: skip


def read_reindex_index(body: Tree, _: Tree) -> list[Facts] | None:
    is_index = body["kind"] == "REINDEX_OBJECT_INDEX"
    return [action("reindex_index", relation_name(body["relation"]))] if is_index else None


def read_reindex_table(body: Tree, _: Tree) -> list[Facts] | None:
    is_table = body["kind"] == "REINDEX_OBJECT_TABLE"
    return [action("reindex_table", relation_name(body["relation"]))] if is_table else None


def read_vacuum(body: Tree, _: Tree) -> list[Facts] | None:
    return _each("vacuum", body) if body.get("is_vacuumcmd") else None


def read_analyze(body: Tree, _: Tree) -> list[Facts] | None:
    return None if body.get("is_vacuumcmd") else _each("analyze", body)


def _each(kind: str, body: Tree) -> list[Facts]:
    """One action a table."""
    return [action(kind, relation_name(r["vacuum_relation"]["relation"])) for r in body["rels"]]


def create_index(f: Forecast, a: Action) -> None:
    index = beside(f.label(a), f.quoted[a.name])
    there = f.relations.get(index)
    if there is ANY:  # of an earlier statement
        f.problem(f"index {index} already exists")
        return
    if (found := _table(f, a, CREATE)) is None:
        if f.relations.get(f.label(a)) is ANY:  # so is its table
            make_index(f, f.label(a), index)
        return
    label, entry = found
    if there is not None:
        index_already(f, a, index, there)
        return
    if not has_indexed(f, a, label, entry):
        return
    entry.indexes[a.name] = _model(a.shape)
    make_index(f, label, index)


def drop_index(f: Forecast, a: Action) -> None:
    if forget_made(f, a) or (found := relation_of(f, a, a.if_exists)) is None:
        return
    label, entry = found
    if (table := _indexed(f, DROP, label, entry)) is None:
        return
    index = table.indexes.get(bare(label))
    if is_of_another(f, label, entry, index):
        return
    if entry.table:
        unidentified(f, entry.table, table, f"index {label}", bare(label))
    cascade(f, a, entry, list(entry.dependents), label)
    table.indexes.pop(bare(label), None)
    f.relations[label] = None
    f.forget(label)


def reindex_index(f: Forecast, a: Action) -> None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return
    label, entry = found
    if (table := _indexed(f, REINDEX_INDEX, label, entry)) is None:
        return
    constraint = table.constraints.get(bare(label))
    if isinstance(constraint, Constraint) and constraint.type == "x":
        f.problem(f"{label} belongs to an exclusion constraint, which can't be reindexed CONCURRENTLY")
        return
    index = table.indexes.get(bare(label))
    if isinstance(index, Index):
        index.valid = True  # what was invalid is mended


def reindex_table(f: Forecast, a: Action) -> None:
    if (found := _table(f, a, REINDEX_TABLE)) is None:
        return
    label, entry = found
    for name, index in known(entry.indexes).items():
        if not index.valid:
            f.notice(f"index {name} of {label} is invalid and stays so: REINDEX TABLE CONCURRENTLY skips it")


def detach_partition(f: Forecast, a: Action) -> None:
    """The partition keeps a CHECK of its former bounds, and loses what its parent had given it."""
    if (found := relation_of(f, a, a.relation_if_exists)) is None:
        return
    parent_label, parent = found
    label = f.resolution[a.name]
    child = f.relation(label)
    if parent.kind != "partitioned table" or label not in parent.children:
        f.problem(f"{label} is not a partition of {parent_label}")
        return
    parent.children = [c for c in parent.children if c != label]
    if child is None:
        return
    for name, column in known(child.columns).items():
        column.inherited = False
        above = parent.columns.get(name)
        if isinstance(above, Column) and above.identity:
            column.identity = ANY
    f.leeway.loose |= {(label, part) for part in ("constraints", "triggers", "dependents")}


def vacuum(f: Forecast, a: Action) -> None:
    """The schema does not show it."""
    _upkeep(f, a, "VACUUM table")


def analyze(f: Forecast, a: Action) -> None:
    if label := _upkeep(f, a, "ANALYZE table"):
        f.scan(label)


def _upkeep(f: Forecast, a: Action, statement: str) -> str:
    """The table's label; "" without one (said)."""
    if (found := relation_of(f, a, tolerated=False)) is None:
        return ""
    label, entry = found
    if entry.kind not in TABLES | {"partitioned table"}:
        f.problem(f"{label} is a {entry.kind}: {statement} is for tables")
        return ""
    return label


def _table(f: Forecast, a: Action, statement: str) -> tuple[str, Relation] | None:
    if (found := relation_of(f, a, tolerated=False)) is None:
        return None
    label, entry = found
    if entry.kind not in TABLES:
        f.problem(f"{label} is a {entry.kind}: {statement} is for tables without partitions")
        return None
    return found if _ordinary(f, statement, label, entry) else None


def _indexed(f: Forecast, statement: str, label: str, entry: Relation) -> Relation | None:
    """The table of an index that may be treated CONCURRENTLY."""
    if entry.kind != "index":
        f.problem(f"{label} is a {entry.kind}, not an index")
        return None
    table = f.relation(entry.table)
    if table is None:
        return None
    if table.kind == "partitioned table":
        f.problem(f"{label} is of a partitioned table: {statement} can't be used on it")
        return None
    return table if _ordinary(f, statement, entry.table or "", table) else None


def _ordinary(f: Forecast, statement: str, label: str, entry: Relation) -> bool:
    if entry.persistence == "t":
        f.problem(f"{label} is temporary, and not of the session that executes the rollback")
    elif label.startswith(OF_THE_SYSTEM):
        f.problem(f"{label} is the system's own: {statement} can't be used on it")
    else:
        return True
    return False


def _model(shape: str) -> Index | Unforeseen:
    """What the fingerprint will show: valid, and on these columns where they are all known."""
    index = action_shapes.index(shape)
    if index.partial or "" in index.columns:
        return ANY
    named = sorted({*index.columns, *index.includes})
    return Index(ANY, valid=True, constraint=False, columns=named)


CREATE_INDEX_CONCURRENTLY = Kind(
    CREATE, Class.LOSSLESS, transactional=False, traits=Trait.LEAVES_ASPECTS | Trait.BUILDS_INDEX,
    read={"index_stmt": read_index}, effect=create_index,
    new_name=lambda a: a.name, demands=demands, condition=catalogued.created, made="indexes",
)  # fmt: skip

DROP_INDEX_CONCURRENTLY = Kind(
    DROP, Class.LOSSLESS, transactional=False, traits=DROPS | Trait.LEAVES_ASPECTS,
    read={"drop_stmt CONCURRENTLY": dropping("drop_index_concurrently")}, effect=drop_index,
    condition=catalogued.dropped, dropped="indexes", trace=always,
)  # fmt: skip

REINDEX_AN_INDEX = Kind(
    REINDEX_INDEX, Class.LOSSLESS, transactional=False, traits=Trait.UPKEEP | Trait.AT_ITS_WORD,
    read={"reindex_stmt": read_reindex_index}, effect=reindex_index, condition=catalogued.reindexed,
    trace=always,
)  # fmt: skip

REINDEX_A_TABLE = Kind(
    REINDEX_TABLE, Class.LOSSLESS, transactional=False, traits=Trait.UPKEEP | Trait.AT_ITS_WORD,
    read={"reindex_stmt": read_reindex_table}, effect=reindex_table, condition=catalogued.reindexed,
    trace=always,
)  # fmt: skip

DETACH_PARTITION = Kind(
    "ALTER TABLE … DETACH PARTITION … CONCURRENTLY", Class.LOSSLESS, transactional=False,
    traits=Trait.MOVES_ROWS | Trait.LOCKS_AT_ITS_END, also=lambda a: (a.name,),
    read={"alter_table_stmt AT_DetachPartition": read_detach}, effect=detach_partition,
    condition=catalogued.detached, trace=always,
)  # fmt: skip

VACUUM = Kind(
    "VACUUM table", Class.LOSSLESS, transactional=False, traits=Trait.UPKEEP | Trait.AT_ITS_WORD,
    read={"vacuum_stmt": read_vacuum}, effect=vacuum, condition=catalogued.kept_up, trace=always,
)  # fmt: skip

ANALYZE = Kind(
    "ANALYZE table",
    Class.LOSSLESS,
    scans=True,
    traits=Trait.UPKEEP,
    read={"vacuum_stmt": read_analyze},
    effect=analyze,
    trace=always,
)
