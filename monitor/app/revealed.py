"""Configured values as adapters take them: secrets revealed. Never for a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr


def revealed(value: Any) -> Any:
    """The value, and whatever it holds, in plain."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {str(key): revealed(found) for key, found in value.items()}
    return value
