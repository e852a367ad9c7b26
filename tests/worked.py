"""What the decision core says of worked examples: the tables of docs/decision.md.

`python -m tests.worked` writes them there; a test says when they are stale. Exact worlds: requests come one
after the other, of which every n-th fails, so that a reader can count along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import floor
from pathlib import Path

from monitor.core.decisions import EvidenceLacks, ExecuteRollback
from monitor.core.events import BatchEnded, Measured
from monitor.core.evidence import Evidence
from monitor.core.samples import ERROR_RATE, MINUTE, SECOND, Micros, Reading
from monitor.core.state import new_state
from monitor.core.streaks import Streak
from monitor.core.thresholds import DOCUMENTED, Policy
from monitor.core.watch import step
from monitor.units import show_score, show_span

PAGE = Path(__file__).parents[1] / "docs/decision.md"
BEGIN, END = "<!-- worked: begin -->", "<!-- worked: end -->"

POLICY = Policy(thresholds=DOCUMENTED[:1])
NOON: Micros = 1_700_049_600 * SECOND
CALM: Micros = 10 * MINUTE
"""Watched before the errors begin."""

SLOW, FAST = 5 * SECOND, SECOND
"""Between two reads, and while a rollback rule is pending."""

LONGEST: Micros = 40 * MINUTE
SECONDS = LONGEST // SECOND + 60
TINY = 1e-9
"""For sums of twentieths."""

PER_MINUTE = (15, 300, 6000)
MINUTES = 5
"""Of which the score is shown."""

Share = Callable[[int], float]
"""Of the requests that fail, by the seconds since it began."""

WORLDS: Mapping[str, Share] = {
    "every request fails": lambda _: 1.0,
    "5 % fail": lambda _: 0.05,
    "2 % fail": lambda _: 0.02,
    "2 % fail, after a minute 5 %": lambda second: 0.02 if second < 60 else 0.05,
    "every request fails, after 100 s 2 %": lambda second: 1.0 if second < 100 else 0.02,
    "every request fails, for 4 minutes and a half": lambda second: 1.0 if second < 270 else 0.0,
}


@dataclass(frozen=True, slots=True)
class Story:
    """What happened at one level of traffic; times since the errors began."""

    scores: tuple[str, ...]
    pending: Micros | None
    lacked: tuple[Micros, Evidence] | None
    acted: tuple[Micros, Evidence] | None


def story(per_minute: float, share: Share) -> Story:
    """Runs the core over one world, read as the daemon reads; ends with the rollback."""
    state, at, seen = new_state(POLICY, NOON - CALM), NOON - CALM, (0, 0)
    failed = [floor(sum_) for sum_ in accumulate(share(s) * per_minute / 60 + TINY for s in range(SECONDS))]
    scores: list[str] = []
    pending: Micros | None = None
    lacked: tuple[Micros, Evidence] | None = None
    while at < NOON + LONGEST:
        at += SLOW if state.seen.streaks[0] is None else FAST
        second = (at - NOON) // SECOND
        now = (failed[second - 1] if second > 0 else 0, floor(per_minute * (at - NOON + CALM) / MINUTE))
        reading = Reading(ERROR_RATE, errors=now[0] - seen[0], requests=now[1] - seen[1])
        seen = now
        state, said = step(POLICY, state, Measured(at, reading))
        state, more = step(POLICY, state, BatchEnded(at))
        if pending is None and state.seen.streaks[0] is not None:
            pending = at - NOON
        if at > NOON and (at - NOON) % MINUTE == 0 and len(scores) < MINUTES:
            scores.append(_score(state.seen.streaks[0]))
        for decision in (*said, *more):
            if isinstance(decision, EvidenceLacks) and decision.rule == f"{ERROR_RATE}.rollback":
                lacked = at - NOON, decision.evidence
            if isinstance(decision, ExecuteRollback) and decision.evidence is not None:
                return Story(tuple(scores), pending, lacked, (at - NOON, decision.evidence))
    return Story(tuple(scores), pending, lacked, None)


def _score(streak: Streak | None) -> str:
    evidence = None if streak is None else streak.evidence
    return "0" if evidence is None else show_score(evidence.score, evidence.needed).split()[0]


def table() -> str:
    """The worked examples, as Markdown."""
    heads = (
        "what happens",
        "requests/min",
        "pending after",
        *(f"{n} min" for n in range(1, MINUTES + 1)),
        "then",
    )
    rows = [_row(words, per_minute, share) for words, share in WORLDS.items() for per_minute in PER_MINUTE]
    lines = [heads, ("---", *("---:" for _ in heads[1:-1]), "---"), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(words: str, per_minute: int, share: Share) -> tuple[str, ...]:
    found = story(per_minute, share)
    pending = "–" if found.pending is None else show_span(found.pending)
    return words, f"{per_minute:,}", pending, *found.scores, "; ".join(_then(found))


def _then(found: Story) -> Iterator[str]:
    if found.lacked is not None:
        at, e = found.lacked
        yield f"told after {show_span(at)}: too little traffic ({e.errors:,.0f} of {e.requests:,.0f} failed)"
    if found.acted is not None:
        at, e = found.acted
        yield f"rolled back after {show_span(at)}: {e.errors:,.0f} of {e.requests:,.0f} failed"
    else:
        yield "no rollback"


def page() -> str:
    """docs/decision.md with the tables of this program."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
