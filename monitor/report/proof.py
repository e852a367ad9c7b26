"""The evidence of each firing on the page: what was recorded, the same recomputed, and the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.report.evidence import FORMULA
from monitor.report.parts import folded, moment, note, section, table, text
from monitor.report.rules import Metrics
from monitor.units import Kind, show_value

SAMPLES_SHOWN = 400
"""Rows of one firing on the page; all are in `--json`."""


def proofs(evidence: Sequence[Mapping[str, Any]], metrics: Metrics) -> str:
    """One part for each firing."""
    if not evidence:
        return section("Evidence", note("No rule was breached for as long as it takes to act."))
    parts = [_proof(e, metrics.kind(e["metric"])) for e in evidence]
    return section("Evidence", *parts, note(FORMULA))


def _proof(proof: Mapping[str, Any], kind: Kind) -> str:
    limit = "" if proof["limit"] is None else f", limit {show_value(kind, proof['limit'])}"
    head = f"{proof['rule']} fired at {moment(proof['at'])}, breached since {moment(proof['since'])}{limit}"
    return f"<h3>{text(head)}</h3>{_numbers(proof, kind)}{_samples(proof, kind)}"


def _numbers(proof: Mapping[str, Any], kind: Kind) -> str:
    told, found = proof["recorded"], proof["recomputed"]
    if told is None or found is None:
        return note("Its values have no counts: every sample since then was a breach.")
    heads = (("", ""), ("errors", "n"), ("requests", "n"), ("rate", "n"), ("lower bound", "n"))
    rate = told["errors"] / told["requests"] if told["requests"] else 0.0
    rows = [
        _row("recorded at the decision", told, rate, kind),
        _row(f"from the {found['samples']} samples", found, found["ratio"] or 0.0, kind),
    ]
    agrees = "The stored samples give the same numbers." if proof["agrees"] else DIFFERS
    low, high = show_value(kind, found["lower_bound"]), show_value(kind, found["upper_bound"])
    words = f"{agrees} With 99 % confidence the rate was between {low} and {high}."
    return table(heads, rows) + note(words, "ok" if proof["agrees"] else "warn")


DIFFERS = "The stored samples give other numbers: some were not stored, or were removed since."


def _row(words: str, n: Mapping[str, Any], rate: float, kind: Kind) -> tuple[str, ...]:
    bound = show_value(kind, n["lower_bound"])
    return text(words), f"{n['errors']:g}", f"{n['requests']:g}", show_value(kind, rate), bound


def _samples(proof: Mapping[str, Any], kind: Kind) -> str:
    samples = proof["samples"]
    rows = [
        (
            moment(s["at"]),
            text(s["reason"] or "–") if s["value"] is None else text(show_value(kind, s["value"])),
            "–" if s["errors"] is None else f"{s['errors']:g}",
            "–" if s["requests"] is None else f"{s['requests']:g}",
        )
        for s in samples[-SAMPLES_SHOWN:]
    ]
    heads = (("at (UTC)", "t"), ("value", "n"), ("errors", "n"), ("requests", "n"))
    shown = f", the last {SAMPLES_SHOWN}" if len(samples) > SAMPLES_SHOWN else ""
    return folded(f"{len(samples)} samples{shown}", table(heads, rows))
