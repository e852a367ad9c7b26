"""Where a target's metrics come from: one probe for each, composed of its configured source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from monitor.app.revealed import revealed
from monitor.app.targets import kinds_of
from monitor.core.samples import SECOND, Micros
from monitor.core.thresholds import Policy
from monitor.daemon.parts import READ_SHARE
from monitor.dsn import user_of
from monitor.errors import OperatorError
from monitor.measured import Lens
from monitor.net import Net
from monitor.ports import CheckedProbe
from monitor.settings import AnySource, Settings
from monitor.sources import PROBES
from monitor.sources.changes import DatabaseChanges
from monitor.sources.counters import Rates
from monitor.sources.database import CONNECTIONS, QUERY_LATENCY, DatabaseProbe
from monitor.sources.endpoints import Pace
from monitor.sources.http_check import HttpCheckSpec
from monitor.sources.json_document import JsonSpec
from monitor.sources.prometheus import PrometheusSpec
from monitor.sources.promql import PromqlSpec
from monitor.sources.session import Session
from monitor.sources.sql import SqlSpec
from monitor.units import Kind

FROM_DATABASE = (CONNECTIONS, QUERY_LATENCY)
"""Metrics that need no source in the configuration."""

SPECS: Mapping[str, type] = {
    "json": JsonSpec,
    "prometheus": PrometheusSpec,
    "promql": PromqlSpec,
    "http_check": HttpCheckSpec,
    "sql": SqlSpec,
}
"""The plain spec of each kind of source."""


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
            spec = spec_of(source.kind, source.spec)
            build: Callable[..., CheckedProbe] = PROBES[source.kind]
            try:
                if source.kind == "sql":
                    found.append(build(metric, spec, session(f"{target}/{metric}")))
                else:
                    limits = limits_of(policy, metric)
                    found.append(build(metric, spec, replace(pace, limits=limits), net))
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
    ratios = (name for name, source in sources.items() if source.spec.measures is Kind.RATIO)
    given = frozenset(name for name in ratios if gives_value(sources[name].spec))
    return Lens(settings.policy(target), kinds_of(settings, target), given)


def gives_value(source: AnySource) -> bool:
    """Whether a ratio is made by the source, not from counters by us."""
    return any(getattr(source, key, None) is not None for key in ("value", "query"))


def spec_of(kind: str, source: Any) -> Any:
    """The probe's plain spec of a configured source: same names, secrets revealed, one list of addresses."""
    spec = SPECS[kind]
    values = {f.name: revealed(getattr(source, f.name)) for f in fields(spec) if hasattr(source, f.name)}
    values = {name: value for name, value in values.items() if value is not None}
    if unit := getattr(source, "effective_unit", None):
        values["unit"] = unit
    if hasattr(source, "addresses"):
        values["urls"] = source.addresses
    return spec(**values)


def read_deadline(interval: Micros) -> float:
    """Seconds."""
    return READ_SHARE * interval / SECOND
