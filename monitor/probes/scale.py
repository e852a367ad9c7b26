"""Declared units to the units of samples: ratios 0-1, times in milliseconds, counts as they are."""

from __future__ import annotations

from decimal import Decimal

from monitor.errors import OperatorError

UNITS: dict[str, float] = {"ratio": 1.0, "percent": 0.01, "s": 1000.0, "ms": 1.0, "count": 1.0}


def factor(unit: str) -> float:
    """What a value of this unit is multiplied with. Raises OperatorError listing the known ones."""
    if unit not in UNITS:
        raise OperatorError(f"{unit!r} is not a unit: write one of {', '.join(UNITS)}")
    return UNITS[unit]


def scaled(value: float, unit: str) -> float:
    """In the unit of samples; a percentage is divided as a decimal, so that 0.7 % is 0.007 exactly."""
    return float(Decimal(repr(value)) / 100) if unit == "percent" else value * factor(unit)
