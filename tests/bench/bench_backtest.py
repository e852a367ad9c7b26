"""What does a backtest cost? CPU time with start-up, and peak memory, for 3 days and for 30 at 15 s.

Two healthy histories with an incident: a recording of all four metrics, and an endpoint that answers range
queries as Prometheus does (four series), so that what the server itself costs is not in the figure. Memory
must not grow with the days.

    uv run python -m tests.bench.bench_backtest
"""

from __future__ import annotations

import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

STEP = 15
DAY = 86_400
PROGRAM = (sys.executable, "-m", "monitor", "backtest", "--json")
INCIDENT = (2 * DAY, 2 * DAY + 1200)


def share(second: int) -> float:
    return 0.2 if INCIDENT[0] <= second < INCIDENT[1] else 0.0004


def record(path: Path, days: int) -> None:
    """Four metrics, every 15 s."""
    chance = random.Random(1)
    with path.open("w") as file:
        for second in range(0, days * DAY, STEP):
            at, failed = 1_700_000_000 + second, share(second)
            errors = sum(chance.random() < failed for _ in range(75))
            for sample in (
                {"metric": "error_rate", "errors": errors, "requests": 75},
                {"metric": "response_time", "value": chance.uniform(80, 150)},
                {"metric": "connections", "value": chance.randint(10, 40)},
                {"metric": "query_latency", "value": chance.uniform(1, 20)},
            ):
                file.write(json.dumps({"at": at, **sample}) + "\n")


class Ranges(http.server.BaseHTTPRequestHandler):
    """Counters and gauges that are functions of the time, as a range query's answer."""

    protocol_version = "HTTP/1.1"
    end = int(time.time())

    def do_GET(self) -> None:
        asked = {key: found[0] for key, found in parse_qs(urlsplit(self.path).query).items()}
        moments = range(int(float(asked["start"])), int(float(asked["end"])) + 1, int(float(asked["step"])))
        result = [] if "count_over_time" in asked["query"] else [self._series(asked["query"], moments)]
        found = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _series(self, query: str, moments: range) -> Any:
        value = {"requests_total": self.requests, "errors_total": self.errors}.get(query, self.gauge)
        labels = {"__name__": query, "job": "shop", "instance": "a:1"}
        return {"metric": labels, "values": [[at, str(value(at))] for at in moments]}

    def requests(self, at: int) -> int:
        return at * 5

    def errors(self, at: int) -> int:
        begun = self.end - DAY
        return at // 500 + max(0, min(at - begun, 1200))

    def gauge(self, at: int) -> float:
        return 20 + at % 97 / 10

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def tried(*options: str) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one backtest."""
    with subprocess.Popen([*PROGRAM, *options], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the backtest ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def said(what: str, *options: str) -> None:
    seconds, megabytes = tried(*options)
    print(f"{what:46} {seconds:6.2f} s CPU  {megabytes:6.1f} MB", flush=True)


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = ("--prometheus", f"http://127.0.0.1:{server.server_port}")
    counters = ("--errors", "errors_total", "--requests", "requests_total")
    gauges = ("--metric", "connections=backends", "--metric", "response_time:ms=took")
    with tempfile.TemporaryDirectory() as folder:
        for days in (3, 30):
            recording = Path(folder, f"{days}.jsonl")
            record(recording, days)
            said(f"{days} days of a recording, 4 metrics", "--jsonl", str(recording))
            said(f"{days} days of Prometheus, 4 series", *url, *counters, *gauges, "--days", str(days))
        said("30 days of Prometheus, without other limits", *url, *counters, *gauges, "--no-limits")
    server.shutdown()


if __name__ == "__main__":
    main()
