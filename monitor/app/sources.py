"""Where a target's metrics come from: one probe for each, composed of its configured source."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from monitor.app.targets import kinds_of
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Policy
from monitor.daemon.parts import READ_SHARE
from monitor.dsn import user_of
from monitor.errors import OperatorError
from monitor.measured import Lens
from monitor.net import Net
from monitor.ports import CheckedProbe
from monitor.settings import Settings
from monitor.sources.changes import DatabaseChanges
from monitor.sources.configuration import Reach
from monitor.sources.counters import Rates
from monitor.sources.database import FROM_DATABASE, DatabaseProbe
from monitor.sources.endpoints import Pace
from monitor.sources.session import Session
from monitor.units import Kind


def probes_of(settings: Settings, target: str, net: Net) -> tuple[CheckedProbe, ...]:
    """One probe for each metric of the policy, and the database's own on the polling connection.

    A `sql` source has a connection of its own: a statement that became slow takes no other metric away.
    """
    configured = settings.targets[target]
    policy = settings.policy(target)

    def session(name: str) -> Session:
        return Session(configured.dsn, deadline=read_deadline(policy.interval), name=f"probe/{name}")

    own = [m for m in FROM_DATABASE if m in policy.metrics and m not in configured.metrics]
    found: list[CheckedProbe] = [DatabaseProbe(session(target), own)]
    pace = pace_of(settings, target)
    for metric in policy.metrics:
        if metric in configured.metrics:
            source = configured.metrics[metric]
            limited = replace(pace, limits=limits_of(policy, metric))
            try:
                reach = Reach(limited, net, partial(session, f"{target}/{metric}"))
                found.append(source.keys.open(metric, reach))
            except OperatorError as e:
                raise OperatorError(f"targets.{target}.metrics.{metric}.{source.kind}: {e}") from e
    return tuple(found)


def changes_of(settings: Settings, target: str) -> DatabaseChanges:
    """What compares its database with how it was, on a connection of its own."""
    configured = settings.targets[target]
    session = Session(configured.dsn, name=f"changes/{target}")
    return DatabaseChanges(session, user_of(configured.rollback_dsn))


def pace_of(settings: Settings, target: str) -> Pace:
    """How the target's sources are read."""
    watch, policy = settings.watch, settings.policy(target)
    rates = Rates(policy.interval, watch.rate_requests, watch.longest_window)
    return Pace(read_deadline(policy.interval), policy.max_gap, rates)


def limits_of(policy: Policy, metric: str) -> tuple[float, ...]:
    """Everything that the metric's values are compared with."""
    return tuple(rule.limit for _, rule in policy.places[metric].rules)


def lens_of(settings: Settings, target: str) -> Lens:
    """What `check` looks at readings with."""
    sources = settings.targets[target].metrics
    ratios = (name for name, source in sources.items() if source.keys.measures is Kind.RATIO)
    given = frozenset(name for name in ratios if sources[name].keys.gives_value)
    return Lens(settings.policy(target), kinds_of(settings, target), given)


def read_deadline(interval: Micros) -> float:
    """Seconds."""
    return READ_SHARE * interval / SECOND
