"""Values that a `USING column::type` would not take: they are no label of an enum, or no such whole number.

A cast of numbers or texts to an integer refuses what is too large, as an assignment does. Pure code.
"""

from __future__ import annotations

from monitor.plan.forecast.narrowing import NAMES, TEXTS, WHOLE, misfit
from monitor.quoting import quote_identifier, quote_literal
from monitor.sql import action_shapes
from monitor.sql.labels import bare
from monitor.sql.scripts import Action
from monitor.statements.asked import Asking, Demand, Rows, Types


def fitting(q: Asking, a: Action, rows: Rows) -> Demand | None:
    names = rows.now((a.name,))
    if not (names and a.rows):
        return None
    odd = _odd(rows.type_of(a.name), action_shapes.asked(a.rows).cast, q.types)
    if not odd:
        return None
    sql = f"SELECT EXISTS (SELECT FROM {rows.was} WHERE {odd.format(quote_identifier(names[0]))})"
    what = f"{names[0]} of at least one row of {rows.name} does not fit into the type"
    return Demand(q.line, q.said, what, sql, q.path)


def _odd(old: str, new: str, types: Types) -> str:
    """SQL about `{}` that is true of a value that is refused; "" when that is not known."""
    name = NAMES.get(new, "")
    if name in WHOLE:
        if old.partition("(")[0] in TEXTS:
            return _no_number(WHOLE[name])
        return misfit(old, new, "()") or "" if old in WHOLE else ""
    return "" if name else _no_label(new, types)


def _no_label(new: str, types: Types) -> str:
    value = "{0}::pg_catalog.text"
    same = [known for known in types if bare(known) == bare(new)]
    if not same:
        enum = f"pg_catalog.pg_enum e WHERE e.enumtypid = pg_catalog.to_regtype({_literal(new)})::oid"
        labels = f"SELECT e.enumlabel::pg_catalog.text FROM {enum}"
        return f"{value} <> ALL ({labels}) AND EXISTS ({labels})"
    made = types[new] if new in types and len({types[s] for s in same} - {None}) == 1 else None
    if made is None:
        return ""
    listed = _literal(f",{made},")
    return f"pg_catalog.strpos({listed}, ',' || {value} || ',') = 0"


def _literal(text: str) -> str:
    """Inside of what is formatted later."""
    return quote_literal(text).replace("{", "{{").replace("}", "}}")


def _no_number(limit: int) -> str:
    """Of a text; what newer servers take, as 0x1F and 1_000, is left alone."""
    digits, large = r"'^\s*[-+]?[0-9]{{1,30}}\s*$'", f"{{0}}::numeric NOT BETWEEN {-limit} AND {limit - 1}"
    return (
        f"CASE WHEN {{0}} ~ {digits} THEN {large} ELSE {{0}} !~ '^\\s*[-+]?[0-9][0-9a-fA-FxXoObB_]*\\s*$' END"
    )
