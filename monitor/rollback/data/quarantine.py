"""Rewrites a rollback so that it puts aside what it would destroy: decided at registration, shown, hashed.

A dropped column is renamed and loses its NOT NULL, its default and what stands on it; a dropped table
moves to a closed schema and loses its foreign keys. Line numbers stay those of the operator's text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

from monitor.errors import PlanRefused, Problem
from monitor.pg import Connection, quote_identifier
from monitor.rollback.data.losses import Quarantined
from monitor.rollback.data.manifest import QUARANTINE_SCHEMA
from monitor.rollback.forecast.effects import EFFECTS
from monitor.rollback.forecast.model import Destroyed, Forecast, modelled
from monitor.rollback.schema.relation import ANY, Column, Entry, Fingerprint, Relation, known
from monitor.rollback.script.labels import split_label
from monitor.rollback.script.plan import Action, Statement, key_of

MAX_BYTES = 63
"""Of an identifier."""

MAX_NAMES = 1000
"""Tries for a free one."""

MOVING = """/* migration-monitor: what moves with a table, and which names are taken where it goes */
WITH moving AS (
     SELECT pg_catalog.to_regclass($1)::oid AS oid, 3 AS place
      UNION SELECT i.indexrelid, 1 FROM pg_catalog.pg_index i WHERE i.indrelid = pg_catalog.to_regclass($1)
      UNION SELECT d.objid, 2 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
             WHERE d.refobjid = pg_catalog.to_regclass($1) AND d.deptype IN ('a', 'i') AND s.relkind = 'S'
               AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)
SELECT CASE m.place WHEN 1 THEN 'INDEX' WHEN 2 THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, c.relname AS name,
       ARRAY(SELECT t.relname::text FROM pg_catalog.pg_class t
              WHERE t.relnamespace = pg_catalog.to_regnamespace($2)::oid
                 OR t.relnamespace = c.relnamespace AND t.relname LIKE 'quarantined\\_%') AS taken
  FROM moving m JOIN pg_catalog.pg_class c ON c.oid = m.oid
 ORDER BY m.place, c.relname"""

MAY_CREATE = """/* migration-monitor: may a table be put there */
SELECT CASE WHEN pg_catalog.to_regnamespace($1) IS NULL
            THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            ELSE pg_catalog.has_schema_privilege($1, 'CREATE') END"""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The text that is stored and executed, and what it puts aside (steps are those of this text)."""

    text: str
    quarantined: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one action becomes: statements, and what they put aside."""

    statements: tuple[str, ...]
    aside: Quarantined | None = None


async def rewrite(
    connection: Connection, text: str, statements: Sequence[Statement], now: Fingerprint,
    resolution: dict[str, str], quoted: dict[str, str], accepted: Collection[Destroyed] = (),
) -> Rewritten:  # fmt: skip
    """Raises PlanRefused with everything that can't be put aside. Reads the catalogue only.

    What is `accepted` is not put aside: its statement stays.
    """
    model = Forecast(modelled(now), resolution, quoted)
    data, found, step = text.encode(), [], 0
    out, at = b"", 0
    for s in statements:
        model.step, model.line = s.step, s.line
        pieces = [await _play(connection, model, a, accepted) for a in s.actions]
        if any(p.aside for p in pieces):
            _refuse_mixture(model, s, pieces)
            instead = [sql for p in pieces for sql in p.statements]
            found += [replace(p.aside, loss=replace(p.aside.loss, step=step + 1)) for p in pieces if p.aside]
            step += len(instead)
            slice_ = "; ".join(instead).encode() + b"\n" * data[s.start : s.end].count(b"\n")
            out, at = out + data[at : s.start] + slice_, s.end
        else:
            step += 1
    if model.problems:
        raise PlanRefused(sorted(model.problems, key=lambda p: p.line or 0))
    return Rewritten((out + data[at:]).decode(), tuple(found))


async def _play(
    connection: Connection, model: Forecast, action: Action, accepted: Collection[Destroyed]
) -> _Piece:
    """Plays the action as it is written, and says what is to be done instead."""
    label = model.label(action) if action.relation else ""
    before = deepcopy(model.relations.get(label))
    lost, taken = len(model.destroyed), len(model.taken)
    EFFECTS[action.kind](model, action)
    drops = len(model.destroyed) > lost and action.kind in REWRITERS
    if not (drops and isinstance(before, Relation)) or model.destroyed[-1] in accepted:
        return _Piece(_unchanged(action, before, drops))
    for what in model.taken[taken:]:
        model.problem(f"CASCADE would take {what} with it: drop it by name first, to quarantine {label}")
    return await REWRITERS[action.kind](connection, model, action, label, before, model.destroyed[-1])


def _unchanged(action: Action, before: Entry, drops: bool) -> tuple[str, ...]:
    """The same action as a statement of its own; () when it does nothing. `drops`: what may be lost."""
    name, cascade = key_of(action.relation or ()), " CASCADE" if action.cascade else ""
    if action.kind == "drop_column" and isinstance(before, Relation) and action.name in before.columns:
        only = "ONLY " if action.only else ""
        return (f"ALTER TABLE {only}{name} DROP COLUMN {quote_identifier(action.name)}{cascade}",)
    if action.kind == "drop_table" and (before is ANY or drops):
        return (f"DROP TABLE {name}{cascade}",)
    return ()


def _refuse_mixture(model: Forecast, s: Statement, pieces: Sequence[_Piece]) -> None:
    for action, piece in zip(s.actions, pieces, strict=True):
        if piece.aside is None and action.kind not in REWRITERS:
            model.problem(f"{s.kind} in one statement can't be quarantined: write each as its own statement")
            return


async def _column(
    _: Connection, model: Forecast, action: Action, label: str, before: Relation, loss: Destroyed
) -> _Piece:
    column = before.columns[action.name]
    if not isinstance(column, Column):
        model.problem(f"{loss.name} is changed by an earlier statement and can't be quarantined then")
        return _Piece(())
    table, name = f"ALTER TABLE {key_of(action.relation or ())}", quote_identifier(action.name)
    if column.identity:
        model.problem(f"identity column {loss.name} can't be quarantined: use --data-loss salvage")
    place = _free_name(action.name, before.columns)
    if left := model.relation(label):
        left.columns[place] = ANY  # no later one takes this name
    keys = [k for k, v in known(before.constraints).items() if action.name in v.columns]
    indexes = [i for i, v in known(before.indexes).items()
               if action.name in v.columns and not v.constraint]  # fmt: skip
    schema = split_label(label)[0]
    loosen = [
        f"ALTER COLUMN {name} DROP NOT NULL" if column.not_null else "",
        f"ALTER COLUMN {name} DROP DEFAULT" if column.default else "",
    ]
    statements = [
        *(f"{table} DROP CONSTRAINT {quote_identifier(k)}" for k in sorted(keys)),
        *(f"DROP INDEX {schema}.{quote_identifier(i)}" for i in sorted(indexes)),
        *([f"{table} {', '.join(filter(None, loosen))}"] if any(loosen) else []),
        f"{table} RENAME COLUMN {name} TO {quote_identifier(place)}",
    ]
    return _Piece(tuple(statements), Quarantined(loss, place))


async def _table(
    connection: Connection, model: Forecast, action: Action, label: str, before: Relation, loss: Destroyed
) -> _Piece:
    if before.children or any(c.inherited for c in known(before.columns).values()):
        model.problem(f"{label} has partitions or is one: use --data-loss salvage")
    table = f"ALTER TABLE {key_of(action.relation or ())}"
    foreign = sorted(k for k, v in known(before.constraints).items() if v.type == "f")
    if not await connection.fetchval(MAY_CREATE, QUARANTINE_SCHEMA):
        model.problem(
            f"the role may not put {label} into {QUARANTINE_SCHEMA}: GRANT CREATE ON SCHEMA "
            f"{QUARANTINE_SCHEMA} to it (ON DATABASE while that schema is not there)"
        )
    schema, name = split_label(label)[0], split_label(label)[1]
    aside = Quarantined(loss, QUARANTINE_SCHEMA, await _renamed(connection, loss))
    moved = f"ALTER TABLE {schema}.{quote_identifier(aside.table_name or name)}"
    statements = [
        *(f"{table} DROP CONSTRAINT {quote_identifier(k)}" for k in foreign),
        *(f"ALTER {kind} {schema}.{quote_identifier(old)} RENAME TO {quote_identifier(new)}"
          for kind, old, new in aside.renamed),
        f"{moved if aside.renamed else table} SET SCHEMA {QUARANTINE_SCHEMA}",
    ]  # fmt: skip
    return _Piece(tuple(statements), aside)


async def _renamed(connection: Connection, loss: Destroyed) -> tuple[tuple[str, str, str], ...]:
    """All that moves gets another name as soon as one name is taken there; () if none is."""
    moving = await connection.fetch(MOVING, loss.label, QUARANTINE_SCHEMA)
    taken = {name for r in moving for name in r["taken"]}
    if not taken & {r["name"] for r in moving}:
        return ()
    for n in range(2, MAX_NAMES):
        names = [_name(n, r["name"]) for r in moving]
        if not taken & set(names):
            return tuple((r["kind"], r["name"], new) for r, new in zip(moving, names, strict=True))
    raise PlanRefused([Problem("", f"{loss.label} was quarantined too often: drop the old ones", loss.line)])


def notices(quarantined: Sequence[Quarantined]) -> tuple[str, ...]:
    """What becomes of each, for the operator."""
    return tuple(
        f"line {q.loss.line}: instead of being dropped {q.loss.name} "
        + (f"becomes {q.place}" if q.loss.column else f"moves to the schema {q.place}")
        + (f" as {q.table_name}" if q.table_name else "")
        for q in quarantined
    )


REWRITERS = {"drop_column": _column, "drop_table": _table}


def _free_name(column: str, taken: Collection[str]) -> str:
    """The same at every registration until it is taken, so that the same script has the same hash."""
    for n in range(1, MAX_NAMES):
        name = _name(n, column)
        if name not in taken:
            return name
    raise PlanRefused([Problem("", f"column {column} was quarantined too often: drop the old ones")])


def _name(number: int, name: str) -> str:
    """Long names that are the same at their beginning stay apart by a digest."""
    found = f"quarantined_{number}_{name}".encode()
    if len(found) <= MAX_BYTES:
        return found.decode()
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{found[: MAX_BYTES - len(digest) - 1].decode(errors='ignore')}_{digest}"
