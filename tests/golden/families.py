"""Every file of `kept/` and what makes it. One that needs a server is made on each major that is kept."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping

from monitor.demo.postgres import Server
from tests import servers
from tests.golden import console, corpus, lived, plans, refused, said, sentences, web
from tests.golden.kept import KEPT
from tests.golden.text import changed

MAJORS = (18, 16, 15)
"""The first one's answer is kept whole, of the others how theirs differs from it."""

HERE = [b.major for b in servers.BINARIES if b.major in MAJORS]

QUICK = {
    "database",
    "drifts",
    "runs",
    "before",
    "kinds",
    "losses",
    "misfits",
    "quarantine",
    "refusals",
    "remade",
}
"""Families on a server that `make test` takes; of the others each text costs a parser's start."""


async def _async(text: str) -> str:
    return text


PLAIN: Mapping[str, Callable[[], Awaitable[str]]] = {
    "refused/texts.json": refused.texts,
    "refused/configs.txt": lambda: _async(refused.configs()),
    "console/words.txt": console.help_and_slips,
    "said/sentences.json": sentences.tables,
    "said/stories.txt": said.told,
    "said/watches.json": said.as_json,
    "said/events.json": said.of_events,
    "said/terminal.txt": said.terminal,
    "said/channels.json": said.channels,
    "said/reports.html.txt": said.reports,
    "said/report.json": said.documents,
    "said/web.txt": web.answers,
    "said/page.js.txt": web.of_the_page,
}

Made = Callable[[Server], Awaitable[str]]


def _plans(name: str) -> Made:
    return lambda server: plans.family(server, name)


ON_SERVERS: Mapping[str, Made] = {
    "console/database.txt": console.with_a_database,
    "lived/drifts.json": lived.drifts,
    "lived/runs.json": lived.runs,
    "lived/rehearsals.json": lived.rehearsals,
    "lived/ways_back.json": lived.ways_back,
    **{f"plans/{name}.json": _plans(name) for name in corpus.files()},
}

DIGESTS = re.compile(r"/(digest|before/packed): ")
"""Of all that is stored: on each major another, and what is otherwise there is told by itself."""

ON_FIRST = {"console/database.txt"}
"""What no major says otherwise."""


def majors(name: str) -> list[int]:
    """On which a family is made here."""
    return [major for major in HERE if major == MAJORS[0] or name not in ON_FIRST]


def is_quick(name: str) -> bool:
    """Whether `make test` asks for it."""
    return name.rpartition("/")[2].partition(".")[0] in QUICK


def plain_text(name: str) -> str:
    """Of a family that needs no server."""
    return asyncio.run(_awaited(PLAIN[name]()))


async def _awaited(made: Awaitable[str]) -> str:
    return await made


async def on_server(name: str, major: int) -> tuple[str, str]:
    """The file's name and text: on other majors than the first what is otherwise there, line by line."""
    server = servers.server(major)
    await servers.forget_settings_of_roles(server)
    text = await ON_SERVERS[name](server)
    if major == MAJORS[0]:
        return name, text
    first = json.loads((KEPT / name).read_text(encoding="utf-8"))
    lines = changed(first, json.loads(text))
    stem = name.rpartition(".")[0]
    return f"{stem}.pg{major}.txt", "".join(f"{line}\n" for line in lines if not DIGESTS.search(line))
