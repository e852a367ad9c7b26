"""What the command line asks for: stored watches, registering, controls, `check`. No daemon is needed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from monitor import checking
from monitor.app.hooks import configured_hooks
from monitor.app.sources import lens_of, probes_of
from monitor.app.targets import blockers_of, desk_of, executor_of, history_of_target, registry_of
from monitor.backend import StoredWatches
from monitor.checking import CheckedTarget
from monitor.errors import OperatorError
from monitor.net import Net
from monitor.ports import Control, Finding, Json, Registered, Via, WatchRequest
from monitor.registration import Registrar
from monitor.settings import Settings, doubts
from monitor.tls import Identity

REFUSAL_DEADLINE = 5.0
"""Seconds: whoever was refused waits for the reason meanwhile."""


@contextlib.asynccontextmanager
async def stored_watches(settings: Settings) -> AsyncIterator[StoredWatches]:
    """The stored watches of all targets; needs no daemon."""
    registries = {name: registry_of(settings, name) for name in settings.targets}
    registrar = Registrar({name: desk_of(settings, name, registries[name]) for name in settings.targets})
    try:
        yield StoredWatches(registries, registrar.register, settings.rollback.verify_for)
    finally:
        await asyncio.gather(*(registry.aclose() for registry in registries.values()))


async def register(settings: Settings, request: WatchRequest) -> Registered:
    """Prepares a watch against the live database and stores it."""
    async with stored_watches(settings) as stored:
        found = await stored.add(request)
    doubtful = (f"{where} {what}" for where, what in doubts(settings))
    return replace(found, notices=(*found.notices, *doubtful))


async def refused(
    settings: Settings, migration: str, target: str | None, e: OperatorError, by: str, via: Via
) -> None:
    """Keeps a registration that was refused, where there is a store that answers soon."""
    with contextlib.suppress(TimeoutError):
        async with stored_watches(settings) as stored, asyncio.timeout(REFUSAL_DEADLINE):
            await stored.refuse(migration, target, e, by, via)


async def fingerprint(settings: Settings, target: str | None) -> tuple[str, bytes]:
    """The target's name and the fingerprint of its whole schema, as a file's bytes."""
    registries = {name: registry_of(settings, name) for name in settings.targets}
    registrar = Registrar({name: desk_of(settings, name, registries[name]) for name in settings.targets})
    try:
        return await registrar.fingerprint(target)
    finally:
        await asyncio.gather(*(registry.aclose() for registry in registries.values()))


async def watches(settings: Settings, name: str | None, target: str | None) -> Sequence[Json]:
    """The watch of that migration or id, or all of them, newest first. Raises NotFound."""
    async with stored_watches(settings) as stored:
        if name is not None:
            return [await stored.named(name, target)]
        return [w for w in await stored.watches() if target in {None, w["target"]}]


async def report(settings: Settings, name: str, target: str | None) -> Json:
    """What happened to the latest watch of that migration, or the watch of that id. Raises NotFound."""
    async with stored_watches(settings) as stored:
        return await stored.report_named(name, target)


async def control(
    settings: Settings, name: str, target: str | None, asked: Control, reason: str, by: str
) -> Json:
    """Commits a person's control; the watch as JSON."""
    async with stored_watches(settings) as stored:
        return await stored.control_named(name, target, asked, by, reason)


async def check(settings: Settings) -> Sequence[Finding]:
    """What stands between this configuration and a rollback at 3 a.m."""
    net = Net(tls=Identity(settings.tls.files))
    registries = {name: registry_of(settings, name) for name in settings.targets}
    hooks = {name: configured_hooks(settings, name, net) for name in settings.targets}
    targets = [
        CheckedTarget(
            name, configured.dsn, configured.rollback_dsn, probes_of(settings, name, net),
            registries[name], executor_of(settings, name, hooks[name]),
            configured.database.allow_superuser or "", history_of_target(settings, name),
            configured.scratch_dsn, hooks[name], blockers_of(settings), lens_of(settings, name),
        )
        for name, configured in settings.targets.items()
    ]  # fmt: skip
    try:
        found = await checking.check(targets, len(settings.alerts))
    finally:
        for target in targets:
            await asyncio.gather(*(probe.aclose() for probe in target.probes))
            await asyncio.gather(target.executor.aclose(), registries[target.name].aclose())
        await net.aclose()
    return [*found, *(Finding(where, what, problem=False) for where, what in doubts(settings))]
