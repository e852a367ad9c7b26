"""What is claimed of the decision: each line, at each level, is judged on the figures that were measured.

A line that says none, or all, is broken by a single case. Another share is broken when it was missed by more
than chance explains (95 %), and `not shown` when it was missed by less: then more worlds have to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.decision.cells import (
    BUSY,
    DAY,
    ENDING,
    ENOUGH,
    INCIDENT,
    MUCH,
    OURS,
    SUCCEEDING,
    SUCCESS,
    SUCCESS_LEVELS,
    UNMOVED,
    Cell,
)
from tests.decision.figures import Figures, highest, lowest
from tests.worlds import LEVELS

TELLING = 100
"""Worlds from which on a median is taken as it is."""

MEDIAN = 330
"""Seconds: a hold, and half a minute to be sure."""

MEDIAN_OF_FEW = 360
"""At 5 requests a minute a minute more: the first one may come half a minute after the beginning."""

OVER_WITHIN = 2 * 60 + 15
"""Seconds: two blocks, the reads in which the end shows, and a read of the grid."""

NOTHING = "–"

CALM_BEFORE = ("1.2 % fail", "1.5 % fail", "2 % fail", "3 % fail", "5 % fail", "20 % fail", "100 % fail")
ON_TOP = ("0.5 % always, +5 %, steady", "1 % always, +5 %, steady", "2 % always, +5 %, steady")
FROM_20 = LEVELS[1:]
ENDED = (25, *BUSY)


class Verdict(StrEnum):
    HOLDS = "holds"
    UNSHOWN = "not shown"
    BROKEN = "does not hold"


@dataclass(frozen=True, slots=True)
class Judged:
    """`value`: as people read it, with what chance leaves open. `many`: worlds that it stands on."""

    verdict: Verdict
    value: str
    many: int


Judge = Callable[[Figures], Judged]


@dataclass(frozen=True, slots=True)
class Claim:
    """One line: of each kind at each of these levels."""

    says: str
    what: str
    kinds: Sequence[str]
    levels: Sequence[int]
    judge: Judge

    def cells(self) -> Iterator[Cell]:
        for kind in self.kinds:
            for level in self.levels:
                yield Cell(self.what, kind, level)


def judged(figures: Mapping[Cell, Figures]) -> Iterator[tuple[Claim, Cell, Judged]]:
    """Every claim in every cell of it that was measured."""
    for claim in CLAIMS:
        for cell in claim.cells():
            if cell in figures:
                yield claim, cell, claim.judge(figures[cell])


# ------------------------------------------------------------ judges


def _false(most: float, rule: str = OURS) -> Judge:
    """At most so many of a thousand days end with a rollback; or, of incidents that ended, of their runs."""
    return lambda f: _at_most(f.rules[rule].fired, f.many, most / 1000)


def _early(f: Figures) -> Judged:
    """Nothing acts while the breach is younger than the hold."""
    return _at_most(f.rules[OURS].early, f.many, 0)


def _found(least: float, loud: bool = False) -> Judge:
    """At least this share is found, of all or of those that brought errors enough."""

    def judge(f: Figures) -> Judged:
        fired, many = (f.rules[OURS].loud, f.loud) if loud else (f.rules[OURS].found, f.many)
        return _at_least(fired, many, least)

    return judge


def _soon(seconds: float) -> Judge:
    """Half of those that are found, within so many seconds of the incident's begin."""

    def judge(f: Figures) -> Judged:
        fired = f.rules[OURS]
        if fired.median is None:
            return Judged(Verdict.UNSHOWN, NOTHING, 0)
        missed = Verdict.BROKEN if fired.found >= TELLING else Verdict.UNSHOWN
        verdict = Verdict.HOLDS if fired.median <= seconds else missed
        return Judged(verdict, f"{fired.median:.0f} s", fired.found)

    return judge


def _succeeds(least: float) -> Judge:
    return lambda f: _at_least(f.succeeded, f.many, least)


def _over_within(seconds: int) -> Judge:
    """Every streak that fired is over so soon after its incident."""

    def judge(f: Figures) -> Judged:
        longest = max(f.cleared, default=0)
        return Judged(_plain(longest <= seconds), f"{longest} s", len(f.cleared))

    return judge


def _plain(so: bool) -> Verdict:
    return Verdict.HOLDS if so else Verdict.BROKEN


def _at_most(found: int, many: int, most: float) -> Judged:
    """Of the share that is seen; with 0 seen, what it may yet be."""
    if found <= most * many:
        verdict = Verdict.HOLDS
    elif not most or lowest(found, many) > most:
        verdict = Verdict.BROKEN
    else:
        verdict = Verdict.UNSHOWN
    return Judged(verdict, f"{found} (below {percent(highest(found, many))})", many)


def _at_least(found: int, many: int, least: float) -> Judged:
    if not many:
        return Judged(Verdict.UNSHOWN, NOTHING, 0)
    if found >= least * many:
        verdict = Verdict.HOLDS
    elif least == 1 or highest(found, many) < least:
        verdict = Verdict.BROKEN
    else:
        verdict = Verdict.UNSHOWN
    return Judged(verdict, f"{percent(found / many)} (above {percent(lowest(found, many))})", many)


def percent(share: float) -> str:
    """Two digits where it is small."""
    return f"{100 * share:.3g} %"


# ------------------------------------------------------------ what is claimed

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "no false rollback in a day with a background of 0.05 or 0.2 %",
        DAY, ("background 0.05 %", "background 0.2 %"), LEVELS, _false(0),
    ),
    Claim("… at 0.5 %: at most 3 of 1,000 days", DAY, ("background 0.5 %",), LEVELS, _false(3)),
    Claim("… at 0.8 %: at most 5 of 1,000", DAY, ("background 0.8 %",), LEVELS, _false(5)),
    Claim(
        "… at 0.8 % with `baseline: off`: at most 110 of 1,000",
        DAY, ("background 0.8 %",), LEVELS, _false(110, UNMOVED),
    ),
    Claim(
        "… the same where each error comes alone: at most 20",
        DAY, ("background 0.8 %, each alone",), LEVELS, _false(20, UNMOVED),
    ),
    Claim("… with retry storms: at most 15", DAY, ("retry storms",), LEVELS, _false(15)),
    Claim(
        "… with 4 minutes of 3 % every 2 h: at most 30",
        DAY, ("3 % for 4 min every 2 h",), LEVELS, _false(30),
    ),
    Claim("… with four blips of 30 to 120 s: none", DAY, ("four blips of 30-120 s",), LEVELS, _false(0)),
    Claim(
        "1.5 % for 50 of every 120 s (a mean of 0.63 %) never fires",
        DAY, ("1.5 % for 50 of every 120 s",), MUCH, _false(0),
    ),
    Claim(
        "a total outage that ended in 245 or 270 s is rolled back at most once in 100",
        INCIDENT, ("100 % for 245 s", "100 % for 270 s"), ENDED, _false(10),
    ),
    Claim("… in 290 s: at most 3 in 100", INCIDENT, ("100 % for 290 s",), ENDED, _false(30)),
    Claim(
        "nothing acts within 300 s of a breach, where no blip came right before it",
        INCIDENT, CALM_BEFORE, LEVELS, _early,
    ),
    Claim("5 % for 285 s never acts", INCIDENT, ("5 % for 285 s",), MUCH, _false(0)),
    Claim("5 % for 315 s always acts", INCIDENT, ("5 % for 315 s",), MUCH, _found(1)),
    Claim(
        "a total outage is always found within 2 h (of those with 20 errors or more)",
        INCIDENT, ("100 % fail",), LEVELS, _found(1, loud=True),
    ),
    Claim("… half of them within 330 s", INCIDENT, ("100 % fail",), FROM_20, _soon(MEDIAN)),
    Claim("… at 5 requests/min within 360 s", INCIDENT, ("100 % fail",), (5,), _soon(MEDIAN_OF_FEW)),
    Claim(
        "… also when the customers go, to a twentieth",
        INCIDENT, ("100 %, traffic to a twentieth",), FROM_20, _found(1, loud=True),
    ),
    Claim("5 % is found, at 5 requests/min: 90 %", INCIDENT, ("5 % fail",), (5,), _found(0.9, loud=True)),
    Claim("… at 20: 99 %", INCIDENT, ("5 % fail",), (20,), _found(0.99, loud=True)),
    Claim("… from 60 on: all", INCIDENT, ("5 % fail",), LEVELS[2:], _found(1, loud=True)),
    Claim("… from 300 on half of them within 330 s", INCIDENT, ("5 % fail",), LEVELS[3:], _soon(MEDIAN)),
    Claim("2 % is found, at 60 requests/min: 90 %", INCIDENT, ("2 % fail",), (60,), _found(0.9)),
    Claim("… at 300, which is 20 in a dead night: 95 %", INCIDENT, ("2 % fail",), (300,), _found(0.95)),
    Claim("… at 1,200: all", INCIDENT, ("2 % fail",), (1200,), _found(1, loud=True)),
    Claim("1.05 %, evenly, is found within 3 h", INCIDENT, ("1.05 % fail, evenly",), MUCH, _found(1)),
    Claim(
        "5 % in every other minute is found: 95 %",
        INCIDENT, ("5 % every other minute",), ENOUGH, _found(0.95),
    ),
    Claim(
        "a day of 0.05 % succeeds after 24 h, also with four blips: 90 %",
        SUCCESS, SUCCEEDING, SUCCESS_LEVELS, _succeeds(0.9),
    ),
    Claim(
        "a service that always fails 0.5, 1 or 2 %: at most 20 of 1,000 days are false",
        DAY, ("background 0.5 %", "background 1 %", "background 2 %"), BUSY, _false(20),
    ),
    Claim(
        "… and 5 % more are found, at steady 60 requests/min: 90 %",
        INCIDENT, ON_TOP, (60,), _found(0.9),
    ),
    Claim(
        "… above: 95 %",
        INCIDENT, ON_TOP, (300, 1200), _found(0.95),
    ),
    Claim(
        "a streak that fired is over two blocks and a read after its incident",
        INCIDENT, ENDING[:1], ENOUGH, _over_within(OVER_WITHIN),
    ),
    Claim(
        "… of 20 %, of which the end takes 25 requests to see",
        INCIDENT, ENDING[1:2], (1200, 6000), _over_within(OVER_WITHIN),
    ),
    Claim(
        "… of 5 %, of which the end takes 100 requests to see",
        INCIDENT, ENDING[2:], MUCH, _over_within(OVER_WITHIN),
    ),
)  # fmt: skip
