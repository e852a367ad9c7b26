"""uvicorn inside our event loop: no signal handlers, no log configuration, bounded connections.

The daemon's own stop comes first: `aclose` ends the streams, then the server within its deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn

from monitor.errors import OperatorError
from monitor.web.connections import BoundedConnection
from monitor.web.site import Site

KEEP_ALIVE_SECONDS = 20
"""An idle connection is kept a little longer than a usual scrape interval."""

GRACE_SECONDS = 3
"""For requests under way when the server stops; with None one open stream would hang the stop."""

CLOSE_DEADLINE = GRACE_SECONDS + 2.0
"""Seconds after which `aclose` cuts what is left."""

HEAD_BYTES = 16 << 10
"""A request's head; a browser's is under 2 KiB."""


class WebServer:
    """Serves `site` on host:port. `run` until `aclose`; port 0 takes a free one, `port` tells which."""

    name = "web"

    def __init__(self, site: Site, host: str, port: int) -> None:
        self._site = site
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._server = _Server(
            uvicorn.Config(
                site,
                http=BoundedConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                h11_max_incomplete_event_size=HEAD_BYTES,
            )
        )
        self._running = False
        self._ended = asyncio.Event()

    @property
    def port(self) -> int:
        """The port in use; as configured before `bind`."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else self._port

    @property
    def started(self) -> bool:
        """Whether requests are answered."""
        return self._server.started

    def bind(self) -> None:
        """Takes the port. Raises OperatorError when it can't be had; `run` does it when nobody did."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        taken = socket.socket(family, socket.SOCK_STREAM)
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind((self._host.strip("[]"), self._port))
            taken.listen(128)
        except OSError as e:
            taken.close()
            where = f"{self._host}:{self._port}"
            raise OperatorError(f"server.listen: {where} can't be taken ({e.strerror}): name another") from e
        taken.setblocking(False)
        self._socket = taken

    async def run(self) -> None:
        """Serves until `aclose`; cancelling it cuts everything at once."""
        if self._server.should_exit:
            return
        if self._socket is None:
            self.bind()
        self._running = True
        beside = asyncio.create_task(self._site.run(), name="web.site")
        try:
            await self._server.serve(sockets=[self._socket] if self._socket else None)
        finally:
            beside.cancel()
            self._site.close()
            self._cut()
            self._ended.set()
            await asyncio.gather(beside, return_exceptions=True)

    async def aclose(self) -> None:
        """Ends streams and server within CLOSE_DEADLINE."""
        self._site.close()
        self._server.should_exit = True
        if not self._running:
            return self._cut()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_DEADLINE):
                await self._ended.wait()
        return self._cut()

    def _cut(self) -> None:
        """Closes the listening socket and whatever connection is left."""
        for listener in getattr(self._server, "servers", ()):
            listener.close()
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, BoundedConnection):
                connection.abort()
        if self._socket is not None:
            self._socket.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the daemon's."""
        yield
