"""What states are called on the dashboards, and in which colour: green is well, red acts or has failed.

Rule of the room: only words. Tests hold the names to those that the program exports.
"""

from __future__ import annotations

from collections.abc import Mapping

from grafana.pieces import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, YELLOW, Words

PHASES: Mapping[str, str] = {
    "warming": BLUE,
    "watching": GREEN,
    "awaiting_approval": ORANGE,
    "rolling_back": RED,
    "in_doubt": PURPLE,
    "paused": YELLOW,
    "ended": GREY,
}
"""Phase of a watch -> its colour. No phase but `watching` is green."""

NUMBERED: Words = {number: (phase, colour) for number, (phase, colour) in enumerate(PHASES.items(), 1)}
"""Phases as one series draws them: each has a number."""

VERDICTS: Mapping[str, str] = {
    "succeeded": GREEN,
    "rolled_back": ORANGE,
    "resolved_externally": ORANGE,
    "inconclusive": YELLOW,
    "cancelled": GREY,
    "failed": RED,
    "refused": RED,
    "unverified": RED,
}
"""Verdict -> its colour: the migration stays, it is gone, nobody knows, its rollback went wrong."""

OUTCOMES: Mapping[str, str] = {
    "rolled_back": GREEN,
    "resolved_externally": GREEN,
    "withdrawn": BLUE,
    "overruled": BLUE,
    "unverified": RED,
    "failed": RED,
    "refused": RED,
    "ledger_lost": RED,
}
"""Outcome of a rollback -> its colour: it did its work, it was called off, a person is needed."""

ATTEMPTS: Mapping[str, str] = {"delivered": GREEN, "failed": ORANGE, "given_up": RED}
"""How an attempt to deliver an alert ended."""

HOOKS: Mapping[str, str] = {"ok": GREEN, "failed": RED}

READY: Words = {0: ("no", RED), 1: ("yes", GREEN)}
NORMAL: Words = {0: ("not normal", ORANGE), 1: ("normal", GREEN)}
BLIND: Words = {0: ("measured", GREEN), 1: ("blind", RED)}
QUIET: Words = {0: ("enough", GREEN), 1: ("too little", ORANGE)}
FIRING: Words = {0: ("no", GREEN), 1: ("fires", RED)}
EVIDENCE: Words = {0: ("no", GREEN), 1: ("waits for requests", ORANGE)}
IN_THE_WAY: Words = {1: ("in the way", RED)}
