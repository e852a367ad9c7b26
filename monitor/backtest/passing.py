"""The core over a history, once: fed and never asked to end, so that it goes on as long as the history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.core.decisions import Decision, StreakCleared, StreakFiring
from monitor.core.evidence import LOOK_BACK, Evidence
from monitor.core.samples import Micros, Reading
from monitor.core.state import WatchState, new_state
from monitor.core.streaks import Streak
from monitor.core.thresholds import Action, Mode, Policy, Rule
from monitor.core.watch import step_all


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fired: since when it was exceeded, when it fired, until when it was so (None: still).

    `cleared`: when that was known. `value`: of a plain rule, the value at which it fired.
    """

    rule: str
    since: Micros
    at: Micros
    until: Micros | None = None
    cleared: Micros | None = None
    evidence: Evidence | None = None
    value: float | None = None


def incidents(firings: Iterable[Firing], hold: Micros) -> list[list[Firing]]:
    """Firings of one rule, those of one breach together: it may end for two blocks and go on."""
    found: list[list[Firing]] = []
    for firing in firings:
        last = found[-1][-1] if found else None
        over = None if last is None else last.until
        if over is not None and firing.since - over <= LOOK_BACK * hold:
            found[-1].append(firing)
        else:
            found.append([firing])
    return found


class Pass:
    """A watch in `observe` that is only fed. `firings`: all so far, in order of time."""

    def __init__(self, policy: Policy, began: Micros) -> None:
        self.policy = policy
        self.state: WatchState = new_state(policy, began, Mode.OBSERVE)
        self.firings: list[Firing] = []
        self._open: dict[str, int] = {}
        self._acting = tuple(n for n, rule in enumerate(policy.rules) if rule.action is Action.ROLLBACK)

    def take(self, at: Micros, readings: Sequence[Reading]) -> Sequence[Firing]:
        """Takes in a round; gives the rules that fired at it."""
        self.state, said = step_all(self.policy, self.state, at, readings)
        return self._noted(said) if said else ()

    @property
    def acting(self) -> list[Streak]:
        """The streaks of rollback rules that are under way."""
        streaks = self.state.seen.streaks
        return [s for n in self._acting if (s := streaks[n]) is not None]

    @property
    def weighs(self) -> bool:
        """Whether there is any evidence of anything."""
        return any(w.tallies for c in self.state.seen.counting if c is not None for w in c.weights)

    def without_acting(self) -> WatchState:
        """Its state as if no rollback rule were exceeded: a watch with a higher limit may have its own."""
        seen = self.state.seen
        streaks = tuple(None if n in self._acting else s for n, s in enumerate(seen.streaks))
        return self.state._replace(seen=seen._replace(streaks=streaks))

    def _noted(self, said: Iterable[Decision]) -> list[Firing]:
        fired = []
        for decision in said:
            if isinstance(decision, StreakFiring):
                self._open[decision.rule] = len(self.firings)
                fired.append(self._firing(decision))
                self.firings.append(fired[-1])
            elif isinstance(decision, StreakCleared) and decision.rule in self._open:
                n = self._open.pop(decision.rule)
                self.firings[n] = replace(self.firings[n], until=decision.until, cleared=decision.at)
        return fired

    def rule(self, name: str) -> Rule:
        return next(rule for rule in self.policy.rules if rule.name == name)

    def _firing(self, said: StreakFiring) -> Firing:
        metric = self.rule(said.rule).metric
        value = self.state.seen.tracks[self.policy.places[metric].index].value
        plain = value if said.evidence is None else None
        return Firing(said.rule, said.since, said.at, evidence=said.evidence, value=plain)
