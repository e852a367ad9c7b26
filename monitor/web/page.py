"""The status page: a shell that its own scripts fill, and the essentials in it for whoever runs none.

It asks nothing of any other server, and nothing in it is inline but text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.ports import Json, TargetView
from monitor.present.metrics import Condition, condition_of
from monitor.present.times import utc
from monitor.web.health import is_stale
from monitor.web.overview_metrics import DOCUMENTED_UNITS

RANGES = ((900, "15 min"), (3600, "1 h"), (21600, "6 h"), (0, "all"))
"""Spans of time that the charts can show, seconds; 0 is the whole watch."""

HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    "<title>migration-monitor</title>"
    '<link rel="stylesheet" href="/static/uplot.css"><link rel="stylesheet" href="/static/index.css">'
    '<link rel="icon" href="data:,">'
    '<noscript><meta http-equiv="refresh" content="10"></noscript>'
    '<script src="/static/uplot.js" defer></script><script src="/static/app.js" type="module"></script>'
    "</head>"
)

EMPTY = (
    '<div id="empty" hidden><p id="empty-text" class="outlook"></p>'
    '<p class="dim">A watch begins with <code>migration-monitor watch MIGRATION --rollback FILE</code>, '
    "right after the migration.</p></div>"
)


def status_page(targets: Sequence[TargetView], now: Micros) -> str:
    """The page as HTML."""
    body = "".join(part for target in targets for part in _target(target, now))
    return (
        f'{HEAD}<body><header><h1>migration-monitor</h1><p id="live" role="status"></p>'
        f'<span id="age" class="age"></span>{_ranges()}'
        '<button id="zone" class="plain" type="button">show local time</button>'
        '<button id="forget" class="plain" type="button" hidden>forget token</button></header>'
        f'<main><div id="banners" role="status"></div><div id="unhappy"></div>{EMPTY}<div id="open"></div>'
        '<div id="refused"></div>'
        '<section id="ended-part" hidden><div class="filters"><h2 class="part">Ended</h2>'
        '<input id="filter" type="search" aria-label="filter ended watches" hidden'
        ' placeholder="name, target, verdict or id"></div><p id="none" class="dim" role="status"></p>'
        '<div id="ended"></div>'
        '<button id="more" type="button" hidden>Show more</button></section>'
        f'<noscript><p class="dim">at {utc(now / SECOND)}, renewed every ten seconds</p>'
        f"{body or '<p>no targets</p>'}</noscript></main></body></html>"
    )


def _ranges() -> str:
    choices = "".join(
        f'<label><input type="radio" name="range" value="{seconds}"{" checked" if seconds == 3600 else ""}>'
        f"<span>{word}</span></label>"
        for seconds, word in RANGES
    )
    return f'<fieldset id="range" aria-label="time shown in the charts">{choices}</fieldset>'


def _target(target: TargetView, now: Micros) -> Iterator[str]:
    yield f"<section><h2>{escape(target.name)}</h2>"
    silent = is_stale(target, now)
    if silent:
        since = "" if target.last_decision is None else f" since {utc(target.last_decision / SECOND)}"
        yield f'<p class="no">No update from the decision loop{since}: no decisions and no rollbacks.</p>'
    if target.held_by:
        yield f'<p class="no">another daemon ({escape(target.held_by)}) monitors this target</p>'
    elif not target.store_reachable:
        why = f" ({escape(target.trouble)})" if target.trouble else ""
        yield f'<p class="no">the store is not reachable{why}</p>'
    if target.stranger:
        yield f'<p class="no">{escape(target.stranger)}</p>'
    yield from _metrics(target.metrics)
    if not target.watches:
        yield '<p class="dim">no open watch</p>'
    for watch in target.watches:
        yield from _watch(watch, silent)
    yield "</section>"


def _metrics(metrics: Mapping[str, Json]) -> Iterator[str]:
    if not metrics:
        return
    yield (
        '<table><thead><tr><th scope="col">metric</th><th scope="col">now</th>'
        '<th scope="col">normal below</th><th scope="col">state</th></tr></thead><tbody>'
    )
    for name, metric in metrics.items():
        yield from _metric(name, metric)
    yield "</tbody></table>"


def _metric(name: str, metric: Mapping[str, Any]) -> Iterator[str]:
    unit = str(metric.get("unit") or DOCUMENTED_UNITS.get(name, ""))
    word, style = _state(metric)
    limit = (metric.get("limits") or {}).get("normal_below")
    yield (
        f'<tr><th scope="row">{escape(name)}</th><td>{_value(metric.get("value"), unit)}</td>'
        f'<td>{_value(limit, unit)}</td><td class="{style}">{escape(word)}</td></tr>'
    )


def _state(metric: Mapping[str, Any]) -> tuple[str, str]:
    """The word and its class; only a known, normal value looks healthy."""
    why, found = metric.get("why") or metric.get("reason"), condition_of(metric)
    match found:
        case Condition.BLIND:
            return f"{found}: {why or 'no data'}", "no"
        case Condition.QUIET:
            return found, "dim"
        case Condition.NO_DATA | Condition.NOT_YET:
            return f"no data: {why or 'not measured yet'}", "no"
        case Condition.NORMAL:
            return found, "yes"
    return Condition.NOT_NORMAL, "no"


def _watch(watch: Mapping[str, Any], silent: bool) -> Iterator[str]:
    """What a silent daemon has promised is not shown: nobody keeps it."""
    yield f"<h3>{escape(str(watch.get('migration', '')))}</h3>"
    if not silent:
        yield f'<p class="outlook">{escape(str((watch.get("next") or {}).get("text", "")))}</p>'
    phase = escape(str(watch.get("phase", "")).replace("_", " "))
    yield f'<p class="dim">{phase}, mode {escape(str(watch.get("mode", "")))}</p>'
    if said := (watch.get("ours") or {}).get("said"):
        yield f'<p class="dim">{escape(str(said))}</p>'
    if watch.get("superseded") or watch.get("phase") in {"rolling_back", "in_doubt"}:
        return
    state = watch.get("readiness") or {}
    why = "; ".join(map(str, state.get("reasons") or ())) or "not checked yet"
    yield (
        '<p class="yes">ready to roll back</p>'
        if state.get("ok") is True
        else f'<p class="no">can\'t roll back: {escape(why)}</p>'
    )


def _value(value: object, unit: str) -> str:
    """`5.2 %`, `120 ms`, `37`; a dash for what is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–"
    if unit == "ratio":
        return f"{value * 100:.3g} %"
    return f"{value:.4g}{' ms' if unit in {'time', 'ms'} else ''}"
