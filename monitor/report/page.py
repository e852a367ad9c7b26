"""The report as one HTML file: no script, nothing asked of any server, readable in the dark and on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.core.events import Verdict
from monitor.ports import NO_ROLLBACK, Json
from monitor.present.metrics import Metrics
from monitor.present.rehearsals import rehearsal_told
from monitor.present.times import exact_span as span
from monitor.present.verdicts import ELSEWHERE, ending_of, helped_said
from monitor.report.changed import changed
from monitor.report.charts import HATCH, Chart, svg
from monitor.report.parts import moment, note, section, sentence_of, share, table, text
from monitor.report.proof import proofs
from monitor.report.style import STYLE
from monitor.report.timeline import alerts, timeline
from monitor.units import show_proven, show_value

STYLES: Mapping[Verdict, str] = {
    Verdict.SUCCEEDED: "ok",
    Verdict.ROLLED_BACK: "warn",
    Verdict.FAILED: "bad",
    Verdict.REFUSED: "bad",
    Verdict.UNVERIFIED: "bad",
    Verdict.INCONCLUSIVE: "warn",
    Verdict.CANCELLED: "dim",
    Verdict.RESOLVED_EXTERNALLY: "warn",
}

MORE = {
    Verdict.ROLLED_BACK: "rolled back: the schema is as it should be",
    Verdict.CANCELLED: "cancelled by a person",
}
"""Where a report may say more than the title of an alert."""

HELP_STYLES = {True: "ok", False: "bad", None: "warn"}

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
    metrics = Metrics(watch.get("metrics") or {})
    after: Mapping[str, Any] | None = doc.get("aftermath")
    title = text(f"{watch['migration']} on {watch['target']}")
    body = "".join(
        (
            _head(doc, watch),
            _charts(doc, watch, metrics),
            proofs(doc["evidence"], metrics),
            _worst(doc["worst"], after, metrics),
            _coverage(doc["coverage"], watch.get("metrics") or {}),
            changed(doc.get("changes")),
            timeline(_events(doc), metrics),
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


def _head(doc: Mapping[str, Any], watch: Mapping[str, Any]) -> str:
    verdict = watch.get("verdict")
    lines = [
        f"<h1>{text(watch['migration'])} on {text(watch['target'])}</h1>",
        f'<p class="dim">watch {text(watch["id"])}, mode {text(watch["mode"])}, from '
        f"{moment(watch['started_at'])} to {moment(watch.get('verdict_at') or doc['until'])} UTC</p>",
        _verdict(doc, watch),
        _helped(doc.get("aftermath"), doc["generated_at"]),
    ]
    if watch.get("reason"):
        lines.append(f"<p>{text(watch['reason'])}</p>")
    for found in (watch.get("baseline") or {}).values():
        lines.append(f'<p class="dim">Baseline: {text(found["said"])}</p>')
    if verdict is None and watch.get("next"):
        lines.append(f"<p>What happens next: {text(watch['next']['text'])}</p>")
    return "".join(lines)


def _verdict(doc: Mapping[str, Any], watch: Mapping[str, Any]) -> str:
    if watch.get("verdict") is None:
        phase = str(watch.get("phase", "")).replace("_", " ")
        return f'<p class="verdict dim">Still being watched ({text(phase)}): no verdict yet.</p>'
    verdict = Verdict(watch["verdict"])
    words = MORE.get(verdict) or ending_of(verdict, _untouched(doc)).said
    return f'<p class="verdict {STYLES[verdict]}">{text(sentence_of(words))}</p>'


def _untouched(doc: Mapping[str, Any]) -> bool:
    """Whether a rollback failed before any statement of it took effect."""
    failed = [e["detail"] for e in doc["events"] if e["kind"] == "outcome_failed"]
    return bool(failed) and failed[-1].get("took_effect") == 0


def _events(doc: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The verdict's own event is told like the verdict."""
    known = {"untouched": _untouched(doc)}
    return [{**e, "detail": {**e["detail"], **known}} if e["kind"] == "ended" else e for e in doc["events"]]


def _helped(after: Mapping[str, Any] | None, now: float) -> str:
    """Whether the rollback helped: what people ask first, so it stands out."""
    if after is None:
        return ""
    if not after["judged"]:
        due = f"{moment(after['judged_at'])} UTC"
        awaited = f"Verifying whether it helped; result at {due}, and it is monitored until then."
        return note(awaited if now <= after["judged_at"] + LATE else "Whether it helped was never verified.")
    helped, newer = after["helped"], after.get("newer") or ""
    if newer:
        return note(sentence_of(helped_said(helped, newer)))
    more = "" if helped else f" {sentence_of(ELSEWHERE)}"
    words = f"{sentence_of(helped_said(helped))}{more} ({moment(after['judged_at'])} UTC)"
    return f'<p class="verdict boxed {HELP_STYLES[helped]}">{text(words)}</p>'


LATE = 60.0
"""Seconds after which an answer that has not come is not awaited any more."""


def _charts(doc: Mapping[str, Any], watch: Mapping[str, Any], metrics: Metrics) -> str:
    after: Mapping[str, Any] = doc.get("aftermath") or {"metrics": {}}
    times = watch.get("times") or {}
    found = []
    for name, metric in metrics.known.items():
        chart = Chart(
            name=name, kind=metrics.kind(name), since=doc["since"],
            until=after.get("until", doc["until"]), step=doc["step"],
            points=doc["metrics"].get(name, ()), limits=metric.get("limits") or {},
            streaks=_streaks(doc, name),
            marks=[(e["at"], MARKS[e["kind"]]) for e in doc["events"] if e["kind"] in MARKS],
            after=after["metrics"].get(name, ()), ended=doc["until"] if "until" in after else None,
            gap=times.get("max_gap_seconds", 1.0),
        )  # fmt: skip
        found.append(f'<figure class="chart"><h3>{text(name)}</h3>{svg(chart)}</figure>')
    if not found:
        return section("Metrics", note("none were seen"))
    legend = (
        f"Range and highest value of every {span(doc['step'])}; dashed: limits; red: rollback streaks; "
        f"hatched: nothing was measured. Times are UTC.{AFTER_LEGEND if 'until' in after else ''}"
    )
    return section("Metrics", *found, note(legend))


AFTER_LEGEND = (
    " Grey, with a dotted line: after the rollback, watched only to see whether it helped; it counts for "
    "nothing else here."
)


def _streaks(doc: Mapping[str, Any], metric: str) -> list[tuple[float, float]]:
    """When a rollback rule of the metric was breached."""
    found: list[tuple[float, float]] = []
    begun: float | None = None
    for event in doc["events"]:
        if event["detail"].get("rule") != f"{metric}.rollback":
            continue
        if event["kind"] == "pending":
            begun = event["detail"].get("since", event["at"])
        elif event["kind"] == "cleared" and begun is not None:
            found.append((begun, event["at"]))
            begun = None
    if begun is not None:
        found.append((begun, doc["watch"].get("verdict_at") or doc["until"]))
    return found


def _worst(worst: Mapping[str, Any], after: Mapping[str, Any] | None, metrics: Metrics) -> str:
    later = {} if after is None else after["worst"]
    rows = []
    for name, w in worst.items():
        kind = metrics.kind(name)
        limit = "–" if w["normal_below"] is None else show_value(kind, w["normal_below"])
        then = [text(show_value(kind, later[name]["value"]) if name in later else "–")] if later else []
        rows.append((text(name), text(show_value(kind, w["value"])), moment(w["at"]), text(limit), *then))
    heads = (("metric", ""), ("highest", "n"), ("by (UTC)", "t"), ("normal below", "n"))
    more = (("after the rollback", "n"),) if later else ()
    return section("Worst values", table((*heads, *more), rows) if rows else note("nothing was measured"))


def _coverage(coverage: Mapping[str, Any], metrics: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (
            text(name),
            span(coverage[name]["seconds"]),
            share(coverage[name]["share"]),
            span(coverage[name]["allowed_seconds"]),
        )
        for name in ("unobserved", "abnormal")
        if name in coverage
    ]
    heads = (("time", ""), ("in all", "n"), ("share", "n"), ("allowed for success", "n"))
    words = (
        "Unobserved: a metric could not be measured. Abnormal: a metric "
        "was outside its normal range for longer than it may be. Time counts once, for however many metrics."
    )
    shown = table(heads, rows) if rows else note("not known")
    return section("Coverage", shown, note(words), *_proven(metrics))


def _proven(metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What is proven of each metric that has counts, as success asks for it."""
    for name, metric in metrics.items():
        if not (found := metric.get("proven")):
            continue
        counted = (float(found[key] or 0) for key in ("errors", "requests", "needed"))
        left_out = found.get("left_out_minutes") or 0
        worst = f"; the worst {left_out} minutes are left out" if left_out else ""
        words = f"{name}: {show_proven(*counted, normal=bool(found['normal']))}{worst}."
        yield note(words, "ok" if found["normal"] else "")


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
    if watch.get("no_rollback"):
        return section("Rollback plan", note(f"None: {NO_ROLLBACK}", ""), digest)
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
