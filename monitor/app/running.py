"""The daemon, whole: loops, outboxes, calendar and web server, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from monitor.app.commands import stored_watches
from monitor.app.hooks import configured_hooks
from monitor.app.outlets import channels_of
from monitor.app.reports import REPORTS, report_jobs
from monitor.app.sources import changes_of, probes_of
from monitor.app.targets import executor_of, kept_of, kinds_of, store_of
from monitor.backend import StoredWatches
from monitor.channels.outbox import OutboxSender, rows_for
from monitor.clock import SystemClock
from monitor.core.samples import Micros
from monitor.daemon.calendar import Calendar, CalendarJob, ExpiryNotices
from monitor.daemon.loop import TargetLoop
from monitor.daemon.parts import Outgoing, TargetParts, TargetPorts, TargetRules
from monitor.daemon.process import ClockJumps, Daemon, Side
from monitor.daemon.watchdog import NoWatchdog, Watchdog
from monitor.leftovers import Leftovers
from monitor.net import Net
from monitor.notify import from_environment
from monitor.ports import Channel, Probe
from monitor.ports.hooks import Hooks
from monitor.present.alerts import Messages
from monitor.rollback.killpoints import KillPoint, harmless
from monitor.settings import Settings
from monitor.store.gateway import PgStore
from monitor.tls import Identity
from monitor.web.health import Health
from monitor.web.server import WebServer
from monitor.web.site import Site
from monitor.web.telemetry import Known, PrometheusTelemetry

FLUSH_SECONDS = 5.0
"""What alerts still queued have, at shutdown, to leave."""

REMIND_SECONDS = 30.0
RETENTION_SECONDS = 3600.0


async def run(settings: Settings, kill: KillPoint = harmless) -> None:
    """The daemon, until SIGTERM or SIGINT. Raises OperatorError when the address can't be taken.

    `kill`: what happens at the named points of a rollback.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(Leftovers(monotonic))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    net, clock = Net(tls=Identity(settings.tls.files)), SystemClock()
    channels = channels_of(settings, net)
    probes = {name: probes_of(settings, name, net) for name in settings.targets}
    telemetry = PrometheusTelemetry(_known(settings, probes, channels))
    stores = {name: store_of(settings, name) for name in settings.targets}
    senders = {n: OutboxSender(channels, stores[n], clock, telemetry) for n in settings.targets}
    hooks = {name: configured_hooks(settings, name, net) for name in settings.targets}
    parts = [
        _parts(settings, n, probes[n], stores[n], senders[n], hooks[n], channels, telemetry, clock, kill)
        for n in settings.targets
    ]
    loops = [TargetLoop(part) for part in parts]
    daemon = Daemon(loops, clock, telemetry, _watchdog())
    async with stored_watches(settings) as watches:
        web = _web(settings, watches, daemon, telemetry)
        web.bind()
        jobs = [*_jobs(settings, loops, parts), *report_jobs(settings, watches, clock)]
        calendar = Calendar(jobs, telemetry)
        sides: list[Side] = [web, calendar, ClockJumps(clock, telemetry), *map(_Outbox, senders.values())]
        try:
            await daemon.run(sides, stop)
        finally:
            await asyncio.gather(*(channel.aclose() for channel in channels))
            await net.aclose()


@dataclass(frozen=True, slots=True)
class _Outbox:
    """An outbox sender as a side of the daemon."""

    sender: OutboxSender
    name: str = "outbox"

    async def run(self) -> None:
        await self.sender.run()

    async def aclose(self) -> None:
        await self.sender.aclose(FLUSH_SECONDS)


def _watchdog() -> Watchdog | NoWatchdog:
    """Told by whoever started us how we are; healthy is what `/healthz` calls so."""
    supervisor, health = from_environment(), Health()
    if supervisor is None:
        return NoWatchdog()
    return Watchdog(supervisor, lambda views, now: health.report(views, now)[0])


def _parts(
    settings: Settings, target: str, probes: tuple[Probe, ...], store: PgStore, sender: OutboxSender,
    hooks: Hooks, channels: tuple[Channel, ...], telemetry: PrometheusTelemetry, clock: SystemClock,
    kill: KillPoint,
) -> TargetParts:  # fmt: skip
    names = tuple(channel.name for channel in channels)
    every: dict[str, Micros] = {
        name: alert.channel.remind_every for name, alert in zip(names, settings.alerts, strict=True)
    }
    outgoing = Outgoing(partial(rows_for, channels=channels), sender.enqueue, every, sender.look_soon)
    rules = TargetRules(
        settings.policy(target), settings.watch.fast, kinds_of(settings, target), settings.rollback.verify_for
    )
    executor = executor_of(settings, target, hooks, store.guard, kill)
    ports = TargetPorts(probes, store, executor, hooks, changes_of(settings, target))
    messages = Messages(settings.report.url or "", settings.server.url or "")
    return TargetParts(target, rules, ports, outgoing, telemetry, clock, messages)


def _web(
    settings: Settings, watches: StoredWatches, daemon: Daemon, telemetry: PrometheusTelemetry
) -> WebServer:
    server = settings.server
    host, port = server.address
    units = {t: {m: kind.value for m, kind in kinds_of(settings, t).items()} for t in settings.targets}
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
        jobs=[
            "reminders",
            REPORTS,
            *(f"{what}/{n}" for what in ("retention", "clearing") for n in settings.targets),
        ],
    )


def _jobs(settings: Settings, loops: Sequence[TargetLoop], parts: Sequence[TargetParts]) -> list[CalendarJob]:
    async def remind() -> None:
        for loop in loops:
            loop.remind()

    async def forget(part: TargetParts) -> None:
        if part.ports.store.holds:
            await part.ports.store.forget(part.clock.now() - settings.store.retention)

    def clearing(p: TargetParts) -> ExpiryNotices:
        return ExpiryNotices(p.name, kept_of(settings, p.name), p.ports.store, p.outgoing, p.clock)

    retention = [CalendarJob(f"retention/{p.name}", RETENTION_SECONDS, partial(forget, p)) for p in parts]
    cleared = [CalendarJob(f"clearing/{p.name}", RETENTION_SECONDS, clearing(p).run) for p in parts]
    return [CalendarJob("reminders", REMIND_SECONDS, remind), *retention, *cleared]
