"""A watch's state as plain JSON and back, so that a restart continues where the last round ended.

Streaks and tracks are stored by the names of their rules and metrics: after a change of the
configuration what still exists is taken over and the rest starts afresh. Times stay whole
microseconds, so that nothing is rounded by being stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor.core.coverage import Coverage, Spans, spans_from
from monitor.core.events import Verdict
from monitor.core.evidence import Evidence
from monitor.core.phases import Phase
from monitor.core.state import Life, Order, Seen, Track, WatchState
from monitor.core.streaks import Streak
from monitor.core.thresholds import Mode, Policy

FORMAT = 1
"""Of what is written; another number is not read, and the watch starts with fresh streaks."""

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
        "coverage": [_dump_spans(s) for s in (coverage.unobserved, coverage.quiet, coverage.abnormal)],
        "life": _dump_life(state.life),
    }


def load(policy: Policy, stored: Mapping[str, Any]) -> WatchState | None:
    """The state that `dump` gave; None if it is of another format."""
    if stored.get("format") != FORMAT:
        return None
    tracks, streaks = stored["tracks"], stored["streaks"]
    seen = Seen(
        stored["at"],
        tuple(Track(**tracks[m]) if m in tracks else Track() for m in policy.metrics),
        tuple(_load_streak(streaks[r.name]) if r.name in streaks else None for r in policy.rules),
        stored["late"],
    )
    coverage = Coverage(*(spans_from((a, b) for a, b in spans) for spans in stored["coverage"]))
    return WatchState(stored["started_at"], seen, _load_life(stored["life"]), coverage)


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
        "acted": streak.acted,
        "entries": [list(entry) for entry in streak.entries],
        "evidence": dump_evidence(streak.evidence),
    }


def _load_streak(stored: Mapping[str, Any]) -> Streak:
    entries = tuple((at, errors, requests) for at, errors, requests in stored["entries"])
    return Streak(**{**stored, "entries": entries, "evidence": _load_evidence(stored["evidence"])})


def dump_evidence(evidence: Evidence | None) -> Json | None:
    """The counts a firing stands on; `since` in microseconds."""
    if evidence is None:
        return None
    return {
        "since": evidence.since,
        "errors": evidence.errors,
        "requests": evidence.requests,
        "lower_bound": evidence.lower_bound,
    }


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
