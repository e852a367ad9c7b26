"""Sockets that are opened at the HTTP port and never asked over."""

from __future__ import annotations

import asyncio

import pytest

from tests.site import running


@pytest.mark.fault(35)
async def test_two_hundred_idle_sockets_leave_the_loop_alone() -> None:
    """Fault 35: half of them in the middle of a request; health answers, and timers fire as ever."""
    async with running() as web:
        opened = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(200)]
        for _, writer in opened[::2]:
            writer.write(b"POST /api/v1/watches HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n")
        for path in ("/healthz", "/metrics", "/api/v1/watches"):
            assert (await asyncio.wait_for(web.get(path), 10)).status_code == 200
        assert (await web.post("/api/v1/watches/w-1/pause", token="")).status_code == 401
        for _, writer in opened:
            writer.close()
