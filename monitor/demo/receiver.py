"""Stands in for Slack: a real HTTP server on loopback that takes webhook messages and shows their text.

This file does not send anything and knows nothing of watches.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

BODY_LIMIT = 1 << 20
SOCKET_SECONDS = 5.0
"""A sender that stalls for this long is dropped."""


class Receiver:
    """Calls `on_message` with the lines of each message, from a thread of its own."""

    def __init__(self, on_message: Callable[[list[str]], None]) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _hook(on_message))
        self._thread = Thread(target=self._http.serve_forever, name="slack", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/services/demo"

    def close(self) -> None:
        """Stops taking messages."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def _hook(on_message: Callable[[list[str]], None]) -> type[BaseHTTPRequestHandler]:
    class Hook(BaseHTTPRequestHandler):
        timeout = SOCKET_SECONDS

        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", "0")), BODY_LIMIT)
            try:
                lines = lines_of(json.loads(self.rfile.read(length)))
            except (ValueError, TypeError, AttributeError):
                self._answer(400, b"invalid_payload")
                return
            self._answer(200, b"ok")
            on_message(lines)

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: the message itself is what is shown."""

    return Hook


def lines_of(message: dict[str, Any]) -> list[str]:
    """The text of a Block Kit message without its reference: a line each, `label: text` for each field."""
    lines: list[str] = []
    for block in message.get("blocks", []):
        lines += _text(block.get("text")).splitlines()
        lines += [": ".join(_text(part).splitlines()) for part in block.get("fields", [])]
    return [line for line in lines or message["text"].splitlines() if line.strip()]


def _text(part: Any) -> str:
    text = part.get("text", "") if isinstance(part, dict) else ""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("*", ""), ("`", "")):
        text = text.replace(entity, character)
    return str(text)
