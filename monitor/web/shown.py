"""Numbers and names as people read them on the page. Text in, text out; nothing is escaped here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.web.overview_metrics import DOCUMENTED_UNITS

WORDS = {"response_time": "response time", "error_rate": "the error rate", "query_latency": "query latency"}


def metric_words(name: object) -> str:
    """`the error rate`; a metric of one's own by its name, in which an underscore is a space."""
    return WORDS.get(str(name), str(name).replace("_", " "))


def value_text(value: object, unit: str) -> str:
    """`5.2 %`, `120 ms`, `37`; a dash for what is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–"
    if unit == "ratio":
        return f"{value * 100:.3g} %"
    return f"{value:.4g}{' ms' if unit in {'time', 'ms'} else ''}"


def unit_of(name: str, metric: Mapping[str, Any]) -> str:
    """ratio, time or count."""
    return str(metric.get("unit") or DOCUMENTED_UNITS.get(name, ""))


def limit_text(watch: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """A rule's limit in the unit of its metric."""
    name = str(rule.get("metric"))
    metric = (watch.get("metrics") or {}).get(name) or {}
    return value_text(rule.get("limit"), unit_of(name, metric))


def span(seconds: float) -> str:
    """`45 s`, `1 m 12 s`, `2 h 5 m`, `3 d 1 h`: the two largest units that are not zero."""
    left, found = max(0, round(seconds)), []
    for size, word in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            found.append(f"{count} {word}")
    return " ".join(found[:2]) or "0 s"


def moment(seconds: float) -> str:
    """`2026-11-22 03:14:15 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
