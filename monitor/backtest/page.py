"""The answer as one HTML file: no script, nothing asked of any server, readable in the dark and on paper."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.backtest import words
from monitor.backtest.strips import strips
from monitor.backtest.words import Doc
from monitor.present.times import span
from monitor.report.charts import HATCH, Chart, svg
from monitor.report.parts import folded, moment, note, section, table, text
from monitor.report.style import STYLE
from monitor.units import Kind, show_counts, show_value

OWN_STYLE = """
.seen{fill:var(--ok);fill-opacity:.16}.over{fill:var(--warn);fill-opacity:.45}
.above{fill:var(--bad);fill-opacity:.5}
.rolls{fill:var(--bad);stroke:var(--bad);stroke-width:2}.looks{fill:var(--warn);stroke:var(--warn)}
.warns{fill:var(--dim);stroke:var(--dim);stroke-opacity:.6}
.bar{display:flex;height:1.2rem;border-radius:4px;overflow:hidden;margin:.4rem 0}
.bar span{display:block;min-width:2px}
.bar .ok{background:var(--ok)}.bar .warn{background:var(--warn)}.bar .bad{background:var(--bad)}
.bar .dim{background:var(--dim)}
td.own{font-weight:700}
"""

HOUR = 3600


def page(doc: Doc) -> str:
    """The whole file."""
    title = text(words.title(doc))
    body = "".join(
        (*_head(doc), _rollbacks(doc), _days(doc), *_outcomes(doc), *_charts(doc), *_limits(doc), *_rest(doc))
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>migration-monitor: {title}</title><style>{STYLE}{OWN_STYLE}</style>"
        f'<link rel="icon" href="data:,"></head><body><main>{HATCH}{body}</main></body></html>'
    )


def _head(doc: Doc) -> Iterator[str]:
    said, style = words.headline(doc)
    yield f"<h1>{text(words.title(doc)[:1].upper() + words.title(doc)[1:])}</h1>"
    yield note(words.about(doc))
    yield f'<p class="verdict boxed {style}">{text(said)}</p>'
    yield from (note(line, "") for line in words.odds(doc))
    yield from (note(line) for line in words.metric_lines(doc))


def _rollbacks(doc: Doc) -> str:
    if not doc["rollbacks"]:
        return ""
    rows = [tuple(map(text, words.rollback_cells(doc, r))) for r in doc["rollbacks"][: 5 * words.FEW]]
    heads = (("rollback (UTC)", "t"), ("lasted", "n"), ("on", "w"), ("watches rolled back", "n"))
    more = len(doc["rollbacks"]) - len(rows)
    words_ = (
        "Of the watches that could have been open then, so many would have been rolled back: a watch has a "
        "limit of its own after its baseline."
    )
    return section(
        "What would have been rolled back",
        table(heads, rows),
        note(words_),
        note(f"and {more:,} more") if more else "",
    )


def _days(doc: Doc) -> str:
    legend = (
        "Green: normal; yellow: an hour that was not normal in the mean; red: one in which five minutes were "
        "above the limit that acts; hatched: not measured. Marks: red a rollback, yellow an investigation, "
        "grey a warning. Times are UTC."
    )
    return section("Day by day", strips(doc), note(legend))


def _outcomes(doc: Doc) -> Iterator[str]:
    judged = doc["watches"]["judged"]
    if not judged:
        return
    found = [(said, n, style) for said, n, style in words.outcomes(doc)]
    every = span(doc["watches"]["every_seconds"])
    bar = "".join(
        f'<span class="{style}" style="width:{100 * n / judged:.2f}%"></span>' for _, n, style in found if n
    )
    rows = [
        (f'<span class="{style}">■</span> {text(said)}', f"{n:,}", words.share(n, judged))
        for said, n, style in found
    ]
    heads = ((f"one begun every {every}", "w"), ("watches", "n"), ("share", "n"))
    held = [note(line) for line in words.held_up(doc)]
    yield section(
        "How watches would have ended", f'<div class="bar">{bar}</div>', table(heads, rows),
        *([note("What held success up:", ""), *held] if held else []),
    )  # fmt: skip


def _charts(doc: Doc) -> Iterator[str]:
    figures = []
    for name, hours in doc["hours"].items():
        limits = doc["policy"]["metrics"][name]
        known = {
            k: v
            for k in ("normal_below", "investigate_above", "rollback_above")
            if (v := limits[k]) is not None
        }
        mine = [r for r in doc["rollbacks"] if r["metric"] == name]
        chart = Chart(
            name=name, kind=Kind(limits["kind"]), since=doc["begin"], until=doc["end"], step=HOUR,
            points=[_point(h, known) for h in hours],
            limits=known, streaks=[(r["since"], _until(doc, r)) for r in mine],
            marks=[(r["at"], "would roll back") for r in mine[: words.FEW]],
        )  # fmt: skip
        if any(h["high"] is not None for h in hours):
            figures.append(f'<figure class="chart"><h3>{text(name)}</h3>{svg(chart)}</figure>')
    yield section(
        "Metrics",
        *figures,
        note(
            "Range within each hour; of a ratio, its calmest and its worst five minutes. Dashed: limits as "
            "written; red: would have rolled back. What is over five times the highest limit is cut off."
        ),
    )
    yield section(
        "What was normal before, and the limit in effect",
        *(note(line, "") for line in words.baseline_lines(doc)),
        *_moved(doc),
    )


def _moved(doc: Doc) -> Iterator[str]:
    """The limit in effect over the days, where a baseline moves it."""
    for name, limits in doc["policy"]["metrics"].items():
        written = limits["rollback_above"]
        if written is None or all(b["limits"][name] == written for b in doc["baselines"]):
            continue
        points = [
            {"at": b["at"], "low": b["ratios"].get(name, 0.0), "high": b["limits"][name]}
            for b in doc["baselines"]
        ]
        chart = Chart(
            name=f"limit of {name}", kind=Kind(limits["kind"]), since=doc["begin"], until=doc["end"],
            step=HOUR, points=points, limits={"rollback_above": written},
        )  # fmt: skip
        title = f"{text(name)}: ratio before a watch, and the limit that it led to"
        yield f'<figure class="chart"><h3>{title}</h3>{svg(chart)}</figure>'


def _limits(doc: Doc) -> Iterator[str]:
    for metric in doc["limits"]:
        heads, rows = words.variant_rows(doc, metric)
        cells = [tuple(f"<b>{text(c)}</b>" if c.startswith("[") else text(c) for c in row) for row in rows]
        yield section(
            f"Other limits of {metric}", table((("", "w"), *((h, "n") for h in heads)), cells),
            note("Rollbacks with each limit and hold as written, no baseline; and the first. Bold: yours."),
        )  # fmt: skip


def _rest(doc: Doc) -> Iterator[str]:
    yield section(
        "What people would have been told", *(note(line, "") for line in words.tellings(doc)), *_told(doc)
    )
    if doc["notes"]:
        yield section("Notes", *(note(line, "") for line in doc["notes"]))
    yield f"<footer>{note('The same as data: migration-monitor backtest … --json')}</footer>"


def _told(doc: Doc) -> Iterator[str]:
    for rule in doc["firings"]:
        rows = [
            (
                moment(f["at"]),
                span(_until(doc, f) - f["since"]),
                _on(doc, f),
            )
            for f in rule["firings"][:100]
        ]
        if rows:
            yield folded(
                f"{rule['rule']}: the first {len(rows)}",
                table((("fired (UTC)", "t"), ("lasted", "n"), ("on", "w")), rows),
            )


CUT = 5
"""Times the highest limit: what is above it is drawn there, or the limits could not be seen."""


def _point(hour: Doc, limits: dict[str, float]) -> dict[str, float | None]:
    most = CUT * max(limits.values())
    low, high = (None if hour[k] is None else min(hour[k], most) for k in ("low", "high"))
    return {"at": hour["at"] + HOUR / 2, "low": low, "high": high}


def _until(doc: Doc, firing: Doc) -> float:
    return float(doc["end"] if firing["until"] is None else firing["until"])


def _on(doc: Doc, firing: Doc) -> str:
    evidence = firing["evidence"]
    if evidence is None:
        return text(words.limit_of(doc, firing["metric"], firing["value"] or 0.0))
    ratio = evidence["errors"] / evidence["requests"] if evidence["requests"] else 0.0
    return text(f"{show_counts(evidence['errors'], evidence['requests'])} ({show_value(Kind.RATIO, ratio)})")
