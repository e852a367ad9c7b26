"""Known traffic for one application, and its metric page before and after it.

`before.prom` is read when the application is warm and every series has begun; `after.prom` when it has had
the requests of `MIX` and three more reads of the page besides. `truth.json` says what they were.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx

DATA = Path(__file__).parent / "data"

WARM = (("/ok", 10), ("/absent", 2), ("/fail", 1), ("/raise", 1), ("/slow", 2))

MIX = (("/ok", 80), ("/absent", 5), ("/fail", 10), ("/raise", 5), ("/slow", 20))
"""Path and requests: `/fail` answers 500, `/raise` has an unhandled exception, `/slow` takes 120 ms."""

STATUS = {"/ok": 200, "/absent": 404, "/fail": 500, "/raise": 500, "/slow": 200}

ERRORS = 15
SCRAPES = 3


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened between the two pages, as the client knows it. `scrapes` are reads of the page."""

    library: str
    version: str
    requests: int
    errors: int
    scrapes: int
    mean_ms: float
    p95_ms: float


def collect(
    library: str,
    version: str,
    base: str,
    page: str = "/metrics",
    keep: Sequence[str] = (),
    settle: float = 0.3,
) -> Truth:
    """Sends the traffic to `base` and files both pages, each read `settle` seconds after the last request.

    `keep`: only metrics that begin with these.
    """
    where = page if page.startswith("http") else base + page
    # a connection each: one that a server closes after an exception would swallow the next request
    with httpx.Client(timeout=10, headers={"connection": "close"}) as client:
        _send(client, base, WARM)
        client.get(where)  # its own series begins too
        before = _read(client, where, settle)
        times = _send(client, base, MIX)
        for _ in range(SCRAPES):
            client.get(where)
        after = _read(client, where, settle)
    requests = sum(n for _, n in MIX)
    p95 = sorted(times)[int(0.95 * len(times))]
    truth = Truth(
        library, version, requests, ERRORS, SCRAPES + 1, round(fmean(times), 1), round(p95, 1)
    )  # fmt: skip
    _file(library, {"before.prom": before, "after.prom": after}, truth, keep)
    return truth


def _send(client: httpx.Client, base: str, mix: Sequence[tuple[str, int]]) -> list[float]:
    """How long each took, in ms. Raises SystemExit for an answer that is not the path's."""
    times = []
    for path, count in mix:
        for _ in range(count):
            start = time.perf_counter()
            status = client.get(base + path).status_code
            times.append((time.perf_counter() - start) * 1000)
            if status // 100 != STATUS[path] // 100:
                raise SystemExit(f"{path} answered {status}, not as {STATUS[path]}")
    return times


def _read(client: httpx.Client, where: str, settle: float) -> str:
    """The page, when what was sent has been counted: some do it after the answer, some now and then."""
    time.sleep(settle)
    return client.get(where).text


def _file(library: str, pages: dict[str, str], truth: Truth, keep: Sequence[str]) -> None:
    folder = DATA / library
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (folder / name).write_text(_kept(text, keep), encoding="utf-8")
    known: dict[str, Any] = {"run": True, **asdict(truth)}
    (folder / "truth.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def _kept(text: str, keep: Sequence[str]) -> str:
    """The lines of the wanted metrics, their HELP and TYPE with them."""
    if not keep:
        return text
    lines = text.splitlines()
    wanted = (line for line in lines if _name(line).startswith((*keep, "process_start_time")))
    return "\n".join(wanted) + "\n"


def _name(line: str) -> str:
    words = line.split()
    if line.startswith("#") and len(words) > 2:
        return words[2]
    return line
