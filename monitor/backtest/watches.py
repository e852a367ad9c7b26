"""Watches that could have begun: what became of one that began in each hour of the history.

How it works. A watch's success and giving up look at the last `success_after` alone, so they are asked of the
pass over the whole history. Its rollback is the pass's next one, but for two kinds of watches, for which the
rule is asked by itself: those whose baseline moves their limit, and those that begin while a rollback rule is
exceeded already. The baseline is measured by the core from the reads before each beginning.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from monitor.backtest.passing import Firing, Pass
from monitor.backtest.screened import Lead, Screened
from monitor.core.baseline import Baseline, Entry, Span, measure, movable
from monitor.core.beginning import Beginning, Line, Past, Standing, begin, earliest, follow
from monitor.core.evidence import BLOCKS
from monitor.core.samples import MINUTE, Counts, Micros, Reading
from monitor.core.thresholds import Action, Policy
from monitor.core.verdicts import wanting

ASKED_EVERY: Micros = 5 * MINUTE
"""How often success is asked for once a watch may succeed: its moment is known to that."""


class Outcome(StrEnum):
    """How a watch ended that could have begun."""

    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    ASKED = "asked"  # a person, because a rollback rule had fired before it began
    INCONCLUSIVE = "inconclusive"
    OPEN = "open"  # the history ends first


@dataclass(frozen=True, slots=True)
class Watch:
    """One that could have begun. `limits`: metric -> limit in effect, of those that could roll back.

    `held`: what stood in the way of success when it could first have succeeded, of one that had to go on.
    """

    began: Micros
    outcome: Outcome
    ended: Micros
    limits: Mapping[str, float]
    baselines: Mapping[str, Baseline]
    rule: str = ""
    held: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class _Open:
    """A watch under way. `own`: metric -> its own rule, where it can't share the pass's."""

    began: Micros
    beginning: Beginning
    standing: Standing | None
    own: dict[str, Screened] = field(default_factory=dict)
    held: tuple[str, ...] | None = None


class Watches:
    """Begins one every `every`, and ends each; `ended` has them in the order of their ends."""

    def __init__(self, policy: Policy, every: Micros, began: Micros) -> None:
        self._policy = policy
        self._every = every
        self._next = -(-(began + policy.baseline) // every) * every
        self._acting = {t.metric: t for t in policy.thresholds if t.rollback_above is not None}
        self._leads = {m: Lead(t.rollback_for) for m, t in self._acting.items()}
        self._lines: deque[Line] = deque()
        self._counted: dict[str, deque[Entry]] = {m: deque() for m in self._acting if movable(policy, m)}
        self._open: list[_Open] = []
        self._own: list[_Open] = []
        """Of the open ones, those with a rule of their own."""
        self._asked = began
        self.ended: list[Watch] = []

    def take(
        self,
        at: Micros,
        readings: Sequence[tuple[Reading, Counts | None]],
        core: Pass,
        fired: Iterable[Firing],
    ) -> None:
        """One round with what was counted, after the pass has taken it in; `fired` there are the rules."""
        while self._next <= at:
            self._begin(self._next, core)
            self._next += self._every
        self._roll_back(core, fired)
        for reading, counts in readings:
            if reading.metric in self._acting:
                self._read(at, reading, counts)
        if at >= self._asked + ASKED_EVERY:
            self._asked = at // ASKED_EVERY * ASKED_EVERY
            self._end(at, core)

    def rest(self, at: Micros) -> list[Watch]:
        """All of them, with those that the end of the history left open."""
        return sorted(
            [*self.ended, *(self._watch(w, Outcome.OPEN, at) for w in self._open)], key=lambda w: w.began
        )

    def _read(self, at: Micros, reading: Reading, counts: Counts | None) -> None:
        """Kept for the baselines to come, and given to the watches with a rule of their own."""
        self._lines.append((at, reading))
        oldest = earliest(self._policy, at)
        while self._lines[0][0] < oldest:
            self._lines.popleft()
        if counts is not None:
            kept = self._counted[reading.metric]
            kept.append((at, counts.errors, counts.requests))
            while kept[0][0] < at - self._policy.baseline:
                kept.popleft()
        errors, requests = (0.0, 0.0) if counts is None else (counts.errors, counts.requests)
        first = self._leads[reading.metric].add(at, reading, errors, requests)
        for watch in self._own:
            self._followed(watch, at, reading)
            own = watch.own.get(reading.metric)
            for firing in () if own is None else own.take(at, reading, errors, requests, first):
                self._fire(watch, firing)

    def _followed(self, watch: _Open, at: Micros, reading: Reading) -> None:
        """A streak from before the watch: over, or still the reason to ask a person."""
        if watch.standing is not None:
            watch.standing = follow(watch.beginning.policy, watch.standing, at, [reading])
            if watch.standing.over(at):
                watch.standing = None

    def _begin(self, at: Micros, core: Pass) -> None:
        """Streaks of the pass that fired and are over are no part of a baseline; one that stands is asked."""
        found = self._baselines(at, core)
        busy = bool(core.acting)
        lines = [line for line in self._lines if line[0] < at] if busy else []
        beginning = begin(self._policy, at, Past(lines, given=found))
        watch = _Open(at, beginning, beginning.standing)
        for metric, written in self._acting.items():
            own = beginning.policy.places[metric].threshold
            if self._counted[metric] and (busy or own.rollback_above != written.rollback_above):
                watch.own[metric] = Screened(beginning.policy, own, self._leads[metric], at)
        self._open.append(watch)
        self._own = [w for w in self._open if w.own]

    def _baselines(self, at: Micros, core: Pass) -> dict[str, Baseline]:
        if self._policy.baseline <= 0:
            return {}
        found, since = {}, at - self._policy.baseline
        for metric, reads in self._counted.items():
            outages = list(_outages(core, metric, since))
            baseline = measure([r for r in reads if since <= r[0] < at], (), outages)
            if baseline is not None:
                found[metric] = baseline
        return found

    def _roll_back(self, core: Pass, fired: Iterable[Firing]) -> None:
        """The watches that share the pass's rules."""
        for firing in fired:
            rule = core.rule(firing.rule)
            if rule.action is Action.ROLLBACK:
                for watch in [w for w in self._open if rule.metric not in w.own]:
                    self._fire(watch, firing)

    def _fire(self, watch: _Open, firing: Firing) -> None:
        outcome = Outcome.ROLLED_BACK if watch.standing is None else Outcome.ASKED
        if watch in self._open:
            self._close(watch, outcome, firing.at, firing.rule)

    def _end(self, at: Micros, core: Pass) -> None:
        """Success and giving up, of those that are old enough."""
        policy = self._policy
        old = [w for w in self._open if at - w.began >= policy.success_after]
        if not old:
            return
        shared = wanting(policy, core.state, at)
        apart = wanting(policy, core.without_acting(), at) if any(w.own for w in old) else ()
        for watch in old:
            stands = apart if watch.own else shared
            firing = [f"{m}.rollback fires" for m, rule in watch.own.items() if rule.firing]
            if not stands and not firing:
                self._close(watch, Outcome.SUCCEEDED, at)
            elif at - watch.began >= policy.give_up_after:
                watch.held = (*firing, *stands)
                self._close(watch, Outcome.INCONCLUSIVE, at)
            elif watch.held is None:
                watch.held = (*firing, *stands)

    def _close(self, watch: _Open, outcome: Outcome, at: Micros, rule: str = "") -> None:
        self._open = [w for w in self._open if w is not watch]
        self._own = [w for w in self._open if w.own]
        self.ended.append(replace(self._watch(watch, outcome, at), rule=rule))

    def _watch(self, watch: _Open, outcome: Outcome, at: Micros) -> Watch:
        policy = watch.beginning.policy
        limits = {m: policy.places[m].threshold.rollback_above or 0.0 for m in self._acting}
        return Watch(watch.began, outcome, at, limits, watch.beginning.baselines, held=watch.held or ())


def _outages(core: Pass, metric: str, since: Micros) -> Iterable[Span]:
    """The metric's rollback streaks that fired and are over, as the core leaves them out of a baseline."""
    for firing in reversed(core.firings):
        if firing.at < since - LONGEST_OUTAGE:
            return
        rule = core.rule(firing.rule)
        if rule.metric == metric and rule.action is Action.ROLLBACK and firing.cleared is not None:
            yield firing.since - rule.hold // BLOCKS, firing.cleared


LONGEST_OUTAGE: Micros = 24 * 60 * MINUTE
"""How long before a baseline's beginning a streak may have fired that is over within it."""
