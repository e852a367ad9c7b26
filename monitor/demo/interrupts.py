"""Ctrl-C, SIGTERM and SIGHUP end the demonstration, but never between making a thing and noting it.

Blocking the signals would not do: another thread would take them for us.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Interrupts:
    """Raises KeyboardInterrupt in the main thread for each of ENDING, inside `with`."""

    def __init__(self) -> None:
        self.came = False
        self._waiting = False

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Ours instead of the handlers there were, which come back after it."""
        before = {n: signal.signal(n, self._interrupt) for n in ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """One that comes inside is raised at the end of it."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False
        self.check()

    def check(self) -> None:
        """Raises for one that came, also if it was raised where Python ignores exceptions."""
        if self.came:
            raise KeyboardInterrupt

    @staticmethod
    def ignore() -> None:
        """While things are cleared away, a second Ctrl-C must not stop that."""
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)

    def _interrupt(self, *_: object) -> None:
        self.came = True
        if not self._waiting:
            raise KeyboardInterrupt
