"""What the HTTP interface answers of the stories' watches: page, metrics, health, targets, controls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from monitor.core.samples import SECOND
from monitor.ports import TargetView
from tests import site
from tests.golden.said import tags, views
from tests.golden.text import dumped


async def answers() -> str:
    """What the HTTP interface answers of these watches: metrics, health, readiness, targets, controls."""
    async with site.running() as running:
        away = TargetView(
            "shop",
            None,
            15 * SECOND,
            False,
            False,
            trouble="the database does not answer",
            stranger="a stranger",
        )
        told = []
        for target in (_shown_target(), away):
            running.overview.views[:] = [target]
            for path in (
                "/",
                "/metrics",
                "/healthz",
                "/readyz",
                "/api/v1/targets",
                "/api/v1/nothing",
                "/nothing",
            ):
                answer = await running.get(path)
                kind = answer.headers.get("content-type")
                told.append(f"# GET {path} {answer.status_code} {kind}\n{_ours(answer.text)}\n")
        for path in SLIPS:
            answer = await running.get(path)
            told.append(f"# GET {path} {answer.status_code}\n{answer.text}\n")
        for path, sent in POSTS.items():
            answer = await running.post(path, sent)
            body = "the watch" if '"id"' in answer.text else answer.text
            told.append(f"# POST {path} {json.dumps(sent)} {answer.status_code}\n{body}\n")
        for headers in ({"authorization": ""}, {"host": "elsewhere"}, {"origin": "http://elsewhere"}):
            answer = await running.post("/api/v1/watches/w-1/pause", {}, **headers)
            told.append(f"# POST with {headers} {answer.status_code}\n{answer.text}\n")
    return "\n".join(told)


STATIC = Path(__file__).parents[2] / "monitor" / "web" / "static"

TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)""", re.DOTALL
)
"""Comments, and texts as JavaScript writes them."""


async def of_the_page() -> str:
    """Every text with a blank in it that the page's own program holds, whichever file it stands in."""
    sources = (path.read_text(encoding="utf-8") for path in STATIC.glob("*.js") if path.name != "uplot.js")
    texts = {
        found for source in sources for found in TOKENS.findall(source) if re.search(r"[a-z] [a-z$]", found)
    }
    return "".join(f"{text}\n" for text in sorted(texts))


def _shown_target() -> TargetView:
    """With one watch of each phase, each under its own name."""
    by_phase: dict[str, Any] = {}
    for view in views().values():
        shown: Any = view
        by_phase.setdefault("superseded" if shown["superseded"] else shown["phase"], shown)
    named = [{**view, "id": f"w-{phase}", "migration": phase} for phase, view in by_phase.items()]
    watches = tuple(view for view in named if view["verdict"] is None)
    return replace(
        site.TARGET, watches=watches, ended=tuple(view for view in named if view["verdict"] is not None)
    )


SLIPS = (
    "/api/v1/watches/w-9", "/api/v1/watches/w-1/samples?since=x", "/api/v1/watches/w-1/samples?since=1e99",
    "/api/v1/watches/w-1/events?after=-1", "/api/v1/watches/w-1/events?limit=0",
    "/api/v1/watches/w-1/alerts?limit=x",
    "/api/v1/watches/w-1/chart?slots=99999", "/static/nothing.js",
)  # fmt: skip


POSTS: Mapping[str, Any] = {
    "/api/v1/watches/w-1/pause": {"reason": "load test"},
    "/api/v1/watches/w-1/approve": {},
    "/api/v1/watches/w-2/cancel": {},
    "/api/v1/watches/w-1/explode": {},
    "/api/v1/watches": {"migration": "0042", "rollback": "SELECT 1"},
    "/api/v1/watches/w-1/resume": [1],
    "/api/v1/watches/w-1/pause?": {"reason": 5},
    "/api/v1/watches/w-1/cancel?": {"why": "x"},
}


OF_THE_PROCESS = re.compile(r"(# \w+ )?(python|process)_|.*build_info\{")


def _ours(text: str) -> str:
    """JSON in order and without the watches, which stand elsewhere; no figure of the process."""
    if text.startswith("<"):
        return tags(text)
    if not text.startswith("{"):
        return "\n".join(_figures([line for line in text.splitlines() if not OF_THE_PROCESS.match(line)]))
    value = json.loads(text)
    for target in value.get("targets", ()):
        if isinstance(target, dict):
            target["watches"] = [watch["id"] for watch in target["watches"]]
    return dumped(value)


def _figures(lines: list[str]) -> Iterator[str]:
    """Series in order; of those that stand at 0 the first of each name, and how many more there are."""
    for comment, block in groupby(lines, lambda line: line.startswith("#")):
        if comment:
            yield from block
            continue
        for (name, at_zero), several in groupby(sorted(block, key=_figure), _figure):
            found = sorted(several)
            if at_zero:
                yield found[0] + (f" and {len(found) - 1} more" if len(found) > 1 else "")
            else:
                yield from (re.sub(r" \S+$", " …", line) if "_http_" in name else line for line in found)


def _figure(line: str) -> tuple[str, bool]:
    return line.partition("{")[0], line.endswith(" 0.0")
