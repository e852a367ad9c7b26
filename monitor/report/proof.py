"""The evidence of each firing on the page: what was recorded, the same recomputed, and the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.present.metrics import Metrics
from monitor.report.evidence import FORMULA
from monitor.report.parts import folded, moment, note, section, table, text
from monitor.units import Kind, show_value

SAMPLES_SHOWN = 400
"""Rows of one firing on the page; all are in `--json`."""

BLOCKS_SHOWN = 60


def proofs(evidence: Sequence[Mapping[str, Any]], metrics: Metrics) -> str:
    """One part for each firing."""
    if not evidence:
        return section("Evidence", note("No rule was breached for as long as it takes to act."))
    parts = [_proof(e, metrics.kind(e["metric"])) for e in evidence]
    return section("Evidence", *parts, note(FORMULA))


def _proof(proof: Mapping[str, Any], kind: Kind) -> str:
    limit = "" if proof["limit"] is None else f", limit {show_value(kind, proof['limit'])}"
    if limit and proof.get("baseline") is not None:
        limit += f" (baseline {show_value(kind, proof['baseline'])})"
    head = f"{proof['rule']} fired at {moment(proof['at'])}, breached since {moment(proof['since'])}{limit}"
    return f"<h3>{text(head)}</h3>{_numbers(proof, kind)}{_samples(proof, kind)}"


def _numbers(proof: Mapping[str, Any], kind: Kind) -> str:
    told, found = proof["recorded"], proof["recomputed"]
    if told is None:
        return note("Its values have no counts: every sample since then was a breach.")
    if found is None:
        counts = f"{told['errors']:g} errors in {told['requests']:g} requests"
        return note(f"{counts}, as an older program weighed them.")
    heads = (("", ""), ("errors", "n"), ("requests", "n"), ("rate", "n"), ("evidence", "n"))
    rows = [_row("recorded at the decision", told, kind), _row("from the stored samples", found, kind)]
    agrees = "The stored samples give the same numbers." if proof["agrees"] else DIFFERS
    words = f"{agrees} {told['needed']:g} is needed."
    return table(heads, rows) + note(words, "ok" if proof["agrees"] else "warn") + _blocks(told, found, kind)


def _blocks(told: Mapping[str, Any], found: Mapping[str, Any], kind: Kind) -> str:
    """How the evidence grew."""
    rows = [
        (moment(b["at"]), f"{b['errors']:g}", f"{b['requests']:g}", f"{b['added']:+.2f}", f"{b['sum']:.2f}")
        for b in found["blocks"][-BLOCKS_SHOWN:]
    ]
    heads = (("until (UTC)", "t"), ("errors", "n"), ("requests", "n"), ("adds", "n"), ("evidence", "n"))
    many = len(found["blocks"])
    shown = f", the last {BLOCKS_SHOWN}" if many > BLOCKS_SHOWN else ""
    what = f"{many} blocks, weighed for a rate of {show_value(kind, told['ratio'])}{shown}"
    return folded(what, table(heads, rows))


DIFFERS = "The stored samples give other numbers: some were not stored, or were removed since."


def _row(words: str, n: Mapping[str, Any], kind: Kind) -> tuple[str, ...]:
    rate = n["errors"] / n["requests"] if n["requests"] else 0.0
    score = f"{n['score']:.2f}"
    return text(words), f"{n['errors']:g}", f"{n['requests']:g}", show_value(kind, rate), score


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
