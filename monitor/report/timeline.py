"""What happened and who was told, row by row, bounded so that a report stays a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from monitor.report.parts import moment, note, section, table, text

MOST = 400
"""Rows shown of a long list: the first and the last ones; all are in `--json`."""

LONGEST = 300
"""Characters of one event's details."""

Row = TypeVar("Row")


def timeline(events: Sequence[Mapping[str, Any]]) -> str:
    """Every event with its details in words."""
    shown, left = bounded(events)
    rows = [(moment(e["at"]), text(e["kind"].replace("_", " ")), text(_detail(e["detail"]))) for e in shown]
    body = table((("at (UTC)", "t"), ("event", ""), ("details", "w")), rows)
    return section("Timeline", body, note(f"{left} events in the middle are left out") if left else "")


def alerts(found: Sequence[Mapping[str, Any]]) -> str:
    """What people were told, channel by channel, and whether it arrived."""
    if not found:
        return section("Alerts", note("None were sent."))
    shown, left = bounded(found)
    rows = [
        (moment(a["at"]), text(a["channel"]), text(a["severity"]), text(a["title"]), _fate(a)) for a in shown
    ]
    heads = (("at (UTC)", "t"), ("channel", ""), ("severity", ""), ("alert", "w"), ("delivered", ""))
    return section("Alerts", table(heads, rows), note(f"{left} in the middle are left out") if left else "")


def bounded(found: Sequence[Row]) -> tuple[list[Row], int]:
    """The first and the last rows of a long list, and how many are left out between them."""
    if len(found) <= MOST:
        return list(found), 0
    return [*found[: MOST // 2], *found[-MOST // 2 :]], len(found) - MOST


def _fate(alert: Mapping[str, Any]) -> str:
    if alert["delivered_at"] is not None:
        return moment(alert["delivered_at"])
    if alert["given_up_at"] is not None:
        return '<span class="bad">given up</span>'
    return f'<span class="warn">not yet, {alert["attempts"]} tries</span>'


def _detail(detail: Mapping[str, Any]) -> str:
    """`key value, key value`; times named `since` as moments."""
    words = [f"{key} {_word(key, value)}" for key, value in detail.items() if value not in (None, "", [], {})]
    said = ", ".join(words)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"


def _word(key: str, value: object) -> str:
    if key == "evidence" and isinstance(value, Mapping):
        return f"{value.get('errors', 0):g} errors in {value.get('requests', 0):g} requests"
    if key in {"since", "until"} and isinstance(value, int | float):
        return moment(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
