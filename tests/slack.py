"""A Slack on loopback that behaves as its Web API is documented: posts, threads, edits, refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.peers import listening, request_of, response

TOKEN = "xoxb-tests-only"
CHANNEL, CHANNEL_ID = "deploys", "C0123456789"


@dataclass
class Posted:
    """A message as people see it in the channel."""

    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread: str = ""  # the ts of what it answers to
    broadcast: bool = False
    edits: int = 0

    def shown(self) -> str:
        return json.dumps(self.blocks, ensure_ascii=False)


@dataclass
class SlackApi:
    """`refuse`: method -> words it refuses with, one a call. `busy`: so many calls are answered 429."""

    posted: list[Posted] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    busy: int = 0
    calls: list[str] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await request_of(reader)).decode()
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = json.loads(await reader.readexactly(int(fields["content-length"])))
            method = head.split()[1].rpartition("/")[2]
            self.calls.append(method)
            if self.busy > 0:
                self.busy -= 1
                writer.write(response(b"", "429 Too Many Requests", "Retry-After: 0\r\n"))
            else:
                answer = self._answer(method, fields.get("authorization", ""), body)
                writer.write(
                    response(json.dumps(answer).encode(), headers="Content-Type: application/json\r\n")
                )
            await writer.drain()

    @property
    def parents(self) -> list[Posted]:
        return [p for p in self.posted if not p.thread]

    def replies(self, parent: Posted) -> list[Posted]:
        return [p for p in self.posted if p.thread == parent.ts]

    def _answer(self, method: str, authorization: str, body: dict[str, Any]) -> dict[str, Any]:
        if authorization != f"bearer {TOKEN}":
            return {"ok": False, "error": "invalid_auth"}
        if self.refuse.get(method):
            return {"ok": False, "error": self.refuse[method].pop(0)}
        if not body.get("text") and not body.get("blocks"):
            return {"ok": False, "error": "no_text"}
        return {"chat.postMessage": self._post, "chat.update": self._update}[method](body)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["channel"] not in {CHANNEL, CHANNEL_ID}:
            return {"ok": False, "error": "channel_not_found"}
        ts = f"17000000{len(self.posted):02}.000100"
        thread = body.get("thread_ts", "")
        self.posted.append(
            Posted(ts, body["text"], body["blocks"], thread, body.get("reply_broadcast", False))
        )
        return {"ok": True, "channel": CHANNEL_ID, "ts": ts}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["channel"] != CHANNEL_ID:  # an edit wants the id, a name is not enough
            return {"ok": False, "error": "channel_not_found"}
        for message in self.posted:
            if message.ts == body["ts"]:
                message.text, message.blocks, message.edits = body["text"], body["blocks"], message.edits + 1
                return {"ok": True, "channel": CHANNEL_ID, "ts": message.ts}
        return {"ok": False, "error": "message_not_found"}


@asynccontextmanager
async def slack_api() -> AsyncIterator[SlackApi]:
    """It listens at `url`."""
    api = SlackApi()
    async with listening(api.serve) as peer:
        api.url = peer.url.removesuffix("/metrics") + "/api"
        yield api
