"""The answer in sentences, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.core.samples import SECOND
from monitor.present.times import at_second, day_and_minute, span
from monitor.units import Kind, show_counts, show_duration, show_value

Doc = Mapping[str, Any]

RULE_OF_THREE = 3
"""With n days and nothing in them, fewer than 3/n a day at 95 %."""

SHORT = "So short a history says little of the odds: look at more days."

FEW = 20
"""Rows of a list for people; the page and `--json` have more."""


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def times(number: float) -> str:
    return "once" if number == 1 else f"{number:,.0f} times"


def limit_of(doc: Doc, metric: str, value: float) -> str:
    return show_value(Kind(doc["policy"]["metrics"][metric]["kind"]), value)


def length(doc: Doc) -> str:
    """Of the history: `30 days`; a short one as `30h`."""
    return f"{doc['days']:.3g} days" if doc["days"] >= 2 else span(doc["days"] * 86_400)


def title(doc: Doc) -> str:
    return f"backtest of {doc['target']}" if doc["target"] else "backtest"


def about(doc: Doc) -> str:
    """`30 days, … to … UTC, a read every 15s, from Prometheus`."""
    return (
        f"{length(doc)}, {at_second(doc['begin'])[:16]} to {at_second(doc['end'])[:16]} UTC, "
        f"a read every {show_duration(round(doc['step_seconds'] * SECOND))}, from {doc['source']}"
    )


def counted(doc: Doc) -> float:
    """Firings of a rollback rule at which a watch that could have been open is rolled back."""
    return sum(1 for r in doc["rollbacks"] if r["rolled_back"])


def headline(doc: Doc) -> tuple[str, str]:
    """The answer in one sentence, and how it looks: ok, warn or bad."""
    number, days = counted(doc), length(doc)
    if not doc["policy_acts"]:
        return "No metric of this policy rolls back: it only tells people.", "warn"
    if number:
        return f"It would have rolled back {times(number)} in {days}.", "warn" if number == 1 else "bad"
    if doc["rollbacks"]:
        exceeded = f"the limit as written fired {times(len(doc['rollbacks']))}"
        return f"It would not have rolled back in {days}: {exceeded}, the one in effect never.", "ok"
    return f"It would not have rolled back in {days}.", "ok"


def odds(doc: Doc) -> Iterator[str]:
    """What that says of a watch to come."""
    watches, policy = doc["watches"], doc["policy"]
    judged, hit = watches["judged"], watches["rolled_back"]
    begun = f"{judged:,} watches, one begun every {span(watches['every_seconds'])}"
    if not judged:
        need = span(policy["success_after_seconds"] + policy["baseline_seconds"])
        yield f"No watch could be followed to its end: that takes a history of more than {need}."
    elif hit:
        yield f"Of {begun}, {hit:,} ({share(hit, judged)}) would have been rolled back."
        yield "Was it a migration each time? Where it was not, those are the odds of a wrong rollback."
        if doc["days"] <= 2 * RULE_OF_THREE:
            yield SHORT
    else:
        yield f"None of {begun}, would have been rolled back."
        yield _bounded(doc["days"])


def _bounded(days: float) -> str:
    if days <= 2 * RULE_OF_THREE:
        return SHORT
    bound = f"{100 * RULE_OF_THREE / days:.2g} %"
    return f"With 95 % certainty fewer than {bound} of such days have one; more history says it closer."


def outcomes(doc: Doc) -> Iterator[tuple[str, int, str]]:
    """What became of watches: words, how many, how it looks."""
    w = doc["watches"]
    after = span(doc["policy"]["success_after_seconds"])
    yield f"succeeded after {after}", w["succeeded_at_once"], "ok"
    spread = w["success_seconds"]
    later = f", after {span(spread['longest'])} at most" if w["succeeded_later"] and spread else ""
    yield f"succeeded later{later}", w["succeeded_later"], "dim"
    yield "rolled back", w["rolled_back"], "bad"
    yield "asked a person (it was failing before it began)", w["asked"], "warn"
    yield f"inconclusive after {span(doc['policy']['give_up_after_seconds'])}", w["inconclusive"], "warn"


def held_up(doc: Doc) -> Iterator[str]:
    """Why watches did not succeed in time."""
    for found in doc["watches"]["held_up"][:5]:
        yield f"{found['reason']} ({found['watches']:,} watches)"


def rollback_cells(doc: Doc, r: Doc) -> tuple[str, str, str, str]:
    """When, how long it was so, on what, and how many watches."""
    until = doc["end"] if r["until"] is None else r["until"]
    evidence = r["evidence"]
    if evidence is None:
        on = f"{r['metric']} {limit_of(doc, r['metric'], r['value'] or 0.0)}"
    else:
        ratio = evidence["errors"] / evidence["requests"] if evidence["requests"] else 0.0
        on = f"{show_counts(evidence['errors'], evidence['requests'])} ({show_value(Kind.RATIO, ratio)})"
    asked = f", {r['asked']} asked" if r["asked"] else ""
    if r["fired"] > 1:
        on += f", fired {times(r['fired'])}"
    return at_second(r["at"]), span(until - r["since"]), on, f"{r['rolled_back']} of {r['watches']}{asked}"


def tellings(doc: Doc) -> Iterator[str]:
    """How often people would have been told of something that is no rollback."""
    for rule in doc["firings"]:
        if rule["times"]:
            last = f"{at_second(rule['last'])[:16]} UTC"
            yield f"{rule['rule']}: {times(rule['times'])}, {span(rule['seconds'])} in all, last {last}"
        else:
            yield f"{rule['rule']}: never"


def baseline_lines(doc: Doc) -> Iterator[str]:
    """What was normal before the watches, and the limits that it led to."""
    if doc["policy"]["baseline_seconds"] <= 0:
        yield "baseline: off, every limit holds as it is written"
        return
    for metric, limits in doc["policy"]["metrics"].items():
        if limits["rollback_above"] is None or limits["kind"] != "ratio":
            continue
        found = [b for b in doc["baselines"] if metric in b["ratios"]]
        written = limits["rollback_above"]
        if not found:
            limit = limit_of(doc, metric, written)
            yield f"{metric}: too little was counted before any watch for a baseline; the limit stays {limit}"
            continue
        ratios = sorted(b["ratios"][metric] for b in found)
        moved = sorted(b["limits"][metric] for b in doc["baselines"] if b["limits"][metric] != written)
        low, middle, high = (show_value(Kind.RATIO, ratios[n]) for n in (0, len(ratios) // 2, -1))
        yield f"{metric} was {low} to {high} before the watches (half of them at or under {middle})"
        if moved:
            least, most = (show_value(Kind.RATIO, n) for n in (moved[0], moved[-1]))
            yield (
                f"the limit in effect is {least} to {most} in {len(moved):,} of {len(doc['baselines']):,} "
                f"watches, {show_value(Kind.RATIO, written)} as written in the others"
            )
        else:
            yield f"the limit in effect is {show_value(Kind.RATIO, written)} as written in every watch"


def metric_lines(doc: Doc) -> Iterator[str]:
    """What was seen of each metric; what was left out, and why."""
    for name, metric in doc["metrics"].items():
        parts = []
        if metric["ratio"] is not None:
            counts = show_counts(metric["errors"], metric["requests"])
            parts.append(f"{show_value(Kind.RATIO, metric['ratio'])}, {counts}")
        elif metric["highest"] is not None:
            parts.append(f"at most {limit_of(doc, name, metric['highest'])}")
        parts.append(f"seen in {100 * metric['measured']:.3g} % of the reads")
        if metric["reasons"]:
            why, number = next(iter(metric["reasons"].items()))
            parts.append(f"else mostly {why.replace('_', ' ')} ({number:,})")
        yield f"{name}: {'; '.join(parts)}"
    for name, why in doc["left_out"].items():
        yield f"{name}: left out, {why}"


def variant_rows(doc: Doc, metric: str) -> tuple[list[str], list[list[str]]]:
    """Holds as headings, a row for each limit: `2, 11-07 14:05`; the policy's own in brackets."""
    variants: Sequence[Doc] = doc["limits"][metric]
    holds = list(dict.fromkeys(v["hold_seconds"] for v in variants))
    rows = []
    for limit in dict.fromkeys(v["limit"] for v in variants):
        cells = [_cell(v) for v in variants if v["limit"] == limit]
        rows.append([f"> {limit_of(doc, metric, limit)}", *cells])
    return [f"for {show_duration(round(h * SECOND))}" for h in holds], rows


def _cell(variant: Doc) -> str:
    number = variant["rollbacks"]
    if number is None:
        return "reads too far apart"
    first = f", {day_and_minute(variant['first'][0])}" if variant["first"] else ""
    more = "+" if variant["more"] else ""
    text = f"{number}{more}{first}"
    return f"[{text}]" if variant["own"] else text
