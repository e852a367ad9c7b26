"""A refused registration as it is kept and shown: bounded, and without what the SQL held.

Whoever registered has read the whole refusal. What is kept is read by others: quoted values are taken out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.core.replay import seconds
from monitor.core.samples import HOUR, Micros
from monitor.errors import OperatorError, PlanRefused
from monitor.ports import Json, Refusal, Refused, Via

SHOWN_FOR: Micros = 7 * 24 * HOUR
"""Refused registrations of the last week are told."""

REASONS_MAX = 5
REASON_MAX = 300
NAME_MAX = 200
"""Entries and characters that are kept."""

CI = (
    "CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL", "BUILDKITE", "TF_BUILD", "TEAMCITY_VERSION",
    "BITBUCKET_BUILD_NUMBER", "CODEBUILD_BUILD_ID",
)  # fmt: skip
"""Variables by which a pipeline makes itself known."""

_DOLLARS = re.compile(r"\$(\w*)\$.*?(?:\$\1\$|\Z)", re.S)
_STRING = re.compile(r"'(?:[^']|'')*(?:'|\Z)", re.S)
_APOSTROPHE = re.compile(r"(?<=[a-z])'(?=(?:t|s|re|ll|ve|d)\b)")
_QUOTED = re.compile(r'"([^"]*)"')
_NUMBER = re.compile(r"(?<![\w.])\d{5,}(?![\w.])")
_NAME = re.compile(r"[A-Za-z_][\w.$ -]{0,62}")
_KEPT = "\x00"


def via_of(environment: Mapping[str, str], *, terminal: bool) -> Via:
    """A pipeline says so by its variables, or has no terminal."""
    says_so = any(environment.get(name, "").lower() not in {"", "false", "0"} for name in CI)
    return Via.PIPELINE if says_so or not terminal else Via.TERMINAL


def refusal_of(migration: str, e: OperatorError, by: str, via: Via) -> Refusal:
    """What is kept of it."""
    found = e.problems if isinstance(e, PlanRefused) else str(e).splitlines()
    reasons = tuple(_short(without_values(str(reason)), REASON_MAX) for reason in found)
    left_out = len(reasons) - REASONS_MAX
    more = (f"and {left_out} more",) if left_out > 0 else ()
    return Refusal(_short(migration, NAME_MAX), (*reasons[:REASONS_MAX], *more), _short(by, NAME_MAX), via)


def without_values(text: str) -> str:
    """Text without string literals, long numbers, and quoted words that can be no names."""
    found = _APOSTROPHE.sub(_KEPT, text)  # can't, doesn't
    found = _QUOTED.sub(lambda m: m[0] if _NAME.fullmatch(m[1]) else '"…"', found)
    found = _STRING.sub("'…'", _DOLLARS.sub("$…$", found))
    return _NUMBER.sub("…", found).replace(_KEPT, "'")


@dataclass(frozen=True, slots=True)
class _Told:
    """The latest of those that say the same, and how many they are."""

    target: str
    refused: Refused
    times: int = 1

    def view(self) -> Json:
        found, refusal = self.refused, self.refused.refusal
        return {
            "target": self.target,
            "migration": refusal.migration,
            "at": seconds(found.at),
            "by": refusal.by,
            "via": refusal.via.value,
            "reasons": list(refusal.reasons),
            "times": self.times,
            "watched_since": found.watched_since,
            "watched": found.open,
        }


def refused_views(found: Mapping[str, Sequence[Refused]]) -> list[Json]:
    """As JSON, newest first; a pipeline that tries again says the same: that is one entry."""
    told: dict[tuple[object, ...], _Told] = {}
    for target, rows in found.items():
        for row in sorted(rows, key=lambda row: row.at):
            key = (target, row.refusal.migration, row.refusal.reasons, row.watched_since)
            told[key] = _Told(target, row, told[key].times + 1 if key in told else 1)
    return [one.view() for one in sorted(told.values(), key=lambda one: -one.refused.at)]


def _short(text: str, limit: int) -> str:
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"
