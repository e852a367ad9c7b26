"""From a history to the answer: a recording, access logs, or a Prometheus server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.backtest import logs
from monitor.backtest.document import Json, document
from monitor.backtest.history import Asked, Round, measured_policy, pace_told, paced
from monitor.backtest.opened import Opened
from monitor.backtest.recorded import Recorded
from monitor.backtest.trial import Trial
from monitor.core.beginning import Line
from monitor.core.samples import ERROR_RATE, HOUR, Micros
from monitor.core.thresholds import Policy
from monitor.errors import OperatorError
from monitor.present.times import at_second

Told = Callable[[float], object]
"""Hears which share of the history is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The policy that is tried. `kinds`: metric -> ratio, time, count; `every`: how often a watch begins."""

    policy: Policy
    kinds: dict[str, str]
    target: str = ""
    every: Micros = HOUR
    limits: bool = True


def of_recording(plan: Plan, lines: Iterable[Line]) -> Json:
    """Raises OperatorError."""
    recorded = Recorded(lines)
    metrics = [m for m in plan.policy.metrics if m in recorded.metrics]
    if not metrics:
        known, there = ", ".join(plan.policy.metrics), ", ".join(sorted(recorded.metrics)[:5])
        there = "".join(c if c.isprintable() else "?" for c in there[:200])
        raise OperatorError(f"the recording has no metric of the policy ({known}): it has {there}")
    run = _Run(plan, metrics, max(recorded.step, plan.policy.interval), "a recording")
    for found in recorded.rounds():
        run.take(found)
    run.left_out(
        {m: "no line of it is among the first ones" for m in plan.policy.metrics if m not in metrics}
    )
    late = [f"lines earlier than one before them: {recorded.late:,}, left out"] if recorded.late else []
    return run.answer(late)


def of_logs(plan: Plan, paths: Sequence[str], step: Micros) -> Json:
    """Raises OperatorError."""
    with_times = "response_time" in plan.policy.metrics and any(map(logs.timed, paths))
    metrics = [m for m in plan.policy.metrics if m == ERROR_RATE or (m == "response_time" and with_times)]
    if ERROR_RATE not in metrics:
        raise OperatorError("a log says error_rate, and the policy has no such metric")
    run = _Run(plan, metrics, max(step, plan.policy.interval), "access logs")
    count = logs.Count()
    for found in logs.rounds(logs.lines_of(paths, count), run.policy.interval, count, with_times):
        run.take(found)
    if not count.good:
        names = ", ".join(paths)
        raise OperatorError(
            f"not one of {count.bad:,} lines of {names} is a request: the combined form is read, and JSON "
            "with a time (with its zone) and a status"
            if count.bad
            else f"{names}: there is no line in it"
        )
    run.left_out({m: "a log does not say it" for m in plan.policy.metrics if m not in metrics})
    return run.answer(list(logs.told(count, at_second)))


async def of_server(plan: Plan, found: Opened, told: Told) -> Json:
    """Raises OperatorError."""
    run = _Run(plan, found.metrics, found.fetched.step, "Prometheus")
    async for one in found.fetched.rounds(told):
        run.take(one)
    run.left_out(found.left_out)
    incomplete = [
        f"{metric}: {n:,} answers were incomplete by the server's own word: that time counts as not measured"
        for metric, n in found.fetched.incomplete.items()
    ]
    return run.answer([*found.notes, *incomplete])


@dataclass(slots=True)
class _Run:
    """A trial of the metrics that are there; it begins with the first reading that is worth something."""

    plan: Plan
    metrics: Sequence[str]
    step: Micros
    source: str
    policy: Policy = field(init=False)
    _trial: Trial = field(init=False)
    _begun: bool = False
    _without: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policy = paced(measured_policy(self.plan.policy, self.metrics), self.step)
        self._trial = Trial(self.policy, self.plan.every, self.plan.limits)

    def take(self, found: Round) -> None:
        self._begun = self._begun or any(
            r.value is not None or r.requests is not None or r.quiet for r in found[1]
        )
        if self._begun:
            self._trial.take(found)

    def left_out(self, why: Mapping[str, str]) -> None:
        self._without = dict(why)

    def answer(self, notes: Sequence[str]) -> Json:
        """Raises OperatorError for a history without anything in it."""
        found = self._trial.found()
        if found is None:
            raise OperatorError(f"{self.source}: nothing was measured in all that time")
        asked = Asked(self.source, self.plan.target, self.step, self._without)
        paces = pace_told(measured_policy(self.plan.policy, self.metrics), self.policy)
        judged = [f"success is judged over {', '.join(self.metrics)} alone"] if self._without else []
        return document(asked, found, [*judged, *paces, *notes], self.plan.kinds)
