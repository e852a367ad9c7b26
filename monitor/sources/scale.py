"""Declared units to the units of samples: ratios 0-1, times in milliseconds, counts as they are."""

from __future__ import annotations

from decimal import Decimal

from monitor.errors import OperatorError

UNITS: dict[str, float] = {"ratio": 1.0, "percent": 0.01, "s": 1000.0, "ms": 1.0, "us": 0.001, "count": 1.0}


def factor(unit: str) -> float:
    """What a value of this unit is multiplied with. Raises OperatorError listing the known ones."""
    if unit not in UNITS:
        raise OperatorError(f"{unit!r} is not a unit: write one of {', '.join(UNITS)}")
    return UNITS[unit]


def scaled(value: float, unit: str) -> float:
    """In the unit of samples; what is divided is so as a decimal: 0.7 % is 0.007 exactly."""
    divided = {"percent": 100, "us": 1000}.get(unit)
    return value * factor(unit) if divided is None else float(Decimal(repr(value)) / divided)
