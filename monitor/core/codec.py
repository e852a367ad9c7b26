"""A watch's state as plain JSON and back, so that a restart continues where the last round ended.

Streaks and tracks are stored by the names of their rules and metrics: after a change of the
configuration what still exists is taken over and the rest starts afresh. Times stay whole
microseconds, so that nothing is rounded by being stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import sub
from typing import Any

from monitor.core.columns import packed, unpacked
from monitor.core.counting import Counting, begun
from monitor.core.coverage import Coverage, Spans, spans_from
from monitor.core.events import Verdict
from monitor.core.evidence import NOTHING, Evidence, Tally, Weight
from monitor.core.phases import Phase
from monitor.core.proof import Proof, Slot
from monitor.core.reads import Read, Reads
from monitor.core.samples import Micros
from monitor.core.state import Life, Order, Seen, Track, WatchState
from monitor.core.streaks import Streak
from monitor.core.thresholds import Mode, Policy

FORMAT = 3
"""Of what is written. What older programs wrote is read too: format 2 had a row for each read, of format 1
counted streaks begin anew. Another number is not read, and the watch starts with fresh streaks."""

WITH_ROWS = 2
OLDER = 1
READ = (OLDER, WITH_ROWS, FORMAT)

EXACT = 2**53
"""Whole numbers up to here are floats without rounding, and so are their differences."""

LOG = ("at", "idle", "errors", "requests")
"""What is stored of reads, a column each (`columns`): their moments, the time before each in which nothing
was counted, and all errors and requests before it. A row is first moment, moment, errors, requests."""

Json = dict[str, Any]


def dump(policy: Policy, state: WatchState) -> Json:
    """The state as an object that `json.dumps` takes."""
    seen, coverage = state.seen, state.coverage
    return {
        "format": FORMAT,
        "started_at": state.started_at,
        "at": seen.at,
        "late": seen.late,
        "tracks": {m: _dump_track(t) for m, t in zip(policy.metrics, seen.tracks, strict=True)},
        "streaks": {
            r.name: _dump_streak(s) for r, s in zip(policy.rules, seen.streaks, strict=True) if s is not None
        },
        "counting": {
            m: _dump_counting(c) for m, c in zip(policy.metrics, seen.counting, strict=True) if c is not None
        },
        "coverage": [_dump_spans(s) for s in (coverage.unobserved, coverage.abnormal)],
        "life": _dump_life(state.life),
    }


def load(policy: Policy, stored: Mapping[str, Any]) -> WatchState | None:
    """The state that `dump` gave; None if it is of another format."""
    if stored.get("format") == OLDER:
        stored = _from_older(policy, stored)
    if stored.get("format") not in READ:
        return None
    tracks, streaks, counting = stored["tracks"], stored["streaks"], stored["counting"]
    seen = Seen(
        stored["at"],
        tuple(Track(**tracks[m]) if m in tracks else Track() for m in policy.metrics),
        tuple(_load_streak(streaks[r.name]) if r.name in streaks else None for r in policy.rules),
        tuple(_load_counting(policy, m, counting.get(m), stored["at"]) for m in policy.metrics),
        stored["late"],
    )
    coverage = Coverage(*(spans_from((a, b) for a, b in spans) for spans in stored["coverage"]))
    return WatchState(stored["started_at"], seen, _load_life(stored["life"]), coverage)


def _from_older(policy: Policy, stored: Mapping[str, Any]) -> Json:
    """Format 1 had no sums of evidence, and a union of quiet time."""
    plain = {name: s for name, s in stored["streaks"].items() if not s["counted"]}
    kept = ("first", "last_breach", "counted", "firing", "acted")
    unobserved, _, abnormal = stored["coverage"]
    order = stored["life"]["order"]
    evidence = order and order["evidence"]
    if evidence:
        evidence = {k: evidence[k] for k in ("since", "errors", "requests")}
        evidence |= {"score": policy.evidence, "needed": policy.evidence}
    return {
        **stored,
        "format": FORMAT,
        "streaks": {name: {**{k: s[k] for k in kept}, "evidence": None} for name, s in plain.items()},
        "counting": {},
        "coverage": [unobserved, abnormal],
        "life": {**stored["life"], "order": order and {**order, "evidence": evidence}},
    }


def _dump_track(track: Track) -> Json:
    return {
        "seen": track.seen,
        "quiet": track.quiet,
        "value": track.value,
        "value_at": track.value_at,
        "blind": track.blind,
        "missing": track.missing,
    }


def _dump_streak(streak: Streak) -> Json:
    return {
        "first": streak.first,
        "last_breach": streak.last_breach,
        "counted": streak.counted,
        "firing": streak.firing,
        "insufficient": streak.insufficient,
        "lacked": streak.lacked,
        "acted": streak.acted,
        "evidence": dump_evidence(streak.evidence),
        "still": streak.still,
        "errors": streak.errors,
        "requests": streak.requests,
        "before": list(streak.before),
        "pending": streak.pending,
    }


def _load_streak(stored: Mapping[str, Any]) -> Streak:
    errors, requests = stored.get("before", (0.0, 0.0))
    found = {"evidence": _load_evidence(stored["evidence"]), "before": (errors, requests)}
    return Streak(**{**stored, **found})


def _dump_counting(counting: Counting) -> Json:
    """Reads in columns, a tally as a row, so that what is written every few seconds is short."""
    reads, proof = counting.reads, counting.proof
    return {
        "reads": [reads.errors, reads.requests, reads.idle, _dump_log(reads)],
        "weights": [
            [w.since, w.errors, w.requests, [None if t == NOTHING else list(t) for t in w.tallies]]
            for w in counting.weights
        ],
        "proof": [list(proof.minute), [list(m) for m in proof.bad], [list(s) for s in proof.slots]],
    }


def _dump_log(reads: Reads) -> Json | list[list[Any]]:
    """Columns, a quarter as long as rows; rows where something is counted in fractions."""
    if not reads.log:
        return []
    first, at, errors, requests = zip(*reads.log, strict=True)
    whole = tuple(map(int, errors)), tuple(map(int, requests))
    if reads.requests >= EXACT or whole != (errors, requests):
        return [list(read) for read in reads.log]
    columns = at, tuple(map(sub, at, first)), *whole
    return {name: packed(column) for name, column in zip(LOG, columns, strict=True)}


def _load_log(stored: Mapping[str, Any] | Sequence[Any]) -> tuple[Read, ...]:
    if not isinstance(stored, Mapping):
        return tuple((first, at, errors, requests) for first, at, errors, requests in stored)
    columns = (unpacked(stored[name]) for name in LOG)
    return tuple(
        (at - idle, at, float(errors), float(requests))
        for at, idle, errors, requests in zip(*columns, strict=True)
    )


def _load_counting(
    policy: Policy, metric: str, stored: Mapping[str, Any] | None, at: Micros
) -> Counting | None:
    """What was counted; where the rules are others now, evidence begins anew and what is proven stays."""
    if stored is None:
        return None
    minute, bad, slots = stored["proof"]
    proof = Proof(_slot(minute), tuple(map(_slot, bad)), tuple(map(_slot, slots)))
    place = policy.places[metric]
    weights = tuple(
        Weight(since, errors, requests, tuple(NOTHING if t is None else Tally(*t) for t in tallies))
        for since, errors, requests, tallies in stored["weights"]
    )
    if len(weights) != len(place.rules):
        return begun(place, at, proof)
    errors, requests, idle, log = stored["reads"]
    return Counting(Reads(errors, requests, _load_log(log), idle), weights, proof)


def _slot(stored: Sequence[Any]) -> Slot:
    begins, errors, requests = stored
    return begins, errors, requests


def dump_evidence(evidence: Evidence | None) -> Json | None:
    """What a streak stands on; `since` in microseconds."""
    return None if evidence is None else asdict(evidence)


def _load_evidence(stored: Mapping[str, Any] | None) -> Evidence | None:
    return None if stored is None else Evidence(**stored)


def _dump_spans(spans: Spans) -> Sequence[Sequence[int]]:
    return [list(span) for span in spans]


def _dump_life(life: Life) -> Json:
    order = life.order
    return {
        "mode": life.mode.value,
        "phase": life.phase.value,
        "armed": life.armed,
        "order": order
        and {
            "rule": order.rule,
            "since": order.since,
            "evidence": dump_evidence(order.evidence),
            "by": order.by,
        },
        "intent": life.intent,
        "verdict": life.verdict and life.verdict.value,
        "verdict_at": life.verdict_at,
        "reason": life.reason,
    }


def _load_life(stored: Mapping[str, Any]) -> Life:
    order, verdict = stored["order"], stored["verdict"]
    return Life(
        mode=Mode(stored["mode"]),
        phase=Phase(stored["phase"]),
        armed=stored["armed"],
        order=order and Order(**{**order, "evidence": _load_evidence(order["evidence"])}),
        intent=stored["intent"],
        verdict=verdict and Verdict(verdict),
        verdict_at=stored["verdict_at"],
        reason=stored["reason"],
    )
