"""How many examples hypothesis tries: few at each run, many when asked for.

MONITOR_EXAMPLES=10 uv run pytest tests/unit   tries ten times as many.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("MONITOR_EXAMPLES", "1"))


def examples(number: int) -> settings:
    """Settings of a test that tries `number` examples at an ordinary run."""
    return settings(max_examples=number * TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
