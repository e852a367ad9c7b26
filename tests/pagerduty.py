"""A pager on loopback that behaves as Events API v2 is documented: 202, incidents by their dedup key."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from tests.peers import request_of, response

SEVERITIES = {"critical", "error", "warning", "info"}


@dataclass
class Pager:
    """`open`: incidents by key, with what was added to them; `rang`: the key of each that opened."""

    open: dict[str, list[str]] = field(default_factory=dict)
    rang: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await request_of(reader)).decode()
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            event = json.loads(await reader.readexactly(int(fields["content-length"])))
            wrong = self._take(event)
            status = "400 Bad Request" if wrong else "202 Accepted"
            answer = {"status": "invalid event" if wrong else "success", "errors": wrong}
            writer.write(response(json.dumps(answer).encode(), status))
            await writer.drain()

    def _take(self, event: dict[str, Any]) -> list[str]:
        wrong = [name for name in ("routing_key", "event_action", "dedup_key") if not event.get(name)]
        payload = event.get("payload", {})
        if event.get("event_action") == "trigger":
            wrong += [name for name in ("summary", "source", "severity") if not payload.get(name)]
            wrong += ["severity"] * (payload.get("severity") not in SEVERITIES)
            wrong += ["summary"] * (len(payload.get("summary", "")) > 1024)
        self.refused += wrong
        if not wrong:
            self._act(event["event_action"], event["dedup_key"], payload.get("summary", ""))
        return wrong

    def _act(self, action: str, key: str, summary: str) -> None:
        if action == "resolve":
            self.open.pop(key, None)  # of what is not open it is dropped
        elif key in self.open:
            self.open[key].append(summary)
        else:
            self.open[key] = [summary]
            self.rang.append(key)
