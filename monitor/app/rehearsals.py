"""What `rehearse` is made of: a registry, a target and a scratch server for each configured target."""

from __future__ import annotations

import asyncio
from pathlib import Path

from monitor.app.targets import history_of_target, registry_of
from monitor.rehearsing import RehearsalRequest, Rehearsed, Rehearser, Stage
from monitor.settings import Settings


async def rehearse(settings: Settings, request: RehearsalRequest, bindirs: tuple[Path, ...]) -> Rehearsed:
    """Runs the plan on a clone of the schema and keeps what it showed."""
    registries = {name: registry_of(settings, name) for name in settings.targets}
    stages = {
        name: Stage(
            registries[name], target.rollback_dsn, target.scratch_dsn, history_of_target(settings, name)
        )
        for name, target in settings.targets.items()
    }
    try:
        return await Rehearser(stages, bindirs).rehearse(request)
    finally:
        await asyncio.gather(*(registry.aclose() for registry in registries.values()))
