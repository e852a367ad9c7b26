"""Host names to addresses, in threads of our own: at most one per name.

The default executor has few threads, and six hung look-ups in it block every other one. Here a
hung look-up holds its own thread and nothing else. This file does not connect to anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

from monitor.errors import SourceError

NAME_TTL = 30.0
"""Seconds after which a name is looked up again, beside the running requests."""

Lookup = Callable[[str, int], Sequence[str]]
"""Addresses of a host, in order of preference; blocking; raises OSError."""


class Names:
    """Looks names up in one daemon thread per name; an old answer is used while a new one is fetched."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[str, tuple[float, list[str]]] = {}
        self._running: dict[str, asyncio.Future[list[str]]] = {}

    async def address(self, host: str, port: int) -> str:
        """One address; raises SourceError `dns`. Does not wait once a look-up has succeeded."""
        if _is_address(host):
            return host
        fetched, addresses = self._known.get(host, (0.0, []))
        if not addresses:
            addresses = await asyncio.shield(self._start(host, port))
        elif asyncio.get_running_loop().time() - fetched > NAME_TTL:
            self._start(host, port)
        if not addresses:
            raise SourceError("dns", "the host's name can't be resolved")
        return addresses[0]

    def failed(self, host: str) -> None:
        """The next request uses the next address, and the name is looked up again."""
        if host in self._known:
            _, addresses = self._known[host]
            self._known[host] = (-NAME_TTL, addresses[1:] + addresses[:1])

    def _start(self, host: str, port: int) -> asyncio.Future[list[str]]:
        if host not in self._running:
            loop = asyncio.get_running_loop()
            self._running[host] = future = loop.create_future()
            future.add_done_callback(lambda done: self._learn(host, loop.time(), done))
            thread = threading.Thread(target=self._run, args=(host, port, loop, future), daemon=True)
            thread.start()
        return self._running[host]

    def _run(
        self, host: str, port: int, loop: asyncio.AbstractEventLoop, future: asyncio.Future[list[str]]
    ) -> None:
        try:
            found = list(self._lookup(host, port))
        except (OSError, UnicodeError):
            found = []
        with contextlib.suppress(RuntimeError):  # the loop may have ended while we looked
            loop.call_soon_threadsafe(_settle, future, found)

    def _learn(self, host: str, now: float, done: asyncio.Future[list[str]]) -> None:
        self._running.pop(host, None)
        if done.cancelled() or not done.result():
            return
        current = self._known.get(host, (0.0, []))[1][:1]
        found = done.result()  # the address in use stays in front as long as the name still has it
        self._known[host] = (now, sorted(found, key=lambda address: address not in current))


def _settle(future: asyncio.Future[list[str]], found: list[str]) -> None:
    if not future.done():
        future.set_result(found)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def look_up(host: str, port: int) -> list[str]:
    """The system's resolver; blocks as long as that does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
