"""The command itself, as a process: its inputs, its exit codes, and servers that answer badly."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import peers

BEGIN = 1_790_000_000 // 3600 * 3600
PATIENCE = 60.0
SERVER = ("--prometheus", "http://127.0.0.1:9")
COUNTERS = ("--errors", 'r_total{status="500"}', "--requests", "r_total")


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


async def backtest(*arguments: str, patience: float = PATIENCE) -> Done:
    """Runs the command to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(patience):
        out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


@dataclass
class Server:
    """Answers range queries with counters that grow by 60 requests a step, of which `failing` fail."""

    status: Callable[[int, int], str] = lambda points, turn: "200 OK"
    warnings: bool = False
    body: str | None = None
    failing: Callable[[int], int] = lambda at: 0
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await peers.request_of(reader)
            self.headers.append(head)
            asked = parse_qs(urlsplit(head.split()[1].decode()).query)
            self.asked.append(asked)
            start, end, step = (float(asked[key][0]) for key in ("start", "end", "step"))
            points = int((end - start) / step) + 1
            status = self.status(points, len(self.asked))
            body = (
                self.body if self.body is not None else self._answer(asked["query"][0], start, step, points)
            )
            writer.write(peers.response(body.encode(), status))
            await writer.drain()

    def _answer(self, query: str, start: float, step: float, points: int) -> str:
        moments = [start + n * step for n in range(points)]
        result: list[Any] = []
        if "count_over_time" in query:
            result = [{"metric": {}, "values": [[m, "240"] for m in moments]}]
        elif "r_total" in query:
            for status in ("500",) if "status" in query else ("200", "500"):
                labels = {"__name__": "r_total", "job": "shop", "instance": "a:1", "status": status}
                share = 1 if status == "500" else 60
                result.append(
                    {"metric": labels, "values": [[m, str(self._total(m, share))] for m in moments]}
                )
        found: dict[str, Any] = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        if self.warnings:
            found["warnings"] = ["a store is away"]
        return json.dumps(found)

    def _total(self, at: float, share: int) -> int:
        reads = int(at) // 15
        return reads * 60 if share == 60 else self.failing(int(at))


async def asked(server: Server, *options: str, then: Callable[[Done], object]) -> None:
    async with peers.listening(server.serve) as peer:
        url = f"http://127.0.0.1:{peer.port}"
        then(await backtest("backtest", "--prometheus", url, "--days", "1.5", *options))


def recording(path: Path, hours: float, share: Callable[[float], float]) -> None:
    """300 requests a minute, every 15 s; of each hour so many fail."""
    with path.open("w") as file:
        for n in range(int(hours * 240)):
            line = {
                "at": BEGIN + 15 * n,
                "metric": "error_rate",
                "errors": round(75 * share(n / 240)),
                "requests": 75,
            }
            file.write(f"{json.dumps(line)}\n")


async def test_a_recording_with_counts_alone_says_when_it_would_have_rolled_back(tmp_path: Path) -> None:
    """On stdout one document and nothing else; the page beside it; exit 0 whatever came out."""
    recording(tmp_path / "r.jsonl", 30, lambda hour: 0.2 if 20 <= hour < 20.5 else 0.0)
    page = tmp_path / "r.html"
    done = await backtest(
        "backtest", "--jsonl", str(tmp_path / "r.jsonl"), "--json", "--html", str(page), "--every", "6h"
    )
    assert (done.code, done.err) == (0, f"the page is in {page}\n")
    found = json.loads(done.out)
    assert [r["at"] for r in found["rollbacks"]] == [BEGIN + 20 * 3600 + 300]
    assert found["left_out"].keys() == {"response_time", "connections", "query_latency"}
    assert "<script" not in page.read_text()
    assert "http" not in page.read_text().split("<body>")[1]


async def test_the_answer_for_people_fits_80_columns(tmp_path: Path) -> None:
    """In a pipe, without colours and without a progress bar."""
    recording(tmp_path / "r.jsonl", 30, lambda hour: 0.2 if 20 <= hour < 20.5 else 0.0)
    done = await backtest("backtest", "--jsonl", str(tmp_path / "r.jsonl"))
    assert (done.code, done.err) == (0, "")
    assert "IT WOULD HAVE ROLLED BACK ONCE IN 29H." in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out


async def test_a_log_named_with_markup_is_escaped_in_the_page(tmp_path: Path) -> None:
    """Its name is in the notes."""
    log = tmp_path / "<b>&.log"
    log.write_bytes(b'1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 1\n' * 3 + b"bad\n")
    done = await backtest("backtest", "--log", str(log), "--html", str(tmp_path / "x.html"))
    assert done.code == 0
    assert "1 of 4 lines are not lines of an access log" in done.out
    assert "<b>" not in (tmp_path / "x.html").read_text().replace("<b>[", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--jsonl", "{empty}"), "the recording is empty"),
        (("--jsonl", "{none}"), "none can't be read: No such file"),
        (("--log", "{empty}"), "there is no line in it"),
        (("--log", "{bad}"), "not one of 2 lines of"),
        (("--log", "{bad}", "--jsonl", "{bad}"), "three histories: name one"),
        ((*SERVER, "--errors", "x"), "belong together"),
        ((*SERVER, *COUNTERS), "the connection was refused"),
        (("--prometheus", "nonsense", *COUNTERS), "the URL can't be used"),
        ((*SERVER, "--errors", "sum(x)", "--requests", "x"), "is computed from counters"),
        ((*SERVER, *COUNTERS, "--days", "0"), "is not between"),
        ((*SERVER, *COUNTERS, "--step", "x"), "is not a duration"),
        ((*SERVER, *COUNTERS, "--metric", "response_time=x"), "say in which unit"),
        ((*SERVER, *COUNTERS, "--header", "X: ${ABSENT_77}"), "no variable ABSENT_77"),
    ],
)  # fmt: skip
async def test_what_can_not_be_used_is_one_sentence_and_exit_2(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    """With nothing on stdout."""
    (tmp_path / "empty").write_text("")
    (tmp_path / "bad").write_bytes(b"\x00\xff\nnothing\n")
    names = {name: str(tmp_path / name) for name in ("empty", "bad", "none")}
    done = await backtest("backtest", *(a.format(**names) if a[0] == "{" else a for a in arguments))
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


async def test_counters_of_a_server_are_read_in_chunks_under_its_limit() -> None:
    """No question has more points than Prometheus allows, and the errors are found where they are."""
    now = int(time.time())
    outage = now - 20 * 3600
    server = Server(failing=lambda at: max(0, min(at - outage, 1800)) // 15 * 12)

    def then(done: Done) -> None:
        assert (done.code, done.err) == (0, "")
        (rollback,) = json.loads(done.out)["rollbacks"]
        assert rollback["at"] == pytest.approx(outage + 300, abs=30)
        spans = [(float(a["end"][0]) - float(a["start"][0])) / float(a["step"][0]) for a in server.asked]
        assert max(spans) < 11_000

    await asked(server, *COUNTERS, "--json", then=then)


async def test_too_heavy_a_question_is_asked_in_halves() -> None:
    """422 for more than 300 points; the answer is whole all the same."""
    server = Server(status=lambda points, turn: "422 Unprocessable Entity" if points > 300 else "200 OK")

    def then(done: Done) -> None:
        assert (done.code, done.err) == (0, "")
        metric = json.loads(done.out)["metrics"]["error_rate"]
        assert metric["measured"] > 0.999
        assert metric["requests"] == pytest.approx(1.5 * 86_400 / 15 * 60, rel=0.01)

    await asked(server, *COUNTERS, "--json", "--no-limits", then=then)


async def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    """429 twice."""
    server = Server(status=lambda points, turn: "429 Too Many Requests" if turn in (4, 5) else "200 OK")
    await asked(server, *COUNTERS, "--json", "--no-limits", then=lambda done: _is(done, 0))


@pytest.mark.parametrize(
    ("server", "says"),
    [
        (Server(body="<html>login</html>"), "not JSON: is --prometheus the address of a Prometheus server"),
        (
            Server(body='{"data": {"resultType": "vector", "result": []}}'),
            "not that of a Prometheus range query",
        ),
        (
            Server(body='{"data": {"resultType": "matrix", "result": [{"metric": {}, "values": 1}]}}'),
            "not that of",
        ),
        (
            Server(body='{"data": {"resultType": "matrix", "result": []}}'),
            "no series of it in that time: r_total",
        ),
        (Server(warnings=True), "its answer is incomplete"),
        (Server(status=lambda points, turn: "401 Unauthorized"), "send what it asks for with `headers`"),
        (Server(status=lambda points, turn: "404 Not Found"), "no query API there"),
        (Server(status=lambda points, turn: "400 Bad Request"), "refuses the query"),
        (Server(status=lambda points, turn: "422 Unprocessable Entity"), "use a longer --step"),
        (Server(status=lambda points, turn: "302 Found"), "redirect"),
    ],
)
async def test_a_server_that_can_not_answer_is_one_sentence_and_exit_2(server: Server, says: str) -> None:
    """Whatever it says; nothing of its text is repeated."""

    def then(done: Done) -> None:
        assert (done.code, done.out) == (2, "")
        assert says in done.err
        assert done.err.count("\n") == 1
        assert "login" not in done.err

    await asked(server, *COUNTERS, then=then)


BEARER = "Authorization: Bearer ${TOKEN_OF_TEST}"


async def test_a_header_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is in no output."""
    monkeypatch.setenv("TOKEN_OF_TEST", "canary-5b1f")
    server = Server()

    def then(done: Done) -> None:
        assert "canary-5b1f" not in done.out + done.err
        assert all(b"Bearer canary-5b1f" in head for head in server.headers)

    await asked(server, *COUNTERS, "--no-limits", "--header", BEARER, then=then)


async def test_an_interrupt_ends_it_quietly() -> None:
    """Exit 130, nothing printed."""
    async with peers.listening(peers.silent) as peer:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "backtest", "--prometheus", f"http://127.0.0.1:{peer.port}",
            *COUNTERS,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            while not peer.connections:
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
        assert (process.returncode, out, err) == (130, b"", b"")


async def test_an_interrupt_ends_a_recording_quietly_too() -> None:
    """One that comes from a pipe which stays open."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "backtest", "--jsonl", "-",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    line = json.dumps({"at": BEGIN, "metric": "error_rate", "errors": 0, "requests": 9})
    process.stdin.write(f"{line}\n".encode() * 3000)
    async with asyncio.timeout(PATIENCE):
        await process.stdin.drain()  # more than a pipe holds: it is being read
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")


def _is(done: Done, code: int) -> None:
    assert done.code == code, done.err
