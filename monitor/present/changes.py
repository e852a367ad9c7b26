"""What changed in the database since a watch began, in words. Statements come without values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from monitor.core.samples import SECOND
from monitor.ports import Json
from monitor.units import Kind, show_span, show_value

FIRST = 3
"""Statements of each kind that are told in an alert and on the terminal."""

TITLES = {
    "slower": "Statements whose mean time rose most",
    "heavier": "Statements whose total time rose most",
    "new": "New statements",
    "gone": "Statements no longer seen: failing or no longer called",
}

NOT_COMPARED = "not compared"
NO_STATISTICS = "The server has no pg_stat_statements that could be read: statements are not compared."
RESET = "pg_stat_statements was reset meanwhile: counted since then."
NOTHING = "No statement became slower, heavier, new or absent."


def slower_facts(changes: Json | None) -> tuple[tuple[str, str], ...]:
    """The statements whose mean rose most, as facts of an alert."""
    return tuple(("slower", f"{s['statement']}: {_rise(s)}") for s in _slower(changes))


def changed_lines(changes: Json | None) -> Iterator[str]:
    """The first of each kind, a line each."""
    found = _mapping(changes)
    for s in _slower(changes):
        yield f"slower: {_rise(s)}: {s['statement']}"
    for s in _sequence(_mapping(found.get("statements")).get("gone"))[:FIRST]:
        yield f"no longer seen: {s['statement']}"
    for wait in _sequence(found.get("lock_waits"))[:FIRST]:
        yield f"{wait['waiting']} sessions wait for a lock on {wait['relation']}"
    for index in _sequence(found.get("invalid_indexes")):
        if index["new"]:
            yield f"index {index['name']} on {index['relation']} became invalid"


MOST = 10
"""Rows of a list on the page."""

THOUSANDS = 10_000
"""From here on a count is written in groups."""

LONGEST = 200
"""Characters of a statement there."""

EVICTED = "pg_stat_statements had no room for every statement: some may be missing here."


@dataclass(frozen=True, slots=True)
class Row:
    """One statement: `4.1 ms → 46 ms`, `×11`, `1,200 calls since`."""

    rise: str
    factor: str
    often: str
    statement: str


@dataclass(frozen=True, slots=True)
class Table:
    """`count`: of all there are; `rows`: MOST of them."""

    title: str
    count: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Changed:
    """What the page draws. `waits`: who waits for a lock; `indexes`: those invalid, and whether newly so."""

    waits: Sequence[str]
    indexes: Sequence[tuple[str, bool]]
    notes: Sequence[str]
    asides: Sequence[str]
    tables: Sequence[Table]


def on_page(changes: Json | None) -> Json | None:
    """What the page draws, as JSON; None where nothing was compared, or it was kept in another form."""
    try:
        return asdict(changed(changes)) if changes else None
    except (KeyError, TypeError, ValueError):
        return None


def changed(found: Mapping[str, Any]) -> Changed:
    """Everything that changed, bounded."""
    statements = found.get("statements")
    rows = _mapping(statements)
    tables = [
        Table(title, len(rows[name]), [_row(name, s) for s in rows[name][:MOST]])
        for name, title in TITLES.items()
        if rows.get(name)
    ]
    waits = [_waits(wait) for wait in found["lock_waits"][:MOST]]
    indexes = [_invalid(index) for index in sorted(found["invalid_indexes"], key=lambda i: not i["new"])]
    quiet = statements is not None and not (tables or waits or indexes)
    notes = [*([NO_STATISTICS] if statements is None else []), *([NOTHING] if quiet else [])]
    asides = [*([RESET] if rows.get("reset") else []), *([EVICTED] if rows.get("evicted") else [])]
    return Changed(waits, indexes[:MOST], notes, asides, tables)


def _row(name: str, s: Mapping[str, Any]) -> Row:
    calls, text = s["calls"], str(s["statement"]) or "a statement whose text is not known"
    often = f"{_many(calls)} {'call' if calls == 1 else 'calls'} since"
    shown = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    return Row(*_numbers(name, s), often, shown)


def _numbers(name: str, s: Mapping[str, Any]) -> tuple[str, str]:
    match name:
        case "slower":
            return _rose(s["mean_before_ms"], s["mean_ms"])
        case "heavier":
            return _rose(s["ms_per_second_before"], s["ms_per_second"])
        case "new":
            mean = s["mean_ms"] if s.get("mean_ms") is not None else s["total_ms"] / s["calls"]
            return f"{_ms(mean)} a call", ""
    return f"{_ms(s['mean_before_ms'])} a call before", ""


def _rose(before: float, now: float) -> tuple[str, str]:
    return f"{_ms(before)} → {_ms(now)}", f"×{now / before:.3g}" if before > 0 else ""


def _ms(value: float) -> str:
    return show_value(Kind.TIME, value)


def _waits(wait: Mapping[str, Any]) -> str:
    waiting, longest = wait["waiting"], show_span(round(wait["longest_seconds"]) * SECOND)
    who = "1 session waits" if waiting == 1 else f"{_many(waiting)} sessions wait"
    return f"{who} for a lock on {wait['relation']}, the longest for {longest}"


def _many(count: float) -> str:
    return f"{count:,.0f}" if count >= THOUSANDS else f"{count:g}"


def _invalid(index: Mapping[str, Any]) -> tuple[str, bool]:
    how = "became invalid since then" if index["new"] else "was invalid before already"
    return f"Index {index['name']} on {index['relation']} {how}", bool(index["new"])


def _slower(changes: Json | None) -> Sequence[Mapping[str, Any]]:
    return _sequence(_mapping(_mapping(changes).get("statements")).get("slower"))[:FIRST]


def _rise(s: Mapping[str, Any]) -> str:
    return f"{s['mean_before_ms']:.3g} ms before, now {s['mean_ms']:.3g} ms"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
