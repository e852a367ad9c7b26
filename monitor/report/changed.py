"""What changed in the database since the watch began, on the page. Statements come without values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.present.changes import NO_STATISTICS, NOT_COMPARED, NOTHING, RESET, TITLES
from monitor.present.times import exact_span as span
from monitor.report.parts import moment, note, section, table, text


def changed(changes: Mapping[str, Any] | None) -> str:
    """The section; says so when nothing was compared."""
    title = "What changed in the database"
    if not changes:
        return section(title, note(NOT_COMPARED))
    since = note(f"Since {moment(changes['since'])} UTC, as of {moment(changes['at'])} UTC.")
    return section(title, since, *_statements(changes["statements"]), *_locks(changes), *_invalid(changes))


def _statements(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return [note(NO_STATISTICS)]
    parts = [note(RESET)] if found["reset"] else []
    for name, words in TITLES.items():
        if found[name]:
            parts += [f"<h3>{text(words)}</h3>", _list(found[name])]
    return parts or [note(NOTHING, "")]


def _list(rows: Sequence[Mapping[str, Any]]) -> str:
    heads = (("statement", "w"), ("mean before", "n"), ("mean since", "n"), ("calls", "n"), ("in all", "n"))
    return table(
        heads,
        (
            (
                f"<code>{text(r['statement'])}</code>",
                _ms(r["mean_before_ms"]),
                _ms(r["mean_ms"]),
                f"{r['calls']:g}",
                _ms(r["total_ms"]),
            )
            for r in rows
        ),
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g} ms"


def _locks(changes: Mapping[str, Any]) -> list[str]:
    rows = [
        (text(w["relation"]), f"{w['waiting']:g}", span(w["longest_seconds"])) for w in changes["lock_waits"]
    ]
    heads = (("touched table", ""), ("sessions waiting for a lock", "n"), ("longest", "n"))
    return [table(heads, rows)] if rows else []


def _invalid(changes: Mapping[str, Any]) -> list[str]:
    rows = [
        (text(i["name"]), text(i["relation"]), "since the watch began" if i["new"] else "before already")
        for i in changes["invalid_indexes"]
    ]
    return [table((("invalid index", ""), ("on", ""), ("invalid", "")), rows)] if rows else []
