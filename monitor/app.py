"""The composition root: the only file where a class meets a configured value.

`run` is the daemon; `stored_watches`, `register` and `probes_of` serve the command line. Nothing is
decided here.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from pydantic import SecretStr

from monitor import checking
from monitor.backend import StoredWatches
from monitor.channels import open_channel
from monitor.channels.outbox import OutboxSender, rows_for
from monitor.checking import CheckedProbe, CheckedTarget
from monitor.clock import SystemClock
from monitor.core.samples import SECOND, Micros
from monitor.daemon.calendar import Calendar, CalendarJob
from monitor.daemon.loop import TargetLoop
from monitor.daemon.parts import READ_SHARE, Outgoing, TargetParts
from monitor.daemon.process import Daemon, Side
from monitor.daemon.pulse import Pulse
from monitor.net import Net
from monitor.ports import Channel, Control, Finding, Json, Probe, Registered, WatchRequest
from monitor.probes import PROBES
from monitor.probes.counters import Rates
from monitor.probes.database import CONNECTIONS, QUERY_LATENCY, DatabaseProbe
from monitor.probes.endpoints import Pace
from monitor.probes.http_check import HttpCheckSpec
from monitor.probes.json_document import JsonSpec
from monitor.probes.prometheus import PrometheusSpec
from monitor.probes.promql import PromqlSpec
from monitor.probes.session import Session
from monitor.probes.sql import SqlSpec
from monitor.registration import Registrar, TargetDesk
from monitor.rollback.executor import Limits, RollbackExecutor
from monitor.rollback.locks import LockPolicy
from monitor.settings import Settings
from monitor.settings.limits import effective
from monitor.store.gateway import PgStore
from monitor.store.registry import PgRegistry
from monitor.units import Kind
from monitor.web.server import WebServer
from monitor.web.site import Site
from monitor.web.telemetry import Known, PrometheusTelemetry

FLUSH_SECONDS = 5.0
"""What alerts still queued have, at shutdown, to leave."""

REMIND_SECONDS = 30.0
RETENTION_SECONDS = 3600.0

FROM_DATABASE = (CONNECTIONS, QUERY_LATENCY)
"""Metrics that need no source in the configuration."""


async def run(settings: Settings) -> None:
    """The daemon, until SIGTERM or SIGINT. Raises OperatorError when the address can't be taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    net, clock = Net(), SystemClock()
    channels = channels_of(settings, net)
    probes = {name: probes_of(settings, name, net) for name in settings.targets}
    telemetry = PrometheusTelemetry(_known(settings, probes, channels))
    stores = {name: _store(settings, name) for name in settings.targets}
    senders = {n: OutboxSender(channels, stores[n], clock, telemetry) for n in settings.targets}
    loops = [
        TargetLoop(_parts(settings, n, probes[n], stores[n], senders[n], channels, telemetry, clock))
        for n in settings.targets
    ]
    daemon = Daemon(loops, clock, telemetry)
    async with stored_watches(settings) as watches:
        web = _web(settings, watches, daemon, telemetry)
        web.bind()
        calendar = Calendar(_jobs(settings, loops, stores, clock), telemetry)
        sides: list[Side] = [web, calendar, Pulse(clock, telemetry), *map(_Outbox, senders.values())]
        try:
            await daemon.run(sides, stop)
        finally:
            await asyncio.gather(*(channel.aclose() for channel in channels))
            await net.aclose()


@contextlib.asynccontextmanager
async def stored_watches(settings: Settings) -> AsyncIterator[StoredWatches]:
    """The stored watches of all targets; needs no daemon."""
    registries = {name: _registry(settings, name) for name in settings.targets}
    registrar = Registrar({name: _desk(settings, name, registries[name]) for name in settings.targets})
    try:
        yield StoredWatches(registries, registrar.register)
    finally:
        await asyncio.gather(*(registry.aclose() for registry in registries.values()))


async def register(settings: Settings, request: WatchRequest) -> Registered:
    """Prepares a watch against the live database and stores it."""
    async with stored_watches(settings) as stored:
        return await stored.add(request)


async def watches(settings: Settings, name: str | None, target: str | None) -> Sequence[Json]:
    """The watch of that migration or id, or all of them, newest first. Raises NotFound."""
    async with stored_watches(settings) as stored:
        if name is not None:
            return [await stored.named(name, target)]
        return [w for w in await stored.watches() if target in {None, w["target"]}]


async def control(
    settings: Settings, name: str, target: str | None, asked: Control, reason: str, by: str
) -> Json:
    """Commits a person's control; the watch as JSON."""
    async with stored_watches(settings) as stored:
        return await stored.control_named(name, target, asked, by, reason)


async def check(settings: Settings) -> Sequence[Finding]:
    """What stands between this configuration and a rollback at 3 a.m."""
    net = Net()
    targets = [
        CheckedTarget(
            name, configured.dsn, configured.rollback_dsn, probes_of(settings, name, net),
            _registry(settings, name), _executor(settings, name),
        )
        for name, configured in settings.targets.items()
    ]  # fmt: skip
    try:
        return await checking.check(targets, len(settings.alerts))
    finally:
        for target in targets:
            await asyncio.gather(*(probe.aclose() for probe in target.probes))
            await target.executor.aclose()
        await net.aclose()


def probes_of(settings: Settings, target: str, net: Net) -> tuple[CheckedProbe, ...]:
    """One probe for each metric of the policy, and the database's own, on one polling connection."""
    configured = settings.targets[target]
    policy = settings.policy(target)
    session = Session(configured.dsn, deadline=_read_deadline(policy.interval), name=f"probe/{target}")
    own = [m for m in FROM_DATABASE if m in policy.metrics and m not in configured.metrics]
    found: list[CheckedProbe] = [DatabaseProbe(session, own)]
    pace = pace_of(settings, target)
    for metric in policy.metrics:
        if metric in configured.metrics:
            source = configured.metrics[metric]
            last: Any = session if source.kind == "sql" else net
            spec = spec_of(source.kind, source.spec)
            build: Callable[..., CheckedProbe] = PROBES[source.kind]
            found.append(
                build(metric, spec, last) if source.kind == "sql" else build(metric, spec, pace, last)
            )
    return tuple(found)


def pace_of(settings: Settings, target: str) -> Pace:
    """How the target's sources are read."""
    watch, policy = settings.watch, settings.policy(target)
    rates = Rates(policy.interval, watch.rate_requests, watch.rate_window_max, policy.min_requests)
    return Pace(_read_deadline(policy.interval), policy.max_gap, rates)


def spec_of(kind: str, source: Any) -> Any:
    """The probe's plain spec of a configured source: same names, secrets revealed, one list of addresses."""
    spec = SPECS[kind]
    values = {f.name: _plain(getattr(source, f.name)) for f in fields(spec) if hasattr(source, f.name)}
    values = {name: value for name, value in values.items() if value is not None}
    if hasattr(source, "addresses"):
        values["urls"] = source.addresses
    return spec(**values)


def channels_of(settings: Settings, net: Net) -> tuple[Channel, ...]:
    """Named by their kind, numbered from the second on: `slack`, `slack-2`."""
    seen: dict[str, int] = {}
    found = []
    for alert in settings.alerts:
        seen[alert.kind] = number = seen.get(alert.kind, 0) + 1
        name = alert.kind if number == 1 else f"{alert.kind}-{number}"
        options = {key: _plain(getattr(alert.channel, key)) for key in type(alert.channel).model_fields}
        found.append(open_channel(alert.kind, name, partial(_post, net), options))
    return tuple(found)


async def _post(
    net: Net, url: str, *, content: bytes, headers: Mapping[str, str], deadline: float
) -> tuple[int, Mapping[str, str], bytes]:
    answer = await net.post(url, content=content, headers=headers, deadline=deadline)
    return answer.status, answer.headers, answer.body


@dataclass(frozen=True, slots=True)
class _Outbox:
    """An outbox sender as a side of the daemon."""

    sender: OutboxSender
    name: str = "outbox"

    async def run(self) -> None:
        await self.sender.run()

    async def aclose(self) -> None:
        await self.sender.aclose(FLUSH_SECONDS)


def _parts(
    settings: Settings, target: str, probes: tuple[Probe, ...], store: PgStore, sender: OutboxSender,
    channels: tuple[Channel, ...], telemetry: PrometheusTelemetry, clock: SystemClock,
) -> TargetParts:  # fmt: skip
    names = tuple(channel.name for channel in channels)
    every: dict[str, Micros] = {
        name: alert.channel.remind_every for name, alert in zip(names, settings.alerts, strict=True)
    }
    outgoing = Outgoing(partial(rows_for, channel_names=names), sender.enqueue, every)
    return TargetParts(
        target, settings.policy(target), settings.watch.fast_interval, probes, store,
        _executor(settings, target), outgoing, telemetry, clock, _kinds(settings, target),
    )  # fmt: skip


def _executor(settings: Settings, target: str) -> RollbackExecutor:
    rollback = settings.rollback
    locks = LockPolicy(rollback.max_app_stall / SECOND, rollback.lock_budget / SECOND)
    limits = Limits(locks, rollback.max_locked / SECOND)
    return RollbackExecutor(settings.targets[target].rollback_dsn, target, limits)


def _store(settings: Settings, target: str) -> PgStore:
    dsn = settings.targets[target].rollback_dsn
    return PgStore(target, dsn, history_dsn=settings.store_dsn(target))


def _registry(settings: Settings, target: str) -> PgRegistry:
    dsn = settings.targets[target].rollback_dsn
    return PgRegistry(target, dsn, history_dsn=settings.store_dsn(target))


def _desk(settings: Settings, target: str, registry: PgRegistry) -> TargetDesk:
    max_locked = settings.rollback.max_locked / SECOND
    return TargetDesk(registry, settings.policy(target), settings.targets[target].rollback_dsn, max_locked)


def _web(
    settings: Settings, watches: StoredWatches, daemon: Daemon, telemetry: PrometheusTelemetry
) -> WebServer:
    server = settings.server
    host, port = server.address
    units = {t: {m: kind.value for m, kind in _kinds(settings, t).items()} for t in settings.targets}
    token = server.token.get_secret_value() if server.token else ""
    site = Site(watches, daemon, telemetry, token=token, hosts=server.hosts, listen_host=host, units=units)
    return WebServer(site, host, port)


def _known(
    settings: Settings, probes: Mapping[str, tuple[Probe, ...]], channels: tuple[Channel, ...]
) -> Known:
    return Known(
        probes={target: [probe.name for probe in found] for target, found in probes.items()},
        channels=[channel.name for channel in channels],
        tasks=("target", "web", "outbox", "calendar", "pulse"),
        jobs=["reminders", *(f"retention/{target}" for target in settings.targets)],
    )


def _jobs(
    settings: Settings, loops: list[TargetLoop], stores: Mapping[str, PgStore], clock: SystemClock
) -> list[CalendarJob]:
    async def remind() -> None:
        for loop in loops:
            loop.remind()

    async def forget(store: PgStore) -> None:
        if store.holds:
            await store.forget(clock.now() - settings.store.retention)

    retention = [
        CalendarJob(f"retention/{n}", RETENTION_SECONDS, partial(forget, s)) for n, s in stores.items()
    ]
    return [CalendarJob("reminders", REMIND_SECONDS, remind), *retention]


def _kinds(settings: Settings, target: str) -> Mapping[str, Kind]:
    """What the values of each metric are: the kind of its limits."""
    found = effective(settings.layers(target))
    limits = {metric: keys.limit("normal_below") for metric, keys in found.items()}
    return {metric: limit.kind for metric, limit in limits.items() if limit is not None}


def _read_deadline(interval: Micros) -> float:
    return READ_SHARE * interval / SECOND


def _plain(value: Any) -> Any:
    """Secrets revealed: for adapters, never for a log."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {str(key): _plain(found) for key, found in value.items()}
    return value


SPECS: Mapping[str, type] = {
    "json": JsonSpec,
    "prometheus": PrometheusSpec,
    "promql": PromqlSpec,
    "http_check": HttpCheckSpec,
    "sql": SqlSpec,
}
