"""What a query API of Prometheus answers: a row for each series, and pages of counters made of them.

Raises SourceError. This file asks nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.errors import OperatorError, SourceError
from monitor.net import Response
from monitor.sources.counters import ERRORS, REQUESTS, Page
from monitor.sources.forms import impossible
from monitor.sources.selectors import is_presence, selector
from monitor.sources.strict import document, number

VALUE = "value"

OF_PROCESS = ("job", "instance")
"""Labels that a Prometheus server gives each target: series that have them alike are of one process."""


@dataclass(frozen=True, slots=True)
class Row:
    """One series of an answer."""

    labels: Mapping[str, str]
    value: str
    at: float


def rows_of(response: Response, what: str) -> list[Row]:
    """The series of an answer, a scalar as one without labels. Raises SourceError."""
    if response.status in {400, 422}:
        raise SourceError("bad_query", f"{what}: the server refuses the query: try it in its own page")
    found: Any = document(response.ok().body)
    try:
        kind, result = found["data"]["resultType"], found["data"]["result"]
        rows = [({}, result)] if kind == "scalar" else [(row["metric"], row["value"]) for row in result]
        read = [
            Row({str(k): str(v) for k, v in of.items()}, str(value), float(at)) for of, (at, value) in rows
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as e:
        raise SourceError("wrong_shape", "the answer is not that of a Prometheus query") from e
    if found.get("warnings") or found.get("isPartial"):
        text = "the server warns that its answer is incomplete, so a part of the requests is missing"
        raise SourceError("partial", f"{what}: {text}: try the query in its own page")
    return read


def pages_of(found: Mapping[str, Sequence[Row]]) -> dict[str, Page]:
    """One page for each process, of series by short names. Raises SourceError."""
    groups: dict[str, dict[str, dict[str, float]]] = {}
    for what, rows in found.items():
        for row in rows:
            process = _short((label, row.labels.get(label, "")) for label in OF_PROCESS)
            mine = groups.setdefault(process, {REQUESTS: {}, ERRORS: {}})[what]
            series = _short(sorted(row.labels.items()))
            if series in mine:
                raise SourceError("duplicate_series", f"{what}: the answer has a series twice")
            mine[series] = number(_float(row.value), what)
    return {process: Page(series) for process, series in groups.items()}


def single(rows: Sequence[Row]) -> float:
    if not rows:
        hint = "where nothing has failed yet, a sum of errors needs `or vector(0)`"
        raise SourceError(
            "no_series", f"{VALUE}: the query gives nothing: try it in the server's page; {hint}"
        )
    if len(rows) > 1:
        text = f"{VALUE}: the query gives {len(rows)} series instead of 1: use sum() or max()"
        raise SourceError("not_one_value", text)
    found = _float(rows[0].value)
    return found if isinstance(found, float) else number(found, VALUE)  # NaN is the caller's to judge


def without_process(rows: Sequence[Row]) -> bool:
    return any("instance" not in row.labels for row in rows)


def _short(labels: Iterable[tuple[str, str]]) -> str:
    return hashlib.blake2b(repr(list(labels)).encode(), digest_size=8).hexdigest()


def _float(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def unwritten(errors: str, rows: Sequence[Row]) -> str:
    """Why `errors` could never be among these requests, whatever happens; "" where they could."""
    try:
        wanted = selector(errors)
    except OperatorError:
        return ""
    return impossible([wanted], [(row.labels.get("__name__", ""), row.labels) for row in rows])


def lacking(errors: str, requests: str, rows: Sequence[Row]) -> list[str]:
    """Labels that `errors` asks for and no series of the requests has, so that none could ever match.

    Only of a selector of the same name: errors that are counted apart may have labels of their own.
    """
    try:
        wanted, all_ = selector(errors), selector(requests)
    except OperatorError:
        return []
    there = {label for row in rows for label in row.labels}
    if wanted.name != all_.name:
        return []
    return [
        m.label for m in wanted.matchers if m.label not in there and not m.holds({}) and not is_presence(m)
    ]
