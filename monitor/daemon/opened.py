"""Alerts that are open, as the target's memory keeps them: also an older program can read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from monitor.ports import Alert, Json, Severity, Stage

RANK: Mapping[str, int] = {stage.value: rank for rank, stage in enumerate(Stage, 1)}
"""How grave a stage is."""


def alert_to(alert: Alert) -> Json:
    """What is not as it is by default."""
    every = {f.name: (getattr(alert, f.name), f.default) for f in fields(alert)}
    return {name: value for name, (value, default) in every.items() if default is MISSING or value != default}


def alert_from(stored: Mapping[str, Any]) -> Alert:
    """What `alert_to` gave, before or after it was JSON."""
    facts: Sequence[Sequence[str]] = stored.get("facts", ())
    return Alert(
        **{
            **stored,
            "severity": Severity(stored["severity"]),
            "facts": tuple((label, text) for label, text in facts),
            "commands": tuple(stored.get("commands", ())),
            "closes": tuple(stored.get("closes", ())),
        }
    )
