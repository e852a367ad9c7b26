"""What a dashboard is made of: panels, variables, annotations, as Grafana's classic JSON.

Rule of the room: no metric of ours is named here; which ones are shown is for `fleet` and `watch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}

ANY = 'job=~"$job", instance=~"$instance"'
"""Every selector has it, so that a dashboard never mixes installations."""

Words = Mapping[float, tuple[str, str]]
"""Value -> what it is called, and the colour of that."""

GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
PURPLE, YELLOW, GREY = "purple", "yellow", "text"

COLUMNS = 24
"""Width of Grafana's grid."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; `queries` are (expression, legend). `steps`: from which value on it has which colour."""

    title: str
    description: str
    queries: Sequence[tuple[str, str]]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    steps: Sequence[tuple[float | None, str]] = ((None, GREEN),)
    words: Words = field(default_factory=dict)
    empty: str = ""  # shown where there is no value
    overrides: Sequence[Json] = ()
    more: Json = field(default_factory=dict)  # merged into the panel

    def json(self, number: int, x: int, y: int) -> Json:
        instant = self.kind in {"stat", "table", "bargauge"}
        targets = [
            _target(chr(ord("A") + i), expr, legend, instant, self.kind == "table")
            for i, (expr, legend) in enumerate(self.queries)
        ]
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": targets,
            "fieldConfig": {
                "defaults": self._defaults(),
                "overrides": [*_dashed(self.kind), *self.overrides],
            },
            "options": OPTIONS[self.kind],
            **self.more,
        }

    def _defaults(self) -> Json:
        steps = [{"value": value, "color": colour} for value, colour in self.steps]
        found: Json = {"unit": self.unit, "thresholds": {"mode": "absolute", "steps": steps}}
        if self.kind == "timeseries":
            found["color"] = {"mode": "palette-classic"}
            # a gap is a value that is not known: it is not joined
            found["custom"] = {"lineWidth": 1, "fillOpacity": 8, "spanNulls": False, "showPoints": "never"}
        else:
            found["color"] = {"mode": "thresholds"}
        if self.kind == "bargauge":
            found |= {"min": 0, "decimals": 0}  # an increase is extrapolated to the edges of its range
        if self.words:
            found["mappings"] = [mapping(self.words)]
        if self.empty:
            found["noValue"] = self.empty
        return found


OPTIONS: dict[str, Json] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "textMode": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "bargauge": {
        "displayMode": "basic",
        "orientation": "horizontal",
        "valueMode": "color",
        "showUnfilled": True,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
    "state-timeline": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "showValue": "auto",
        "tooltip": {"mode": "multi", "sort": "none"},
    },
}


def mapping(words: Mapping[Any, tuple[str, str]]) -> Json:
    """Values, or texts, as words of their colour."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(words.items())
    }
    return {"type": "value", "options": options}


def column(name: str, *properties: tuple[str, Any]) -> Json:
    """What is special about one series, or one column of a table."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": id, "value": value} for id, value in properties],
    }


def ending(text: str, colour: str) -> Json:
    """Series whose name ends like this have this colour."""
    return {
        "matcher": {"id": "byRegexp", "options": f"/(^| ){text}$/"},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
    }


def row(title: str) -> str:
    """A heading between panels."""
    return title


def dashboard(
    uid: str, title: str, description: str, variables: Iterable[Json], notes: Iterable[Json],
    pieces: Iterable[Panel | str],
) -> Json:  # fmt: skip
    """The whole file. Panels flow from left to right, and into the next line where they do not fit."""
    return {
        "id": None,
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["migration-monitor", "postgresql"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "links": [
            {"type": "dashboards", "tags": ["migration-monitor"], "title": "migration-monitor",
             "asDropdown": False, "includeVars": True, "keepTime": True}
        ],
        "templating": {"list": list(variables)},
        "annotations": {"list": list(notes)},
        "panels": _placed(pieces),
    }  # fmt: skip


def variables(*queries: tuple[str, str, str]) -> list[Json]:
    """The data source, then (name, label, query) each."""
    source: Json = {
        "name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source",
        "current": {}, "hide": 0, "refresh": 1, "regex": "", "multi": False, "includeAll": False,
    }  # fmt: skip
    return [source, *(_variable(*query) for query in queries)]


def note(name: str, colour: str, expression: str, title: str, text: str, *, at_value: bool = False) -> Json:
    """An annotation. `at_value`: the value is when it happened, in milliseconds."""
    return {
        "name": name, "enable": True, "hide": False, "iconColor": colour, "datasource": DATASOURCE,
        "expr": expression, "step": "15s", "titleFormat": title, "textFormat": text,
        "tagKeys": "target,migration", "useValueForTime": "on" if at_value else False,
    }  # fmt: skip


def _variable(name: str, label: str, query: str) -> Json:
    return {
        "name": name, "label": label, "type": "query", "datasource": DATASOURCE,
        "query": {"query": query, "refId": name}, "definition": query,
        "refresh": 2, "sort": 1, "hide": 0, "regex": "",
        "multi": True, "includeAll": True,
        # all jobs are those that the query finds: `up` and `process_…` are everybody's
        "allValue": None if name == "job" else ".+",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def _target(ref: str, expr: str, legend: str, instant: bool, table: bool) -> Json:
    return {
        "refId": ref, "datasource": DATASOURCE, "expr": expr, "legendFormat": legend,
        "instant": instant, "range": not instant, "format": "table" if table else "time_series",
    }  # fmt: skip


def _dashed(kind: str) -> list[Json]:
    """Limits are drawn as dashed lines without a filling."""
    if kind != "timeseries":
        return []
    style = {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}}
    bare = {"id": "custom.fillOpacity", "value": 0}
    return [{"matcher": {"id": "byRegexp", "options": "/^limit: /"}, "properties": [style, bare]}]


def _placed(pieces: Iterable[Panel | str]) -> list[Json]:
    found: list[Json] = []
    x = y = tallest = 0
    for number, piece in enumerate(pieces, 1):
        width = COLUMNS if isinstance(piece, str) else piece.width
        if x + width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        if isinstance(piece, str):
            place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
            found.append({"id": number, "type": "row", "title": piece, "collapsed": False,
                          "gridPos": place, "panels": []})  # fmt: skip
            x, y, tallest = 0, y + 1, 0
            continue
        found.append(piece.json(number, x, y))
        x, tallest = x + width, max(tallest, piece.height)
    return found
