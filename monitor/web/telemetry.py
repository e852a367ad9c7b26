"""Counts what happened, under the names of the catalogue. Own registry; every label set starts at 0.

An unknown name raises: what is counted must be in the catalogue, or nobody would find it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from monitor.web.catalogue import BUCKETS, METRICS, OUTCOMES, PREFIX, Metric

ROUTES = (
    "/",
    "/static/{name}",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/v1/watches",
    "/api/v1/watches/{id}",
    "/api/v1/watches/{id}/samples",
    "/api/v1/watches/{id}/events",
    "/api/v1/watches/{id}/changes",
    "/api/v1/watches/{id}/report",
    "/api/v1/watches/{id}/report.json",
    "/api/v1/watches/{id}/chart",
    "/api/v1/watches/{id}/alerts",
    "/api/v1/watches/{id}/{control}",
    "/api/v1/targets",
    "/api/v1/stream",
    "other",
)
"""Values of the label `route`: templates, never paths."""


@dataclass(frozen=True, slots=True)
class Known:
    """The configuration's part of the label values. `probes`: names by target."""

    probes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    channels: Sequence[str] = ()
    tasks: Sequence[str] = ("target", "web", "outbox", "calendar")
    jobs: Sequence[str] = ()

    def values(self, label: str) -> Sequence[str]:
        named = {
            "target": tuple(self.probes),
            "channel": self.channels,
            "task": self.tasks,
            "calendar_job": self.jobs,
        }
        return {**named, "route": ROUTES}.get(label, ())


class PrometheusTelemetry:
    """Implements `Telemetry`; `registry` is what the metrics page renders."""

    def __init__(self, known: Known) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # the library leaves it untyped
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._families: dict[str, Counter | Gauge | Histogram] = {
            m.name: _family(m, self.registry) for m in METRICS if m.where == "counted"
        }
        for metric in METRICS:
            if metric.where == "counted" and metric.labels:
                self._start_at_zero(metric, known)
        build = self._families["build_info"]
        build.labels(version=_version(), python=platform.python_version()).inc()  # type: ignore[union-attr] # a gauge

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Adds to a counter or a gauge (a gauge also takes a negative amount). KeyError: unknown name."""
        found = self._child(name, labels)
        if isinstance(found, Histogram):
            raise TypeError(f"{name} is a histogram: observe it")
        found.inc(amount)

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Adds an observation to a histogram, or sets a gauge. KeyError: unknown name."""
        found = self._child(name, labels)
        if isinstance(found, Counter):
            raise TypeError(f"{name} is a counter: count it")
        if isinstance(found, Histogram):
            found.observe(value)
        else:
            found.set(value)

    def _child(self, name: str, labels: Mapping[str, str]) -> Counter | Gauge | Histogram:
        family = self._families[name]
        return family.labels(**labels) if labels else family

    def _start_at_zero(self, metric: Metric, known: Known) -> None:
        for values in _label_sets(metric, known):
            self._families[metric.name].labels(*values)


def _version() -> str:
    try:
        return metadata.version("migration-monitor")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"


def _label_sets(metric: Metric, known: Known) -> Iterator[tuple[str, ...]]:
    """Every combination of values that can occur: probes only with their own target."""
    closed = OUTCOMES.get(metric.name, {})
    rest = [
        closed.get(label) or known.values(label)
        for label in metric.labels
        if label not in {"target", "probe"}
    ]
    if "probe" in metric.labels:
        pairs = [(target, probe) for target, probes in known.probes.items() for probe in probes]
        yield from ((*pair, *values) for pair in pairs for values in product(*rest))
    else:
        mine = [known.values("target")] if "target" in metric.labels else []
        yield from product(*mine, *rest)


def _family(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    name = PREFIX + metric.name
    if metric.kind == "counter":
        return Counter(name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return Gauge(name, metric.help, metric.labels, registry=registry)
    return Histogram(name, metric.help, metric.labels, registry=registry, buckets=BUCKETS[metric.name])
