"""The dashboards as tests read them: their panels, and everything they ask of Prometheus."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.prometheus import ROOT

BUILT: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))
}

_SELECTOR = re.compile(r"\b[a-z_][a-z0-9_]*\{[^}]*\}|\b(?:migration_monitor|process|up)_?[a-z0-9_]*\b(?!\{)")


def panels(name: str) -> list[dict[str, Any]]:
    """Without the headings."""
    return [panel for panel in BUILT[name]["panels"] if panel["type"] != "row"]


def expressions(name: str) -> list[str]:
    """Of panels and annotations, as written."""
    asked = [target["expr"] for panel in panels(name) for target in panel["targets"]]
    return asked + [note["expr"] for note in BUILT[name]["annotations"]["list"]]


def selectors(expression: str) -> list[str]:
    """Every series an expression selects, with its matchers; one without any is shown bare."""
    return _SELECTOR.findall(expression)
