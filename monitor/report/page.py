"""The report as one HTML file: no script, nothing asked of any server, readable in the dark and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.ports import Json, rehearsal_told
from monitor.report.changed import changed
from monitor.report.charts import HATCH, Chart, svg
from monitor.report.parts import moment, note, section, share, span, table, text
from monitor.report.proof import proofs
from monitor.report.style import STYLE
from monitor.report.timeline import alerts, timeline
from monitor.units import Kind, show_value

VERDICTS: Mapping[str, tuple[str, str]] = {
    "succeeded": ("ok", "Succeeded: all metrics were normal."),
    "rolled_back": ("warn", "Rolled back: the schema is as it should be."),
    "failed": (
        "bad",
        "The rollback failed: the migration is in place, but for what the reason says took effect.",
    ),
    "refused": ("bad", "The rollback was refused: the migration is still in place."),
    "unverified": ("bad", "Rolled back, but the schema is not what it should be."),
    "inconclusive": ("warn", "Inconclusive: not everything was seen to be normal."),
    "cancelled": ("dim", "Cancelled by a person."),
    "resolved_externally": ("warn", "Found rolled back by hand."),
}

MARKS = {
    "rollback_decided": "decided",
    "approval_requested": "asked",
    "would_roll_back": "would roll back",
    "outcome_rolled_back": "rolled back",
    "outcome_unverified": "rolled back",
}


def page(document: Json) -> str:
    """The whole file."""
    doc: Mapping[str, Any] = document
    watch: Mapping[str, Any] = doc["watch"]
    title = text(f"{watch['migration']} on {watch['target']}")
    body = "".join(
        (
            _head(doc, watch),
            _charts(doc, watch),
            proofs(doc["evidence"], _kinds(watch)),
            _worst(doc["worst"], _kinds(watch)),
            _coverage(doc["coverage"]),
            changed(doc.get("changes")),
            timeline(doc["events"]),
            alerts(doc["alerts"]),
            _plan(watch),
            _kept(doc["salvaged"]),
            _foot(doc, watch),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>migration-monitor: {title}</title><style>{STYLE}</style>"
        f'<link rel="icon" href="data:,"></head><body><main>{HATCH}{body}</main></body></html>'
    )


def _kinds(watch: Mapping[str, Any]) -> Mapping[str, Kind]:
    metrics: Mapping[str, Any] = watch.get("metrics") or {}
    return {name: Kind(str(m.get("unit", Kind.COUNT))) for name, m in metrics.items()}


def _head(doc: Mapping[str, Any], watch: Mapping[str, Any]) -> str:
    verdict = watch.get("verdict")
    phase = str(watch.get("phase", "")).replace("_", " ")
    style, words = VERDICTS.get(str(verdict), ("dim", f"Still being watched ({phase}): no verdict yet."))
    lines = [
        f"<h1>{text(watch['migration'])} on {text(watch['target'])}</h1>",
        f'<p class="dim">watch {text(watch["id"])}, mode {text(watch["mode"])}, from '
        f"{moment(watch['started_at'])} to {moment(watch.get('verdict_at') or doc['until'])} UTC</p>",
        f'<p class="verdict {style}">{text(words)}</p>',
    ]
    if watch.get("reason"):
        lines.append(f"<p>{text(watch['reason'])}</p>")
    if verdict is None and watch.get("next"):
        lines.append(f"<p>What happens next: {text(watch['next']['text'])}</p>")
    for event in doc["events"]:
        if event["kind"] == "aftermath":
            helped = {True: "It helped", False: "It did NOT help", None: "Whether it helped is not known"}
            lines.append(f"<p>{helped[event['detail'].get('helped')]} ({moment(event['at'])} UTC).</p>")
    return "".join(lines)


def _charts(doc: Mapping[str, Any], watch: Mapping[str, Any]) -> str:
    found = []
    for name, metric in (watch.get("metrics") or {}).items():
        chart = Chart(
            name=name, kind=_kinds(watch)[name], since=doc["since"], until=doc["until"], step=doc["step"],
            points=doc["metrics"].get(name, ()), limits=metric.get("limits") or {},
            streaks=_streaks(doc, name),
            marks=[(e["at"], MARKS[e["kind"]]) for e in doc["events"] if e["kind"] in MARKS],
        )  # fmt: skip
        found.append(f"<h3>{text(name)}</h3>{svg(chart)}")
    legend = (
        f"Range and highest value of every {span(doc['step'])}; dashed: limits; red: rollback streaks; "
        "hatched: nothing was measured. Times are UTC."
    )
    return section("Metrics", *found, note(legend)) if found else section("Metrics", note("none were seen"))


def _streaks(doc: Mapping[str, Any], metric: str) -> list[tuple[float, float]]:
    """When a rollback rule of the metric was breached."""
    found: list[tuple[float, float]] = []
    begun: float | None = None
    for event in doc["events"]:
        if event["detail"].get("rule") != f"{metric}.rollback":
            continue
        if event["kind"] == "pending":
            begun = event["at"]
        elif event["kind"] == "cleared" and begun is not None:
            found.append((begun, event["at"]))
            begun = None
    if begun is not None:
        found.append((begun, doc["watch"].get("verdict_at") or doc["until"]))
    return found


def _worst(worst: Mapping[str, Any], kinds: Mapping[str, Kind]) -> str:
    rows = [
        (
            text(name),
            text(show_value(kinds.get(name, Kind.COUNT), w["value"])),
            moment(w["at"]),
            "–"
            if w["normal_below"] is None
            else text(show_value(kinds.get(name, Kind.COUNT), w["normal_below"])),
        )
        for name, w in worst.items()
    ]
    heads = (("metric", ""), ("highest", "n"), ("by (UTC)", "t"), ("normal below", "n"))
    return section("Worst values", table(heads, rows) if rows else note("nothing was measured"))


def _coverage(coverage: Mapping[str, Any]) -> str:
    rows = [
        (
            text(name),
            span(coverage[name]["seconds"]),
            share(coverage[name]["share"]),
            span(coverage[name]["allowed_seconds"]),
        )
        for name in ("unobserved", "quiet", "abnormal")
        if name in coverage
    ]
    heads = (("time", ""), ("in all", "n"), ("share", "n"), ("allowed for success", "n"))
    words = (
        "Unobserved: a metric could not be measured. Quiet: too few requests to judge. Abnormal: a metric "
        "was outside its normal range for longer than it may be. Time counts once, for however many metrics."
    )
    return section("Coverage", table(heads, rows) if rows else note("not known"), note(words))


def _plan(watch: Mapping[str, Any]) -> str:
    statements: Sequence[Mapping[str, Any]] = watch.get("plan") or ()
    rows = [
        (
            text(s.get("step", n)),
            f"<pre>{text(s.get('sql', ''))}</pre>",
            text(s.get("class", "?")) + ("" if s.get("transactional", True) else ", outside a transaction"),
            f"<code>{text(str(s.get('sha256', ''))[:16])}</code>",
        )
        for n, s in enumerate(statements, 1)
    ]
    heads = (("step", "n"), ("statement", "w"), ("class", ""), ("sha256", ""))
    digest = f"<p>Digest of the registration: <code>{text(watch.get('digest') or '–')}</code></p>"
    rehearsal = note(rehearsal_told(watch.get("rehearsal")), "")
    return section("Rollback plan", table(heads, rows), digest, rehearsal)


def _kept(kept: Sequence[Mapping[str, Any]]) -> str:
    if not kept:
        return ""
    rows = [(text(k.get("source", "")), text(k.get("rows", "–")), text(k.get("into", ""))) for k in kept]
    heads = (("what", "w"), ("rows", "n"), ("kept in", "w"))
    return section("What the rollback kept", table(heads, rows))


def _foot(doc: Mapping[str, Any], watch: Mapping[str, Any]) -> str:
    command = f"migration-monitor report {watch['id']} --json"
    words = f"Made {moment(doc['generated_at'])} UTC from the stored watch; the same as data: {command}"
    return f"<footer>{note(words)}</footer>"
