"""How grave a statement is: what undoing it again would need.

The kinds themselves, each with its class, are in monitor/statements.
"""

from __future__ import annotations

from enum import StrEnum


class Class(StrEnum):
    """What undoing again would need, gravest last."""

    LOSSLESS = "lossless"  # nothing is destroyed that the migration's own text could not bring back
    LOSSY = "lossy"  # rows or values may be gone
    OPAQUE = "opaque"  # nobody can say what it does: needs --allow-opaque
