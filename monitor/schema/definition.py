"""The SQL that makes a dropped table or column again as it was: keys, defaults, indexes, owner, grants.

Read from the catalogue under the rollback's locks, in one round trip, with every name qualified. What makes
the object is apart from what finishes it once its rows are back: constraints and indexes come after the data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from monitor.pg import Connection, quote_literal

SQL = files("monitor.schema").joinpath("definition.sql").read_text(encoding="utf-8")

TAKEN_OFF = ("constraints", "indexes")
"""What a quarantined column does without, foreign keys apart; statistics follow it under its new name."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A foreign key: the table it points to, and (column here, column there)."""

    label: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """Statements without semicolons: `create` before the rows are put back, `finish` after.

    `foreign`: the foreign keys, when all tables are back: they may point to each other.
    """

    create: tuple[str, ...]
    finish: tuple[str, ...]
    foreign: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()

    def around(self, *fill: str) -> str:
        """One script."""
        return "".join(f"{sql};\n" for sql in (*self.create, *fill, *self.finish, *self.foreign))


Described = dict[str, dict[str, Any]]
"""Tables by their labels, each described once: of many columns of a wide one that would take seconds."""


async def describe(connection: Connection, labels: Iterable[str], named: Iterable[str]) -> Described:
    """What these tables are made of; one that is not there is left out. `named`: all that the plan names.

    Needs an open transaction, the tables' locks and the pinned search_path.
    """
    rows = await connection.fetch(SQL, sorted(set(labels)), list(named))
    return {r["label"]: json.loads(r["made"]) for r in rows}


def of(made: dict[str, Any], label: str, column: str = "", *, stays: bool = False) -> Definition:
    """Of a table, or of one of its columns; with `stays` only what a quarantine takes off it."""
    if stays:
        found = Definition((), tuple(_taken_off(label, column, made)))
    else:
        found = _column(label, column, made) if column else _table(label, made)
    return _keyed(found, column, made, also=not stays)


def _keyed(found: Definition, name: str, made: dict[str, Any], *, also: bool) -> Definition:
    """With the foreign keys, of the column alone if it is one; `also`: those that point to the table."""
    keys = [k for k in made["constraints"] if k["type"] == "f" and (not name or name in k["columns"])]
    parents = tuple(Parent(k["parent"], tuple((a, b) for a, b in k["pairs"])) for k in keys)
    incoming = made["incoming"] if also and not name else ()
    return replace(found, foreign=(*_sql(keys), *incoming), parents=parents)


def _taken_off(label: str, name: str, made: dict[str, Any]) -> list[str]:
    """Of a column its default, NOT NULL, and what stood on it; of a table its foreign keys alone."""
    if not name:
        return []
    (column,) = (c for c in made["columns"] if c["name"] == name)
    alter = f"ALTER TABLE {label} ALTER COLUMN {column['quoted']}"
    found = [f"{alter} SET DEFAULT {column['default']}"] if column["default"] else []
    if column["not_null"] and column["default"]:
        found.append(f"UPDATE {label} SET {column['quoted']} = DEFAULT WHERE {column['quoted']} IS NULL")
    found += [f"{alter} SET NOT NULL"] if column["not_null"] else []
    return found + _standing_on(name, made, TAKEN_OFF)


def _standing_on(name: str, made: dict[str, Any], parts: Sequence[str]) -> list[str]:
    return [p["sql"] for part in parts for p in made[part] if name in p["columns"] and p.get("type") != "f"]


def _table(label: str, made: dict[str, Any]) -> Definition:
    columns = made["columns"] or []
    own = [c for c in columns if not c["inherited"]]
    if made["attach"]:  # of a partition an identity is its parent's
        own = [{**c, "identity": ""} for c in own]
    body = ",\n".join(f"    {c['quoted']} {_type(c)}{_value(c)}{_null(c)}" for c in own)
    unlogged = "UNLOGGED " if made["persistence"] == "u" else ""
    by = f" INHERITS ({', '.join(made['inherits'])})" if made["inherits"] else ""
    by += f" PARTITION BY {made['partition_key']}" if made["partition_key"] else ""
    options = f" WITH ({made['options']})" if made["options"] else ""
    create = [
        *_new_sequences(columns), f"CREATE {unlogged}TABLE {label} (\n{body}\n){by}{options}",
        *made["partitions"], *_owned(label, columns),
    ]  # fmt: skip
    finish = [
        *_positions(label, columns), *_inherited(label, columns),
        *(k["sql"] for k in made["constraints"] if k["type"] != "f"), *_sql(made["indexes"]),
        *([made["attach"]] if made["attach"] else ()), *_settings(label, made, columns),
        *_sql(made["statistics"]), *made["triggers"], *made["rules"], *made["policies"],
        *_security(label, made), *made["of_partitions"], *_comments(label, made["comment"], columns),
        f"ALTER TABLE {label} OWNER TO {made['owner']}", *made["grants"], *_granted(columns),
    ]  # fmt: skip
    return Definition(tuple(create), tuple(finish))


def _column(label: str, name: str, made: dict[str, Any]) -> Definition:
    columns = [c for c in made["columns"] if c["name"] == name]
    (column,) = columns
    alter = f"ALTER TABLE {label} ALTER COLUMN {column['quoted']}"
    open_identity = {**column, "identity": column["identity"] and "d"}  # or its values could not be put back
    add = f"ALTER TABLE {label} ADD COLUMN {column['quoted']} {_type(column)}{_value(open_identity)}"
    finish = [*_positions(label, columns)]
    if column["identity"] == "a":
        finish.append(f"{alter} SET GENERATED ALWAYS")
    if column["not_null"] and not column["identity"]:
        finish.append(f"{alter} SET NOT NULL")
    finish += _standing_on(name, made, (*TAKEN_OFF, "statistics"))
    return Definition(
        (*_new_sequences(columns), add, *_owned(label, columns)),
        (*finish, *_settings(label, {}, columns), *_comments(label, None, columns), *_granted(columns)),
    )


def _inherited(label: str, columns: list[dict[str, Any]]) -> list[str]:
    """What a table says otherwise of columns that it has from those it inherits from."""
    found = []
    for c in (c for c in columns if c["inherited"]):
        alter = f"ALTER TABLE ONLY {label} ALTER COLUMN {c['quoted']}"
        if c["default"] and not c["generated"]:
            found.append(f"{alter} SET DEFAULT {c['default']}")
        if c["not_null"] and not c["not_null_above"]:
            found.append(f"{alter} SET NOT NULL")
    return found


def _settings(label: str, made: dict[str, Any], columns: list[dict[str, Any]]) -> list[str]:
    """Storage, compression and statistics of its columns; by what replication knows a row."""
    found = [
        f"ALTER TABLE {label} ALTER COLUMN {c['quoted']} {how}" for c in columns for how in c["settings"]
    ]
    if made.get("replica_identity"):
        found.append(f"ALTER TABLE {label} REPLICA IDENTITY {made['replica_identity']}")
    return found


def _granted(columns: list[dict[str, Any]]) -> list[str]:
    return [sql for c in columns for sql in c["grants"]]


def _type(column: dict[str, Any]) -> str:
    return f"{column['type']} COLLATE {column['collation']}" if column["collation"] else column["type"]


def _value(column: dict[str, Any]) -> str:
    """What a row has that says nothing."""
    if column["identity"]:
        when = "ALWAYS" if column["identity"] == "a" else "BY DEFAULT"
        options = column["sequence"]["options"].partition(" START ")[2]
        return f" GENERATED {when} AS IDENTITY (START {options})"
    if column["generated"]:
        kind = "STORED" if column["generated"] == "s" else "VIRTUAL"
        return f" GENERATED ALWAYS AS ({column['default']}) {kind}"
    return f" DEFAULT {column['default']}" if column["default"] else ""


def _null(column: dict[str, Any]) -> str:
    return " NOT NULL" if column["not_null"] else ""


def _serial(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [c for c in columns if c["sequence"] and not c["identity"]]


def _new_sequences(columns: list[dict[str, Any]]) -> list[str]:
    return [f"CREATE SEQUENCE {c['sequence']['name']} {c['sequence']['options']}" for c in _serial(columns)]


def _owned(label: str, columns: list[dict[str, Any]]) -> list[str]:
    return [
        f"ALTER SEQUENCE {c['sequence']['name']} OWNED BY {label}.{c['quoted']}" for c in _serial(columns)
    ]


def _positions(label: str, columns: list[dict[str, Any]]) -> list[str]:
    """Sequences go on where they were."""
    return [
        f"SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({quote_literal(label)}, "
        f"{quote_literal(c['name'])}), {c['sequence']['position']})"
        for c in columns
        if c["sequence"] and c["sequence"]["position"] is not None
    ]


def _sql(parts: list[dict[str, Any]]) -> list[str]:
    return [p["sql"] for p in parts]


def _security(label: str, made: dict[str, Any]) -> list[str]:
    wanted = {"ENABLE": made["row_security"], "FORCE": made["force_row_security"]}
    return [f"ALTER TABLE {label} {how} ROW LEVEL SECURITY" for how, on in wanted.items() if on]


def _comments(label: str, comment: str | None, columns: list[dict[str, Any]]) -> list[str]:
    found = [f"COMMENT ON TABLE {label} IS {quote_literal(comment)}"] if comment else []
    return found + [
        f"COMMENT ON COLUMN {label}.{c['quoted']} IS {quote_literal(c['comment'])}"
        for c in columns
        if c["comment"]
    ]
