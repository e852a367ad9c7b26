"""What is asked of every parser: how many examples, how much time, and what a sentence may hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""Of each test by `make fuzz`; 0: the few of `make test`."""

SECONDS = 2.0
"""Of CPU for one example, which takes milliseconds: more is work without bounds."""

fuzzed = settings(
    max_examples=EXAMPLES or 20,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def bounded(seconds: float = SECONDS) -> Iterator[None]:
    """Ends what takes too much CPU; time that others take of the machine does not count."""
    before = signal.signal(signal.SIGVTALRM, _too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _too_long(_: int, __: FrameType | None) -> None:
    raise AssertionError("the parser is at work for too long")


def is_a_sentence(text: str) -> bool:
    """One line that a terminal shows as it is, and not the document over again."""
    return text.isprintable() and 0 < len(text) <= 1000
