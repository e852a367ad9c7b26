"""What happened and who was told, row by row, bounded so that a report stays a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from monitor.present.events import is_told_by_another, said
from monitor.present.metrics import Metrics
from monitor.report.parts import moment, note, section, table, text

MOST = 400
"""Rows shown of a long list: the first and the last ones; all are in `--json`."""

Row = TypeVar("Row")


def timeline(events: Sequence[Mapping[str, Any]], metrics: Metrics) -> str:
    """Every event in words, each said once."""
    kinds = {e["kind"] for e in events}
    shown, left = bounded([e for e in events if not is_told_by_another(e, kinds)])
    rows = [(moment(e["at"]), text(e["kind"].replace("_", " ")), text(said(e, metrics))) for e in shown]
    body = table((("at (UTC)", "t"), ("event", ""), ("what happened", "w")), rows)
    return section("Timeline", body, note(f"{left} events in the middle are left out") if left else "")


def alerts(found: Sequence[Mapping[str, Any]]) -> str:
    """What people were told, channel by channel, and whether it arrived."""
    if not found:
        return section("Alerts", note("None were sent."))
    shown, left = bounded(found)
    rows = [
        (moment(a["at"]), text(a["channel"]), text(a["severity"]), text(a["title"]), _fate(a)) for a in shown
    ]
    heads = (("at (UTC)", "t"), ("channel", ""), ("severity", ""), ("alert", "w"), ("delivered", "t"))
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
