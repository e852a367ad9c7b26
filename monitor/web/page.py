"""The status page: rendered here, complete in itself, readable on a phone and in the dark.

It asks nothing of any other server. With scripts it renews itself when there is news, without them
every ten seconds.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from monitor.core.samples import SECOND, Micros
from monitor.ports import Json, TargetView
from monitor.web.health import is_stale
from monitor.web.overview_metrics import DOCUMENTED_UNITS

STYLE = """
:root{color-scheme:light dark;--ok:#1a7f37;--warn:#9a6700;--bad:#cf222e;--line:#8884;--dim:#6a6a6a}
@media(prefers-color-scheme:dark){:root{--ok:#4ac26b;--warn:#d4a72c;--bad:#ff7b72;--dim:#a0a0a0}}
*{box-sizing:border-box}
body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
h1{font-size:1.3rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;overflow-wrap:anywhere}
h3{font-size:1rem;margin:1rem 0 .3rem;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--dim)}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n{font-variant-numeric:tabular-nums;white-space:nowrap}
.ok{color:var(--ok)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--dim)}
p{margin:.3rem 0;overflow-wrap:anywhere}
"""

SCRIPT = """
let due=false;
async function renew(){due=false;try{
const answer=await fetch(location.pathname,{cache:"no-store"});if(!answer.ok)throw 0;
const fresh=new DOMParser().parseFromString(await answer.text(),"text/html");
document.querySelector("main").replaceWith(document.adoptNode(fresh.querySelector("main")));
}catch{document.getElementById("lost").hidden=false;return}
document.getElementById("lost").hidden=true}
function soon(){if(!due){due=true;setTimeout(renew,500)}}
const news=new EventSource("/api/v1/stream");
for(const kind of ["watch","ended","reset"])news.addEventListener(kind,soon);
setInterval(soon,10000);
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


STYLE_HASH = _hash(STYLE)
SCRIPT_HASH = _hash(SCRIPT)
"""For the content security policy: nothing else may style or script the page."""

PHASE_CLASS = {"rolling_back": "bad", "in_doubt": "bad", "awaiting_approval": "bad", "paused": "warn"}


def status_page(targets: Sequence[TargetView], now: Micros) -> str:
    """The page as HTML."""
    body = "".join(part for target in targets for part in _target(target, now))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>migration-monitor</title><style>{STYLE}</style>"
        '<noscript><meta http-equiv="refresh" content="10"></noscript>'
        '<link rel="icon" href="data:,"></head><body><h1>migration-monitor</h1>'
        '<p id="lost" class="bad" role="status" hidden>no answer: this page is out of date</p>'
        f'<main aria-live="polite"><p class="dim">at {_time(now / SECOND)}</p>'
        f"{body or '<p>no targets</p>'}</main>"
        f"<script>{SCRIPT}</script></body></html>"
    )


def _target(target: TargetView, now: Micros) -> Iterator[str]:
    yield f"<section><h2>{escape(target.name)}</h2>"
    if is_stale(target, now):
        yield '<p class="bad">the decision loop does not answer</p>'
    if not target.store_reachable:
        yield '<p class="bad">the store is not reachable</p>'
    if not target.holds_store:
        yield '<p class="warn">another daemon looks after this target</p>'
    yield from _metrics(target.metrics)
    if not target.watches:
        yield '<p class="dim">no open watch</p>'
    for watch in target.watches:
        yield from _watch(watch, now)
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
        f'<tr><th scope="row">{escape(name)}</th><td class="n">{_value(metric.get("value"), unit)}</td>'
        f'<td class="n">{_value(limit, unit)}</td><td class="{style}">{escape(word)}</td></tr>'
    )


def _state(metric: Mapping[str, Any]) -> tuple[str, str]:
    """The word and its class; only a known, normal value looks healthy."""
    if metric.get("blind"):
        return f"blind: {metric.get('reason') or 'no data'}", "bad"
    if metric.get("quiet"):
        return "too few requests to judge", "dim"
    if metric.get("value") is None:
        return f"no data: {metric.get('reason') or 'not measured yet'}", "warn"
    return ("normal", "ok") if metric.get("normal") else ("not normal", "bad")


def _watch(watch: Mapping[str, Any], now: Micros) -> Iterator[str]:
    phase = str(watch.get("phase", ""))
    yield f"<h3>{escape(str(watch.get('migration', '')))}</h3>"
    yield f'<p><span class="{PHASE_CLASS.get(phase, "ok")}">{escape(phase.replace("_", " "))}</span>'
    yield f", mode {escape(str(watch.get('mode', '')))}, {escape(_left(watch, now))}</p>"
    if watch.get("superseded"):
        yield '<p class="dim">superseded by a newer watch: it only observes</p>'
    state = watch.get("readiness") or {}
    why = "; ".join(map(str, state.get("reasons") or ())) or "not checked yet"
    yield (
        '<p class="ok">ready to roll back</p>'
        if state.get("ok") is True
        else f'<p class="bad">can\'t roll back: {escape(why)}</p>'
    )
    for streak in watch.get("streaks") or ():
        yield _streak(streak)


def _streak(streak: Mapping[str, Any]) -> str:
    short = " (too few requests to act on)" if streak.get("insufficient_evidence") else ""
    style = "bad" if streak.get("state") == "firing" else "warn"
    held = f"{streak.get('age_seconds', 0):.0f} of {streak.get('hold_seconds', 0):.0f} s"
    text = f"{streak.get('rule')} {streak.get('state')} for {held}{short}"
    return f'<p class="{style}">{escape(text)}</p>'


def _left(watch: Mapping[str, Any], now: Micros) -> str:
    ends = watch.get("ends_at")
    if not isinstance(ends, int | float):
        return ""
    minutes = max(0, round((ends - now / SECOND) / 60))
    return f"{minutes // 60} h {minutes % 60} min left, until {_time(ends)}"


def _value(value: object, unit: str) -> str:
    if not isinstance(value, int | float):
        return '<span class="dim">–</span>'
    if unit == "ratio":
        return f"{value * 100:.3g} %"
    return f"{value:.4g}{' ms' if unit in {'time', 'ms'} else ''}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
