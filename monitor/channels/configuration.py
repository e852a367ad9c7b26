"""What the configuration of a channel is: its keys, what is wrong with them together, and the channel itself.

Keys are written in the kinds of `monitor.options`: each is read, shown in the JSON Schema and in the table of
keys by its kind. A secret is `Secret`: hidden in every error, and revealed in `open` alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from monitor.options import Duration, Fault, Section, key
from monitor.ports import Channel
from monitor.ports.post import Post


class ChannelKeys(Section):
    """The keys of every channel; a kind adds its own."""

    remind_every: Duration = key("1h", "repeats an alert that is still open; 0s: never")

    def faults(self) -> Iterator[Fault]:
        """What its keys must say together and do not; what is wrong with one alone its kind says."""
        yield from ()

    @abstractmethod
    def open(self, name: str, post: Post) -> Channel:
        """The channel. Raises OperatorError for a secret of no use; its text never holds it."""
