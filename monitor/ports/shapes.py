"""The shape that crosses every border: an object of JSON."""

from __future__ import annotations

from collections.abc import Mapping

Json = Mapping[str, object]
"""An object that `json.dumps` takes."""
